//! The ledger of each kernel as a bar of which every cycle is a part.

use std::fmt::Write;

use super::{escape, style};
use crate::bench::Measurement;
use crate::report::number::{count, percent_of};
use crate::report::{causes_of, ranked};
use crate::timing::ledger::{Cause, Ledger};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 200.0;
const RIGHT: f64 = 974.0;
const TOP: f64 = 24.0;
const ROW: f64 = 26.0;
const BAR: f64 = 19.0;
/// Width of a letter in a bar.
const LETTER: f64 = 7.0;

/// A ledger and whose it is.
pub(super) struct Bar<'a> {
    pub kernel: &'a str,
    /// What tells it from others of the kernel: the shape, the machine.
    pub variant: String,
    pub ledger: &'a Ledger,
}

/// The bars of the measurements with right values.
pub(super) fn section(measurements: &[Measurement]) -> String {
    let right = measurements.iter().filter(|m| m.check.ok);
    let bars = right.map(|m| Bar { kernel: m.kernel, variant: m.shape.to_string(), ledger: &m.ledger });
    of(&bars.collect::<Vec<_>>())
}

/// The bars, the legend with the meaning of each cause, and a table of all cycles.
pub(super) fn of(all: &[Bar<'_>]) -> String {
    let right: Vec<&Bar<'_>> = all.iter().filter(|bar| bar.ledger.total() > 0).collect();
    if right.is_empty() {
        return "<p>No kernel had right values.</p>\n".to_string();
    }
    let causes = causes_of(right.iter().map(|m| m.ledger));
    bars(&right) + legend(&causes).as_str() + table(&right).as_str()
}

fn bars(measurements: &[&Bar<'_>]) -> String {
    let height = TOP + ROW * measurements.len() as f64 + 6.0;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Cycles by cause\">\n\
         <title>Cycles by cause, in percent of each kernel's cycles</title>\n"
    );
    for percent in [0, 25, 50, 75, 100] {
        let x = LEFT + (RIGHT - LEFT) * f64::from(percent) / 100.0;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{height}\"/>\
             <text class=\"soft\" x=\"{x}\" y=\"14\" text-anchor=\"middle\">{percent} %</text>",
            TOP - 4.0
        );
    }
    for (row, m) in measurements.iter().enumerate() {
        bar(&mut svg, m, TOP + ROW * row as f64);
    }
    svg + "</svg>\n"
}

fn bar(svg: &mut String, m: &Bar<'_>, top: f64) {
    let text_y = top + BAR / 2.0 + 4.0;
    let name = escape(&format!("{} {}", m.kernel, m.variant));
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{name}</text>", LEFT - 8.0);
    let total = m.ledger.total();
    let mut before = 0;
    for (cause, cycles) in m.ledger.entries() {
        let place = |cycles: u64| LEFT + (RIGHT - LEFT) * cycles as f64 / total as f64;
        let (x, width) = (place(before), place(before + cycles) - place(before));
        before += cycles;
        let fill = style::fill(cause);
        let share = percent_of(cycles, total);
        let _ = writeln!(
            svg,
            "<rect class=\"part\" x=\"{x:.2}\" y=\"{top}\" width=\"{width:.2}\" height=\"{BAR}\" fill=\"{fill}\">\
             <title>{name}: {} {share} %, {} cycles ({})</title></rect>",
            cause.name(),
            count(cycles),
            escape(cause.about().trim()),
        );
        let long = format!("{} {share} %", cause.name());
        let texts = [long, cause.name().to_string(), share];
        let fits = |text: &&String| text.len() as f64 * LETTER + 6.0 < width;
        if let Some(text) = texts.iter().find(fits) {
            let _ = writeln!(
                svg,
                "<text class=\"{}\" x=\"{:.2}\" y=\"{text_y}\" text-anchor=\"middle\" \
                 pointer-events=\"none\">{text}</text>",
                style::text_on(fill),
                x + width / 2.0
            );
        }
    }
}

fn legend(causes: &[Cause]) -> String {
    let mut html = String::from("<ul class=\"legend\">\n");
    for cause in causes {
        let _ = writeln!(
            html,
            "<li><span class=\"box\" style=\"background:{}\"></span><span><strong>{}</strong> \
             <span class=\"mean\">{}</span></span></li>",
            style::fill(*cause),
            cause.name(),
            escape(cause.about().trim())
        );
    }
    html + "</ul>\n"
}

/// Every number of the bars. Kernels are rows, for there are more of them than a page is wide.
fn table(measurements: &[&Bar<'_>]) -> String {
    let mut html = String::from(
        "<details><summary>Cycles by cause as a table</summary>\n<div class=\"scroll\">\
         <table>\n<tr><th>kernel</th><th></th><th class=\"n\">cycles</th>",
    );
    // The cause that costs most over all kernels comes first.
    let total = measurements.iter().fold(Ledger::default(), |mut sum, m| {
        sum.add(m.ledger);
        sum
    });
    let order: Vec<Cause> = ranked(&total).into_iter().map(|(cause, _)| cause).collect();
    for cause in &order {
        let _ = write!(html, "<th class=\"n\">{}</th>", cause.name());
    }
    html += "</tr>\n";
    for m in measurements {
        let _ = write!(
            html,
            "<tr><td class=\"w\">{}</td><td class=\"w\">{}</td><td class=\"n\">{}</td>",
            escape(m.kernel),
            escape(&m.variant),
            count(m.ledger.total())
        );
        for &cause in &order {
            let _ = write!(html, "<td class=\"n\">{}</td>", count(m.ledger.get(cause)));
        }
        html += "</tr>\n";
    }
    html + "</table></div></details>\n"
}
