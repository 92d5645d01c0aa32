//! Listeners: whoever wants to know more of a run than its totals hears the events of the timing model.
//!
//! Each is a [`Listener`] in a file of its own. [`profile`] sums up what instructions cost, for a report to print;
//! [`kanata`] and [`perfetto`] write what they hear to a file as they hear it. None can change a cycle.
//! `docs/add-a-report.md` shows how to add one.

pub mod kanata;
mod loops;
pub mod perfetto;
pub mod profile;

use std::ops::Range;

use crate::timing::{Charged, Listener, Retired};

/// Several listeners that hear the same.
pub struct Fan<'a>(pub Vec<&'a mut dyn Listener>);

impl Listener for Fan<'_> {
    fn listens(&self) -> bool {
        self.0.iter().any(|listener| listener.listens())
    }

    fn retired(&mut self, event: &Retired<'_>) {
        for listener in &mut self.0 {
            listener.retired(event);
        }
    }

    fn charged(&mut self, event: &Charged) {
        for listener in &mut self.0 {
            listener.charged(event);
        }
    }
}

/// The part of a run that is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// What issues in these cycles.
    Cycles(Range<u64>),
    /// These instructions, counted from 0.
    Instructions(Range<u64>),
}

impl Default for Window {
    /// Everything.
    fn default() -> Window {
        Window::Cycles(0..u64::MAX)
    }
}

impl Window {
    /// Whether it holds an instruction that issued in this cycle as the one with this number.
    pub fn holds(&self, cycle: u64, number: u64) -> bool {
        match self {
            Window::Cycles(range) => range.contains(&cycle),
            Window::Instructions(range) => range.contains(&number),
        }
    }

    /// The part of a span of cycles that it holds, where the next instruction has this number.
    pub fn clip(&self, span: Range<u64>, number: u64) -> Range<u64> {
        match self {
            Window::Cycles(range) => span.start.max(range.start)..span.end.min(range.end),
            Window::Instructions(range) if range.contains(&number) => span,
            Window::Instructions(_) => span.start..span.start,
        }
    }
}
