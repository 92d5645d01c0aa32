//! Results of a validation: text, JSON and Markdown. The page is in [`super::html`].

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::validate::{Group, Row, Statistics};

/// Groups as a table, with every row when `verbose`.
pub fn text(groups: &[Group], verbose: bool) -> String {
    let mut text = String::new();
    for group in groups {
        let _ = writeln!(text, "{} on {} ({})", group.name, group.machine, group.unit);
        let _ = writeln!(text, "  {}", group.about);
        if verbose {
            for row in &group.rows {
                let _ = writeln!(
                    text,
                    "  {:<56} {:>12} {:>12} {:>8}",
                    row.name,
                    figure(row.measured),
                    figure(row.simulated),
                    signed(row.error())
                );
            }
        }
        let _ = writeln!(text, "  {:<32} {:>6} {:>8} {:>8} {:>8}  worst", "", "rows", "median", "mean", "p95");
        let parts = group.parts();
        // One part is the whole.
        for (name, statistics) in parts.iter().filter(|_| parts.len() > 1) {
            let _ = writeln!(text, "  {:<32} {}", name, line(statistics));
        }
        if let Some(statistics) = group.statistics() {
            let _ = writeln!(text, "  {:<32} {}", "all", line(&statistics));
        }
        text.push('\n');
    }
    text
}

fn line(s: &Statistics<'_>) -> String {
    format!(
        "{:>6} {:>8} {:>8} {:>8}  {} {}",
        s.rows,
        percent(s.median),
        percent(s.mean),
        percent(s.p95),
        signed(s.worst.error()),
        s.worst.name
    )
}

/// Groups as a JSON array; `rows` of a group is their number, the rows themselves are in `row_errors` when `verbose`.
pub fn json(groups: &[Group], verbose: bool) -> String {
    let list: Vec<Value> = groups.iter().map(|group| group_json(group, verbose)).collect();
    super::json::value(&Value::Array(list))
}

fn group_json(group: &Group, verbose: bool) -> Value {
    let mut value = json!({ "group": group.name, "machine": group.machine, "unit": group.unit });
    merge(&mut value, statistics_json(group.statistics().as_ref()));
    let parts = group.parts().into_iter().map(|(name, statistics)| {
        let mut part = json!({ "part": name });
        merge(&mut part, statistics_json(Some(&statistics)));
        part
    });
    merge(&mut value, json!({ "parts": parts.collect::<Vec<_>>() }));
    if verbose {
        merge(&mut value, json!({ "row_errors": group.rows.iter().map(row_json).collect::<Vec<_>>() }));
    }
    value
}

fn statistics_json(statistics: Option<&Statistics<'_>>) -> Value {
    match statistics {
        Some(s) => json!({
            "rows": s.rows,
            "median_abs_error": s.median,
            "mean_abs_error": s.mean,
            "p95_abs_error": s.p95,
            "worst": row_json(s.worst),
        }),
        None => json!({
            "rows": 0,
            "median_abs_error": null,
            "mean_abs_error": null,
            "p95_abs_error": null,
            "worst": null,
        }),
    }
}

fn row_json(row: &Row) -> Value {
    json!({ "name": row.name, "measured": row.measured, "simulated": row.simulated, "error": row.error() })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// An error above this is listed in the Markdown report.
const FAR_OFF: f64 = 0.25;

/// Groups as a document: their statistics, and every row that is far off with the reason. Of a group in which no row
/// has a reason, no rows are listed.
pub fn markdown(groups: &[Group]) -> String {
    let mut text = String::from(
        "# Validation\n\nWritten by `rvtile validate --markdown` (`make validate`); not edited by hand. An error is the \
         simulated figure over the measured one, less one; median, mean and 95th percentile are of its absolute value. \
         How the mechanisms work and what was fitted is in [timing-model.md](timing-model.md).\n",
    );
    for group in groups {
        let _ = write!(
            text,
            "\n## {} on {}\n\n{} Figures are {}.\n\n| part | rows | median | mean | p95 | worst | worst row |\n\
             |---|---:|---:|---:|---:|---:|---|\n",
            group.name, group.machine, group.about, group.unit
        );
        let parts = group.parts();
        let all = group.statistics().map(|statistics| ("**all**", statistics));
        for (name, s) in parts.iter().filter(|_| parts.len() > 1).chain(all.iter()) {
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | `{}` |",
                s.rows,
                percent(s.median),
                percent(s.mean),
                percent(s.p95),
                signed(s.worst.error()),
                s.worst.name
            );
        }
        text += &far_off(group);
    }
    text
}

/// The rows that are far off, by reason.
fn far_off(group: &Group) -> String {
    let mut reasons: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in group.rows.iter().filter(|row| row.error().abs() > FAR_OFF) {
        reasons.entry(row.reason.unwrap_or("no reason is known")).or_default().push(row);
    }
    if reasons.is_empty() || group.rows.iter().all(|row| row.reason.is_none()) {
        return String::new();
    }
    let mut text = format!("\nRows above {:.0}%:\n", 100.0 * FAR_OFF);
    for (reason, rows) in reasons {
        let _ = writeln!(
            text,
            "\n{} rows: {reason}.\n\n| row | measured | simulated | error |\n|---|---:|---:|---:|",
            rows.len()
        );
        for row in rows {
            let (measured, simulated) = (figure(row.measured), figure(row.simulated));
            let _ = writeln!(text, "| `{}` | {measured} | {simulated} | {} |", row.name, signed(row.error()));
        }
    }
    text
}

/// An error without its sign, as a percentage.
pub(super) fn percent(error: f64) -> String {
    format!("{:.2}%", 100.0 * error.abs())
}

/// An error with its sign, as a percentage.
pub(super) fn signed(error: f64) -> String {
    format!("{:+.1}%", 100.0 * error)
}

/// A measured or simulated figure.
pub(super) fn figure(value: f64) -> String {
    if value.abs() < 1000.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
