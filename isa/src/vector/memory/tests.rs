use super::FAMILIES;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::hart::{Cause, Config, Hart};
use crate::inst::Inst;
use crate::memory::{Memory, PAGE, Perm};
use crate::op::{Flow, Illegal, Op};
use crate::row::Row;
use crate::vector::vtype::Vtype;

const E8M1: u64 = 0;
const E32M1: u64 = 0b010_000;
const E32M2: u64 = 0b010_001;
const E64M1: u64 = 0b011_000;

/// Two mapped pages at 0x1000, none behind them.
const END: u64 = 0x3000;

fn hart(vtype: u64, vl: u32) -> Hart {
    let mut memory = Memory::new(1 << 16).unwrap();
    memory.protect(0x1000, 2 * PAGE, Perm::R | Perm::W).unwrap();
    let bytes: Vec<u8> = (0..2 * PAGE).map(|at| (at * 7 + at / 256) as u8).collect();
    memory.poke(0x1000, &bytes).unwrap();
    let (isa, _) = Ext::parse("rv64gcv").unwrap();
    let mut hart = Hart::new(Config { vlen: 256, isa, agnostic_ones: false, level: Level::Portable }, memory);
    hart.csr.dirty_vs();
    hart.vtype = Vtype::from_request(vtype, 256);
    hart.vl = vl;
    hart.log.on = true;
    hart
}

fn row(name: &str) -> &'static Row {
    FAMILIES.iter().flat_map(|family| family.iter()).find(|row| row.name == name).unwrap()
}

/// An instruction with base register x1; `rs2` is a stride register or an index group.
fn inst(name: &str, rd: u32, rs2: u32, masked: bool) -> Inst {
    let row = row(name);
    let fields = rd << 7 | 1 << 15 | rs2 << 20 | u32::from(!masked) << 25;
    Inst::new(row, row.encoding.bits | fields & !row.encoding.mask)
}

fn run(hart: &mut Hart, inst: Inst) -> Flow {
    let op = Op::new(&inst, 0, 0, &hart.ctx()).unwrap_or_else(|why| panic!("{}: {why}", inst.text(0)));
    // SAFETY: the operation was made on this host.
    unsafe { (op.exec)(hart, &op) }
}

fn refused(hart: &Hart, inst: Inst) -> bool {
    matches!(Op::new(&inst, 0, 0, &hart.ctx()), Err(Illegal::Rule(_)))
}

fn byte(hart: &Hart, addr: u64) -> u8 {
    hart.mem.peek(addr, 1).unwrap()[0]
}

#[test]
fn segments_lie_as_a_naive_loop_says() {
    // In one page, and across two with elements that straddle the boundary.
    for base in [0x1100, 0x1ffd] {
        for nf in 2..=8u64 {
            for (eew, vtype) in [(8, E8M1), (32, E32M1), (64, E64M1)] {
                for masked in [false, true] {
                    let bytes = eew / 8;
                    let vl = 256 / eew - 1;
                    let mut h = hart(vtype, vl as u32);
                    h.x[1] = base;
                    h.v.from_mut(0).fill(0xa5);
                    assert_eq!(run(&mut h, inst(&format!("vlseg{nf}e{eew}.v"), 8, 0, masked)), Flow::Next);
                    for (field, index, at) in
                        (0..nf).flat_map(|f| (0..256 / eew).flat_map(move |i| (0..bytes).map(move |b| (f, i, b))))
                    {
                        let active = index < vl && (!masked || h.v.mask_bit(0, index as usize));
                        let expected = if active { byte(&h, base + (index * nf + field) * bytes + at) } else { 0xa5 };
                        let got = h.v.from(8 + field as u8)[(index * bytes + at) as usize];
                        assert_eq!(got, expected, "nf {nf} e{eew} field {field} element {index}");
                    }
                    // Stored elsewhere, the active segments come back as they were.
                    h.x[1] = base + 0x600;
                    assert_eq!(run(&mut h, inst(&format!("vsseg{nf}e{eew}.v"), 8, 0, masked)), Flow::Next);
                    for index in (0..vl).filter(|&index| !masked || h.v.mask_bit(0, index as usize)) {
                        for at in index * nf * bytes..(index + 1) * nf * bytes {
                            assert_eq!(byte(&h, base + at), byte(&h, base + 0x600 + at));
                        }
                    }
                    assert_eq!(h.log.words, [base, base + 0x600]);
                }
            }
        }
    }
}

#[test]
fn fault_leaves_vstart_and_can_be_resumed() {
    for masked in [false, true] {
        let mut h = hart(E32M2, 16);
        h.x[1] = END - 22;
        h.v.from_mut(0).fill(0xff);
        h.v.from_mut(8).fill(0x55);
        assert_eq!(run(&mut h, inst("vle32.v", 8, 0, masked)), Flow::Trap);
        // Element 5 has its last two bytes behind the end.
        assert_eq!((h.vstart, h.trap.cause, h.trap.tval), (5, Cause::LoadFault, END));
        assert_eq!(h.v.from(8)[..20], *h.mem.peek(END - 22, 20).unwrap());
        assert!(h.v.from(8)[20..64].iter().all(|&b| b == 0x55) && h.log.words.is_empty());
        h.mem.protect(END, PAGE, Perm::R | Perm::W).unwrap();
        assert_eq!(run(&mut h, inst("vle32.v", 8, 0, masked)), Flow::Next);
        assert_eq!(h.v.from(8)[..64], *h.mem.peek(END - 22, 64).unwrap());
        assert_eq!((h.vstart, &h.log.words[..]), (0, &[END - 22][..]));
    }
}

#[test]
fn a_store_that_faults_is_done_up_to_vstart() {
    for masked in [false, true] {
        let mut h = hart(E32M2, 16);
        h.x[1] = END - 22;
        h.v.from_mut(0).fill(0xff);
        h.v.from_mut(8).fill(0x55);
        let before = byte(&h, END - 2);
        assert_eq!(run(&mut h, inst("vse32.v", 8, 0, masked)), Flow::Trap);
        assert_eq!((h.vstart, h.trap.cause, h.trap.tval), (5, Cause::StoreFault, END));
        assert!(h.mem.peek(END - 22, 20).unwrap().iter().all(|&b| b == 0x55));
        assert_eq!(byte(&h, END - 2), before, "an element is stored whole or not at all");
    }
}

#[test]
fn fault_only_first_trims_vl() {
    for (name, segment) in [("vle32ff.v", 4), ("vlseg3e32ff.v", 12)] {
        let mut h = hart(E32M1, 8);
        h.x[1] = END - 3 * segment;
        assert_eq!(run(&mut h, inst(name, 8, 0, false)), Flow::Next);
        assert_eq!((h.vl, h.vstart, &h.log.words[..]), (3, 0, &[END - 3 * segment, 3][..]), "{name}");
        h.x[1] = END;
        assert_eq!(run(&mut h, inst(name, 8, 0, false)), Flow::Trap);
        assert_eq!((h.vl, h.vstart, h.trap.tval), (3, 0, END), "element 0 traps");
        // A masked-off element 0 does not fault, so the first fault is a later one.
        h.v.from_mut(0)[0] = 0b110;
        assert_eq!(run(&mut h, inst(name, 8, 0, true)), Flow::Next);
        assert_eq!(h.vl, 1);
    }
}

#[test]
fn log_words_of_strided_and_indexed() {
    let mut h = hart(E32M1, 3);
    (h.x[1], h.x[2]) = (0x1400, (-8i64) as u64);
    assert_eq!(run(&mut h, inst("vlse32.v", 8, 2, false)), Flow::Next);
    assert_eq!(h.log.words, [0x1400, (-8i64) as u64]);
    assert_eq!(h.v.get::<u8>(8, 4), byte(&h, 0x1400 - 8));
    h.log.words.clear();
    h.v.from_mut(0)[0] = 0b101;
    h.v.from_mut(4)[..3].copy_from_slice(&[16, 99, 4]);
    assert_eq!(run(&mut h, inst("vsuxei8.v", 8, 4, true)), Flow::Next);
    assert_eq!(h.log.words, [2, 0x1410, 0x1404]);
    // An instruction that has not retired logs nothing.
    h.log.words.clear();
    h.x[1] = END - 6;
    assert_eq!(run(&mut h, inst("vluxei8.v", 8, 4, true)), Flow::Trap);
    assert_eq!((h.vstart, h.log.words.len()), (0, 0));
}

#[test]
fn whole_registers_ignore_vtype() {
    let mut h = hart(1 << 63, 0);
    assert!(h.vtype.ill());
    h.x[1] = 0x1ff1;
    assert_eq!(run(&mut h, inst("vl4re16.v", 8, 0, false)), Flow::Next);
    assert_eq!(h.v.from(8)[..128], *h.mem.peek(0x1ff1, 128).unwrap());
    h.x[1] = 0x1080;
    assert_eq!(run(&mut h, inst("vs2r.v", 10, 0, false)), Flow::Next);
    assert_eq!(h.v.from(10)[..64], *h.mem.peek(0x1080, 64).unwrap());
    assert!(refused(&h, inst("vl4re16.v", 6, 0, false)) && refused(&h, inst("vle8.v", 8, 0, false)));
    h.x[1] = END - 33;
    assert_eq!(run(&mut h, inst("vl2re32.v", 8, 0, false)), Flow::Trap);
    assert_eq!(h.vstart, 8);
}

#[test]
fn masks_move_ceil_of_vl_bits() {
    let mut h = hart(E8M1, 11);
    h.x[1] = 0x1234;
    assert_eq!(run(&mut h, inst("vlm.v", 0, 0, false)), Flow::Next);
    assert_eq!((&h.v.from(0)[..2], h.v.from(0)[2]), (h.mem.peek(0x1234, 2).unwrap(), 0));
    h.v.from_mut(3)[..3].fill(0xee);
    assert_eq!(run(&mut h, inst("vsm.v", 3, 0, false)), Flow::Next);
    assert_eq!((byte(&h, 0x1235), byte(&h, 0x1236) == 0xee), (0xee, false));
}

#[test]
fn agnostic_elements_become_ones_in_every_field() {
    let mut h = hart(E32M1 | 0xc0, 3);
    let config = Config { agnostic_ones: true, ..*h.config() };
    h = Hart::new(config, std::mem::replace(&mut h.mem, Memory::new(PAGE).unwrap()));
    h.csr.dirty_vs();
    (h.vtype, h.vl, h.x[1]) = (Vtype::from_request(E32M1 | 0xc0, 256), 3, 0x1000);
    h.v.from_mut(0)[0] = 0b101;
    assert_eq!(run(&mut h, inst("vlseg2e32.v", 8, 0, true)), Flow::Next);
    for (reg, field) in [(8, 0), (9, 4)] {
        let words: Vec<u32> = (0..8).map(|i| h.v.get(reg, i)).collect();
        let loaded = |i: u64| u32::from_le_bytes(h.mem.peek(0x1000 + 8 * i + field, 4).unwrap().try_into().unwrap());
        assert_eq!(words, [loaded(0), u32::MAX, loaded(2), u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX]);
    }
}

#[test]
fn legality() {
    let h = hart(E32M2, 16);
    // Alignment, EMUL = EEW/SEW*LMUL out of range, mask overlap.
    assert!(refused(&h, inst("vle32.v", 9, 0, false)));
    assert!(refused(&h, inst("vle64.v", 10, 0, false)), "EMUL is 4");
    assert!(!refused(&h, inst("vle8.v", 9, 0, false)), "EMUL is 1/2");
    assert!(refused(&h, inst("vle32.v", 0, 0, true)) && !refused(&h, inst("vse32.v", 0, 0, true)));
    let m8 = hart(0b010_011, 64);
    assert!(refused(&m8, inst("vle64.v", 0, 0, false)), "EMUL is 16");
    assert!(refused(&hart(0b011_111, 2), inst("vle8.v", 0, 0, false)), "EMUL is 1/16");
    // Segments: nf*EMUL and the end of the register file.
    assert!(refused(&h, inst("vlseg5e32.v", 8, 0, false)) && !refused(&h, inst("vlseg4e32.v", 8, 0, false)));
    assert!(refused(&h, inst("vlseg4e32.v", 26, 0, false)));
    // Indices: narrower than the data only in its last registers, wider only under its first, never with segments.
    assert!(refused(&h, inst("vluxei16.v", 8, 8, false)) && !refused(&h, inst("vluxei16.v", 8, 9, false)));
    assert!(!refused(&h, inst("vluxei64.v", 8, 8, false)) && refused(&h, inst("vluxei64.v", 10, 8, false)));
    assert!(!refused(&h, inst("vluxei32.v", 8, 8, false)) && refused(&h, inst("vluxseg2ei32.v", 8, 10, false)));
    assert!(!refused(&h, inst("vsuxseg2ei32.v", 8, 10, false)));
}
