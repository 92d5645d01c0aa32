//! Groups that need more than operands: memory accesses, which must stay in the window, and jumps.

use rvtile_isa::class::Class;
use rvtile_isa::inst::Inst;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props};
use rvtile_isa::vector::vtype::Vtype;

use super::asm::{branch_bits, jump_bits, short_branch_bits, short_jump_bits};
use super::exclusions::Reference;
use super::generate::{Draft, Generator};
use super::image::{WINDOW, WINDOW_SIZE};
use super::values::MAX_INDEX;

const PAGE: u64 = 4096;

impl Generator<'_> {
    /// An address in the window with `span` bytes behind it: often aligned, often across a page border.
    fn place(&mut self, span: u64, align: u64) -> u64 {
        if self.off_end {
            // The border is a page border: aligned elements lie on one side of it.
            return WINDOW + (WINDOW_SIZE - self.rng.below(span.max(1))).next_multiple_of(8);
        }
        // What needs more than the window is a reserved segment access, which traps before it touches memory.
        let room = WINDOW_SIZE.saturating_sub(span);
        let at = match self.rng.below(6) {
            0 => room,
            1 | 2 if span > 1 => {
                let border = PAGE * (1 + self.rng.below(2));
                (border + 1).saturating_sub(1 + self.rng.below(span)).min(room)
            }
            3 => self.rng.below(room + 1),
            _ => self.rng.below(room + 1) & !63,
        };
        WINDOW + (at & !(align - 1))
    }

    /// Sets the registers of an address. `None`: the instruction's registers do not allow it.
    pub(super) fn address(&mut self, draft: &mut Draft, vtype: Vtype) -> Option<()> {
        let inst = draft.inst;
        let base = inst.rs1;
        if inst.row.mem == Mem::None {
            return Some(());
        }
        if base == 0 || base == self.anchor {
            return None;
        }
        let nf = u64::from(inst.nf());
        let vl = u64::from(draft.vl);
        let fields = |eew: u8| nf * u64::from(eew) / 8;
        match inst.row.mem {
            Mem::None => {}
            // No reference has tiles.
            Mem::Tile { .. } | Mem::Rows => return None,
            Mem::Scalar(bytes) => {
                let atomic = matches!(inst.row.class, Class::Amo | Class::LoadReserved | Class::StoreConditional);
                let bytes = u64::from(bytes);
                let at = self.place(bytes, if atomic { bytes } else { 1 });
                if matches!(inst.row.class, Class::LoadReserved | Class::StoreConditional) {
                    return self.reserved(draft, at, bytes);
                }
                let offset = if inst.row.operands.has(Operand::Imm) { inst.imm } else { 0 };
                draft.code.li_wide(base, at as i64 - offset);
            }
            Mem::Unit { eew } => {
                let at = self.place(vl * fields(eew), 1);
                draft.code.li_wide(base, at as i64);
            }
            Mem::FaultFirst { eew } => {
                let span = vl * fields(eew);
                // QEMU leaves out the whole segment that does not fit, Spike and this project only its rest: both may.
                let cut = nf == 1 || !self.target.references.contains(&Reference::Qemu);
                if self.off_end && !cut {
                    return None;
                }
                let at = if cut && span > fields(eew) && self.rng.one_in(3) {
                    // Runs off the window's end behind some element.
                    WINDOW + WINDOW_SIZE - fields(eew) - self.rng.below(span - fields(eew))
                } else {
                    self.place(span, 1)
                };
                draft.code.li_wide(base, at as i64);
            }
            Mem::Mask => {
                let at = self.place(vl.div_ceil(8), 1);
                draft.code.li_wide(base, at as i64);
            }
            Mem::Whole => {
                let at = self.place(nf * u64::from(self.target.vlen) / 8, 1);
                draft.code.li_wide(base, at as i64);
            }
            Mem::Strided { eew } => self.strided(draft, fields(eew))?,
            Mem::Indexed { eew } => {
                let regs = (i32::from(eew).ilog2() as i32 - vtype.sew_log2() + vtype.lmul_log2()).max(0);
                let offset = self.pool.indices(&mut self.rng, u32::from(eew) / 8);
                draft.code.li_wide(base, (super::image::POOL as usize + offset) as i64);
                draft.code.load_whole(1 << regs, inst.rs2, base);
                let room = WINDOW_SIZE - 2 * MAX_INDEX - 64;
                let at = if self.off_end {
                    WINDOW + WINDOW_SIZE - 8 * self.rng.below(MAX_INDEX / 8)
                } else {
                    WINDOW + MAX_INDEX + self.rng.below(room)
                };
                draft.code.li_wide(base, at as i64);
            }
        }
        Some(())
    }

    fn strided(&mut self, draft: &mut Draft, segment: u64) -> Option<()> {
        let Inst { rs1: base, rs2, .. } = draft.inst;
        if rs2 == base || rs2 == self.anchor {
            return None;
        }
        let steps = u64::from(draft.vl).max(2) - 1;
        let largest = (WINDOW_SIZE - segment) / steps;
        let stride = match self.rng.below(6) {
            _ if rs2 == 0 => 0,
            0 => 0,
            1 | 2 => segment.min(largest),
            3 => (2 * segment).min(largest),
            _ => self.rng.below(largest + 1),
        };
        let stride = if self.off_end { stride & !7 } else { stride };
        let negative = self.rng.one_in(3);
        let at = self.place(stride * steps + segment, 1) + if negative { stride * steps } else { 0 };
        draft.code.li_wide(base, at as i64);
        if rs2 != 0 {
            draft.code.li(rs2, if negative { -(stride as i64) } else { stride as i64 });
        }
        Some(())
    }

    /// A store-conditional gets its load-reserved, of the same address or far from it.
    fn reserved(&mut self, draft: &mut Draft, at: u64, bytes: u64) -> Option<()> {
        let inst = draft.inst;
        let base = inst.rs1;
        if inst.row.class == Class::LoadReserved {
            draft.code.li_wide(base, at as i64);
            return (inst.rd != base).then_some(());
        }
        let temp = self.temp(&[base, inst.rs2]);
        let other = if self.rng.one_in(4) { WINDOW + ((at - WINDOW) ^ 256) } else { at };
        draft.code.li_wide(base, other as i64);
        draft.code.word(load_reserved(bytes, temp, base));
        draft.code.li_wide(base, at as i64);
        Some(())
    }

    /// No reservation outlives its group: references keep reservations differently long.
    pub(super) fn after_reserved(&mut self, draft: &mut Draft) {
        let inst = draft.inst;
        if inst.row.class == Class::LoadReserved {
            let Mem::Scalar(bytes) = inst.row.mem else { return };
            let (rd, rs2) = (self.temp(&[]), self.rng.below(32) as u32);
            let size = u32::from(bytes).ilog2();
            let registers = rs2 << 20 | u32::from(inst.rs1) << 15 | u32::from(rd) << 7;
            draft.code.word(3 << 27 | registers | size << 12 | 0x2f);
        }
    }

    /// A jump over one instruction, or back to a jump behind itself.
    pub(super) fn jump(&mut self, draft: &mut Draft) -> Option<usize> {
        let inst = draft.inst;
        let through_register = inst.row.operands.has(Operand::Rs1) && inst.row.props.contains(Props::JUMP);
        let len = i64::from(inst.len);
        if through_register {
            if inst.rs1 == 0 || inst.rs1 == self.anchor {
                return None;
            }
            draft.code.auipc(inst.rs1);
            // Bit 0 of the target is ignored.
            let odd = self.rng.below(2) as i64;
            let target = 8 + len + 4 - inst.imm;
            if !(-2048..2047).contains(&target) {
                return None;
            }
            draft.code.addi(inst.rs1, inst.rs1, target + odd);
        }
        let back = !through_register && self.rng.one_in(2);
        if back {
            draft.code.jal(0, 8);
            draft.code.jal(0, 4 + len);
        }
        let offset = if back { -4 } else { len + 4 };
        let at = draft.code.bytes.len();
        if !through_register {
            let encoding = &inst.fetched.encoding;
            let (place, bits) = match (encoding.is_compressed(), inst.row.props.contains(Props::BRANCH)) {
                (true, true) => (short_branch_bits(-2), short_branch_bits(offset)),
                (true, false) => (short_jump_bits(-2), short_jump_bits(offset)),
                (false, true) => (branch_bits(-2), branch_bits(offset)),
                (false, false) => (jump_bits(-2), jump_bits(offset)),
            };
            draft.inst.raw = inst.raw & !place | bits;
        }
        self.emit(draft);
        if !back {
            let temp = self.temp(&[]);
            draft.code.addi(temp, temp, 1);
        }
        Some(at)
    }
}

fn load_reserved(bytes: u64, rd: u8, rs1: u8) -> u32 {
    2 << 27 | u32::from(rs1) << 15 | bytes.ilog2() << 12 | u32::from(rd) << 7 | 0x2f
}
