//! Two paths, one result: every body of a vector instruction (the fast one of each SIMD level, the general one that
//! also serves masks and vstart) leaves the same bits and flags. What is right is the references' business
//! (`cargo test -p rvtile --test reference`).

use rvtile_isa::decode::Decoder;
use rvtile_isa::encoding::Field;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::float::{Flags, host};
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::inst::Inst;
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::{Ctx, Flow, Illegal, Op};
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props, Row};
use rvtile_isa::vector::vtype::Vtype;

/// Where memory instructions work: from the middle of this window.
const WINDOW: u64 = 0x1_0000;
const WINDOW_SIZE: usize = 0x1_0000;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 32) % n
    }

    fn pick(&mut self, values: &[u64]) -> u64 {
        values[self.below(values.len() as u64) as usize]
    }

    /// Eight bytes with interesting edges: integers of every width, and special values of the floating-point formats.
    fn operand(&mut self) -> u64 {
        const EDGES: [u64; 8] = [0, 1, 0x7f, 0x80, 0x7fff_ffff, 0x8000_0000, 0x8000_0000_0000_0000, u64::MAX];
        const HALVES: [u64; 8] = [0x0000, 0x8001, 0x7c00, 0xfc01, 0x7e00, 0x3c00, 0x7bff, 0x03ff];
        const SINGLES: [u64; 8] = [0, 1, 0x7f80_0000, 0xff80_0001, 0x7fc0_0000, 0x3f80_0000, 0x7f7f_ffff, 0x007f_ffff];
        const DOUBLES: [u64; 8] = [
            1 << 63,
            1,
            0x7ff << 52,
            0xfff << 52 | 1,
            0x7ff8 << 48,
            0x3ff << 52,
            0x7fef_ffff_ffff_ffff,
            0x000f_ffff_ffff_ffff,
        ];
        match self.below(8) {
            0 => self.pick(&EDGES),
            1 => (0..4).fold(0, |word, _| word << 16 | self.pick(&HALVES)),
            2 => self.pick(&SINGLES) << 32 | self.pick(&SINGLES),
            3 => self.pick(&DOUBLES),
            4 => self.below(80),
            _ => self.next(),
        }
    }
}

/// One instruction and the state it starts in.
struct Case {
    row: &'static Row,
    word: u32,
    vtype: Vtype,
    vl: u32,
    vxrm: u8,
    frm: u8,
    /// rs1, rs2 and fs1.
    scalars: [u64; 3],
    v: Vec<u8>,
}

/// What the instruction left.
#[derive(PartialEq, Eq)]
struct Outcome {
    flow: Flow,
    x: u64,
    f: u64,
    flags: Flags,
    vxsat: bool,
    vl: u32,
    vstart: u32,
    v: Vec<u8>,
    window: Vec<u8>,
}

const RD: u32 = 10;
const RS1: u32 = 11;
const RS2: u32 = 12;

fn isa() -> Ext {
    Ext::everything()
}

fn hart(vlen: u32, level: Level) -> Hart {
    let mut memory = Memory::new(1 << 20).unwrap();
    memory.protect(WINDOW, WINDOW_SIZE as u64, Perm::R | Perm::W).unwrap();
    let mut hart = Hart::new(Config { vlen, isa: isa(), agnostic_ones: false, level }, memory);
    hart.csr.dirty_fs();
    hart.csr.dirty_vs();
    hart
}

impl Case {
    /// A random case; registers are aligned to LMUL more often than not.
    fn random(random: &mut Random, row: &'static Row, vtype: Vtype, vlen: u32, masked: bool) -> Case {
        let group = vtype.group() as u64;
        let register = |random: &mut Random| {
            let align = [group, group, group * 2, group * 2, 1][random.below(5) as usize];
            (random.below(32) / align * align) as u32 & 31
        };
        let encoding = &row.encoding;
        let mut word = encoding.bits | random.next() as u32 & !encoding.mask & !(31 << 7 | 31 << 15 | 31 << 20);
        let has = |operand| row.operands.has(operand);
        word |= if has(Operand::Rd) || has(Operand::Fd) { RD } else { register(random) } << 7 & !encoding.mask;
        word |= if has(Operand::Rs1) || has(Operand::Fs1) { RS1 } else { register(random) } << 15 & !encoding.mask;
        word |= if has(Operand::Rs2) { RS2 } else { register(random) } << 20 & !encoding.mask;
        if encoding.has(Field::Vm) {
            word = word & !(1 << 25) | u32::from(!masked) << 25;
        }
        let vlmax = vtype.vlmax(vlen);
        let vl = match random.below(4) {
            0 => random.below(u64::from(vlmax) + 1) as u32,
            1 => random.below(u64::from(vlmax).min(20) + 1) as u32,
            _ => vlmax,
        };
        let (rs1, rs2) = match row.mem {
            Mem::None => (random.operand(), random.operand()),
            _ => (WINDOW + WINDOW_SIZE as u64 / 2 + random.below(64), random.below(40).wrapping_sub(20)),
        };
        let boxed = u64::MAX << [16, 32, 63][random.below(3) as usize];
        let fs1 = random.operand() | if random.below(8) == 0 { 0 } else { boxed };
        let (vxrm, frm) = (random.below(4) as u8, random.below(5) as u8);
        Case { row, word, vtype, vl, vxrm, frm, scalars: [rs1, rs2, fs1], v: Vec::new() }
    }

    /// Fills the vector registers.
    fn fill(mut self, random: &mut Random, vlen: u32) -> Case {
        let style = random.below(4);
        let words = (0..vlen / 2).flat_map(|_| match style {
            0 => random.next().to_le_bytes(),
            // Small values, so that indices hit.
            1 => (random.next() & 0x003f_001f_003f_000f).to_le_bytes(),
            _ => random.operand().to_le_bytes(),
        });
        self.v = words.collect();
        self
    }

    fn op(&self, config: &Config, general: bool) -> Result<Op, Illegal> {
        let ctx = Ctx {
            vtype: self.vtype,
            frm: self.frm,
            fs: true,
            vs: true,
            vstart: general,
            vlen: config.vlen,
            isa: config.isa,
            agnostic_ones: config.agnostic_ones,
            level: config.level,
        };
        Op::new(&Inst::new(self.row, self.word), 0, 0, &ctx)
    }

    fn run(&self, hart: &mut Hart, general: bool, window: &[u8]) -> Outcome {
        let op = self.op(hart.config(), general).unwrap();
        (hart.vtype, hart.vl, hart.vstart) = (self.vtype, self.vl, 0);
        (hart.vxrm, hart.vxsat, hart.frm, hart.fflags) = (self.vxrm, false, self.frm, Flags::empty());
        hart.x[RD as usize..=RS2 as usize].copy_from_slice(&[0, self.scalars[0], self.scalars[1]]);
        hart.f[RD as usize..=RS1 as usize].copy_from_slice(&[0, self.scalars[2]]);
        hart.v.from_mut(0).copy_from_slice(&self.v);
        let touches = self.row.mem != Mem::None;
        if touches {
            hart.mem.poke(WINDOW, window).unwrap();
        }
        let saved = host::begin();
        // SAFETY: the configuration asks for no more than this host has.
        let flow = unsafe { (op.exec)(hart, &op) };
        hart.fflags |= host::take_flags();
        host::end(saved);
        Outcome {
            flow,
            x: hart.x[RD as usize],
            f: hart.f[RD as usize],
            flags: hart.fflags,
            vxsat: hart.vxsat,
            vl: hart.vl,
            vstart: hart.vstart,
            v: hart.v.all().to_vec(),
            window: if touches { hart.mem.slice(WINDOW, WINDOW_SIZE as u64).unwrap().to_vec() } else { Vec::new() },
        }
    }

    fn describe(&self, vlen: u32) -> String {
        let text = Inst::new(self.row, self.word).text(0);
        let Case { word, vtype, vl, vxrm, frm, scalars, .. } = self;
        format!("{text} ({word:08x}) vlen={vlen} {vtype} vl={vl} vxrm={vxrm} frm={frm} scalars={scalars:x?}")
    }
}

/// Vector rows but vset.
fn rows() -> impl Iterator<Item = &'static Row> {
    let wanted = |row: &&Row| row.props.contains(Props::VECTOR) && !row.name.starts_with("vset");
    Decoder::standard().rows().to_vec().into_iter().filter(wanted)
}

fn bodies_agree(vlen: u32) {
    let levels = [Level::Portable, Level::Avx2, Level::Avx512].into_iter().filter(|&level| level <= Level::detect());
    let mut harts: Vec<Hart> = levels.map(|level| hart(vlen, level)).collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ u64::from(vlen) << 8);
    let window: Vec<u8> = (0..WINDOW_SIZE / 8).flat_map(|_| random.operand().to_le_bytes()).collect();
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in rows() {
        let settings = (0..32).map(|bits| Vtype::from_request(bits, vlen)).filter(|vtype| !vtype.ill());
        let masks = if row.encoding.has(Field::Vm) { &[false, true][..] } else { &[false] };
        for (vtype, &masked) in settings.flat_map(|vtype| masks.iter().map(move |masked| (vtype, masked))) {
            let mut draws = (0..200).map(|_| Case::random(&mut random, row, vtype, vlen, masked));
            // Those that want vstart to be zero have no general body: their levels are compared.
            let resumes = !row.props.contains(Props::NO_VSTART);
            let Some(case) = draws.find(|case| case.op(harts[0].config(), resumes).is_ok()) else { continue };
            let case = case.fill(&mut random, vlen);
            let general = case.run(&mut harts[0], resumes, &window);
            for hart in &mut harts {
                compared += 1;
                if case.run(hart, false, &window) != general {
                    wrong.push(format!("{:?}: {}", hart.config().level, case.describe(vlen)));
                }
            }
        }
    }
    println!("VLEN {vlen}: {compared} compared");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(compared > 10_000, "only {compared} compared");
}

#[test]
fn bodies_agree_at_vlen_128() {
    bodies_agree(128);
}

#[test]
fn bodies_agree_at_vlen_512() {
    bodies_agree(512);
}

#[test]
fn bodies_agree_at_vlen_4096() {
    bodies_agree(4096);
}
