//! The decoupled vector unit: command queue, sequencers, chaining, memory port.

use std::sync::Arc;

use rvtile_isa::matrix::state::TileUse;
use rvtile_isa::row::Mem;

use super::describe::{Cost, Extent, Group, TileAccess, VectorDesc};
use super::event::VectorTimes;
use super::hierarchy::{Hierarchy, Served};
use super::ledger::{Cause, Painter};
use crate::machine::{Machine, MemoryPort, StartLevel, Unit};

/// When the elements of one vector register are there, and until when it is being read.
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

/// A sequencer is free from this cycle on.
#[derive(Clone, Copy, Default)]
struct Sequencer {
    free: u64,
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

impl Beside {
    /// The cycle from which its queue has room.
    fn room(&self) -> u64 {
        self.left[self.next]
    }
}

/// Bytes in rows, as the log has them.
#[derive(Clone, Copy)]
struct Rows {
    addr: u64,
    stride: u64,
    rows: u64,
    bytes: u64,
}

impl Rows {
    fn of(log: &[u64]) -> Rows {
        match *log {
            [addr, stride, extent, ..] => Rows { addr, stride, rows: extent & 0xffff_ffff, bytes: extent >> 32 },
            _ => Rows { addr: 0, stride: 0, rows: 0, bytes: 0 },
        }
    }

    fn total(self) -> u64 {
        self.rows * self.bytes
    }

    /// The address of each row.
    fn addresses(self) -> impl Iterator<Item = u64> {
        (0..self.rows).map(move |row| self.addr.wrapping_add(row.wrapping_mul(self.stride)))
    }
}

/// One instruction's turn in its sequencer.
#[derive(Clone, Copy)]
struct Turn {
    start: u64,
    occupancy: u64,
    vl: u32,
}

/// State of the vector unit.
pub(super) struct VectorUnit {
    machine: Arc<Machine>,
    registers: [Register; 32],
    arithmetic: Vec<Sequencer>,
    load: Sequencer,
    store: Sequencer,
    matrix: Sequencer,
    coprocessors: Vec<Beside>,
    tiles: [Tile; 16],
    own: Vec<Tile>,
    /// The memory ports: loads, stores. One and the same when shared.
    ports: [u64; 2],
    shared_port: bool,
    /// When the latest instructions left the command queue, as many as it holds.
    left: Vec<u64>,
    next: usize,
    /// When the lines of the latest stores are there, as many as may be waited for.
    stored_lines: Vec<u64>,
    next_stored: usize,
    last_left: u64,
    /// Everything so far is complete.
    pub done: u64,
    /// `vl` can be read: later than the instruction that sets it for a fault-only-first load.
    pub vl_known: u64,
    /// All memory accesses so far are complete.
    pub memory_done: u64,
    hazards: bool,
    through_l1d: bool,
    stores_through_l1d: bool,
    early_line: u64,
    elements_through_l1d: bool,
    chaining: bool,
    extra: u64,
}

impl VectorUnit {
    pub fn new(machine: &Arc<Machine>) -> VectorUnit {
        let vector = &machine.vector;
        let fills = machine.memory.l2.as_ref().map_or(1, |cache| cache.outstanding_fills);
        VectorUnit {
            machine: Arc::clone(machine),
            registers: [Register::default(); 32],
            arithmetic: vec![Sequencer::default(); vector.arithmetic_sequencers.max(1) as usize],
            load: Sequencer::default(),
            store: Sequencer::default(),
            matrix: Sequencer::default(),
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
            stored_lines: vec![0; fills.max(1) as usize],
            next_stored: 0,
            last_left: 0,
            done: 0,
            vl_known: 0,
            memory_done: 0,
            hazards: vector.war_hazards,
            through_l1d: vector.start_level == StartLevel::L1d,
            stores_through_l1d: vector.store_level == StartLevel::L1d,
            early_line: u64::from(vector.early_line),
            elements_through_l1d: vector.elements_through_l1d,
            chaining: vector.chaining,
            extra: u64::from(vector.sequencer_extra),
        }
    }

    /// The cycle from which the command queue has room.
    pub fn room(&self) -> u64 {
        self.left[self.next]
    }

    /// An instruction enters the command queue at `time`. `log`: the words of its memory access.
    pub fn issue(
        &mut self,
        desc: &mut VectorDesc,
        time: u64,
        vl: u32,
        log: &[u64],
        memory: &mut Hierarchy,
        painter: &mut Painter,
    ) -> Issued {
        // The last word of a tile instruction's log says what it works on.
        let tiles = match desc.tile {
            TileAccess::None => None,
            _ => log.last().map(|&word| TileUse::of(word)),
        };
        let (vl, tm, tk) = tiles.map_or((vl, 0, 0), |tiles| (tiles.tn, tiles.tm, tiles.tk));
        let vl = if desc.mem == Mem::Rows { Rows::of(log).total() as u32 } else { vl };
        let cost = desc.cost(Extent { vl, tm, tk }, &self.machine);
        let Cost { occupancy, latency, .. } = cost;
        let head = time.max(self.last_left + 1);
        // A coprocessor's own queue lets the next instruction come to the head before this one starts.
        let beside = desc.unit == Unit::Coprocessor;
        let left = if beside { head.max(self.coprocessors[desc.coprocessor].room()) } else { head };
        painter.wait(head, left, Cause::QueueFull);
        let (mut start, mut cause) = self.operands(desc, left, occupancy, latency);
        if let Some(tiles) = tiles {
            let ready = self.tiles_ready(desc.tile, tiles);
            if ready > start {
                (start, cause) = (ready, Cause::ChainMac);
            }
        }
        for &(register, access) in &desc.own_registers {
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
        self.next = (self.next + 1) % self.left.len();

        let (held, delay, late) = match desc.mem {
            Mem::None => (occupancy, 0, None),
            _ => self.memory(desc, Turn { start, occupancy, vl }, log, memory, painter),
        };
        let produces = late.unwrap_or(desc.produces);
        let sequencer = self.hold(desc, start, held, painter);
        self.read(desc, start, occupancy);
        self.write(desc, start + delay, cost, produces);
        let result = start + delay + latency;
        let last = result + occupancy - 1;
        if let Some(tiles) = tiles {
            self.use_tiles(desc.tile, tiles, last);
        }
        for &(register, access) in &desc.own_registers {
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
            work: desc.work(),
            unit: desc.unit,
            sequencer: issued.sequencer,
            until: issued.start + issued.held,
            port: (desc.mem != Mem::None).then_some((port, self.ports[port])),
            first: issued.result,
            last: issued.last,
        }
    }

    /// The earliest start that operands and destination allow, and what decides it.
    fn operands(&self, desc: &VectorDesc, head: u64, occupancy: u64, latency: u64) -> (u64, Cause) {
        let (mut start, mut cause) = (head, Cause::ChainArithmetic);
        let mut need = |time: u64, why: Cause| {
            if time > start {
                (start, cause) = (time, why);
            }
        };
        for source in &desc.sources[..desc.source_count as usize] {
            for (register, from, to) in self.beats(*source, occupancy) {
                // Each register must be there when its turn comes, first and last beat.
                let why = register.cause.unwrap_or(Cause::ChainArithmetic);
                need(register.first.saturating_sub(from), why);
                need(register.last.saturating_sub(to), why);
            }
        }
        if let (Some(dest), true) = (desc.dest, desc.merges) {
            need(self.registers[dest.reg as usize % 32].merged, Cause::RegisterReuse);
        }
        if let (Some(dest), true) = (desc.dest, self.hazards) {
            let chains = desc.chains && self.chaining;
            for (register, from, to) in self.beats(dest, occupancy) {
                let (from, to) = if chains { (from, to) } else { (latency, latency) };
                let write = |offset: u64| latency + if chains { offset } else { 0 };
                need((register.read_first + 1).saturating_sub(write(from)), Cause::RegisterReuse);
                need((register.read_last + 1).saturating_sub(write(to)), Cause::RegisterReuse);
                need(register.last.saturating_sub(write(to)), Cause::RegisterReuse);
            }
        }
        (start, cause)
    }

    /// The registers of a group with the offsets of their first and last beat in an operation of this occupancy.
    fn beats(&self, group: Group, occupancy: u64) -> impl Iterator<Item = (&Register, u64, u64)> {
        let count = u64::from(group.count).max(1);
        (0..count).map(move |index| {
            let from = index * occupancy / count;
            let to = ((index + 1) * occupancy).div_ceil(count).saturating_sub(1).max(from);
            (&self.registers[(group.reg as usize + index as usize) % 32], from, to)
        })
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
            Unit::Load => self.load.free,
            Unit::Store => self.store.free,
            Unit::Matrix => self.matrix.free,
            Unit::Coprocessor => self.coprocessors[desc.coprocessor].free,
            Unit::ArithmeticFirst => self.arithmetic[0].free,
            _ => self.arithmetic.iter().map(|sequencer| sequencer.free).min().unwrap_or(0),
        }
    }

    fn port(&self, desc: &VectorDesc) -> usize {
        usize::from(desc.writes_memory && !self.shared_port)
    }

    /// Keeps the unit busy; returns which of the arithmetic sequencers it took.
    fn hold(&mut self, desc: &VectorDesc, start: u64, held: u64, painter: &mut Painter) -> usize {
        let free = start + held + self.extra;
        match desc.unit {
            Unit::Load => self.load.free = free,
            Unit::Store => self.store.free = free,
            Unit::Matrix => {
                self.matrix.free = free;
                painter.arithmetic(start, start + held, desc.work());
            }
            Unit::Coprocessor => {
                let unit = &mut self.coprocessors[desc.coprocessor];
                unit.free = free;
                unit.left[unit.next] = start;
                unit.next = (unit.next + 1) % unit.left.len();
                painter.beside(start, start + held, desc.work());
                return desc.coprocessor;
            }
            _ => {
                let candidates = if desc.unit == Unit::ArithmeticFirst { 1 } else { self.arithmetic.len() };
                // Of two free sequencers the last is taken: the first has work of its own.
                let sequencers = self.arithmetic[..candidates].iter_mut().enumerate().rev();
                let chosen = sequencers.min_by_key(|(_, sequencer)| sequencer.free);
                painter.arithmetic(start, start + held, desc.work());
                if let Some((index, sequencer)) = chosen {
                    sequencer.free = free;
                    return index;
                }
            }
        }
        0
    }

    fn read(&mut self, desc: &VectorDesc, start: u64, occupancy: u64) {
        for index in 0..desc.source_count as usize {
            let group = desc.sources[index];
            let count = u64::from(group.count).max(1);
            for k in 0..count {
                let register = &mut self.registers[(group.reg as usize + k as usize) % 32];
                register.read_first = register.read_first.max(start + k * occupancy / count);
                register.read_last = register.read_last.max(start + ((k + 1) * occupancy).div_ceil(count) - 1);
            }
        }
    }

    fn write(&mut self, desc: &VectorDesc, start: u64, cost: Cost, cause: Cause) {
        let Some(dest) = desc.dest else { return };
        let Cost { occupancy, latency, rewrite } = cost;
        let count = u64::from(dest.count).max(1);
        for k in 0..count {
            let (first, last) = if desc.chains && self.chaining {
                let from = k * occupancy / count;
                (from, (((k + 1) * occupancy).div_ceil(count) - 1).max(from))
            } else {
                (0, 0)
            };
            let register = &mut self.registers[(dest.reg as usize + k as usize) % 32];
            register.first = start + latency + first;
            register.last = start + latency + last;
            register.merged = if rewrite > 0 { start + rewrite } else { 0 };
            register.cause = Some(cause);
        }
    }

    /// A memory access. Returns how long it keeps its sequencer, by how much its data are late, and because of what.
    fn memory(
        &mut self,
        desc: &VectorDesc,
        turn: Turn,
        log: &[u64],
        memory: &mut Hierarchy,
        painter: &mut Painter,
    ) -> (u64, u64, Option<Cause>) {
        let Turn { start, occupancy, vl } = turn;
        let write = desc.writes_memory;
        let port = self.port(desc);
        if desc.elementwise {
            let (delay, cause) = self.elements(desc, turn, log, memory);
            self.ports[port] = start + occupancy + delay;
            painter.port(start, start + occupancy);
            if let Some(cause) = cause {
                painter.wait(start + occupancy, start + occupancy + delay, cause);
            }
            self.memory_done = self.memory_done.max(start + occupancy + delay);
            return (occupancy + delay, delay, cause);
        }
        let addr = log.first().copied().unwrap_or(0);
        let rows = match desc.mem {
            Mem::Rows => Rows::of(log),
            _ => Rows { addr, stride: 0, rows: 1, bytes: desc.bytes(vl, &self.machine) },
        };
        let bytes = rows.bytes;
        if rows.total() == 0 {
            return (occupancy, 0, None);
        }
        let line_bytes = memory.line_bytes();
        // The first line of a row and how many it touches.
        let lines_of = move |addr: u64| {
            let first = addr / line_bytes;
            (first, (addr.wrapping_add(bytes - 1) / line_bytes).wrapping_sub(first) + 1)
        };
        let lines: u64 = rows.addresses().map(|addr| lines_of(addr).1).sum();
        // The port moves aligned words: an access that is not aligned touches one more.
        let word = u64::from(self.machine.vector.port_bytes);
        let beats = occupancy.max(rows.addresses().map(|addr| (addr % word + bytes).div_ceil(word)).sum());
        let through_l1d = if write { self.stores_through_l1d } else { self.through_l1d };
        let (mut delay, mut accepted, mut cause) = (0, start, None);
        let all = rows.addresses().map(lines_of).flat_map(|(first, count)| (0..count).map(move |line| first + line));
        for (index, line) in all.enumerate() {
            let turn = start + index as u64 * beats / lines;
            let served: Served =
                memory.stream(line * line_bytes, write, turn.max(accepted), through_l1d, self.early_line);
            accepted = accepted.max(served.accepted);
            if write {
                // A line that is still on its way keeps its place among the stores that wait for one.
                accepted = accepted.max(self.stored_lines[self.next_stored]);
                self.stored_lines[self.next_stored] = served.ready;
                self.next_stored = (self.next_stored + 1) % self.stored_lines.len();
            }
            let late = served.ready.saturating_sub(turn);
            if late > delay {
                delay = late;
                cause = miss_cause(served.from);
            }
        }
        let held = beats.max((accepted + 1).saturating_sub(start));
        self.ports[port] = start + held;
        if write {
            let (mut port_busy, mut store_busy) = (0, 0);
            for addr in rows.addresses() {
                let (port, store) = self.merge(addr, bytes, start + held + store_busy, memory);
                (port_busy, store_busy) = (port_busy + port, store_busy + store);
            }
            self.ports[port] += port_busy;
            painter.wait(start + held, start + held + port_busy, Cause::StorePath);
            self.memory_done = self.memory_done.max(start + held + store_busy);
            return (held + store_busy, 0, None);
        }
        painter.port(start, start + beats);
        if let Some(cause) = cause {
            painter.wait(start + beats, start + held, cause);
        }
        self.memory_done = self.memory_done.max(start + held + delay);
        (held, delay, cause)
    }

    /// The ends of a store from `addr` on that do not fill a granule: they are read through the L1D, merged and
    /// written. One end keeps the port from loads, the other only the store path; ends in one register's reach are
    /// merged together. Returns for how long port and store path are kept beyond the store itself, from `time` on.
    fn merge(&self, addr: u64, bytes: u64, time: u64, memory: &mut Hierarchy) -> (u64, u64) {
        let granule = u64::from(self.machine.vector.store_granule);
        let cost = u64::from(self.machine.vector.partial_granule);
        let end = addr.wrapping_add(bytes);
        let (head, tail) = (!addr.is_multiple_of(granule), !end.is_multiple_of(granule));
        if cost == 0 || !(head || tail) {
            return (0, 0);
        }
        let line = if tail { end - 1 } else { addr };
        let late = memory.element(line, true, time, true).ready.saturating_sub(time);
        let ends = if bytes * 8 > u64::from(self.machine.vector.vlen) { u64::from(head) + u64::from(tail) } else { 1 };
        (cost + late, cost * ends + late)
    }

    /// An access element by element through the L1D, one outstanding miss at a time.
    fn elements(&mut self, desc: &VectorDesc, turn: Turn, log: &[u64], memory: &mut Hierarchy) -> (u64, Option<Cause>) {
        let Turn { start, occupancy, vl } = turn;
        let segment = desc.element_bytes * desc.fields;
        let count = match desc.mem {
            Mem::Indexed { .. } => log.first().copied().unwrap_or(0),
            _ => u64::from(vl),
        };
        let (mut delay, mut cause) = (0, None);
        let mut worst = 0;
        for index in 0..count {
            let addr = match desc.mem {
                Mem::Indexed { .. } => log.get(1 + index as usize).copied().unwrap_or(0),
                Mem::Strided { .. } => log[0].wrapping_add(index.wrapping_mul(log[1])),
                _ => log[0].wrapping_add(index * segment),
            };
            let turn = start + index * occupancy / count + delay;
            for line in
                [addr, addr.wrapping_add(segment - 1)].into_iter().take(1 + usize::from(crosses(addr, segment, memory)))
            {
                let served = memory.element(line, desc.writes_memory, turn, self.elements_through_l1d);
                let late = served.ready.saturating_sub(turn);
                delay += late;
                if late > worst {
                    worst = late;
                    cause = miss_cause(served.from);
                }
            }
        }
        (delay, cause)
    }
}

fn crosses(addr: u64, bytes: u64, memory: &Hierarchy) -> bool {
    let line = memory.line_bytes();
    addr / line != addr.wrapping_add(bytes - 1) / line
}

pub(super) fn miss_cause(from: super::cache::Level) -> Option<Cause> {
    use super::cache::Level;
    match from {
        Level::L1 => None,
        Level::L2 => Some(Cause::L1Miss),
        Level::L3 => Some(Cause::L2Miss),
        Level::Dram => Some(Cause::Dram),
    }
}
