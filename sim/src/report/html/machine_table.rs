//! The parameters of the machine with their sources.

use std::fmt::Write;

use super::escape;
use crate::machine::{Entry, Machine};

/// A table of the parameters, one of the timing classes, and the mark of what is assumed.
pub(super) fn section(machine: &Machine) -> String {
    let (classes, parameters): (Vec<&Entry>, Vec<&Entry>) =
        machine.entries.iter().partition(|entry| entry.key.starts_with("class."));
    let mut html = format!(
        "<p>{} parameters; {} of them are guesses, marked <span class=\"guess\">assumed</span>.</p>\n",
        machine.entries.len(),
        machine.assumed().count()
    );
    html += &table(&parameters);
    let guesses = classes.iter().filter(|entry| entry.assumed).count();
    let _ = writeln!(
        html,
        "<details><summary>Timing of the instruction classes: {} values, {guesses} assumed</summary>",
        classes.len()
    );
    html += &table(&classes);
    html + "</details>\n"
}

fn table(entries: &[&Entry]) -> String {
    let mut html = String::from(
        "<div class=\"scroll\"><table>\n<tr><th>parameter</th><th class=\"n\">value</th><th>unit</th>\
         <th>source</th></tr>\n",
    );
    for entry in entries {
        let mark = if entry.assumed { "<span class=\"guess\">assumed</span> " } else { "" };
        let source =
            entry.source.strip_prefix("assumed").map_or(&*entry.source, |rest| rest.trim_start_matches(':').trim());
        let class = if entry.assumed { "n guessed" } else { "n" };
        let _ = writeln!(
            html,
            "<tr><td class=\"w\">{}</td><td class=\"{class}\">{}</td><td class=\"w\">{}</td><td>{mark}{}</td></tr>",
            escape(&entry.key),
            escape(&entry.value),
            escape(entry.unit),
            escape(source)
        );
    }
    html + "</table></div>\n"
}
