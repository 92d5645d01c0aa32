//! Unit-stride accesses to lines that are where they are looked for first: as in `Transfers`, with all that is known of them built in.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, Value};

use super::{ACCESSES, Emitter, GROUPS, NONE, TRUSTED};
use crate::timing::directory::{Group, LINE_BYTES, PAGE_BYTES, RECENT, Recent};
use crate::timing::hierarchy::{L2_HITS, MOST_LEVELS, Spread};
use crate::timing::outside::World;
use crate::timing::prefetch::Stream;
use crate::timing::transfer::{Access, Moved, Shape, Transfers};

const LINE: i64 = LINE_BYTES.trailing_zeros() as i64;
const PAGE: i64 = PAGE_BYTES.trailing_zeros() as i64;

/// Lines of a store that gets code, at most.
const MOST_LINES: u64 = 8;

// Where things are in a world.
const HITS: i32 = (offset_of!(World, memory) + L2_HITS) as i32;
const STORED: i32 = (offset_of!(World, transfers) + offset_of!(Transfers, stored)) as i32;
const NEXT_STORED: i32 = (offset_of!(World, transfers) + offset_of!(Transfers, next_stored)) as i32;

/// What has to be known of a world for vector accesses: addresses are valid as long as it lives.
pub(super) struct Known {
    /// Where pages are looked up.
    recent: *const Recent,
    /// log2 of the bytes that the port of the vector unit moves at once.
    port: u32,
    /// The lines of the latest stores, and their number.
    stored: (*const u64, usize),
    /// Of stores behind the L1D: cycles from a demand until a line is there, and whether the prefetcher hears of it.
    stores: Option<(u64, bool)>,
    /// The prefetcher's streams, and where in the world it says which one is the latest.
    streams: Option<(*const Stream, i32)>,
}

/// A store that begins with a line and ends with one.
struct Store {
    /// When its lines are there, from its start on.
    turns: Spread,
    /// The prefetcher hears of it.
    trains: bool,
}

impl Known {
    /// `None` if one look tells nothing in this world.
    pub fn of(world: &World) -> Option<Known> {
        let World { memory, transfers, .. } = world;
        Some(Known {
            recent: memory.directory.recent.as_ptr(),
            port: transfers.near_port()?,
            stored: (transfers.stored_lines.as_ptr(), transfers.stored_lines.len()),
            stores: transfers.stores_behind(memory),
            streams: memory.prefetcher.as_ref().map(|prefetcher| {
                let latest = (&raw const prefetcher.latest).addr() - (&raw const *world).addr();
                (prefetcher.streams(), latest as i32)
            }),
        })
    }

    /// What is known of a store of whole lines; `None` if it gets no code.
    fn store(&self, access: &Access) -> Option<Store> {
        let (latency, trains) = self.stores?;
        let (count, cycles) = (access.bytes / LINE_BYTES, access.occupancy.max(access.bytes.div_ceil(1 << self.port)));
        let whole = access.write && access.shape == Shape::Stream && access.bytes.is_multiple_of(LINE_BYTES);
        let few = (1..=MOST_LINES.min(self.stored.1 as u64)).contains(&count) && cycles < Moved::MOST_BEATS;
        (whole && few).then_some(Store { turns: Spread { start: latency, cycles, count }, trains })
    }
}

impl Emitter<'_> {
    /// The answer to an access from `addr` on at `time`, of which `afar` has all that is not in line.
    pub(super) fn unit_stride(
        &mut self,
        access: &Access,
        known: &Known,
        (addr, time): (Value, Value),
        afar: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        match known.store(access) {
            _ if access.is_quick_load(known.port) => self.load_at_hand(access, known, (addr, time), afar),
            Some(store) => self.store_behind((access, &store), known, (addr, time), afar),
            None => afar(self),
        }
    }

    /// A load of lines that the L1D has.
    fn load_at_hand(
        &mut self,
        access: &Access,
        known: &Known,
        (addr, time): (Value, Value),
        afar: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let [slow, done] = self.ways();
        let last = self.b.ins().iadd_imm_s(addr, access.bytes as i64 - 1);
        let slot = self.page(known, addr, last, slow);
        let [first, end] = [addr, last].map(|addr| self.b.ins().ushr_imm_s(addr, LINE));
        let more = self.b.ins().isub(end, first);
        let two = self.b.ins().iconst(I64, 2);
        let run = self.b.ins().ishl(two, more);
        let run = self.b.ins().iadd_imm_s(run, -1);
        let bits = self.b.ins().ishl(run, first);
        let group = self.group(slot);
        let there = self.b.ins().load(I64, TRUSTED, group, held(0));
        let lacking = self.b.ins().band_not(bits, there);
        self.unless(lacking, slow);
        self.unless_later((group, ready(0)), time, slow);

        let accesses = self.b.ins().load(I64, TRUSTED, self.world, ACCESSES);
        let accesses = self.b.ins().iadd(accesses, more);
        let accesses = self.b.ins().iadd_imm_s(accesses, 1);
        self.b.ins().store(TRUSTED, accesses, self.world, ACCESSES);
        let within = (1 << known.port) - 1;
        let begins = self.b.ins().band_imm_s(addr, within);
        let words = self.b.ins().iadd_imm_s(begins, access.bytes as i64 + within);
        let words = self.b.ins().ushr_imm_s(words, i64::from(known.port));
        let occupancy = self.b.ins().iconst(I64, access.occupancy as i64);
        let beats = self.b.ins().umax(occupancy, words);
        let answer = self.b.ins().ishl_imm_s(beats, i64::from(Moved::BEATS_AT));
        self.or_afar(answer, [slow, done], afar)
    }

    /// A store of lines that the L2 has, for which the prefetcher wants nothing, and which waits for no other store.
    fn store_behind(
        &mut self,
        (access, store): (&Access, &Store),
        known: &Known,
        (addr, time): (Value, Value),
        afar: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let Store { turns, trains } = *store;
        let [slow, done] = self.ways();
        let start = self.b.ins().iadd_imm_s(time, -(access.ahead as i64));
        let within_line = self.b.ins().band_imm_s(addr, LINE_BYTES as i64 - 1);
        self.unless(within_line, slow);
        let last = self.b.ins().iadd_imm_s(addr, access.bytes as i64 - 1);
        let slot = self.page(known, addr, last, slow);
        let first = self.b.ins().ushr_imm_s(addr, LINE);
        let run = self.b.ins().iconst(I64, (1 << turns.count) - 1);
        let bits = self.b.ins().ishl(run, first);
        let group = self.group(slot);
        let there = self.b.ins().load(I64, TRUSTED, group, held(1));
        // Where the whole page is there nothing can be wanted that is not.
        let wanted = if trains { self.b.ins().iconst(I64, -1) } else { bits };
        let lacking = self.b.ins().band_not(wanted, there);
        self.unless(lacking, slow);
        self.unless_later((group, ready(1)), start, slow);
        self.unless_later((self.world, STORED), start, slow);
        if let (true, Some(streams)) = (trains, known.streams) {
            self.train(turns.count, (slot, first), streams, slow);
        }

        let before = self.b.ins().load(I64, TRUSTED, group, dirty(1));
        let after = self.b.ins().bor(before, bits);
        self.b.ins().store(TRUSTED, after, group, dirty(1));
        self.add(self.world, HITS, turns.count as i64);
        self.keep_stored(start, turns, known.stored);
        let answer = self.b.ins().iconst(I64, Moved::on_time(turns.cycles) as i64);
        self.or_afar(answer, [slow, done], afar)
    }

    /// The slot of the page of an access, if it was looked up lately and is that of the last byte too.
    fn page(&mut self, known: &Known, addr: Value, last: Value, slow: ir::Block) -> Value {
        let [page, last_page] = [addr, last].map(|addr| self.b.ins().ushr_imm_s(addr, PAGE));
        let index = self.b.ins().band_imm_s(page, RECENT as i64 - 1);
        let offset = self.b.ins().imul_imm_s(index, size_of::<Recent>() as i64);
        let slot = self.b.ins().iadd_imm_s(offset, known.recent as i64);
        let number = self.b.ins().load(I64, TRUSTED, slot, offset_of!(Recent, number) as i32);
        let other = self.b.ins().icmp(IntCC::NotEqual, number, page);
        self.unless(other, slow);
        let crosses = self.b.ins().icmp(IntCC::NotEqual, page, last_page);
        self.unless(crosses, slow);
        slot
    }

    /// The group of the lines of a page.
    fn group(&mut self, slot: Value) -> Value {
        let lines = self.b.ins().uload32(TRUSTED, slot, offset_of!(Recent, first) as i32);
        let groups = self.b.ins().load(I64, TRUSTED, self.world, GROUPS);
        self.b.ins().iadd(groups, lines)
    }

    /// Demands for lines in a row that go on with the latest stream, which has its full lead: as `Prefetcher::demand_led`.
    fn train(&mut self, lines: u64, (slot, first): (Value, Value), streams: (*const Stream, i32), slow: ir::Block) {
        let page = self.b.ins().load(I64, TRUSTED, slot, offset_of!(Recent, physical) as i32);
        let within = self.b.ins().band_imm_s(first, (PAGE_BYTES / LINE_BYTES) as i64 - 1);
        let at = self.b.ins().bor(page, within);
        let latest = self.b.ins().load(I64, TRUSTED, self.world, streams.1);
        let offset = self.b.ins().imul_imm_s(latest, size_of::<Stream>() as i64);
        let stream = self.b.ins().iadd_imm_s(offset, streams.0 as i64);
        let before = self.b.ins().load(I64, TRUSTED, stream, offset_of!(Stream, last) as i32);
        let led = self.b.ins().load(I64, TRUSTED, stream, offset_of!(Stream, led) as i32);
        let moved = self.b.ins().isub(at, before);
        let apart = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, moved, led);
        self.unless(apart, slow);
        let last = self.b.ins().iadd_imm_s(at, lines as i64 - 1);
        self.b.ins().store(TRUSTED, last, stream, offset_of!(Stream, last) as i32);
    }

    /// Lines of a store that has started are there in their turns: as `Transfers::keep_stored`.
    fn keep_stored(&mut self, start: Value, turns: Spread, (ring, length): (*const u64, usize)) {
        let mut next = self.b.ins().load(I64, TRUSTED, self.world, NEXT_STORED);
        let mut time = start;
        for line in 0..turns.count {
            time = self.b.ins().iadd_imm_s(start, turns.turn(line) as i64);
            let offset = self.b.ins().ishl_imm_s(next, 3);
            let place = self.b.ins().iadd_imm_s(offset, ring as i64);
            self.b.ins().store(TRUSTED, time, place, 0);
            let behind = self.b.ins().iadd_imm_s(next, 1);
            let ends = self.b.ins().icmp_imm_s(IntCC::Equal, behind, length as i64);
            let begin = self.b.ins().iconst(I64, 0);
            next = self.b.ins().select(ends, begin, behind);
        }
        self.b.ins().store(TRUSTED, next, self.world, NEXT_STORED);
        self.b.ins().store(TRUSTED, time, self.world, STORED);
    }

    /// A block for what is not in line, and one for what comes after an answer, which it is given.
    fn ways(&mut self) -> [ir::Block; 2] {
        let [slow, done] = [(); 2].map(|()| self.b.create_block());
        self.b.set_cold_block(slow);
        self.b.append_block_param(done, I64);
        [slow, done]
    }

    /// Goes on here unless a value is not zero.
    fn unless(&mut self, value: Value, slow: ir::Block) {
        let here = self.b.create_block();
        self.b.ins().brif(value, slow, NONE, here, NONE);
        self.b.switch_to_block(here);
    }

    /// Goes on here unless a time in memory is later than another one.
    fn unless_later(&mut self, (base, offset): (Value, i32), time: Value, slow: ir::Block) {
        let latest = self.b.ins().load(I64, TRUSTED, base, offset);
        let later = self.b.ins().icmp(IntCC::UnsignedGreaterThan, latest, time);
        self.unless(later, slow);
    }

    /// An answer, or what `afar` answers.
    fn or_afar(&mut self, answer: Value, [slow, done]: [ir::Block; 2], afar: impl FnOnce(&mut Self) -> Value) -> Value {
        self.b.ins().jump(done, &[BlockArg::Value(answer)]);
        self.b.switch_to_block(slow);
        let answer = afar(self);
        self.b.ins().jump(done, &[BlockArg::Value(answer)]);
        self.b.switch_to_block(done);
        self.b.block_params(done)[0]
    }
}

/// Where a group says which lines a level holds.
const fn held(level: i32) -> i32 {
    offset_of!(Group<MOST_LEVELS>, held) as i32 + 8 * level
}

/// Where it says which of them the level must write back.
const fn dirty(level: i32) -> i32 {
    offset_of!(Group<MOST_LEVELS>, dirty) as i32 + 8 * level
}

/// Where it says when their data are there at the latest.
const fn ready(level: i32) -> i32 {
    offset_of!(Group<MOST_LEVELS>, ready) as i32 + 8 * level
}
