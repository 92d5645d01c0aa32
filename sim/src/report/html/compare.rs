//! The page of a comparison: the numbers, the ledger bars, utilisation against size.

use std::fmt::Write;

use super::ledger_bars::{self, Bar};
use super::{escape, style};
use crate::compare::{Column, Comparison};
use crate::report::compare::series;
use crate::report::number::{bytes, count, percent, quantity};

/// A comparison as one page.
pub fn render(comparison: &Comparison) -> String {
    let title = match comparison.columns.first() {
        Some(column) => format!("{} {}", comparison.problem, column.shape),
        None => comparison.problem.clone(),
    };
    let title = escape(&title);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{}{}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p class=\"soft\">One problem by different instructions and on different machines.</p>\n",
        style::CHART,
        style::PAGE,
    );
    for column in comparison.columns.iter().chain(&comparison.sizes) {
        if let Some(what) = &column.wrong {
            let name = format!("{} {} on {}", column.solver, column.shape, column.machine);
            let _ = writeln!(html, "<p class=\"wrong\"><strong>{}</strong> {}</p>", escape(&name), escape(what));
        }
    }
    if !comparison.columns.is_empty() {
        html += &results(comparison);
        html += "<h2>Where the cycles go</h2>\n\
                 <p class=\"soft\">Every cycle is charged to exactly one cause; the parts of a bar add up to all of its \
                 cycles.</p>\n";
        let right = comparison.columns.iter().filter(|column| column.wrong.is_none());
        let bars =
            right.map(|column| Bar { kernel: &column.solver, variant: column.machine.clone(), ledger: &column.ledger });
        html += &ledger_bars::of(&bars.collect::<Vec<_>>());
    }
    if !comparison.sizes.is_empty() {
        html += "<h2>Share of the peak by size</h2>\n";
        html += &plot(&comparison.sizes);
    }
    let _ = write!(
        html,
        "<p class=\"soft\">Written by rvtile {}. Cycles are simulated; the results of built-in forms were compared with a \
         reference on the host.</p>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    html
}

fn results(comparison: &Comparison) -> String {
    let mut html = String::from("<div class=\"scroll\"><table>\n<tr><th>form</th><th>machine</th>");
    for head in [
        "cycles",
        "MAC/cycle",
        "peak MAC/cycle",
        "% of peak",
        "speed-up",
        "instructions",
        "bytes moved",
        "% of port",
        "DRAM bytes",
        "code",
        "state added",
    ] {
        let _ = write!(html, "<th class=\"n\">{head}</th>");
    }
    html += "<th>bound by</th></tr>\n";
    for column in &comparison.columns {
        let _ = write!(
            html,
            "<tr><td class=\"w\">{}</td><td class=\"w\">{}</td>",
            escape(&column.solver),
            escape(&column.machine)
        );
        if column.wrong.is_some() {
            html += "<td colspan=\"12\">wrong values, see above</td></tr>\n";
            continue;
        }
        let or_none = |value: Option<String>| value.unwrap_or("-".to_string());
        for number in [
            count(column.cycles),
            or_none(column.rate().map(quantity)),
            or_none(column.peak.map(|peak| quantity(peak.rate()))),
            or_none(column.utilisation().map(percent)),
            or_none(comparison.speedup(column).map(quantity)),
            count(column.instructions),
            count(column.moved_bytes),
            percent(column.port_share()),
            count(column.dram_bytes),
            bytes(column.code_bytes),
            bytes(column.state_bytes),
        ] {
            let _ = write!(html, "<td class=\"n\">{number}</td>");
        }
        let _ = writeln!(html, "<td class=\"w\">{}</td></tr>", column.bound_by().map_or("-", |cause| cause.name()));
    }
    html + "</table></div>\n\
            <p class=\"soft\">Peak: that of the form's multiply instruction at the full length of its operands, from the occupancy \
            of its class in the machine's file. Bytes moved: what loads and stores name; % of port: the share of the vector memory \
            port's time that they take at least. Code: what ran in the region. State: registers that the extension adds. Speed-up \
            over the form without an extension.</p>\n"
}

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 780.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 410.0;
/// Colours of [`style::series`].
const COLOURS: usize = 7;

/// A line for each form and machine: size to the right, on a logarithmic axis, utilisation upwards.
fn plot(columns: &[Column]) -> String {
    let size = |column: &Column| column.shape.0.last().copied().unwrap_or(1).max(1) as f64;
    let low = columns.iter().map(size).fold(f64::INFINITY, f64::min);
    let high = columns.iter().map(size).fold(1.0, f64::max).max(low * 1.01);
    let x = |size: f64| LEFT + (RIGHT - LEFT) * (size / low).ln() / (high / low).ln();
    let y = |share: f64| BOTTOM - (BOTTOM - TOP) * share;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Share of the peak by size\">\n\
         <title>Share of the peak by size</title>\n"
    );
    for percent in [0, 20, 40, 60, 80, 100] {
        let y = y(f64::from(percent) / 100.0);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"soft\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{percent} %</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    let mut sizes: Vec<f64> = columns.iter().map(size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    for &size in &sizes {
        let x = x(size);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>\
             <text class=\"soft\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{size}</text>",
            BOTTOM + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<rect class=\"frame\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"/>\n\
         <text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">every dimension</text>",
        RIGHT - LEFT,
        BOTTOM - TOP,
        (LEFT + RIGHT) / 2.0,
        BOTTOM + 40.0
    );
    for (index, (name, columns)) in series(columns).iter().enumerate() {
        // Beyond the colours that can be told apart lines are dashed.
        let (fill, stroke) = style::series(index % COLOURS);
        let dash = if index < COLOURS { "" } else { " stroke-dasharray=\"7 4\"" };
        let right = columns.iter().filter(|column| column.wrong.is_none());
        let points: Vec<(f64, f64, f64, f64)> = right
            .filter_map(|column| column.utilisation().map(|share| (x(size(column)), y(share), size(column), share)))
            .collect();
        if points.is_empty() {
            continue;
        }
        let path: Vec<String> = points.iter().map(|(x, y, ..)| format!("{x:.1} {y:.1}")).collect();
        let _ = writeln!(svg, "<path class=\"line {stroke}\"{dash} d=\"M{}\"/>", path.join("L"));
        for (x, y, size, share) in &points {
            let _ = writeln!(
                svg,
                "<circle class=\"point {fill} {stroke}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{} at {size}: {} %</title>\
                 </circle>",
                escape(name),
                percent(*share)
            );
        }
        // Names stand in a list: at the right end lines are too close.
        let row = TOP + 14.0 + 20.0 * index as f64;
        let _ = writeln!(
            svg,
            "<line class=\"line {stroke}\"{dash} x1=\"{}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <text class=\"label {fill}\" x=\"{}\" y=\"{row:.1}\">{}</text>",
            RIGHT + 14.0,
            RIGHT + 34.0,
            row - 4.0,
            row - 4.0,
            RIGHT + 40.0,
            escape(name)
        );
    }
    svg + "</svg>\n"
}
