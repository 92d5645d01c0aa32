//! What each instruction of a program cost, which loops there are, and how an iteration of each went.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use rvtile_isa::inst::Inst;
use rvtile_isa::row::Props;

use super::loops::{self, Edge};
use crate::machine::{Pipe, Unit};
use crate::timing::ledger::Ledger;
use crate::timing::{Charged, Listener, Retired, VectorTimes};

/// An instruction at its address, summed over all its executions.
#[derive(Clone)]
pub struct Site {
    /// Its address.
    pub pc: u64,
    /// What it is; `None` if it never retired: a call of the environment, or what would have come after the end.
    pub inst: Option<Inst>,
    /// How often it retired.
    pub executions: u64,
    /// Cycles charged to it.
    pub ledger: Ledger,
    /// Pipe that it issues to.
    pub pipe: Pipe,
    /// Unit that it keeps.
    pub unit: Unit,
    /// For how many cycles it kept its unit, all executions together.
    pub occupancy: u64,
    /// How often it waited for a line from another than the nearest level.
    pub missed: u64,
    /// How often it was mispredicted.
    pub mispredicted: u64,
}

/// Instructions that reach each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Address of the instruction through which it is entered.
    pub header: u64,
    /// Addresses of its instructions, those of inner loops included, in rising order.
    pub members: Vec<u64>,
    /// How often it was entered.
    pub entries: u64,
    /// Consecutive iterations as they went, where such were seen and there is no loop or call inside.
    pub sample: Option<Sample>,
}

/// Iterations of an innermost loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Instructions in the order of execution.
    pub steps: Vec<Step>,
    /// Where in `steps` each iteration ends.
    pub ends: Vec<usize>,
}

/// An instruction of a sample. Times are absolute cycles, as in [`Retired`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its address.
    pub pc: u64,
    /// From here on it waited to issue.
    pub since: u64,
    /// It issued.
    pub issue: u64,
    /// Its scalar result can be used.
    pub result: Option<u64>,
    /// Its way through the vector unit.
    pub vector: Option<VectorTimes>,
}

/// Iterations that a sample has at most.
const ITERATIONS: usize = 3;

/// A sample with more instructions is of no use to a reader.
const LONGEST: usize = 600;

/// A target of backward branches.
#[derive(Default)]
struct Head {
    turns: u64,
    /// The next sample is taken from this turn on: late ones show the steady state, few cost nothing.
    next_sample: u64,
    /// The last backward branch.
    end: u64,
    sample: Sample,
    /// Whether the sample holds instructions from elsewhere: the loop was left, or is laid out in pieces.
    strays: bool,
}

/// The instruction before.
#[derive(Clone, Copy)]
struct Previous {
    pc: u64,
    transfer: Transfer,
}

/// How control goes on after an instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transfer {
    /// To the next one; a call comes back to it.
    On,
    /// Anywhere in the same function.
    Within,
    /// Out of the function.
    Return,
}

impl Transfer {
    fn of(inst: &Inst) -> Transfer {
        let props = inst.row.props;
        let link = |reg: u8| reg == 1 || reg == 5;
        if props.contains(Props::BRANCH) {
            Transfer::Within
        } else if !props.contains(Props::JUMP) || link(inst.rd) {
            Transfer::On
        } else if !props.contains(Props::PC_RELATIVE) && link(inst.rs1) {
            Transfer::Return
        } else {
            Transfer::Within
        }
    }
}

/// The listener. What it holds grows with the program's code, not with its run.
#[derive(Default)]
pub struct Profile {
    sites: Vec<Site>,
    index: HashMap<u64, u32>,
    /// The site found last at each of some addresses: most look-ups end here.
    recent: Vec<(u64, u32)>,
    /// How often control went from one address to another by a branch or jump, taken or not.
    edges: HashMap<(u64, u64), u64>,
    heads: HashMap<u64, Head>,
    previous: Option<Previous>,
    /// The loop of which a sample is being taken: from the target of backward branches to the last of these.
    sampled: Option<RangeInclusive<u64>>,
    sample: Sample,
    strays: bool,
}

/// Entries of [`Profile::recent`].
const RECENT: usize = 1024;

impl Profile {
    /// All cycles by cause: those of the run.
    pub fn ledger(&self) -> Ledger {
        let mut all = Ledger::default();
        self.sites.iter().for_each(|site| all.add(&site.ledger));
        all
    }

    /// All instructions that cost anything, in the order of addresses.
    pub fn sites(&self) -> Vec<Site> {
        let mut sites = self.sites.clone();
        sites.sort_by_key(|site| site.pc);
        sites
    }

    /// All loops, and for each of [`Profile::sites`] the index of the innermost around it.
    pub fn loops(&self) -> (Vec<Loop>, Vec<Option<usize>>) {
        let sites = self.sites();
        let index = |pc: u64| sites.binary_search_by_key(&pc, |site| site.pc).ok();
        let mut edges = Vec::new();
        let mut edge = |from: u64, to: u64, count: u64| {
            if let (Some(from), Some(to)) = (index(from), index(to)) {
                edges.push(Edge { from, to, count });
            }
        };
        for (&(from, to), &count) in &self.edges {
            edge(from, to, count);
        }
        for site in &sites {
            if let Some(inst) = site.inst.filter(|inst| Transfer::of(inst) == Transfer::On) {
                edge(site.pc, site.pc.wrapping_add(u64::from(inst.len)), site.executions);
            }
        }
        let (found, inside) = loops::find(sites.len(), &edges);
        let loops = found.into_iter().map(|found| {
            let members: Vec<u64> = found.members.iter().map(|&member| sites[member].pc).collect();
            let header = sites[found.header].pc;
            let samples = members.iter().filter_map(|pc| Some((pc, self.heads.get(pc)?.sample.within(&members))));
            let best = samples.max_by_key(|(pc, sample)| (sample.ends.len(), **pc == header));
            let sample = best.map(|(_, sample)| sample).filter(|sample| !found.inner && !sample.ends.is_empty());
            Loop { header, members, entries: found.entries, sample }
        });
        (loops.collect(), inside)
    }

    fn site(&mut self, pc: u64) -> &mut Site {
        if self.recent.is_empty() {
            self.recent.resize(RECENT, (u64::MAX, 0));
        }
        let recent = &mut self.recent[(pc >> 1) as usize % RECENT];
        if recent.0 != pc {
            let sites = &mut self.sites;
            let number = *self.index.entry(pc).or_insert_with(|| {
                sites.push(Site {
                    pc,
                    inst: None,
                    executions: 0,
                    ledger: Ledger::default(),
                    pipe: Pipe::None,
                    unit: Unit::None,
                    occupancy: 0,
                    missed: 0,
                    mispredicted: 0,
                });
                sites.len() as u32 - 1
            });
            *recent = (pc, number);
        }
        &mut self.sites[recent.1 as usize]
    }

    /// Control came to `pc`.
    fn follow(&mut self, pc: u64) {
        let Some(Previous { pc: from, transfer: Transfer::Within }) = self.previous else { return };
        *self.edges.entry((from, pc)).or_default() += 1;
        if pc > from {
            return;
        }
        let head = self.heads.entry(pc).or_default();
        head.turns += 1;
        head.end = head.end.max(from);
        match &self.sampled {
            None if head.turns >= head.next_sample => self.sampled = Some(pc..=head.end),
            Some(range) if *range.start() == pc => {
                self.sample.ends.push(self.sample.steps.len());
                if self.sample.ends.len() == ITERATIONS {
                    self.keep();
                }
            }
            _ => {}
        }
    }

    /// Ends a sample.
    fn keep(&mut self) {
        let (mut sample, strays) = (std::mem::take(&mut self.sample), std::mem::take(&mut self.strays));
        sample.steps.truncate(sample.ends.last().copied().unwrap_or(0));
        if let Some(head) = self.sampled.take().and_then(|range| self.heads.get_mut(range.start())) {
            head.next_sample = 2 * head.turns;
            let former = (!head.sample.ends.is_empty(), !head.strays, head.sample.ends.len());
            if (!sample.ends.is_empty(), !strays, sample.ends.len()) >= former {
                (head.sample, head.strays) = (sample, strays);
            }
        }
    }
}

impl Sample {
    /// The last of its iterations, as many as follow each other with nothing but these instructions.
    fn within(&self, members: &[u64]) -> Sample {
        let mut within = Sample::default();
        let mut begin = 0;
        for &end in &self.ends {
            let steps = &self.steps[begin..end];
            if !steps.iter().all(|step| members.binary_search(&step.pc).is_ok()) {
                within = Sample::default();
            } else {
                within.steps.extend_from_slice(steps);
                within.ends.push(within.steps.len());
            }
            begin = end;
        }
        within
    }
}

impl Listener for Profile {
    fn retired(&mut self, event: &Retired<'_>) {
        self.follow(event.pc);
        self.previous = Some(Previous { pc: event.pc, transfer: Transfer::of(event.inst) });
        if !self.strays && self.sampled.as_ref().is_some_and(|range| !range.contains(&event.pc)) {
            if self.sample.ends.is_empty() {
                self.strays = true;
            } else {
                self.keep();
            }
        }
        if self.sampled.is_some() {
            let (pc, since, issue, result, vector) = (event.pc, event.since, event.issue, event.result, event.vector);
            self.sample.steps.push(Step { pc, since, issue, result, vector });
            if self.sample.steps.len() > LONGEST {
                self.keep();
            }
        }
        let site = self.site(event.pc);
        site.inst = Some(*event.inst);
        site.executions += 1;
        site.pipe = event.pipe;
        site.unit = event.vector.map_or(event.unit, |vector| vector.unit);
        site.occupancy += event.vector.map_or(event.unit_until - event.issue, |vector| vector.until - vector.start);
        site.missed += u64::from(event.missed.is_some());
        site.mispredicted += u64::from(event.mispredicted);
    }

    fn charged(&mut self, event: &Charged) {
        self.site(event.pc).ledger.charge(event.cause, event.cycles);
    }
}
