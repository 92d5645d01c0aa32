//! Unit-stride loads of lines that the L1D has: as `Transfers::load_at_hand`, with all that is known of them built in.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value};

use super::{ACCESSES, Emitter, GROUPS, NONE, TRUSTED};
use crate::timing::directory::{Group, LINE_BYTES, PAGE_BYTES, RECENT, Recent};
use crate::timing::hierarchy::MOST_LEVELS;
use crate::timing::transfer::{Access, Moved};

const LINE: i64 = LINE_BYTES.trailing_zeros() as i64;
const PAGE: i64 = PAGE_BYTES.trailing_zeros() as i64;

impl Emitter<'_> {
    /// The answer to a load from `addr` on at `time`, of which `afar` has all that is not at hand.
    pub(super) fn load_at_hand(
        &mut self,
        access: &Access,
        (recent, port): (*const Recent, u32),
        (addr, time): (Value, Value),
        afar: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let [mapped, inside, held, ready, slow, done] = [(); 6].map(|()| self.b.create_block());
        self.b.set_cold_block(slow);
        self.b.append_block_param(done, I64);

        // The page of all its bytes was looked up lately.
        let last = self.b.ins().iadd_imm_s(addr, access.bytes as i64 - 1);
        let [page, last_page] = [addr, last].map(|addr| self.b.ins().ushr_imm_s(addr, PAGE));
        let index = self.b.ins().band_imm_s(page, RECENT as i64 - 1);
        let offset = self.b.ins().imul_imm_s(index, size_of::<Recent>() as i64);
        let slot = self.b.ins().iadd_imm_s(offset, recent as i64);
        let number = self.b.ins().load(I64, TRUSTED, slot, offset_of!(Recent, number) as i32);
        let known = self.b.ins().icmp(IntCC::Equal, number, page);
        self.b.ins().brif(known, mapped, NONE, slow, NONE);
        self.b.switch_to_block(mapped);
        let same = self.b.ins().icmp(IntCC::Equal, page, last_page);
        self.b.ins().brif(same, inside, NONE, slow, NONE);

        // The L1D has its lines.
        self.b.switch_to_block(inside);
        let [first, end] = [addr, last].map(|addr| self.b.ins().ushr_imm_s(addr, LINE));
        let more = self.b.ins().isub(end, first);
        let two = self.b.ins().iconst(I64, 2);
        let run = self.b.ins().ishl(two, more);
        let run = self.b.ins().iadd_imm_s(run, -1);
        let bits = self.b.ins().ishl(run, first);
        let lines = self.b.ins().uload32(TRUSTED, slot, offset_of!(Recent, first) as i32);
        let groups = self.b.ins().load(I64, TRUSTED, self.world, GROUPS);
        let group = self.b.ins().iadd(groups, lines);
        let there = self.b.ins().load(I64, TRUSTED, group, offset_of!(Group<MOST_LEVELS>, held) as i32);
        let lacking = self.b.ins().band_not(bits, there);
        self.b.ins().brif(lacking, slow, NONE, held, NONE);
        self.b.switch_to_block(held);
        let latest = self.b.ins().load(I64, TRUSTED, group, offset_of!(Group<MOST_LEVELS>, ready) as i32);
        let late = self.b.ins().icmp(IntCC::UnsignedGreaterThan, latest, time);
        self.b.ins().brif(late, slow, NONE, ready, NONE);

        self.b.switch_to_block(ready);
        let accesses = self.b.ins().load(I64, TRUSTED, self.world, ACCESSES);
        let accesses = self.b.ins().iadd(accesses, more);
        let accesses = self.b.ins().iadd_imm_s(accesses, 1);
        self.b.ins().store(TRUSTED, accesses, self.world, ACCESSES);
        let within = (1 << port) - 1;
        let begins = self.b.ins().band_imm_s(addr, within);
        let words = self.b.ins().iadd_imm_s(begins, access.bytes as i64 + within);
        let words = self.b.ins().ushr_imm_s(words, i64::from(port));
        let occupancy = self.b.ins().iconst(I64, access.occupancy as i64);
        let beats = self.b.ins().umax(occupancy, words);
        let answer = self.b.ins().ishl_imm_s(beats, i64::from(Moved::BEATS_AT));
        self.b.ins().jump(done, &[BlockArg::Value(answer)]);

        self.b.switch_to_block(slow);
        let answer = afar(self);
        self.b.ins().jump(done, &[BlockArg::Value(answer)]);
        self.b.switch_to_block(done);
        self.b.block_params(done)[0]
    }
}
