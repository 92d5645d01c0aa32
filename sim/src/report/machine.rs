//! Machines as text: the list, all values of one with their sources, and what two differ in.

use super::columns::{Align, lay_out};
use crate::machine::Machine;

/// Widest line of a table whose last column is prose.
const WIDTH: u16 = 120;

/// One line for each machine.
pub fn list(machines: &[Machine]) -> String {
    use Align::{Left, Right};
    let heads = [("machine", Left), ("VLEN", Right), ("DLEN", Right), ("MHz", Right), ("assumed", Right), ("", Left)];
    let rows = machines.iter().map(|machine| {
        vec![
            machine.name.clone(),
            machine.vector.vlen.to_string(),
            machine.vector.dlen.to_string(),
            machine.core.clock_mhz.to_string(),
            format!("{}/{}", machine.assumed().count(), machine.entries.len()),
            machine.description.clone(),
        ]
    });
    lay_out(&heads, rows, 0, Some(WIDTH))
}

/// Every value with its unit and source; assumed ones are marked with `?`.
pub fn show(machine: &Machine) -> String {
    use Align::{Left, Right};
    let (assumed, all) = (machine.assumed().count(), machine.entries.len());
    let mut text = format!("{}: {}\n", machine.name, machine.description);
    text += &format!("{all} values, {assumed} of them assumed (marked ?)\n");
    let heads = [("key", Left), ("value", Right), ("unit", Left), ("", Left), ("source", Left)];
    // The timing classes have long names and long formulas: they stand apart, so that the rest needs less room.
    let (classes, parameters): (Vec<_>, Vec<_>) =
        machine.entries.iter().partition(|entry| entry.key.starts_with("class."));
    for entries in [parameters, classes] {
        let rows = entries.into_iter().map(|entry| {
            vec![
                entry.key.clone(),
                entry.value.clone(),
                entry.unit.to_string(),
                if entry.assumed { "?" } else { "" }.to_string(),
                entry.source.to_string(),
            ]
        });
        text += "\n";
        text += &lay_out(&heads, rows, 0, Some(WIDTH));
    }
    text
}

/// The keys whose values differ.
pub fn diff(a: &Machine, b: &Machine) -> String {
    let differences = Machine::diff(a, b);
    if differences.is_empty() {
        return format!("{} and {} do not differ\n", a.name, b.name);
    }
    let heads = [("key", Align::Left), (a.name.as_str(), Align::Left), (b.name.as_str(), Align::Left)];
    lay_out(&heads, differences.into_iter().map(|(key, left, right)| vec![key, left, right]), 0, None)
}
