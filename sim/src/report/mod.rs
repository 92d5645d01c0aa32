//! Reports: the same results in the form that its reader wants, one exporter a file.
//!
//! An exporter is a function from results to text. It measures nothing and knows no file and no terminal: where its
//! text goes is the business of the command line. `docs/add-a-report.md` shows how to add one.

pub mod annotate;
mod columns;
pub mod compare;
pub mod csv;
pub mod html;
pub mod isa;
pub mod json;
pub mod machine;
pub mod model;
mod number;
pub mod stat;
pub mod story;
pub mod table;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod validation;

use crate::bench::Measurement;
use crate::timing::ledger::{Cause, Ledger};

/// Causes with their cycles, most cycles first.
fn ranked(ledger: &Ledger) -> Vec<(Cause, u64)> {
    let mut entries: Vec<_> = ledger.entries().collect();
    entries.sort_by_key(|&(_, cycles)| std::cmp::Reverse(cycles));
    entries
}

/// The causes that occur in any of these ledgers, in the order of [`Cause::ALL`].
fn causes_of<'a>(ledgers: impl Iterator<Item = &'a Ledger> + Clone) -> Vec<Cause> {
    let occurs = |cause: &Cause| ledgers.clone().any(|ledger| ledger.get(*cause) > 0);
    Cause::ALL.iter().copied().filter(occurs).collect()
}

/// What is wrong with the values of a measurement; `None` if nothing is.
pub(crate) fn wrong_values(measurement: &Measurement) -> Option<String> {
    let (check, worst) = (&measurement.check, &measurement.check.worst);
    (!check.ok).then(|| {
        format!(
            "wrong values: element {} of {} is {}, should be {} (error {:.3e}, rounding explains at most {:.3e})",
            worst.index, check.elements, worst.got, worst.want, worst.error, worst.bound
        )
    })
}
