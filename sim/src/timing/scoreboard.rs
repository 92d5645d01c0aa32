//! When vector registers are there and free: the scoreboard of the vector unit.
//!
//! An instruction works on its groups register by register, beat by beat. Mostly all registers of a group were last written by
//! one instruction, and read by another, at one pace. Then two numbers tell the times of them all, and what they mean for the
//! next instruction, which has the same pace or as even a one, follows without a look at each register. Groups that are used in
//! another way are kept register by register.

use super::describe::Group;
use super::ledger::Cause;
use super::snapshot::{Fold, ones};

/// Beats at one pace: of `count` registers number `i` has its first one at `start + i * cycles / count`, rounded down, and its last
/// one at `start + (i + 1) * cycles / count - 1`, rounded up. With 0 cycles all are there at `start`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pace {
    start: u64,
    cycles: u64,
    /// Nothing is rounded.
    even: bool,
}

impl Pace {
    /// Of a use of a group.
    fn new(start: u64, used: Use) -> Pace {
        Pace { start, cycles: used.occupancy, even: used.even }
    }

    /// All at once.
    fn at_once(start: u64) -> Pace {
        Pace { start, ..Pace::default() }
    }

    /// Whether two numbers say how the beats of a use of the same group lie to these.
    #[inline(always)]
    fn compares(self, used: Use) -> bool {
        self.cycles == used.occupancy || self.cycles == 0 || (self.even && used.even)
    }

    /// The last beat of all.
    fn last(self) -> u64 {
        self.start + self.cycles.saturating_sub(1)
    }

    /// The earliest start of a slower instruction that writes its last beats, register by register, no sooner than these.
    #[inline(never)]
    fn before_slower(self, group: Group, occupancy: u64) -> u64 {
        // Those of the first register decide.
        let count = u64::from(group.count);
        (self.start + (self.cycles / count).max(1)).saturating_sub(occupancy.div_ceil(count))
    }

    /// Whether no beat of a group comes later than that of `other`, of two that compare.
    fn within(self, other: Pace) -> bool {
        self.start <= other.start && self.start + self.cycles <= other.start + other.cycles
    }
}

/// Times of one register.
#[derive(Clone, Copy, Default)]
struct Register {
    /// Its first element can be read.
    first: u64,
    /// Its last element can be read.
    last: u64,
    /// Its first and last elements have been read by all instructions so far.
    read_first: u64,
    read_last: u64,
    /// Another mask may be merged into it.
    merged: u64,
    cause: Option<Cause>,
}

impl Register {
    /// Whether any of its times can still make a difference after cycle `now`.
    fn lives(&self, now: u64) -> bool {
        let reads = self.read_first.max(self.read_last) + 1;
        self.first.max(self.last).max(self.merged).max(reads) > now
    }
}

/// Times of the registers of a group.
#[derive(Clone, Copy, Default)]
struct Whole {
    written: Pace,
    /// By all instructions so far.
    read: Pace,
    merged: u64,
    cause: Option<Cause>,
}

impl Whole {
    fn lives(&self, now: u64) -> bool {
        self.written.last().max(self.merged).max(self.read.last() + 1) > now
    }
}

/// An instruction's use of a group.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub group: Group,
    /// Cycles in which its sequencer goes through the group.
    pub occupancy: u64,
    /// Each register has as many of them, and at least one.
    pub even: bool,
}

impl Use {
    fn new(group: Group, occupancy: u64) -> Use {
        let count = u64::from(group.count);
        Use { group, occupancy, even: occupancy > 0 && count > 0 && occupancy.is_multiple_of(count) }
    }

    /// The registers by number, with the offsets of their first and last beats.
    fn beats(self) -> impl Iterator<Item = (usize, u64, u64)> {
        let count = u64::from(self.group.count).max(1);
        (0..count).map(move |index| {
            let register = (u64::from(self.group.reg) + index) % 32;
            let from = index * self.occupancy / count;
            let end = ((index + 1) * self.occupancy).div_ceil(count);
            (register as usize, from, end.saturating_sub(1).max(from))
        })
    }
}

/// How an instruction writes its group.
#[derive(Clone, Copy)]
pub(super) struct Write {
    /// The cycle in which the first element is there.
    pub first: u64,
    /// Registers are there one after the other, not all at once.
    pub chains: bool,
    pub merged: u64,
    pub cause: Cause,
}

/// The group of registers that are kept one by one.
const ALONE: Group = Group { reg: u8::MAX, count: 0 };

/// Cycles from which on a group is kept register by register across a fold, which cannot look back further.
const LONG: u64 = 512;

/// All registers.
pub(super) struct Scoreboard {
    /// Times of those that are kept one by one.
    registers: [Register; 32],
    /// Groups that are kept as a whole, by their first register.
    wholes: [Whole; 32],
    /// The group that each is kept in.
    groups: [Group; 32],
    /// Registers that are kept one by one and may have times that make a difference.
    awake: u64,
    /// First registers of groups that are kept as a whole, and all registers of these.
    joined: u64,
    members: u64,
}

impl Default for Scoreboard {
    fn default() -> Scoreboard {
        Scoreboard {
            registers: [Register::default(); 32],
            wholes: [Whole::default(); 32],
            groups: [ALONE; 32],
            awake: 0,
            joined: 0,
            members: 0,
        }
    }
}

impl Scoreboard {
    /// The group, if it is kept as a whole.
    #[inline(always)]
    fn whole(&self, group: Group) -> Option<&Whole> {
        let reg = usize::from(group.reg % 32);
        (self.groups[reg] == group).then(|| &self.wholes[reg])
    }

    /// Whether the registers of a group are kept one by one and are at rest: so a fold leaves those whose times make no difference.
    #[inline(always)]
    fn rests(&self, group: Group) -> bool {
        let members = group.members();
        members != 0 && (self.awake | self.members) & members == 0
    }

    /// Keeps a group as a whole, the registers of which are kept one by one and are at rest.
    #[inline(always)]
    fn keep_whole(&mut self, group: Group, whole: Whole) {
        let reg = usize::from(group.reg);
        self.wholes[reg] = whole;
        self.groups[reg..reg + usize::from(group.count)].fill(group);
        self.joined |= 1 << reg;
        self.members |= group.members();
    }

    /// The earliest start at which a source is there when its turn comes, first and last beat, and who wrote it.
    #[inline(always)]
    pub fn ready(&mut self, source: Use) -> (u64, Cause) {
        if let Some(whole) = self.whole(source.group)
            && whole.written.compares(source)
        {
            // Of two even paces the first or the last beat decides, of equal ones any.
            let slower = whole.written.cycles.saturating_sub(source.occupancy);
            return (whole.written.start + slower, whole.cause.unwrap_or(Cause::ChainArithmetic));
        }
        if self.rests(source.group) {
            return (0, Cause::ChainArithmetic);
        }
        self.ready_one_by_one(source.group, source.occupancy)
    }

    // This and the others of its kind take a use in pieces: the usual ways are spared putting it together in memory.
    #[inline(never)]
    fn ready_one_by_one(&mut self, group: Group, occupancy: u64) -> (u64, Cause) {
        let source = Use::new(group, occupancy);
        self.part(source.group);
        let (mut start, mut cause) = (0, Cause::ChainArithmetic);
        for (index, from, to) in source.beats() {
            let register = &self.registers[index];
            let time = register.first.saturating_sub(from).max(register.last.saturating_sub(to));
            if time > start {
                (start, cause) = (time, register.cause.unwrap_or(Cause::ChainArithmetic));
            }
        }
        (start, cause)
    }

    /// From when on another mask may be merged into a register.
    pub fn merged(&mut self, group: Group) -> u64 {
        match self.whole(group) {
            Some(whole) => whole.merged,
            None => {
                self.part(Group { count: 1, ..group });
                self.registers[usize::from(group.reg) % 32].merged
            }
        }
    }

    /// The earliest start at which a destination is overwritten no sooner than it was read and written before.
    #[inline(always)]
    pub fn free(&mut self, dest: Use, latency: u64, chains: bool) -> u64 {
        if let Some(&Whole { written, read, .. }) = self.whole(dest.group)
            && (!chains || read.compares(dest) && written.compares(dest))
        {
            let (read, written) = if chains {
                let slower = read.cycles.saturating_sub(dest.occupancy);
                let last = if written.cycles >= dest.occupancy {
                    written.start + (written.cycles - dest.occupancy)
                } else {
                    written.before_slower(dest.group, dest.occupancy)
                };
                (read.start + 1 + slower, last)
            } else {
                (read.last() + 1, written.last())
            };
            return read.max(written).saturating_sub(latency);
        }
        if self.rests(dest.group) {
            return 0;
        }
        self.free_one_by_one(dest.group, dest.occupancy, latency, chains)
    }

    #[inline(never)]
    fn free_one_by_one(&mut self, group: Group, occupancy: u64, latency: u64, chains: bool) -> u64 {
        let dest = Use::new(group, occupancy);
        self.part(dest.group);
        let time = |(index, from, to): (usize, u64, u64)| {
            let register = &self.registers[index];
            let (from, to) = if chains { (from, to) } else { (0, 0) };
            let read = (register.read_first + 1).saturating_sub(from).max((register.read_last + 1).saturating_sub(to));
            read.max(register.last.saturating_sub(to)).saturating_sub(latency)
        };
        dest.beats().map(time).max().unwrap_or(0)
    }

    /// An instruction that began at `start` reads a group.
    #[inline(always)]
    pub fn read(&mut self, source: Use, start: u64) {
        let reg = usize::from(source.group.reg % 32);
        if self.whole(source.group).is_some_and(|whole| whole.read.compares(source)) {
            let whole = &mut self.wholes[reg];
            let read = Pace::new(start, source);
            if whole.read.within(read) {
                whole.read = read;
                return;
            }
            if read.within(whole.read) {
                return;
            }
        } else if self.rests(source.group) {
            return self.keep_whole(source.group, Whole { read: Pace::new(start, source), ..Whole::default() });
        }
        self.read_one_by_one(source.group, source.occupancy, start);
    }

    #[inline(never)]
    fn read_one_by_one(&mut self, group: Group, occupancy: u64, start: u64) {
        let source = Use::new(group, occupancy);
        self.part(source.group);
        for (index, from, to) in source.beats() {
            let register = &mut self.registers[index];
            register.read_first = register.read_first.max(start + from);
            register.read_last = register.read_last.max(start + to);
            self.awake |= 1 << index;
        }
    }

    /// An instruction writes a group. No later one asks for times up to cycle `now`.
    #[inline(always)]
    pub fn write(&mut self, dest: Use, write: Write, now: u64) {
        let Write { first, chains, merged, cause } = write;
        let written = if chains { Pace::new(first, dest) } else { Pace::at_once(first) };
        if self.whole(dest.group).is_some() {
            let whole = &mut self.wholes[usize::from(dest.group.reg % 32)];
            (whole.written, whole.merged, whole.cause) = (written, merged, Some(cause));
            return;
        }
        if self.rests(dest.group) {
            return self.keep_whole(dest.group, Whole { written, merged, cause: Some(cause), ..Whole::default() });
        }
        self.write_one_by_one(dest.group, dest.occupancy, (first, merged), (chains, cause), now);
    }

    #[inline(never)]
    fn write_one_by_one(
        &mut self,
        group: Group,
        occupancy: u64,
        (first, merged): (u64, u64),
        (chains, cause): (bool, Cause),
        now: u64,
    ) {
        let (dest, write) = (Use::new(group, occupancy), Write { first, chains, merged, cause });
        self.part(dest.group);
        for (index, from, to) in dest.beats() {
            let (from, to) = if chains { (from, to) } else { (0, 0) };
            let register = &mut self.registers[index];
            (register.first, register.last) = (first + from, first + to);
            (register.merged, register.cause) = (merged, Some(cause));
            self.awake |= 1 << index;
        }
        if dest.group.count > 0 {
            self.join(dest, write, now);
        }
    }

    /// Keeps a group as a whole that was written at one pace, if it was read so too.
    fn join(&mut self, dest: Use, write: Write, now: u64) {
        let Group { reg, count } = dest.group;
        let members = usize::from(reg)..usize::from(reg) + usize::from(count);
        let Some(registers) = self.registers.get(members.clone()) else { return };
        let (first, last) = (registers[0].read_first, registers[registers.len() - 1].read_last);
        let read = if registers.iter().all(|register| register.read_first.max(register.read_last) <= now) {
            Pace::default()
        } else {
            let read = Use::new(dest.group, (last + 1).saturating_sub(first));
            let paced = |(index, from, to): (usize, u64, u64)| {
                let register = &self.registers[index];
                (register.read_first, register.read_last) == (first + from, first + to)
            };
            if !read.beats().all(paced) {
                return;
            }
            Pace::new(first, read)
        };
        let written = if write.chains { Pace::new(write.first, dest) } else { Pace::at_once(write.first) };
        self.registers[members].fill(Register::default());
        self.awake &= !dest.group.members();
        self.keep_whole(dest.group, Whole { written, read, merged: write.merged, cause: Some(write.cause) });
    }

    /// Keeps the registers of a group one by one.
    fn part(&mut self, group: Group) {
        for index in 0..group.count.max(1) {
            let kept = self.groups[usize::from(group.reg + index) % 32];
            if kept != ALONE {
                self.part_whole(kept.reg);
            }
        }
    }

    #[inline(never)]
    fn part_whole(&mut self, reg: u8) {
        let Whole { written, read, merged, cause } = self.wholes[usize::from(reg)];
        let group = self.groups[usize::from(reg)];
        let reads = Use::new(group, read.cycles).beats();
        let writes = Use::new(group, written.cycles).beats();
        for ((index, from, to), (_, read_from, read_to)) in writes.zip(reads) {
            self.registers[index] = Register {
                first: written.start + from,
                last: written.start + to,
                read_first: read.start + read_from,
                read_last: read.start + read_to,
                merged,
                cause,
            };
            self.groups[index] = ALONE;
            self.awake |= 1 << index;
        }
        self.joined &= !(1 << reg);
        self.members &= !group.members();
    }

    /// Folds everything that can still make a difference after the present cycle.
    pub fn fold<F: Fold>(&mut self, fold: &mut F) {
        let now = fold.now();
        for head in ones(self.joined) {
            let whole = &self.wholes[head];
            if whole.written.cycles.max(whole.read.cycles) > LONG {
                self.part_whole(head as u8);
            }
        }
        let mut wholes = ones(self.joined).fold(0, |live, head| live | u64::from(self.wholes[head].lives(now)) << head);
        let mut alone =
            ones(self.awake).fold(0, |live, index| live | u64::from(self.registers[index].lives(now)) << index);
        fold.word(&mut wholes);
        fold.word(&mut alone);
        ones(self.awake & !alone).for_each(|index| self.registers[index] = Register::default());
        (self.joined, self.members, self.awake) = (wholes, 0, alone);
        let kept = std::mem::replace(&mut self.groups, [ALONE; 32]);
        for index in ones(alone) {
            let register = &mut self.registers[index];
            for time in [&mut register.first, &mut register.last, &mut register.merged] {
                fold.time(time);
            }
            // These count one cycle longer, see `free`.
            for time in [&mut register.read_first, &mut register.read_last] {
                fold.recent(time);
            }
            // Nobody waits for what is there.
            let waited = register.first > now || register.last > now;
            fold.cause(&mut register.cause, waited);
        }
        for reg in ones(wholes) {
            let whole = &mut self.wholes[reg];
            let mut count = u64::from(kept[reg].count);
            fold.word(&mut count);
            let group = Group { reg: reg as u8, count: count as u8 };
            fold_pace(fold, group, &mut whole.written, 0);
            fold_pace(fold, group, &mut whole.read, 1);
            fold.time(&mut whole.merged);
            fold.cause(&mut whole.cause, whole.written.last() > now);
            self.groups[reg..(reg + count as usize).min(32)].fill(group);
            self.members |= group.members();
        }
    }
}

/// Folds beats of which the last makes a difference until `more` cycles after it.
fn fold_pace<F: Fold>(fold: &mut F, group: Group, pace: &mut Pace, more: u64) {
    let now = fold.now();
    let mut end = pace.last() + more;
    if end <= now {
        (end, pace.cycles) = (now, 0);
    }
    fold.time(&mut end);
    fold.word(&mut pace.cycles);
    pace.even = Use::new(group, pace.cycles).even;
    let before = pace.cycles.saturating_sub(1) + more;
    pace.start = if end > now { end - before } else { now - more };
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::{Reader, Writer};
    use super::*;
    use crate::random::Random;

    /// Whatever is asked about cycles after `now` has the same answer, whether groups are kept as a whole or not.
    #[test]
    fn whole_groups_act_like_their_registers() {
        let mut random = Random(7);
        let (mut board, mut alone, mut now, mut joined) = (Scoreboard::default(), Scoreboard::default(), 2000, 0);
        // Mostly groups of one size, each with an occupancy of its own.
        let count_of = |random: &mut Random| [8, 8, 8, 8, 4, 2, 1, 3][random.below(8)];
        for step in 0..200_000 {
            let used = |random: &mut Random| {
                let count = count_of(random);
                let group = Group { reg: (random.below(32 / usize::from(count)) as u8) * count, count };
                Use::new(group, [16, 16, 16, 12, 12, 32, 8, 13, 1, 24][random.below(10)])
            };
            let (source, dest) = (used(&mut random), used(&mut random));
            let (latency, chains) = (random.below(12) as u64, random.below(4) > 0);
            ones(alone.joined).for_each(|head| alone.part_whole(head as u8));
            let both = |board: &mut Scoreboard| {
                let (ready, cause) = board.ready(source);
                let cause = (ready > now).then_some(cause);
                let times = [ready, board.free(dest, latency, chains), board.merged(dest.group)];
                (times.map(|time| time.max(now)), cause)
            };
            let (answers, expected) = (both(&mut board), both(&mut alone));
            assert_eq!(answers, expected, "step {step}");
            now = answers.0.into_iter().max().unwrap_or(now).max(now + random.below(9) as u64);
            let merged = if random.below(8) == 0 { now + 5 } else { 0 };
            let cause = [Cause::ChainLoad, Cause::ChainMac][random.below(2)];
            let write = Write { first: now + latency + random.below(2) as u64 * 40, chains, merged, cause };
            for board in [&mut board, &mut alone] {
                board.read(source, now);
                board.write(dest, write, now);
            }
            joined += board.joined.count_ones();
            // As a replay of remembered blocks leaves it: another board, brought into the same state.
            if random.below(16) == 0 {
                let mut parts = Vec::new();
                board.fold(&mut Writer { now, parts: &mut parts });
                if random.below(2) == 0 {
                    board.write(dest, Write { first: now + 900, ..write }, now);
                }
                board.fold(&mut Reader { now, parts: &parts });
            }
            now += 1;
        }
        assert!(joined > 200_000, "most groups are kept as a whole");
    }
}
