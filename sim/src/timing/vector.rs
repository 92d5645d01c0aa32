//! The decoupled vector unit: command queue, sequencers, chaining, memory port.

use std::sync::Arc;

use rvtile_isa::matrix::state::TileUse;
use rvtile_isa::row::Mem;

use super::cache::Level;
use super::describe::{Cost, Extent, TileAccess, VectorDesc};
use super::event::VectorTimes;
use super::ledger::{Cause, Painter};
use super::outside::{Outside, Words};
use super::scoreboard::{Scoreboard, Use, Write};
use super::snapshot::{Fold, Later};
use super::transfer::Rows;
use crate::machine::{Machine, MemoryPort, Unit};

/// When the value of a tile specifier is there.
#[derive(Clone, Copy, Default)]
struct Tile {
    /// Written by a load, a move or a clearing: everything waits.
    written: u64,
    /// Added to: reading and writing wait, adding more does not.
    added: u64,
    /// Read: writing waits. Only units with queues of their own need it, all else is read in order.
    read: u64,
}

impl Tile {
    /// From when on an access can start.
    fn ready(&self, access: TileAccess) -> u64 {
        match access {
            TileAccess::Accumulate => self.written.max(self.read),
            TileAccess::Write => self.written.max(self.added).max(self.read),
            TileAccess::Read | TileAccess::None => self.written.max(self.added),
        }
    }
}

/// A unit beside the vector unit, with a queue in front.
struct Beside {
    free: u64,
    /// When the latest instructions left its queue, as many as it holds.
    left: Vec<u64>,
    next: usize,
}

impl Beside {
    /// The cycle from which its queue has room.
    fn room(&self) -> u64 {
        self.left[self.next]
    }
}

/// Timing of one vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Issued {
    head: u64,
    /// It left the command queue and began.
    start: u64,
    waited_for: Cause,
    sequencer: usize,
    /// For how long it keeps its sequencer.
    held: u64,
    /// A scalar result can be used from here on.
    pub result: u64,
    /// The last element is there.
    last: u64,
    /// Who supplied its latest line, if not the nearest level.
    pub missed: Option<Cause>,
}

/// One instruction's turn in its sequencer.
#[derive(Clone, Copy)]
struct Turn {
    /// It entered the command queue.
    entered: u64,
    start: u64,
    occupancy: u64,
    vl: u32,
    rows: Option<Rows>,
}

/// State of the vector unit.
pub(super) struct VectorUnit {
    machine: Arc<Machine>,
    registers: Scoreboard,
    /// From when on the sequencers are free.
    arithmetic: Vec<u64>,
    load: u64,
    store: u64,
    matrix: u64,
    coprocessors: Vec<Beside>,
    tiles: [Tile; 16],
    /// The registers of instructions from extension files.
    own: Vec<Tile>,
    /// The memory ports: loads, stores. One and the same when shared.
    ports: [u64; 2],
    shared_port: bool,
    /// When the latest instructions left the command queue, as many as it holds.
    left: Vec<u64>,
    next: usize,
    last_left: u64,
    /// Everything so far is complete.
    pub done: u64,
    /// `vl` can be read: later than the instruction that sets it for a fault-only-first load.
    pub vl_known: u64,
    /// All memory accesses so far are complete.
    pub memory_done: u64,
    hazards: bool,
    chaining: bool,
    extra: u64,
}

impl VectorUnit {
    pub fn new(machine: &Arc<Machine>) -> VectorUnit {
        let vector = &machine.vector;
        VectorUnit {
            machine: Arc::clone(machine),
            registers: Scoreboard::default(),
            arithmetic: vec![0; vector.arithmetic_sequencers.max(1) as usize],
            load: 0,
            store: 0,
            matrix: 0,
            coprocessors: machine
                .coprocessors
                .iter()
                .map(|unit| Beside { free: 0, left: vec![0; unit.queue.max(1) as usize], next: 0 })
                .collect(),
            tiles: [Tile::default(); 16],
            own: vec![Tile::default(); machine.own_registers as usize],
            ports: [0; 2],
            shared_port: vector.memory_port == MemoryPort::Shared,
            left: vec![0; vector.queue_depth.max(1) as usize],
            next: 0,
            last_left: 0,
            done: 0,
            vl_known: 0,
            memory_done: 0,
            hazards: vector.war_hazards,
            chaining: vector.chaining,
            extra: u64::from(vector.sequencer_extra),
        }
    }

    /// Folds everything that can still make a difference after cycle `now`.
    pub fn fold<F: Fold>(&mut self, fold: &mut F) {
        self.left.rotate_left(self.next);
        self.next = 0;
        for time in self.left.iter_mut().chain([&mut self.done, &mut self.vl_known, &mut self.memory_done]) {
            fold.time(time);
        }
        fold.recent(&mut self.last_left);
        // What an instruction waits for behind the queue is asked about when it is at its head: after all before it have left.
        let fold = &mut Later { from: self.last_left + 1, fold };
        let now = fold.now();
        self.registers.fold(fold);
        fold.order(&mut self.arithmetic);
        for time in self.ports.iter_mut().chain([&mut self.load, &mut self.store, &mut self.matrix]) {
            fold.time(time);
        }
        for unit in &mut self.coprocessors {
            unit.left.rotate_left(unit.next);
            unit.next = 0;
            unit.left.iter_mut().chain([&mut unit.free]).for_each(|time| fold.time(time));
        }
        for tiles in [&mut self.tiles[..], &mut self.own] {
            let lives = |tile: &Tile| tile.written.max(tile.added).max(tile.read) > now;
            let mut live = u64::from(tiles.iter().any(lives));
            fold.word(&mut live);
            if live == 0 {
                tiles.fill(Tile::default());
                continue;
            }
            for tile in tiles {
                [&mut tile.written, &mut tile.added, &mut tile.read].into_iter().for_each(|time| fold.time(time));
            }
        }
    }

    /// The cycle from which the command queue has room.
    pub fn room(&self) -> u64 {
        self.left[self.next]
    }

    /// An instruction enters the command queue at `time`. `words`: those of its memory access.
    #[inline(always)]
    pub fn issue<O: Outside>(
        &mut self,
        desc: &mut VectorDesc,
        time: u64,
        vl: u32,
        words: Words<'_>,
        outside: &mut O,
        painter: &mut Painter,
    ) -> Issued {
        if desc.standard {
            self.issue_as::<true, O>(desc, time, vl, words, outside, painter)
        } else {
            self.issue_other(desc, time, vl, words, outside, painter)
        }
    }

    #[inline(never)]
    fn issue_other<O: Outside>(
        &mut self,
        desc: &mut VectorDesc,
        time: u64,
        vl: u32,
        words: Words<'_>,
        outside: &mut O,
        painter: &mut Painter,
    ) -> Issued {
        self.issue_as::<false, O>(desc, time, vl, words, outside, painter)
    }

    /// `STANDARD`: what is only for matrix and coprocessor instructions and those of extension files is left out.
    #[inline(always)]
    fn issue_as<const STANDARD: bool, O: Outside>(
        &mut self,
        desc: &mut VectorDesc,
        time: u64,
        vl: u32,
        words: Words<'_>,
        outside: &mut O,
        painter: &mut Painter,
    ) -> Issued {
        // The last word of a tile instruction's log says what it works on.
        let tiles = match (desc.tile, words.list.len().checked_sub(1)) {
            (access, Some(last)) if !STANDARD && access != TileAccess::None => {
                outside.value(words, last as u16).map(TileUse::of)
            }
            _ => None,
        };
        let (vl, tm, tk) = tiles.map_or((vl, 0, 0), |tiles| (tiles.tn, tiles.tm, tiles.tk));
        let rows = if !STANDARD && desc.mem == Mem::Rows { outside.value(words, 2).map(Rows::of) } else { None };
        let vl = rows.map_or(vl, |rows| rows.total() as u32);
        let work = if !STANDARD && desc.logs_work { outside.value(words, 0) } else { None };
        let work = work.map_or(vl, |word| word as u32);
        let cost = desc.cost(Extent { vl, work, tm, tk }, &self.machine);
        let Cost { occupancy, latency, .. } = cost;
        let head = time.max(self.last_left + 1);
        // A coprocessor's own queue lets the next instruction come to the head before this one starts.
        let beside = !STANDARD && desc.unit == Unit::Coprocessor;
        let left = if beside { head.max(self.coprocessors[desc.coprocessor].room()) } else { head };
        if beside {
            painter.wait(head, left, Cause::QueueFull);
        }
        let (mut start, mut cause) = self.operands(desc, left, cost);
        if let Some(tiles) = tiles {
            let ready = self.tiles_ready(desc.tile, tiles);
            if ready > start {
                (start, cause) = (ready, Cause::ChainMac);
            }
        }
        let own_registers = if STANDARD { &[][..] } else { &desc.own_registers };
        for &(register, access) in own_registers {
            let ready = self.own[register as usize].ready(access);
            if ready > start {
                (start, cause) = (ready, Cause::ChainMac);
            }
        }
        let free = self.unit_free(desc);
        if free > start {
            (start, cause) = (free, Cause::Sequencer);
        }
        if desc.mem != Mem::None {
            let port = self.ports[self.port(desc)];
            if port > start {
                (start, cause) = (port, Cause::MemoryPort);
            }
        }
        let left = if beside { left } else { start };
        if !beside {
            painter.wait(head, start, cause);
        }
        self.last_left = left;
        self.left[self.next] = left;
        self.next += 1;
        if self.next == self.left.len() {
            self.next = 0;
        }

        let (held, delay, late) = match desc.mem {
            Mem::None => (occupancy, 0, None),
            _ => self.memory(desc, Turn { entered: time, start, occupancy, vl, rows }, words, outside, painter),
        };
        let produces = late.unwrap_or(desc.produces);
        let sequencer = self.hold(desc, start, held, painter);
        self.read(desc, start, cost);
        self.write(desc, start + delay, cost, produces);
        let result = start + delay + latency;
        let last = result + occupancy - 1;
        if let Some(tiles) = tiles {
            self.use_tiles(desc.tile, tiles, last);
        }
        for &(register, access) in own_registers {
            let register = &mut self.own[register as usize];
            match access {
                TileAccess::Accumulate => register.added = register.added.max(last),
                TileAccess::Write => register.written = register.written.max(last),
                TileAccess::Read | TileAccess::None => register.read = register.read.max(start + held),
            }
        }
        if matches!(desc.mem, Mem::FaultFirst { .. }) {
            self.vl_known = start + delay + occupancy + u64::from(self.machine.vector.fault_first_vl);
        }
        self.done = self.done.max(result).max(start + held).max(last);
        Issued { head, start, waited_for: cause, sequencer, held, result, last, missed: late }
    }

    /// The times of the latest instruction, for those who want to know more than the core does.
    #[inline]
    pub fn times(&self, desc: &VectorDesc, issued: &Issued) -> VectorTimes {
        let port = self.port(desc);
        VectorTimes {
            head: issued.head,
            start: issued.start,
            waited_for: issued.waited_for,
            work: desc.work,
            unit: desc.unit,
            sequencer: issued.sequencer,
            until: issued.start + issued.held,
            port: (desc.mem != Mem::None).then_some((port, self.ports[port])),
            first: issued.result,
            last: issued.last,
        }
    }

    /// The earliest start that operands and destination allow, and what decides it.
    #[inline(always)]
    fn operands(&mut self, desc: &VectorDesc, head: u64, cost: Cost) -> (u64, Cause) {
        let Cost { occupancy, latency, even, .. } = cost;
        let (mut start, mut cause) = (head, Cause::ChainArithmetic);
        let mut need = |time: u64, why: Cause| {
            if time > start {
                (start, cause) = (time, why);
            }
        };
        for &group in &desc.sources[..desc.source_count as usize] {
            let (time, why) = self.registers.ready(Use { group, occupancy, even });
            need(time, why);
        }
        if let (Some(dest), true) = (desc.dest, desc.merges) {
            need(self.registers.merged(dest), Cause::RegisterReuse);
        }
        if let (Some(group), true) = (desc.dest, self.hazards) {
            let chains = desc.chains && self.chaining;
            need(self.registers.free(Use { group, occupancy, even }, latency, chains), Cause::RegisterReuse);
        }
        (start, cause)
    }

    /// From when on an access to tiles can start.
    fn tiles_ready(&self, access: TileAccess, tiles: TileUse) -> u64 {
        let ready = |tile: &Tile| match access {
            TileAccess::Accumulate => tile.written,
            _ => tile.written.max(tile.added),
        };
        self.tiles_of(tiles).map(|index| ready(&self.tiles[index])).max().unwrap_or(0)
    }

    /// An access to tiles is complete at `end`.
    fn use_tiles(&mut self, access: TileAccess, tiles: TileUse, end: u64) {
        for index in self.tiles_of(tiles) {
            let tile = &mut self.tiles[index];
            match access {
                TileAccess::Accumulate => tile.added = tile.added.max(end),
                TileAccess::Write => tile.written = tile.written.max(end),
                TileAccess::Read | TileAccess::None => {}
            }
        }
    }

    fn tiles_of(&self, tiles: TileUse) -> std::ops::Range<usize> {
        let first = tiles.tile as usize;
        first.min(self.tiles.len())..(first + tiles.tiles as usize).min(self.tiles.len())
    }

    fn unit_free(&self, desc: &VectorDesc) -> u64 {
        match desc.unit {
            Unit::Load => self.load,
            Unit::Store => self.store,
            Unit::Matrix => self.matrix,
            Unit::Coprocessor => self.coprocessors[desc.coprocessor].free,
            Unit::ArithmeticFirst => self.arithmetic[0],
            _ => match self.arithmetic[..] {
                [only] => only,
                _ => self.arithmetic.iter().copied().min().unwrap_or(0),
            },
        }
    }

    fn port(&self, desc: &VectorDesc) -> usize {
        usize::from(desc.writes_memory && !self.shared_port)
    }

    /// Keeps the unit busy; returns which of the arithmetic sequencers it took.
    #[inline(always)]
    fn hold(&mut self, desc: &VectorDesc, start: u64, held: u64, painter: &mut Painter) -> usize {
        let free = start + held + self.extra;
        match desc.unit {
            Unit::Load => self.load = free,
            Unit::Store => self.store = free,
            Unit::Matrix => {
                self.matrix = free;
                painter.arithmetic(start, start + held, desc.work);
            }
            Unit::Coprocessor => {
                let unit = &mut self.coprocessors[desc.coprocessor];
                unit.free = free;
                unit.left[unit.next] = start;
                unit.next = (unit.next + 1) % unit.left.len();
                painter.beside(start, start + held, desc.work);
                return desc.coprocessor;
            }
            _ => {
                painter.arithmetic(start, start + held, desc.work);
                match &mut self.arithmetic[..] {
                    [only] => *only = free,
                    _ => return self.hold_one(desc, free),
                }
            }
        }
        0
    }

    /// Keeps one of several arithmetic sequencers busy; returns which.
    #[inline(never)]
    fn hold_one(&mut self, desc: &VectorDesc, free: u64) -> usize {
        let last = if desc.unit == Unit::ArithmeticFirst { 0 } else { self.arithmetic.len() - 1 };
        // Of two free sequencers the last is taken: the first has work of its own.
        let sooner = |chosen, index| if self.arithmetic[index] < self.arithmetic[chosen] { index } else { chosen };
        let chosen = (0..last).rev().fold(last, sooner);
        self.arithmetic[chosen] = free;
        chosen
    }

    #[inline(always)]
    fn read(&mut self, desc: &VectorDesc, start: u64, cost: Cost) {
        let Cost { occupancy, even, .. } = cost;
        for &group in &desc.sources[..desc.source_count as usize] {
            self.registers.read(Use { group, occupancy, even }, start);
        }
    }

    #[inline(always)]
    fn write(&mut self, desc: &VectorDesc, start: u64, cost: Cost, cause: Cause) {
        let Some(group) = desc.dest else { return };
        let Cost { occupancy, latency, rewrite, even } = cost;
        let chains = desc.chains && self.chaining;
        let merged = if rewrite > 0 { start + rewrite } else { 0 };
        let write = Write { first: start + latency, chains, merged, cause };
        self.registers.write(Use { group, occupancy, even }, write, self.last_left);
    }

    /// A memory access. Returns how long it keeps its sequencer, by how much its data are late, and because of what.
    fn memory<O: Outside>(
        &mut self,
        desc: &VectorDesc,
        turn: Turn,
        words: Words<'_>,
        outside: &mut O,
        painter: &mut Painter,
    ) -> (u64, u64, Option<Cause>) {
        let Turn { entered, start, occupancy, vl, rows } = turn;
        let access = desc.access(vl, rows, occupancy, start - entered, &self.machine);
        if access.bytes == 0 || rows.is_some_and(|rows| rows.count == 0) || words.list.is_empty() {
            return (occupancy, 0, None);
        }
        let moved = outside.vector(&access, words, start);
        let (port, end) = (self.port(desc), start + moved.held);
        if desc.writes_memory && !desc.elementwise {
            self.ports[port] = end + moved.late;
            painter.wait(end, end + moved.late, Cause::StorePath);
            self.memory_done = self.memory_done.max(end + moved.late + moved.more);
            return (moved.held + moved.late + moved.more, 0, None);
        }
        let cause = if moved.late > 0 { miss_cause(moved.from) } else { None };
        self.ports[port] = end;
        painter.port(start, start + moved.beats);
        if let Some(cause) = cause {
            painter.wait(start + moved.beats, end, cause);
        }
        let data = if desc.elementwise { end } else { end + moved.late };
        self.memory_done = self.memory_done.max(data);
        (moved.held, moved.late, cause)
    }
}

pub(super) fn miss_cause(from: Level) -> Option<Cause> {
    match from {
        Level::L1 => None,
        Level::L2 => Some(Cause::L1Miss),
        Level::L3 => Some(Cause::L2Miss),
        Level::Dram => Some(Cause::Dram),
    }
}
