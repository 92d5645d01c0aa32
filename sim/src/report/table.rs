//! Measurements as a table for a terminal.

use std::fmt::Write;

use super::columns::{Align, lay_out};
use super::number::{count, percent, percent_of, quantity};
use super::{causes_of, ranked, wrong_values};
use crate::bench::Measurement;
use crate::machine::Machine;
use crate::timing::ledger::Ledger;

/// How many causes a kernel's line of the ledger shows.
const LARGEST: usize = 4;

/// The table of results, the largest causes of each ledger, and what the causes mean. A measurement with wrong values
/// shows its worst element and no throughput.
pub fn render(machine: &Machine, measurements: &[Measurement]) -> String {
    let vector = &machine.vector;
    let clock = quantity(machine.core.clock_mhz / 1000.0);
    let mut text = format!(
        "{}: {}\nVLEN {}, DLEN {}, {clock} GHz; {} of its {} parameters are assumed (rvtile machines show {})\n\n",
        machine.name,
        machine.description,
        vector.vlen,
        vector.dlen,
        machine.assumed().count(),
        machine.entries.len(),
        machine.name,
    );
    text += &results(measurements);
    let right = measurements.iter().filter(|measurement| measurement.check.ok);
    let rows: Vec<(Vec<String>, &Ledger)> =
        right.map(|m| (vec![m.kernel.to_string(), m.shape.to_string()], &m.ledger)).collect();
    text += &ledgers(&rows);
    for measurement in measurements {
        if let Some(what) = wrong_values(measurement) {
            let _ = write!(text, "\n{} {}: {what}\n", measurement.kernel, measurement.shape);
        }
    }
    text
}

fn results(measurements: &[Measurement]) -> String {
    use Align::{Left, Right};
    let heads = [
        ("kernel", Left),
        ("shape", Left),
        ("cycles", Right),
        ("instr.", Right),
        ("IPC", Right),
        ("G(FL)OP/s", Right),
        ("% peak", Right),
        ("B/cycle", Right),
        ("(FL)OP/B", Right),
        ("speed-up", Right),
        ("bound by", Left),
    ];
    let rows = measurements.iter().map(|m| {
        let mut row = vec![m.kernel.to_string(), m.shape.to_string()];
        if m.check.ok {
            row.extend([
                count(m.cycles),
                count(m.instructions),
                format!("{:.2}", m.ipc()),
                quantity(m.gflops()),
                percent(m.fraction_of_peak()),
                quantity(m.bytes_per_cycle()),
                quantity(m.intensity()),
                m.speedup().map_or("-".to_string(), |factor| quantity(factor) + "x"),
                m.bound_by().map_or("-", |cause| cause.name()).to_string(),
            ]);
        } else {
            row.extend(["-"; 8].map(str::to_string));
            row.push("WRONG VALUES".to_string());
        }
        row
    });
    lay_out(&heads, rows, 0, None)
}

/// The largest causes of each ledger, and what they mean; nothing if there is no ledger. A ledger's names stand in front of it.
pub(super) fn ledgers(rows: &[(Vec<String>, &Ledger)]) -> String {
    let Some((names, _)) = rows.first() else { return String::new() };
    let mut heads = vec![("", Align::Left); names.len()];
    heads.extend([("", Align::Right), ("", Align::Left)].repeat(LARGEST));
    let largest = rows.iter().map(|(names, ledger)| {
        let mut row = names.clone();
        for (cause, cycles) in ranked(ledger).into_iter().take(LARGEST) {
            row.push(percent_of(cycles, ledger.total()));
            row.push(cause.name().to_string());
        }
        row.resize(heads.len(), String::new());
        row
    });
    let mut text = String::from("\nWhere the cycles go (% of all cycles, largest first)\n\n");
    text += &lay_out(&heads, largest, 0, None);
    text += "\n";
    text + meanings(rows).as_str()
}

/// One line for each cause that [`ledgers`] shows.
fn meanings(rows: &[(Vec<String>, &Ledger)]) -> String {
    let shown =
        |cause| rows.iter().any(|(_, ledger)| ranked(ledger).iter().take(LARGEST).any(|&(other, _)| other == cause));
    let causes = causes_of(rows.iter().map(|(_, ledger)| *ledger)).into_iter().filter(|&cause| shown(cause));
    let rows = causes.map(|cause| vec![cause.name().to_string(), cause.about().trim().to_string()]);
    lay_out(&[("", Align::Left), ("", Align::Left)], rows, 2, None)
}
