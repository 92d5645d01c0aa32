//! A pipeline log in the format "Kanata 0004", which the Konata viewer opens.
//!
//! Lane 0 shows where an instruction is:
//!
//! | stage | |
//! |---|---|
//! | `F`  | the front end has not delivered it: fetch, or the way there after a branch |
//! | `D`  | it waits in front of issue: operands, units, room in the vector queue |
//! | `Is` | it issues |
//! | `Q`  | it waits in the vector command queue |
//! | `X`  | it executes; a vector instruction as long as it keeps its sequencer |
//! | `Wb` | the last elements of a vector result are on their way |
//!
//! Lane 1 shows what it waits for, in the words of the ledger.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use super::Window;
use crate::timing::ledger::Cause;
use crate::timing::{Listener, Retired};

/// Writes the log. What lies in the future of the instruction that issues is kept until its cycle has come: that is
/// as much as the queues of the machine hold.
pub struct Kanata<W: Write> {
    out: W,
    window: Window,
    /// Instructions heard of, and written.
    heard: u64,
    written: u64,
    /// Cycle of the last line; `None` before the first.
    cycle: Option<u64>,
    /// Lines by cycle, and among those of one cycle in the order in which they were made.
    ahead: BinaryHeap<Reverse<(u64, u64, String)>>,
    made: u64,
    error: io::Result<()>,
}

impl<W: Write> Kanata<W> {
    /// A log of a part of a run.
    pub fn new(out: W, window: Window) -> Kanata<W> {
        let ahead = BinaryHeap::new();
        Kanata { out, window, heard: 0, written: 0, cycle: None, ahead, made: 0, error: Ok(()) }
    }

    /// Writes what is left; returns the output and the number of instructions in the log.
    ///
    /// # Errors
    /// The first that writing met.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.write_before(u64::MAX);
        self.error?;
        if self.cycle.is_none() {
            self.out.write_all(b"Kanata\t0004\nC=\t0\n")?;
        }
        Ok((self.out, self.written))
    }

    fn line(&mut self, cycle: u64, text: String) {
        self.ahead.push(Reverse((cycle, self.made, text)));
        self.made += 1;
    }

    /// Consecutive stages in a lane: each from its cycle on, the last up to `end`.
    fn stages(&mut self, lane: u32, stages: &[(&str, u64)], end: u64) {
        let id = self.written;
        for (index, &(name, from)) in stages.iter().enumerate() {
            let until = stages.get(index + 1).map_or(end, |next| next.1);
            if from < until {
                self.line(from, format!("S\t{id}\t{lane}\t{name}"));
                self.line(until, format!("E\t{id}\t{lane}\t{name}"));
            }
        }
    }

    /// Writes all lines of earlier cycles. Nothing older comes: an instruction begins to wait when the one before it
    /// issues.
    fn write_before(&mut self, cycle: u64) {
        while self.error.is_ok()
            && let Some(Reverse((at, ..))) = self.ahead.peek()
            && *at < cycle
            && let Some(Reverse((at, _, text))) = self.ahead.pop()
        {
            let step = match self.cycle {
                None => writeln!(self.out, "Kanata\t0004\nC=\t{at}"),
                Some(now) if now < at => writeln!(self.out, "C\t{}", at - now),
                Some(_) => Ok(()),
            };
            self.cycle = Some(at);
            self.error = step.and_then(|()| writeln!(self.out, "{text}"));
        }
    }
}

impl<W: Write> Listener for Kanata<W> {
    fn retired(&mut self, event: &Retired<'_>) {
        let number = self.heard;
        self.heard += 1;
        if !self.window.holds(event.issue, number) {
            return self.write_before(event.issue);
        }
        let (id, since, issue) = (self.written, event.since, event.issue);
        self.line(since, format!("I\t{id}\t{number}\t0"));
        self.line(since, format!("L\t{id}\t0\t{:x}: {}", event.pc, event.inst.text(event.pc)));
        self.line(since, format!("L\t{id}\t1\t{}", details(event)));

        let front = event.stalls.iter().filter(|(cause, _)| matches!(cause, Cause::FetchMiss | Cause::Branch));
        let fetched = front.map(|&(_, until)| until).max().unwrap_or(since);
        let (stages, end) = match event.vector {
            Some(vector) => {
                let queued = (issue + 1).min(vector.start);
                let end = vector.until.max(vector.last + 1);
                (vec![("Q", queued), ("X", vector.start), ("Wb", vector.until)], end)
            }
            None => (vec![("X", issue + 1)], event.result.unwrap_or(issue + 1).max(issue + 1)),
        };
        self.stages(0, &[&[("F", since), ("D", fetched), ("Is", issue)], &stages[..]].concat(), end);

        let mut from = since;
        for &(cause, until) in event.stalls {
            self.stages(1, &[(cause.name(), from)], until);
            from = until;
        }
        if let Some(vector) = event.vector {
            self.stages(1, &[("queued", issue + 1), (vector.waited_for.name(), vector.head)], vector.start);
        }
        self.line(end, format!("R\t{id}\t{id}\t0"));
        self.written += 1;
        self.write_before(issue);
    }
}

/// What is shown when the pointer rests on an instruction.
fn details(event: &Retired<'_>) -> String {
    let mut text = format!("issued in cycle {} to pipe {}", event.issue, event.pipe.name());
    if let Some(vector) = event.vector {
        text += &format!("; vl {}, unit {} for {} cycles", event.vl, vector.unit.name(), vector.until - vector.start);
    }
    if let Some(cause) = event.missed {
        text += &format!("; {}", cause.about().trim());
    }
    if event.mispredicted {
        text += "; mispredicted";
    }
    text
}
