//! What each instruction of a program cost, which loops there are, and how an iteration of each went.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use rvtile_isa::inst::Inst;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::Props;

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

/// A loop: what lies between a target of backward branches and the last of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Address of its first instruction.
    pub begin: u64,
    /// Address of its last backward branch.
    pub end: u64,
    /// How often a backward branch was taken.
    pub turns: u64,
    /// Consecutive iterations as they went, where such were seen without a loop or a call inside.
    pub sample: Option<Sample>,
}

impl Loop {
    /// The addresses of its instructions, those of inner loops included.
    pub fn range(&self) -> RangeInclusive<u64> {
        self.begin..=self.end
    }
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

/// What is known of a target of backward branches.
#[derive(Default)]
struct Head {
    end: u64,
    turns: u64,
    /// The next sample is taken from this turn on: late ones show the steady state, few cost nothing.
    next_sample: u64,
    sample: Option<Sample>,
}

/// Where control came from.
#[derive(Clone, Copy)]
struct Previous {
    pc: u64,
    goes_back: bool,
    calls: bool,
}

/// The listener. What it holds grows with the program's code, not with its run.
#[derive(Default)]
pub struct Profile {
    sites: Vec<Site>,
    index: HashMap<u64, u32>,
    /// The site found last at each of some addresses: most look-ups end here.
    recent: Vec<(u64, u32)>,
    heads: HashMap<u64, Head>,
    /// Targets of calls: who jumps back to one of these does not go round in a loop.
    called: HashSet<u64>,
    previous: Option<Previous>,
    /// The loop that is being sampled: first address, last address.
    sampled: Option<(u64, u64)>,
    sample: Sample,
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

    /// All loops, in the order of their first addresses.
    pub fn loops(&self) -> Vec<Loop> {
        let heads = self.heads.iter().filter(|(begin, _)| !self.called.contains(begin));
        let mut loops: Vec<Loop> = heads
            .map(|(&begin, head)| Loop { begin, end: head.end, turns: head.turns, sample: head.sample.clone() })
            .collect();
        loops.sort_by_key(|found| found.begin);
        loops
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

    /// Control came to `pc`: follows loops.
    fn follow(&mut self, pc: u64) {
        let Some(previous) = self.previous else { return };
        if previous.calls {
            self.called.insert(pc);
        }
        if previous.goes_back && pc <= previous.pc {
            self.turn(pc, previous.pc);
        } else if self.sampled.is_some_and(|(begin, end)| !(begin..=end).contains(&pc)) {
            self.keep();
        }
    }

    /// A branch at `from` went back to `to`.
    fn turn(&mut self, to: u64, from: u64) {
        let head = self.heads.entry(to).or_default();
        head.turns += 1;
        head.end = head.end.max(from);
        let (turns, next_sample) = (head.turns, head.next_sample);
        match self.sampled {
            Some((begin, _)) if begin == to => {
                self.sample.ends.push(self.sample.steps.len());
                if self.sample.ends.len() < ITERATIONS {
                    return;
                }
                return self.keep();
            }
            // A loop inside the sampled one: that is not innermost.
            Some((begin, end)) if (begin..=end).contains(&from) => self.sampled = None,
            Some(_) => self.keep(),
            None => {}
        }
        if turns >= next_sample {
            self.sampled = Some((to, from));
            self.sample = Sample::default();
        }
    }

    /// Ends a sample, and keeps it if it has as many whole iterations as the one before.
    fn keep(&mut self) {
        let Some((begin, _)) = self.sampled.take() else { return };
        let mut sample = std::mem::take(&mut self.sample);
        sample.steps.truncate(sample.ends.last().copied().unwrap_or(0));
        if let Some(head) = self.heads.get_mut(&begin)
            && sample.ends.len() >= head.sample.as_ref().map_or(1, |former| former.ends.len())
        {
            head.next_sample = 2 * head.turns;
            head.sample = Some(sample);
        }
    }
}

impl Listener for Profile {
    fn retired(&mut self, event: &Retired<'_>) {
        self.follow(event.pc);
        let (inst, props) = (event.inst, event.inst.row.props);
        let links = |reg: u8| reg == 1 || reg == 5;
        let jumps = props.contains(Props::JUMP);
        self.previous = Some(Previous {
            pc: event.pc,
            goes_back: props.contains(Props::BRANCH) || jumps && inst.rd == 0 && props.contains(Props::PC_RELATIVE),
            calls: jumps && inst.row.operands.has(Operand::Rd) && links(inst.rd),
        });
        if self.sampled.is_some() {
            let (pc, since, issue, result, vector) = (event.pc, event.since, event.issue, event.result, event.vector);
            self.sample.steps.push(Step { pc, since, issue, result, vector });
            if self.sample.steps.len() > LONGEST {
                self.keep();
            }
        }
        let site = self.site(event.pc);
        site.inst = Some(*inst);
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
