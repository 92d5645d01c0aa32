use super::FAMILIES;
use crate::encoding::Field;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{Flags, host};
use crate::hart::{Config, Hart};
use crate::inst::Inst;
use crate::memory::Memory;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Props, Row};
use crate::vector::vtype::Vtype;

const VLEN: u32 = 512;

fn hart(isa: &str, level: Level, agnostic_ones: bool) -> Hart {
    let (isa, _) = Ext::parse(isa).unwrap();
    let mut hart = Hart::new(Config { vlen: VLEN, isa, agnostic_ones, level }, Memory::new(4096).unwrap());
    hart.csr.dirty_fs();
    hart.csr.dirty_vs();
    hart
}

fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The instruction with vd = v8, vs2 = v16, vs1 = v24 or fa0.
fn inst(row: &'static Row, masked: bool) -> Inst {
    let rs1 = if row.syntax.contains("vs1") { 24 } else { 10 };
    let fields = 8 << 7 | rs1 << 15 | 16 << 20 | u32::from(!masked) << 25;
    Inst::new(row, row.encoding.bits | fields & !row.encoding.mask)
}

fn run(hart: &mut Hart, inst: Inst) -> Flags {
    let op = Op::new(&inst, 0, 0, &hart.ctx()).unwrap_or_else(|why| panic!("{}: {why}", inst.text(0)));
    let saved = host::begin();
    // SAFETY: the operation was made on this host.
    let flow = unsafe { (op.exec)(hart, &op) };
    let flags = std::mem::take(&mut hart.fflags) | host::take_flags();
    host::end(saved);
    assert_eq!(flow, Flow::Next);
    flags
}

fn legal(hart: &Hart, name: &str, masked: bool) -> bool {
    let row = rows().find(|row| row.name == name).unwrap();
    Op::new(&inst(row, masked), 0, 0, &hart.ctx()).is_ok()
}

/// Random bits, with special values of elements of `bytes` bytes among them.
fn fill(registers: &mut [u8], bytes: usize, seed: &mut u64) {
    let mut next = || {
        *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        *seed >> 32 ^ *seed
    };
    let (exponent, fraction): (u64, _) = [(0x1f, 10), (0xff, 23), (0x7ff, 52)][bytes.ilog2() as usize - 1];
    for element in registers.chunks_exact_mut(bytes) {
        let value = match next() % 12 {
            0 => 0,
            1 => exponent << fraction,
            2 => exponent << fraction | 1,
            3 => exponent << fraction | 3 << (fraction - 2),
            4 => next() % (1 << fraction),
            5 => (exponent << fraction) - 1,
            6..9 => (exponent / 2 - 2 + next() % 5) << fraction | next() & ((1 << fraction) - 1),
            _ => next(),
        };
        let sign = next() >> 7 << (8 * bytes - 1);
        element.copy_from_slice(&(value ^ sign).to_le_bytes()[..bytes]);
    }
}

#[test]
fn all_paths_agree() {
    let isa = "rv64gcv_zvfh_zvfbfwma";
    let mut seed = 1;
    for row in rows().filter(|row| row.encoding.has(Field::Vm)) {
        for vtype in [0b001_000u64, 0b001_010, 0b010_000, 0b010_001, 0b011_010] {
            let vtype = Vtype::from_request(vtype, VLEN);
            // Without NaNs and with them; all of a group and a part of it.
            for (round, vl) in [(0, vtype.vlmax(VLEN)), (1, vtype.vlmax(VLEN) - 3), (2, 5), (3, 1), (4, 0)] {
                let bytes = vtype.sew() as usize / 8;
                let mut registers = vec![0; 32 * VLEN as usize / 8];
                fill(&mut registers, if round == 1 { bytes.max(4) } else { bytes }, &mut seed);
                if round == 2 {
                    registers.fill(0x3c);
                }
                registers[..VLEN as usize / 8].fill(0xff);
                let scalar =
                    u64::from_le_bytes(registers[1000..1008].try_into().unwrap()) | (u64::MAX << (8 * bytes - 1)) << 1;
                let mut results = Vec::new();
                for (level, masked) in Level::of_host().flat_map(|level| [(level, true), (level, false)]) {
                    let mut h = hart(isa, level, false);
                    (h.vtype, h.vl, h.f[10]) = (vtype, vl, scalar);
                    h.v.from_mut(0).copy_from_slice(&registers);
                    if Op::new(&inst(row, masked), 0, 0, &h.ctx()).is_err() {
                        continue;
                    }
                    let flags = run(&mut h, inst(row, masked));
                    results.push((h.v.all().to_vec(), flags));
                }
                for pair in results.windows(2) {
                    assert!(pair[0] == pair[1], "{}, {vtype}, vl {vl}: paths differ", row.name);
                }
            }
        }
    }
}

#[test]
fn agnostic_elements_become_ones() {
    let mut h = hart("rv64gcv", Level::detect(), true);
    (h.vtype, h.vl) = (Vtype::from_request(0b010_000 | 0xc0, VLEN), 3);
    h.v.from_mut(0)[0] = 0b101;
    let row = |name| rows().find(|row| row.name == name).unwrap();
    run(&mut h, inst(row("vfadd.vv"), true));
    let words: Vec<u32> = (0..16).map(|i| h.v.get(8, i)).collect();
    assert_eq!(words[..3], [0, u32::MAX, 0]);
    assert!(words[3..].iter().all(|&word| word == u32::MAX));
    run(&mut h, inst(row("vmflt.vv"), true));
    assert_eq!(h.v.from(8)[0], 0b1111_1010);
    assert!(h.v.from(8)[1..64].iter().all(|&byte| byte == 0xff));
}

#[test]
fn every_row_needs_a_valid_rounding_mode_and_a_format() {
    for row in rows() {
        let mut h = hart("rv64gcv_zvfh_zvfbfwma", Level::Portable, false);
        let legal = |h: &Hart| Op::new(&inst(row, false), 0, 0, &h.ctx()).is_ok();
        h.vtype = Vtype::from_request(0b001_000, VLEN);
        assert!(legal(&h), "{} for SEW 16", row.name);
        h.frm = 5;
        assert!(!legal(&h), "{} with frm 5", row.name);
        h.frm = 0;
        h.vtype = Vtype::from_request(0, VLEN);
        let to_byte = row.name.starts_with("vfncvt") && (row.name.ends_with("x.f.w") || row.name.ends_with("xu.f.w"));
        let from_byte = row.name.starts_with("vfwcvt.f.x");
        assert_eq!(legal(&h), from_byte || to_byte, "{} for SEW 8", row.name);
        h.vtype = Vtype::from_request(0b011_000, VLEN);
        let wide = row.props.intersects(Props::WIDENS | Props::WIDE_VS2);
        assert_eq!(legal(&h), !wide, "{} for SEW 64", row.name);
    }
}

#[test]
fn half_precision_needs_its_extension() {
    let mut h = hart("rv64gcv_zvfhmin", Level::Portable, false);
    h.vtype = Vtype::from_request(0b001_000, VLEN);
    let allowed: Vec<&str> = rows().map(|row| row.name).filter(|name| legal(&h, name, false)).collect();
    assert_eq!(
        allowed,
        [
            "vfwcvt.f.xu.v",
            "vfwcvt.f.x.v",
            "vfwcvt.f.f.v",
            "vfncvt.xu.f.w",
            "vfncvt.x.f.w",
            "vfncvt.f.f.w",
            "vfncvt.rtz.xu.f.w",
            "vfncvt.rtz.x.f.w"
        ]
    );
    let mut h = hart("rv64imf_zve32f", Level::Portable, false);
    h.vtype = Vtype::from_request(0b010_000, VLEN);
    assert!(legal(&h, "vfadd.vv", false) && !legal(&h, "vfwadd.vv", false));
}

#[test]
fn wide_destinations_overlap_only_as_allowed() {
    let mut h = hart("rv64gcv", Level::Portable, false);
    h.vtype = Vtype::from_request(0b010_000, VLEN);
    let row = rows().find(|row| row.name == "vfwadd.vf").unwrap();
    let allowed = |vd: u32, vs2: u32| {
        let inst = Inst::new(row, row.encoding.bits | vd << 7 | vs2 << 20 | 1 << 25);
        !matches!(Op::new(&inst, 0, 0, &h.ctx()), Err(Illegal::Rule(_)))
    };
    assert!(allowed(8, 9) && allowed(8, 10) && !allowed(8, 8) && !allowed(9, 12));
}
