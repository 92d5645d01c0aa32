//! Cases that end with an exception: reserved operands of known rows, unknown words, accesses to where nothing is.

use rvtile_isa::encoding::Field;
use rvtile_isa::inst::Inst;
use rvtile_isa::op::Op;
use rvtile_isa::row::{Props, Row};

use super::asm::Code;
use super::generate::{Cell, Draft, Generator, Group, VTYPES, group_size, uses_vtype};
use super::image;

impl Generator<'_> {
    /// A word of this row that is illegal with this vtype and mask, or with any.
    pub fn reserved_group(&mut self, row: &'static Row, vtype: Option<u8>, masked: Option<bool>) -> Option<Group> {
        let mut code = Code::default();
        let bits = vtype.unwrap_or_else(|| self.rng.pick(&VTYPES));
        // Any vl: that it is no multiple of an element group's size only execution finds out.
        let (vtype, vl) = self.set_vector(&mut code, bits, 1);
        let cut = vl % group_size(row) != 0;
        let ctx = self.ctx(vtype, false);
        let masked = masked.unwrap_or_else(|| self.rng.one_in(2));
        (0..200).find_map(|_| {
            let inst = self.candidate(row, masked)?;
            let legal = Op::new(&inst, image::BASE, 0, &ctx).is_ok() && !cut;
            if legal || inst.row.props.intersects(Props::BRANCH | Props::JUMP) {
                return None;
            }
            let mut draft = Draft { code: code.clone(), inst, vl, vstart: 0 };
            // Should a reference execute it, no harm is done.
            self.address(&mut draft, vtype)?;
            Some(self.last(draft))
        })
    }

    /// An access that runs off the end of the window, the last of its case.
    pub fn faulting_group(&mut self, row: &'static Row, number: usize) -> Option<Group> {
        self.off_end = true;
        let vtype = uses_vtype(row).then(|| self.rng.pick(&VTYPES));
        let masked = row.encoding.has(Field::Vm) && self.rng.one_in(2);
        self.group(Cell { row: number, vtype, masked })
    }

    /// A word that is no instruction at all.
    pub fn unknown_group(&mut self) -> Option<Group> {
        let near = self.rng.pick(self.decoder.rows());
        let known = near.encoding.bits | self.rng.next() as u32 & !near.encoding.mask;
        // One or two bits away from something known, or anything.
        let flips = 1 << self.rng.below(32) | 1 << self.rng.below(32);
        let word = if self.rng.one_in(4) { self.rng.next() as u32 } else { known ^ flips };
        let word = if word & 3 == 3 { word } else { word & 0xffff };
        if self.decoder.decode(word).is_ok() {
            return None;
        }
        let len = if word & 3 == 3 { 4 } else { 2 };
        Some(self.last(Draft {
            code: Code::default(),
            inst: Inst { raw: word, len, ..Inst::new(near, word) },
            vl: 0,
            vstart: 0,
        }))
    }

    fn last(&mut self, mut draft: Draft) -> Group {
        let at = draft.code.bytes.len();
        self.emit(&mut draft);
        Group { bytes: draft.code.bytes, at, cell: None, count: 1 }
    }
}
