//! A trace in the JSON format of Chrome's trace events, which Perfetto opens: one track for each unit, one cycle shown
//! as one microsecond.
//!
//! A unit does one thing at a time, so the slices of a track never overlap. The track `ledger` shows what each cycle
//! was charged to, and the argument `cause` of the others in the same words why a unit works or an instruction waited.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::Window;
use crate::machine::{Machine, MemoryPort, Pipe, Unit};
use crate::timing::ledger::Cause;
use crate::timing::{Charged, Listener, Retired, VectorTimes};

/// A row of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Track {
    Ledger,
    PipeA,
    PipeB,
    IntDivide,
    FpDivide,
    QueueHead,
    Load,
    Store,
    Port(usize),
    Arithmetic(usize),
    Coprocessor(usize),
}

impl Track {
    /// Its number in the file; they are shown in this order.
    fn id(self) -> usize {
        match self {
            Track::Ledger => 1,
            Track::PipeA => 2,
            Track::PipeB => 3,
            Track::IntDivide => 4,
            Track::FpDivide => 5,
            Track::QueueHead => 6,
            Track::Load => 7,
            Track::Store => 8,
            Track::Port(index) => 9 + index,
            Track::Arithmetic(index) => 11 + index,
            Track::Coprocessor(index) => 20 + index,
        }
    }

    fn name(self) -> String {
        match self {
            Track::Ledger => "ledger".to_string(),
            Track::PipeA => "pipe A".to_string(),
            Track::PipeB => "pipe B".to_string(),
            Track::IntDivide => "integer divider".to_string(),
            Track::FpDivide => "floating-point divider".to_string(),
            Track::QueueHead => "head of the vector queue".to_string(),
            Track::Load => "vector load sequencer".to_string(),
            Track::Store => "vector store sequencer".to_string(),
            Track::Port(index) => format!("memory port {index}"),
            Track::Arithmetic(index) => format!("vector arithmetic sequencer {index}"),
            Track::Coprocessor(index) => format!("coprocessor {index}"),
        }
    }
}

/// An instruction whose issue cycle may not be complete.
struct Issued {
    name: String,
    pc: u64,
    cycle: u64,
    pipe: Pipe,
    waited: u64,
    cause: Cause,
}

/// Writes the trace as events come.
pub struct Perfetto<W: Write> {
    out: W,
    window: Window,
    /// Instructions heard of, and written.
    heard: u64,
    written: u64,
    /// Where the last slice of each track ends, by its number.
    ends: Vec<u64>,
    /// What issued in the latest cycle: which of two took which pipe shows when both are known.
    group: Vec<Issued>,
    /// When the entries of the vector queue leave it.
    leaves: VecDeque<u64>,
    begun: bool,
    error: io::Result<()>,
}

impl<W: Write> Perfetto<W> {
    /// A trace of a part of a run on a machine.
    pub fn new(out: W, window: Window, machine: &Machine) -> Perfetto<W> {
        let mut tracks = vec![
            Track::Ledger,
            Track::PipeA,
            Track::PipeB,
            Track::IntDivide,
            Track::FpDivide,
            Track::QueueHead,
            Track::Load,
            Track::Store,
            Track::Port(0),
        ];
        tracks.extend((machine.vector.memory_port == MemoryPort::Split).then_some(Track::Port(1)));
        tracks.extend((0..machine.vector.arithmetic_sequencers.max(1) as usize).map(Track::Arithmetic));
        // The first is there on every machine, used or not.
        tracks.extend((1..machine.coprocessors.len()).map(Track::Coprocessor));
        let ends = vec![0; tracks.iter().map(|track| track.id()).max().unwrap_or(0) + 1];
        let mut trace = Perfetto {
            out,
            window,
            heard: 0,
            written: 0,
            ends,
            group: Vec::new(),
            leaves: VecDeque::new(),
            begun: false,
            error: Ok(()),
        };
        trace.error = trace.out.write_all(b"{\"displayTimeUnit\":\"ns\",\"otherData\":{\"unit\":\"1 us is 1 cycle\"},");
        trace.error = trace.error.and_then(|()| trace.out.write_all(b"\"traceEvents\":[\n"));
        trace.metadata("process_name", 0, &machine.name);
        for track in tracks {
            trace.metadata("thread_name", track.id(), &track.name());
            let id = track.id();
            trace.event(&format!(
                r#"{{"name":"thread_sort_index","ph":"M","pid":1,"tid":{id},"args":{{"sort_index":{id}}}}}"#
            ));
        }
        trace
    }

    /// Writes what is left; returns the output and the number of instructions in the trace.
    ///
    /// # Errors
    /// The first that writing met.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.issue_group();
        self.error?;
        self.out.write_all(b"\n]}\n")?;
        Ok((self.out, self.written))
    }

    fn metadata(&mut self, kind: &str, id: usize, name: &str) {
        let name = quoted(name);
        self.event(&format!(r#"{{"name":"{kind}","ph":"M","pid":1,"tid":{id},"args":{{"name":{name}}}}}"#));
    }

    fn event(&mut self, text: &str) {
        if self.error.is_ok() {
            let comma: &[u8] = if self.begun { b",\n" } else { b"" };
            self.error = self.out.write_all(comma).and_then(|()| self.out.write_all(text.as_bytes()));
            self.begun = true;
        }
    }

    /// A slice of a track. `args`: the inside of a JSON object.
    fn slice(&mut self, track: Track, name: &str, from: u64, until: u64, args: &str) {
        let id = track.id();
        // Units work in order; should a model ever say otherwise, the picture stays readable.
        let from = from.max(self.ends[id]);
        if from >= until {
            return;
        }
        self.ends[id] = until;
        let (name, length) = (quoted(name), until - from);
        self.event(&format!(
            r#"{{"name":{name},"ph":"X","pid":1,"tid":{id},"ts":{from},"dur":{length},"args":{{{args}}}}}"#
        ));
    }

    /// The instructions of the latest cycle take their pipes: those that need a certain one first.
    fn issue_group(&mut self) {
        let mut group = std::mem::take(&mut self.group);
        group.sort_by_key(|issued| !matches!(issued.pipe, Pipe::A | Pipe::B));
        let mut taken = None;
        for issued in group.drain(..) {
            let track = match issued.pipe {
                Pipe::A => Track::PipeA,
                Pipe::B => Track::PipeB,
                Pipe::Either | Pipe::None if taken == Some(Track::PipeA) => Track::PipeB,
                Pipe::Either | Pipe::None => Track::PipeA,
            };
            taken = Some(track);
            let args =
                format!(r#""pc":"0x{:x}","cause":"{}","waited":{}"#, issued.pc, issued.cause.name(), issued.waited);
            self.slice(track, &issued.name, issued.cycle, issued.cycle + 1, &args);
        }
        self.group = group;
    }

    fn vector(&mut self, name: &str, pc: u64, vl: u32, missed: Option<Cause>, times: &VectorTimes) {
        let VectorTimes { head, start, until, .. } = *times;
        let place = format!(r#""pc":"0x{pc:x}""#);
        self.slice(Track::QueueHead, name, head, start, &format!(r#"{place},"cause":"{}""#, times.waited_for.name()));
        let track = match times.unit {
            Unit::Load => Track::Load,
            Unit::Store => Track::Store,
            Unit::Coprocessor => Track::Coprocessor(times.sequencer),
            _ => Track::Arithmetic(times.sequencer),
        };
        let cause = missed.unwrap_or(times.work).name();
        let args = format!(r#"{place},"cause":"{cause}","vl":{vl},"first":{},"last":{}"#, times.first, times.last);
        self.slice(track, name, start, until, &args);
        if let Some((index, until)) = times.port {
            self.slice(Track::Port(index), name, start, until, &format!(r#"{place},"cause":"{cause}""#));
        }
    }

    /// Entries of the vector queue, as a curve.
    fn queue(&mut self, cycle: u64, leaves: Option<u64>, shown: bool) {
        while let Some(&leave) = self.leaves.front()
            && leave <= cycle
        {
            self.leaves.pop_front();
            self.entries(leave, shown);
        }
        if let Some(leave) = leaves {
            self.leaves.push_back(leave);
            self.entries(cycle, shown);
        }
    }

    fn entries(&mut self, cycle: u64, shown: bool) {
        if shown {
            let entries = self.leaves.len();
            self.event(&format!(
                r#"{{"name":"vector queue","ph":"C","pid":1,"ts":{cycle},"args":{{"entries":{entries}}}}}"#
            ));
        }
    }
}

impl<W: Write> Listener for Perfetto<W> {
    fn retired(&mut self, event: &Retired<'_>) {
        let shown = self.window.holds(event.issue, self.heard);
        self.heard += 1;
        self.queue(event.issue, event.vector.map(|vector| vector.start), shown);
        if !shown {
            return;
        }
        self.written += 1;
        if self.group.first().is_some_and(|first| first.cycle != event.issue) {
            self.issue_group();
        }
        let name = event.inst.text(event.pc);
        match (event.vector, event.unit) {
            (Some(vector), _) => self.vector(&name, event.pc, event.vl, event.missed, &vector),
            (None, Unit::IntDivide | Unit::FpDivide) => {
                let track = if event.unit == Unit::IntDivide { Track::IntDivide } else { Track::FpDivide };
                let args = format!(r#""pc":"0x{:x}","cause":"{}""#, event.pc, Cause::Divider.name());
                self.slice(track, &name, event.issue, event.unit_until, &args);
            }
            (None, _) => {}
        }
        let cause = event.stalls.last().map_or(Cause::Issue, |&(cause, _)| cause);
        let waited = event.issue - event.since;
        self.group.push(Issued { name, pc: event.pc, cycle: event.issue, pipe: event.pipe, waited, cause });
    }

    fn charged(&mut self, event: &Charged) {
        let span = self.window.clip(event.from..event.from + event.cycles, self.heard);
        let args = format!(r#""pc":"0x{:x}","cause":"{}""#, event.pc, event.cause.name());
        self.slice(Track::Ledger, event.cause.name(), span.start, span.end, &args);
    }
}

/// A string as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
