//! Random programs: cases of groups, each group one tested instruction behind what sets up its operands.

use rvtile_isa::class::Class;
use rvtile_isa::decode::Decoder;
use rvtile_isa::encoding::Field;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::inst::Inst;
use rvtile_isa::op::{Ctx, Op};
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props, Row};
use rvtile_isa::vector::vtype::Vtype;

use super::asm::{Code, FENCE_I, csr};
use super::exclusions::{self, Reference};
use super::image;
use super::rng::Rng;
use super::values::{Kind, Pool, float_register, integer};

/// What is counted: a row, and for vector instructions the vtype (SEW and LMUL bits) and the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Index of the row in the decoder's list.
    pub row: usize,
    /// vtype bits 5..0, if the instruction depends on them.
    pub vtype: Option<u8>,
    /// Executes under v0.
    pub masked: bool,
}

/// A tested instruction with its set-up. Position independent.
#[derive(Clone)]
pub struct Group {
    /// Machine code.
    pub bytes: Vec<u8>,
    /// Offset of the tested instruction.
    pub at: usize,
    /// What it counts as; nothing for instructions that must trap.
    pub cell: Option<Cell>,
    /// Instructions in it.
    pub count: u64,
}

impl Group {
    /// The tested instruction.
    pub fn word(&self) -> u32 {
        let word = self.bytes[self.at..].iter().take(4).rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        if word & 3 == 3 { word } else { word & 0xffff }
    }
}

/// A complete starting state and a program.
#[derive(Clone)]
pub struct Case {
    /// Integer registers; the anchor's value is set when the case gets its place.
    pub x: [u64; 32],
    /// Floating-point registers.
    pub f: [u64; 32],
    /// Vector registers.
    pub v: Vec<u8>,
    /// fcsr, vcsr, vl, vtype, vstart.
    pub csrs: [u64; 5],
    /// The register that holds the address of the result and that the program never writes.
    pub anchor: u8,
    /// The program.
    pub groups: Vec<Group>,
}

/// For whom programs are made.
#[derive(Clone)]
pub struct Target {
    /// VLEN in bits.
    pub vlen: u32,
    /// Agnostic elements become ones (QEMU only).
    pub agnostic_ones: bool,
    /// The references that run the programs.
    pub references: Vec<Reference>,
}

impl Target {
    /// Whether every reference runs this row.
    pub fn runs(&self, row: &Row) -> bool {
        self.all(|reference| exclusions::runs(reference, row, self.agnostic_ones))
    }

    /// Whether something holds for every reference.
    pub fn all(&self, holds: impl Fn(Reference) -> bool) -> bool {
        self.references.iter().all(|reference| holds(*reference))
    }
}

/// Whether legality or result depend on vtype.
pub fn uses_vtype(row: &Row) -> bool {
    row.props.contains(Props::VECTOR)
        && !matches!(row.class, Class::Vset | Class::VMoveWhole | Class::VLoadWhole | Class::VStoreWhole)
}

/// Elements that an instruction takes as one operand: vl must be a multiple. More than one for the major opcode OP-VE.
pub(super) fn group_size(row: &Row) -> u32 {
    match row.encoding.bits & 0x7f {
        0x77 if row.ext == Ext::ZVKSH => 8,
        0x77 => 4,
        _ => 1,
    }
}

/// The SEW and LMUL bits of every legal vtype: SEW 8 to 64, LMUL 1/8 to 8 with SEW <= LMUL * ELEN.
pub const VTYPES: [u8; 22] = [
    0b000_000, 0b000_001, 0b000_010, 0b000_011, 0b000_101, 0b000_110, 0b000_111, // e8
    0b001_000, 0b001_001, 0b001_010, 0b001_011, 0b001_110, 0b001_111, // e16
    0b010_000, 0b010_001, 0b010_010, 0b010_011, 0b010_111, // e32
    0b011_000, 0b011_001, 0b011_010, 0b011_011, // e64
];

/// Writes one case.
pub struct Generator<'a> {
    pub(super) decoder: &'a Decoder,
    pub(super) target: &'a Target,
    pub(super) pool: &'a Pool,
    pub(super) rng: Rng,
    pub(super) anchor: u8,
    /// vtype and vl, unless an instruction made them depend on data.
    pub(super) vector: Option<(Vtype, u32)>,
    /// Accesses run off the window's end.
    pub(super) off_end: bool,
}

/// A group being written.
pub(super) struct Draft {
    pub code: Code,
    pub inst: Inst,
    pub vl: u32,
    pub vstart: u32,
}

impl<'a> Generator<'a> {
    /// A generator and the starting state of its case.
    pub fn new(decoder: &'a Decoder, target: &'a Target, pool: &'a Pool, mut rng: Rng) -> (Generator<'a>, Case) {
        let mut x = [0; 32];
        let mut f = [0; 32];
        x[1..].fill_with(|| integer(&mut rng, 64));
        f.fill_with(|| float_register(&mut rng));
        let mut v = vec![0; 4 * target.vlen as usize];
        for register in v.chunks_mut(target.vlen as usize / 8) {
            let kind = rng.pick(&Kind::ALL);
            kind.fill(&mut rng, register);
        }
        let vtype = Vtype::from_request(u64::from(rng.pick(&VTYPES)) | rng.below(4) << 6, target.vlen);
        let vl = rng.below(u64::from(vtype.vlmax(target.vlen)) + 1);
        let fcsr = rng.below(5) << 5 | rng.below(32);
        let csrs = [fcsr, rng.below(8), vl, vtype.csr(), 0];
        let anchor = 1 + rng.below(31) as u8;
        let case = Case { x, f, v, csrs, anchor, groups: Vec::new() };
        (Generator { decoder, target, pool, rng, anchor, vector: Some((vtype, vl as u32)), off_end: false }, case)
    }

    /// The decode context of an instruction.
    pub(super) fn ctx(&self, vtype: Vtype, vstart: bool) -> Ctx {
        Ctx {
            vtype,
            frm: 0,
            fs: true,
            vs: true,
            vstart,
            vlen: self.target.vlen,
            isa: Ext::everything(),
            agnostic_ones: self.target.agnostic_ones,
            level: Level::detect(),
        }
    }

    /// A random word of a row that is legal in a context. `None`: none was found in so many attempts.
    pub fn word(&mut self, row: &'static Row, ctx: &Ctx, masked: bool, attempts: u32) -> Option<Inst> {
        (0..attempts).find_map(|_| {
            let inst = self.candidate(row, masked)?;
            Op::new(&inst, image::BASE, 0, ctx).ok().map(|_| inst)
        })
    }

    /// A random word of a row, legal or not.
    pub fn candidate(&mut self, row: &'static Row, masked: bool) -> Option<Inst> {
        let encoding = &row.encoding;
        if encoding.is_compressed() {
            let word = encoding.bits | self.rng.next() as u32 & 0xffff & !encoding.mask;
            let inst = self.decoder.decode(word).ok()?;
            return (std::ptr::eq(inst.fetched, row) && self.keeps_anchor(&inst)).then_some(inst);
        }
        let mut word = encoding.bits | self.rng.next() as u32 & !encoding.mask;
        let align = !0u32 << self.rng.pick(&[0, 1, 2, 3, 3]);
        for (field, lo) in [(Field::Vd, 7), (Field::Vs3, 7), (Field::Vs1, 15), (Field::Vs2, 20)] {
            if encoding.has(field) && !self.rng.one_in(4) {
                word &= align << lo | !(31 << lo);
            }
        }
        if encoding.has(Field::Vm) {
            word = word & !(1 << 25) | u32::from(!masked) << 25;
        }
        if encoding.has(Field::Rm) {
            word = word & !(7 << 12) | self.rng.pick(&[0, 1, 2, 3, 4, 7, 7]) << 12;
        }
        let legal = u32::from(self.rng.pick(&VTYPES)) | (self.rng.below(4) as u32) << 6;
        if encoding.has(Field::Zimm11) && !self.rng.one_in(8) {
            word = word & !(0x7ff << 20) | legal << 20;
        }
        if encoding.has(Field::Zimm10) && !self.rng.one_in(8) {
            word = word & !(0x3ff << 20) | legal << 20;
        }
        if encoding.has(Field::Csr) {
            word = word & !(0xfff << 20) | self.csr(row) << 20;
            if word >> 30 == 3 {
                // Read-only registers are only read.
                word &= !(31 << 15);
            }
        }
        let inst = self.decoder.decode(word).ok()?;
        (std::ptr::eq(inst.row, row) && self.keeps_anchor(&inst)).then_some(inst)
    }

    fn csr(&mut self, row: &Row) -> u32 {
        const NUMBERS: [u32; 9] = [0x001, 0x002, 0x003, 0x009, 0x00f, VXRM, 0xc20, 0xc21, 0xc22];
        const VXRM: u32 = 0x00a;
        let end = match () {
            () if !self.target.all(exclusions::masks_vxrm) => 5,
            // The others can only be read.
            () if row.name.starts_with("csrrw") => 6,
            () => 9,
        };
        self.rng.pick(&NUMBERS[..end])
    }

    fn keeps_anchor(&self, inst: &Inst) -> bool {
        !(inst.row.operands.has(Operand::Rd) && inst.rd == self.anchor)
    }

    /// A register that may be overwritten.
    pub(super) fn temp(&mut self, avoid: &[u8]) -> u8 {
        loop {
            let register = 1 + self.rng.below(31) as u8;
            if register != self.anchor && !avoid.contains(&register) {
                return register;
            }
        }
    }

    /// A group that tests `cell`. `None`: this case cannot have it (its anchor is in the way, or the cell is illegal).
    pub fn group(&mut self, cell: Cell) -> Option<Group> {
        let row = self.decoder.rows()[cell.row];
        let mut code = Code::default();
        let vector = self.vector;
        let (mut vtype, mut vl) = vector.unwrap_or((Vtype::ILL, 0));
        if row.props.contains(Props::VECTOR) {
            let size = group_size(row);
            let fits = cell.vtype.is_none_or(|bits| vtype.bits() & 63 == bits) && !vtype.ill() && vl % size == 0;
            if vector.is_none() || !fits || self.rng.one_in(2) {
                let bits = cell.vtype.unwrap_or_else(|| self.rng.pick(&VTYPES));
                (vtype, vl) = self.set_vector(&mut code, bits, size);
            }
        }
        let vstart = self.vstart(row, vtype, vl);
        let ctx = self.ctx(vtype, vstart != 0);
        let inst = self.word(row, &ctx, cell.masked, 200)?;
        let mut draft = Draft { code, inst, vl, vstart };
        let at = if inst.row.props.intersects(Props::BRANCH | Props::JUMP) {
            self.jump(&mut draft)?
        } else {
            self.straight(&mut draft, vtype)?
        };
        let unknown = row.class == Class::Vset || matches!(inst.row.mem, Mem::FaultFirst { .. });
        self.vector = (!unknown && !vtype.ill()).then_some((vtype, vl)).filter(|_| vector.is_some() || uses_vtype(row));
        let bytes = draft.code.bytes;
        let count = instructions(&bytes);
        Some(Group { bytes, at, cell: Some(cell), count })
    }

    /// Writes a vset for these SEW and LMUL bits and a vl that is a multiple of `size`, if VLMAX is.
    pub(super) fn set_vector(&mut self, code: &mut Code, bits: u8, size: u32) -> (Vtype, u32) {
        let vtype = Vtype::from_request(u64::from(bits) | self.rng.below(4) << 6, self.target.vlen);
        let vlmax = vtype.vlmax(self.target.vlen);
        let avl = match self.rng.below(16) {
            0 => 0,
            1 => 1,
            2..8 => u64::from(vlmax),
            8 => u64::from(vlmax) + self.rng.below(2 * u64::from(vlmax)),
            9 => u64::from(vlmax) - 1,
            _ => self.rng.below(u64::from(vlmax) + 1),
        };
        let avl = if avl > u64::from(vlmax) { avl } else { avl - avl % u64::from(size) };
        let rd = self.temp(&[]);
        if avl < 32 && self.rng.one_in(2) {
            code.vsetivli(rd, avl as u8, vtype.csr());
        } else {
            code.li(rd, avl as i64);
            code.vsetvli(rd, rd, vtype.csr());
        }
        (vtype, vlmax.min(avl as u32))
    }

    /// A vstart for an instruction: mostly zero.
    fn vstart(&mut self, row: &Row, vtype: Vtype, vl: u32) -> u32 {
        let vector = row.props.contains(Props::VECTOR) && row.class != Class::Vset;
        let resumable = self.target.all(|reference| exclusions::resumes(reference, row));
        let qemu = self.target.references.contains(&Reference::Qemu);
        if !vector || !resumable || row.props.contains(Props::NO_VSTART) || !self.rng.one_in(10) {
            return 0;
        }
        let end = match (uses_vtype(row), qemu) {
            // QEMU leaves vstart as it is when no element is left.
            (true, true) if row.mem == Mem::Mask => vl.div_ceil(8),
            (true, true) => vl,
            (true, false) => (vl + 2).min(vtype.vlmax(self.target.vlen)),
            (false, _) => self.target.vlen / 64,
        };
        self.rng.below(u64::from(end.max(1))) as u32
    }

    /// Anything but jumps: operands, address, vstart, the instruction, and what makes the state predictable again.
    fn straight(&mut self, draft: &mut Draft, vtype: Vtype) -> Option<usize> {
        let inst = draft.inst;
        self.reload(draft, vtype);
        self.address(draft, vtype)?;
        if draft.vstart != 0 {
            if draft.vstart < 32 {
                draft.code.csrwi(csr::VSTART, draft.vstart as u8);
            } else {
                let temp = self.temp(&[inst.rs1, inst.rs2]);
                draft.code.li(temp, i64::from(draft.vstart));
                draft.code.csrw(csr::VSTART, temp);
            }
        }
        let at = draft.code.bytes.len();
        self.emit(draft);
        if draft.vstart != 0 && self.target.references.contains(&Reference::Qemu) {
            // A new translation block for QEMU, which believes for the rest of one that vstart is not zero.
            draft.code.word(FENCE_I);
        }
        self.after_reserved(draft);
        if inst.row.encoding.has(Field::Csr) && matches!(inst.bits(31, 20), 2 | 3) {
            // Whatever was written, the rounding mode is valid afterwards.
            let mode = self.rng.below(5) as u8;
            draft.code.csrwi(2, mode);
        }
        Some(at)
    }

    pub(super) fn emit(&self, draft: &mut Draft) {
        if draft.inst.len == 2 {
            draft.code.half(draft.inst.raw as u16);
        } else {
            draft.code.word(draft.inst.raw);
        }
    }

    /// Gives source registers fresh values, each now and then.
    fn reload(&mut self, draft: &mut Draft, vtype: Vtype) {
        let inst = draft.inst;
        let row = inst.row;
        let float = row.props.contains(Props::FLOAT);
        let passes = self.target.all(|reference| exclusions::passes_scalar(reference, row));
        let vector = row.props.contains(Props::VECTOR);
        let sew = if vector && !vtype.ill() { vtype.sew() as usize / 8 } else { 8 };
        for operand in row.operands.iter() {
            let register = match operand {
                Operand::Vd if self.rng.one_in(6) => inst.rd,
                Operand::Vs3 if self.rng.one_in(3) => inst.rd,
                Operand::Vs1 if !passes || !self.rng.one_in(3) => inst.rs1,
                Operand::Vs2 if !self.rng.one_in(3) => inst.rs2,
                Operand::Vm if inst.masked() && self.rng.one_in(3) => 0,
                _ => continue,
            };
            let kind = match operand {
                Operand::Vm => Kind::Bytes,
                _ if row.props.contains(Props::MASK_SOURCES) => Kind::Bytes,
                // No NaN.
                Operand::Vs1 if !passes => Kind::Small(sew),
                _ if row.ext.intersects(Ext::ZVFBFMIN | Ext::ZVFBFWMA) && self.rng.one_in(2) => Kind::Bfloat,
                _ if self.rng.one_in(8) => self.rng.pick(&Kind::ALL),
                _ if float && operand == Operand::Vs2 && row.props.contains(Props::WIDE_VS2) => {
                    Kind::Float((2 * sew).min(8))
                }
                _ if float && sew > 1 && !row.name.contains(".f.x") => Kind::Float(sew),
                _ if float => Kind::Integer(sew),
                Operand::Vs1 if self.rng.one_in(3) => Kind::Small(sew),
                _ => Kind::Integer(sew),
            };
            let regs = match operand {
                Operand::Vm => 1,
                _ => 1 << register.trailing_zeros().min(3),
            };
            let temp = self.temp(&[]);
            let offset = self.pool.data(&mut self.rng, kind);
            draft.code.li_wide(temp, (image::POOL as usize + offset) as i64);
            draft.code.load_whole(regs, register, temp);
        }
        for operand in row.operands.iter() {
            let register = match operand {
                Operand::Fs1 => inst.rs1,
                Operand::Fs2 => inst.rs2,
                Operand::Fs3 => inst.rs3,
                _ => continue,
            };
            if self.rng.one_in(2) {
                let temp = self.temp(&[]);
                let size = if vector && sew > 1 { sew } else { self.rng.pick(&[2, 4, 8, 8]) };
                let offset = self.pool.data(&mut self.rng, Kind::Float(size));
                draft.code.li_wide(temp, (image::POOL as usize + offset) as i64);
                // Boxed as the format wants, from wherever the value lies.
                let width = match size {
                    2 => 1,
                    4 => 2,
                    _ => 3,
                };
                draft.code.word(u32::from(temp) << 15 | width << 12 | u32::from(register) << 7 | 0x07);
            }
        }
        for operand in row.operands.iter() {
            let register = match operand {
                Operand::Rs1 => inst.rs1,
                Operand::Rs2 => inst.rs2,
                _ => continue,
            };
            if register == 0 || register == self.anchor || self.rng.one_in(2) {
                continue;
            }
            if vector && self.rng.one_in(3) {
                let small = self.rng.below(2 * u64::from(draft.vl) + 2);
                draft.code.li(register, small as i64);
            } else {
                let size = self.rng.pick(&[1, 2, 4, 8, 8, 8]);
                let offset = self.pool.data(&mut self.rng, Kind::Integer(size));
                draft.code.li_wide(register, (image::POOL as usize + offset) as i64);
                draft.code.ld(register, register, 0);
            }
        }
        if row.name == "vsetvl" && inst.rs2 != 0 && inst.rs2 != self.anchor && !self.rng.one_in(4) {
            let vtype = u64::from(self.rng.pick(&VTYPES)) | self.rng.below(4) << 6;
            draft.code.li(inst.rs2, vtype as i64);
        }
    }
}

/// Instructions in straight machine code.
fn instructions(bytes: &[u8]) -> u64 {
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        at += if bytes[at] & 3 == 3 { 4 } else { 2 };
        count += 1;
    }
    count
}
