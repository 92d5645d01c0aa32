//! The page of a validation: for each group its statistics, simulated against measured, and the errors.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{escape, style};
use crate::report::validation::{percent, signed};
use crate::validate::{Group, Statistics};

/// Groups as one page.
pub fn render(groups: &[Group]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Validation</title>\n\
         <style>{}{}</style>\n</head>\n<body>\n<h1>The model against measurements</h1>\n",
        style::CHART,
        style::PAGE
    );
    for group in groups {
        let _ = write!(
            html,
            "<h2>{} on {}</h2>\n<p class=\"soft\">{} Figures are {}; an error is simulated over measured, less one.</p>\n",
            escape(&group.name),
            escape(&group.machine),
            escape(&group.about),
            group.unit
        );
        html += &table(group);
        html += &scatter(group);
        html += &histogram(group);
    }
    let _ = write!(html, "<p class=\"soft\">Written by rvtile {}.</p>\n</body>\n</html>\n", env!("CARGO_PKG_VERSION"));
    html
}

fn table(group: &Group) -> String {
    let mut html = String::from(
        "<div class=\"scroll\"><table>\n<tr><th>part</th><th class=\"n\">rows</th><th class=\"n\">median</th>\
         <th class=\"n\">mean</th><th class=\"n\">95th percentile</th><th class=\"n\">worst</th><th>worst row</th></tr>\n",
    );
    let parts = group.parts();
    let mut line = |name: &str, s: &Statistics<'_>| {
        let _ = writeln!(
            html,
            "<tr><td class=\"w\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escape(name),
            s.rows,
            percent(s.median),
            percent(s.mean),
            percent(s.p95),
            signed(s.worst.error()),
            escape(&s.worst.name)
        );
    };
    for (name, statistics) in parts.iter().filter(|_| parts.len() > 1) {
        line(name, statistics);
    }
    if let Some(statistics) = group.statistics() {
        line("all", &statistics);
    }
    html + "</table></div>\n"
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 50.0;
const TOP: f64 = 14.0;

/// Simulated against measured on logarithmic axes. Points that would cover each other are drawn once, larger.
fn scatter(group: &Group) -> String {
    let values = group.rows.iter().flat_map(|row| [row.measured, row.simulated]).filter(|value| *value > 0.0);
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return String::new();
    }
    let (low, high) = (low.log10() - 0.1, high.log10() + 0.1);
    let side = HEIGHT - BOTTOM - TOP;
    let x = |value: f64| LEFT + (value.log10() - low) / (high - low) * (WIDTH - LEFT - 20.0);
    let y = |value: f64| TOP + (high - value.log10()) / (high - low) * side;
    let mut svg = open(&format!("{}: simulated against measured, logarithmic", group.name));
    for decade in low.ceil() as i32..=high.floor() as i32 {
        let value = 10f64.powi(decade);
        let (at_x, at_y) = (x(value), y(value));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{at_x:.1} {TOP}V{:.1}M{LEFT} {at_y:.1}H{:.1}\"/>\
             <text class=\"soft\" x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value}</text>\
             <text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            TOP + side,
            WIDTH - 20.0,
            TOP + side + 16.0,
            LEFT - 6.0,
            at_y + 4.0
        );
    }
    let ends = [10f64.powf(low), 10f64.powf(high)];
    let _ = writeln!(
        svg,
        "<path class=\"frame\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
        x(ends[0]),
        y(ends[0]),
        x(ends[1]),
        y(ends[1])
    );
    let mut places: BTreeMap<(i32, i32), usize> = BTreeMap::new();
    for row in group.rows.iter().filter(|row| row.measured > 0.0 && row.simulated > 0.0) {
        *places.entry((x(row.measured).round() as i32, y(row.simulated).round() as i32)).or_default() += 1;
    }
    for ((at_x, at_y), count) in places {
        let radius = 2.0 + (count as f64).log10();
        let _ = write!(svg, "<circle class=\"point k0 s0\" cx=\"{at_x}\" cy=\"{at_y}\" r=\"{radius:.1}\"/>");
    }
    svg + axes(&format!("measured, {}", group.unit), "simulated").as_str()
}

/// Borders of the bins, in percent; the outer bins are open.
const BINS: [f64; 14] = [-50.0, -25.0, -15.0, -10.0, -5.0, -2.0, -0.5, 0.5, 2.0, 5.0, 10.0, 15.0, 25.0, 50.0];

/// Rows by signed error.
fn histogram(group: &Group) -> String {
    let mut counts = [0usize; BINS.len() + 1];
    for row in &group.rows {
        let error = 100.0 * row.error();
        counts[BINS.iter().filter(|border| error >= **border).count()] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let side = HEIGHT - BOTTOM - TOP;
    let step = (WIDTH - LEFT - 20.0) / counts.len() as f64;
    let mut svg = open(&format!("{}: rows by error", group.name));
    for (index, count) in counts.iter().enumerate() {
        let height = *count as f64 / most * (side - 16.0);
        let left = LEFT + index as f64 * step;
        let _ = writeln!(
            svg,
            "<rect class=\"k0\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>\
             <text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{count}</text>",
            left + 2.0,
            TOP + side - height,
            step - 4.0,
            left + step / 2.0,
            TOP + side - height - 4.0
        );
        if let Some(border) = BINS.get(index) {
            let _ = writeln!(
                svg,
                "<text class=\"soft label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{border:+}</text>",
                left + step,
                TOP + side + 16.0
            );
        }
    }
    svg + axes("signed error in percent", "rows").as_str()
}

fn open(title: &str) -> String {
    format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{}</title>\n", escape(title))
}

fn axes(below: &str, beside: &str) -> String {
    let side = HEIGHT - BOTTOM - TOP;
    format!(
        "<path class=\"frame\" d=\"M{LEFT} {TOP}V{:.1}H{:.1}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n</svg>\n",
        TOP + side,
        WIDTH - 20.0,
        (LEFT + WIDTH) / 2.0,
        HEIGHT - 12.0,
        escape(below),
        TOP + side / 2.0,
        escape(beside)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::Row;

    #[test]
    fn a_page_shows_every_row_once() {
        let row = |name: &str, measured, simulated| Row {
            name: name.to_string(),
            part: "a<b".to_string(),
            measured,
            simulated,
            reason: None,
        };
        let group = Group {
            name: "mine".to_string(),
            about: String::new(),
            unit: "cycles",
            machine: "x280".to_string(),
            rows: vec![row("one", 1.0, 1.0), row("two", 10.0, 20.0), row("three", 100.0, 99.0)],
        };
        let html = render(&[group]);
        assert_eq!(html.matches("<circle").count(), 3);
        assert!(html.contains("+100.0%") && !html.contains("a<b") && !html.contains("NaN"));
    }
}
