use super::FAMILIES;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{Flags, host};
use crate::hart::{Config, Hart};
use crate::inst::Inst;
use crate::memory::Memory;
use crate::op::{Flow, Op};
use crate::vector::vtype::Vtype;

fn hart(vl: u32, agnostic_ones: bool) -> Hart {
    let (isa, _) = Ext::parse("rv64gcv_zvfh").unwrap();
    let config = Config { vlen: 128, isa, agnostic_ones, level: Level::detect() };
    let mut hart = Hart::new(config, Memory::new(4096).unwrap());
    hart.csr.dirty_fs();
    hart.csr.dirty_vs();
    (hart.vtype, hart.vl) = (Vtype::from_request(0b010_001 | 0x40, 128), vl);
    hart
}

/// vd = v5, vs2 = v8, vs1 = v7.
fn inst(name: &str, masked: bool) -> Inst {
    let row = FAMILIES.iter().flat_map(|family| family.iter()).find(|row| row.name == name).unwrap();
    Inst::new(row, row.encoding.bits | 5 << 7 | 7 << 15 | 8 << 20 | u32::from(!masked) << 25)
}

fn run(hart: &mut Hart, inst: Inst) -> Flags {
    let op = Op::new(&inst, 0, 0, &hart.ctx()).unwrap();
    let saved = host::begin();
    // SAFETY: the operation was made on this host.
    let flow = unsafe { (op.exec)(hart, &op) };
    let flags = std::mem::take(&mut hart.fflags) | host::take_flags();
    host::end(saved);
    assert_eq!(flow, Flow::Next);
    flags
}

#[test]
fn no_elements_no_result() {
    for row in FAMILIES.iter().flat_map(|family| family.iter()) {
        let mut h = hart(0, true);
        h.v.from_mut(0).fill(0x5a);
        assert_eq!(run(&mut h, inst(row.name, false)), Flags::empty());
        assert!(h.v.all().iter().all(|&byte| byte == 0x5a), "{}", row.name);
        h.vstart = 1;
        assert!(Op::new(&inst(row.name, false), 0, 0, &h.ctx()).is_err(), "{} with vstart", row.name);
    }
}

#[test]
fn sums_go_in_element_order() {
    let mut h = hart(8, false);
    let big = 2f32.powi(24);
    // (2^24 + 1) - 2^24 loses the 1; any other order keeps it.
    for (index, value) in [big, 1.0, -big, 0.5, 0.0, 0.0, 0.0, 0.0].into_iter().enumerate() {
        h.v.set(8, index, value.to_bits());
    }
    for name in ["vfredosum.vs", "vfredusum.vs"] {
        assert_eq!(run(&mut h, inst(name, false)), Flags::NX);
        assert_eq!(h.v.get::<u32>(5, 0), 0.5f32.to_bits(), "{name}");
    }
    assert_eq!(run(&mut h, inst("vfwredosum.vs", false)), Flags::empty());
    assert_eq!(h.v.get::<u64>(5, 0), 1.5f64.to_bits());
}

#[test]
fn without_active_elements_the_scalar_is_copied() {
    let mut h = hart(8, true);
    h.v.set(7, 0, 0x7f80_0001u32);
    assert_eq!(run(&mut h, inst("vfredosum.vs", true)), Flags::empty());
    let words: Vec<u32> = (0..4).map(|index| h.v.get(5, index)).collect();
    assert_eq!(words, [0x7f80_0001, u32::MAX, u32::MAX, u32::MAX], "the tail is agnostic");
}
