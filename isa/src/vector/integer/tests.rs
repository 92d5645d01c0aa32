//! Worked examples of the specification, and legality.

use crate::decode::Decoder;
use crate::encoding::Field;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{Flags, host};
use crate::hart::{Config, Hart};
use crate::inst::Inst;
use crate::memory::Memory;
use crate::op::{Illegal, Op};
use crate::vector::vtype::Vtype;

/// A hart of VLEN 128 with this SEW (8 to 64), log2 LMUL and vl.
fn hart(sew: u32, lmul: i32, vl: u32) -> Hart {
    let isa = Ext::parse("rv64gcv").unwrap().0;
    let config = Config { vlen: 128, isa, agnostic_ones: false, level: Level::detect() };
    let mut h = Hart::new(config, Memory::new(4096).unwrap());
    h.csr.dirty_fs();
    h.csr.dirty_vs();
    h.vtype = Vtype::from_request(u64::from(sew.ilog2() - 3) << 3 | (lmul & 7) as u64, 128);
    h.vl = vl;
    h
}

/// `name` with vd, vs2, and vs1, rs1 or the immediate; unmasked unless asked.
fn inst(name: &str, vd: u32, vs2: u32, vs1: u32, masked: bool) -> Inst {
    let decoder = Decoder::standard();
    let row = *decoder.rows().iter().find(|row| row.name == name).unwrap();
    let free = !row.encoding.mask;
    let vm = if row.encoding.has(Field::Vm) && !masked { 1 << 25 } else { 0 };
    Inst::new(row, row.encoding.bits | (vd << 7 | vs2 << 20 | (vs1 & 31) << 15) & free | vm)
}

fn run(h: &mut Hart, inst: &Inst) {
    let op = Op::new(inst, 0, 0, &h.ctx()).unwrap_or_else(|why| panic!("{}: {why}", inst.text(0)));
    // SAFETY: the level is this host's.
    unsafe { (op.exec)(h, &op) };
}

fn set8(h: &mut Hart, reg: u8, values: &[u8]) {
    h.v.from_mut(reg)[..values.len()].copy_from_slice(values);
}

fn legal(h: &Hart, inst: &Inst) -> bool {
    match Op::new(inst, 0, 0, &h.ctx()) {
        Ok(_) => true,
        Err(Illegal::Rule(_)) => false,
        Err(other) => panic!("{}: {other}", inst.text(0)),
    }
}

#[test]
fn viota_numbers_the_set_bits() {
    let mut h = hart(8, 0, 8);
    set8(&mut h, 2, &[0b1000_1001]);
    set8(&mut h, 4, &[9; 8]);
    run(&mut h, &inst("viota.m", 4, 2, 0, false));
    assert_eq!(h.v.from(4)[..8], [0, 1, 1, 1, 2, 2, 2, 2]);
    set8(&mut h, 0, &[0b1110_1011]);
    set8(&mut h, 4, &[7, 6, 5, 4, 3, 2, 1, 0].map(|x: u8| 7 - x));
    run(&mut h, &inst("viota.m", 4, 2, 0, true));
    assert_eq!(h.v.from(4)[..8], [0, 1, 2, 1, 4, 2, 2, 2]);
}

#[test]
fn vcompress_packs() {
    let mut h = hart(8, 0, 9);
    set8(&mut h, 0, &[0b1001_1100, 1]);
    set8(&mut h, 1, &[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    set8(&mut h, 2, &[10, 11, 12, 13, 14, 15, 16, 17, 18]);
    run(&mut h, &inst("vcompress.vm", 2, 1, 0, false));
    assert_eq!(h.v.from(2)[..9], [2, 3, 4, 7, 8, 15, 16, 17, 18]);
}

#[test]
fn prefix_masks() {
    for (name, unmasked, masked) in [
        ("vmsbf.m", 0b0000_0011, 0b0100_0011),
        ("vmsif.m", 0b0000_0111, 0b1100_0011),
        ("vmsof.m", 0b0000_0100, 0b1000_0000),
    ] {
        let mut h = hart(8, 0, 8);
        set8(&mut h, 3, &[0b1001_0100]);
        run(&mut h, &inst(name, 2, 3, 0, false));
        assert_eq!(h.v.from(2)[0], unmasked, "{name}");
        // Elements 0, 1, 6 and 7 are active; the old value of the others stays, here 0.
        set8(&mut h, 0, &[0b1100_0011]);
        set8(&mut h, 2, &[0]);
        run(&mut h, &inst(name, 2, 3, 0, true));
        assert_eq!(h.v.from(2)[0], masked, "{name} masked");
    }
}

#[test]
fn slides() {
    let mut h = hart(8, 0, 5);
    set8(&mut h, 1, &[1, 2, 3, 4, 5, 6, 7, 8]);
    set8(&mut h, 2, &[9; 8]);
    run(&mut h, &inst("vslideup.vi", 2, 1, 2, false));
    assert_eq!(h.v.from(2)[..8], [9, 9, 1, 2, 3, 9, 9, 9]);
    set8(&mut h, 1, &[1; 16]);
    run(&mut h, &inst("vslidedown.vi", 2, 1, 13, false));
    assert_eq!(h.v.from(2)[..8], [1, 1, 1, 0, 0, 9, 9, 9], "beyond VLMAX, not beyond vl, is zero");
    h.x[11] = u64::MAX;
    run(&mut h, &inst("vslidedown.vx", 2, 1, 11, false));
    assert_eq!(h.v.from(2)[..6], [0, 0, 0, 0, 0, 9], "the offset is unsigned");
}

#[test]
fn averages_round_in_all_modes() {
    // 1 + 2 and -2 + -1: halves 1.5 and -1.5; 3 + 2: 2.5.
    for (vxrm, expected) in [(0, [2, -1, 3]), (1, [2, -2, 2]), (2, [1, -2, 2]), (3, [1, -1, 3])] {
        let mut h = hart(8, 0, 3);
        h.vxrm = vxrm;
        set8(&mut h, 1, &[1, 0xfe, 3]);
        set8(&mut h, 2, &[2, 0xff, 2]);
        run(&mut h, &inst("vaadd.vv", 3, 1, 2, false));
        assert_eq!(h.v.from(3)[..3], expected.map(|v: i8| v as u8), "vxrm {vxrm}");
        assert!(!h.vxsat);
    }
}

#[test]
fn products_and_clips_saturate() {
    let mut h = hart(8, 0, 2);
    set8(&mut h, 1, &[0x80, 0x40]);
    set8(&mut h, 2, &[0x80, 0x40]);
    run(&mut h, &inst("vsmul.vv", 3, 1, 2, false));
    assert_eq!(h.v.from(3)[..2], [0x7f, 0x20]);
    assert!(h.vxsat);
    h.vxsat = false;
    set8(&mut h, 4, &[0xff, 0x00, 0x00, 0x80, 0xff, 0xff]);
    h.vl = 3;
    run(&mut h, &inst("vnclip.wi", 3, 4, 1, false));
    assert_eq!(h.v.from(3)[..3], [0x7f, 0x80, 0x00], "127.5 rounds up to 128; -0.5 rounds up to 0");
    assert!(h.vxsat);
    h.vxsat = false;
    h.vxrm = 2;
    h.vl = 1;
    run(&mut h, &inst("vnclip.wi", 3, 4, 1, false));
    assert_eq!(h.v.from(3)[0], 0x7f);
    assert!(!h.vxsat, "rounded down, 127 fits");
}

#[test]
fn element_0_moves_ignore_or_need_vl() {
    let mut h = hart(32, 0, 0);
    h.v.set(1, 0, 0x8000_0000u32);
    h.x[11] = 7;
    run(&mut h, &inst("vmv.x.s", 10, 1, 0, false));
    run(&mut h, &inst("vmv.s.x", 1, 0, 11, false));
    assert_eq!(h.x[10], 0xffff_ffff_8000_0000);
    assert_eq!(h.v.get::<u32>(1, 0), 0x8000_0000, "vl = 0: not written");
    run(&mut h, &inst("vfmv.f.s", 10, 1, 0, false));
    assert_eq!(h.f[10], 0xffff_ffff_8000_0000);
}

#[test]
fn legality() {
    let m2 = hart(16, 1, 8);
    for (name, vd, vs2, vs1, masked, expected) in [
        ("vadd.vv", 2, 4, 6, false, true),
        ("vadd.vv", 3, 4, 6, false, false),
        ("vadd.vv", 2, 4, 5, false, false),
        ("vadd.vv", 0, 4, 6, true, false),
        ("vmseq.vv", 0, 4, 6, true, true),
        ("vmseq.vv", 4, 4, 6, false, true),
        ("vmseq.vv", 5, 4, 6, false, false),
        ("vadc.vvm", 0, 4, 6, false, false),
        ("vmadc.vvm", 0, 4, 6, false, true),
        ("vmerge.vvm", 0, 4, 6, false, false),
        ("vwadd.vv", 4, 6, 8, false, true),
        ("vwadd.vv", 4, 4, 8, false, false),
        ("vwadd.vv", 6, 8, 8, false, false),
        ("vwadd.wv", 4, 4, 6, false, true),
        ("vwadd.wv", 4, 8, 4, false, false),
        ("vnsrl.wv", 4, 4, 8, false, true),
        ("vnsrl.wv", 6, 4, 8, false, false),
        ("vzext.vf2", 4, 5, 0, false, true),
        ("vzext.vf2", 4, 4, 0, false, false),
        ("vzext.vf4", 4, 5, 0, false, false),
        ("vslideup.vx", 4, 4, 11, false, false),
        ("vslidedown.vx", 4, 4, 11, false, true),
        ("vrgather.vv", 4, 6, 4, false, false),
        ("viota.m", 4, 5, 0, false, false),
        ("vmsbf.m", 4, 4, 0, false, false),
        ("vmsbf.m", 0, 4, 0, true, false),
        ("vcompress.vm", 4, 6, 5, false, false),
        ("vmv4r.v", 4, 6, 0, false, false),
        ("vmv2r.v", 4, 6, 0, false, true),
    ] {
        let inst = inst(name, vd, vs2, vs1, masked);
        assert_eq!(legal(&m2, &inst), expected, "{}", inst.text(0));
    }
    assert!(!legal(&hart(64, 0, 1), &inst("vwadd.vv", 4, 6, 8, false)), "SEW 64 does not widen");
    assert!(!legal(&hart(8, 3, 1), &inst("vwadd.vv", 8, 16, 24, false)), "EMUL 16");
    assert!(!legal(&hart(8, 3, 1), &inst("vrgatherei16.vv", 8, 16, 24, false)), "index EMUL 16");
    let mut ill = hart(8, 0, 1);
    ill.vtype = Vtype::ILL;
    for name in ["vadd.vv", "vmv1r.v", "vmv.x.s", "vmand.mm", "vcpop.m"] {
        assert!(!legal(&ill, &inst(name, 1, 2, 3, false)), "{name} with vill");
    }
    let mut resumed = hart(8, 0, 8);
    resumed.vstart = 1;
    for name in ["vcpop.m", "vfirst.m", "vmsbf.m", "vmsif.m", "vmsof.m", "viota.m", "vcompress.vm"] {
        assert!(!legal(&resumed, &inst(name, 1, 2, 3, false)), "{name} with vstart");
    }
    assert!(legal(&resumed, &inst("vadd.vv", 1, 2, 3, false)));
}

#[test]
fn vstart_and_agnostic_elements() {
    let mut h = hart(8, 0, 5);
    set8(&mut h, 1, &[1; 16]);
    h.vstart = 2;
    run(&mut h, &inst("vadd.vi", 3, 1, 1, false));
    assert_eq!(h.v.from(3)[..6], [0, 0, 2, 2, 2, 0]);
    assert_eq!(h.vstart, 0);

    let config = Config { agnostic_ones: true, ..*h.config() };
    let mut h = Hart::new(config, Memory::new(4096).unwrap());
    h.csr.dirty_vs();
    h.vtype = Vtype::from_request(0b11 << 6, 128);
    h.vl = 5;
    set8(&mut h, 0, &[0b01010]);
    set8(&mut h, 1, &[1; 16]);
    run(&mut h, &inst("vadd.vi", 3, 1, 1, true));
    assert_eq!(h.v.from(3)[..16], [255, 2, 255, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]);
    run(&mut h, &inst("vmseq.vi", 4, 1, 0, false));
    assert_eq!(h.v.from(4)[..3], [0b1110_0000, 255, 255], "the mask's tail reaches to the end of the register");
    h.vl = 0;
    set8(&mut h, 3, &[9; 16]);
    run(&mut h, &inst("vadd.vi", 3, 1, 1, false));
    assert_eq!(h.v.from(3)[..16], [9; 16], "vl = 0: not even the tail changes");
}

/// Whatever host instructions an integer operation becomes, the guest's floating-point flags stay.
#[test]
fn shifts_raise_no_flags() {
    for agnostic_ones in [false, true] {
        for level in Level::of_host() {
            for (sew, name) in [8u32, 16, 32, 64].into_iter().flat_map(|sew| {
                ["vsll.vv", "vsrl.vv", "vsra.vv", "vssrl.vv", "vssra.vv", "vrol.vv", "vror.vv", "vwsll.vv"]
                    .map(|name| (sew, name))
            }) {
                if name == "vwsll.vv" && sew == 64 {
                    continue;
                }
                let isa = Ext::parse("rv64gcv_zvbb").unwrap().0;
                let mut h = Hart::new(Config { vlen: 512, isa, agnostic_ones, level }, Memory::new(4096).unwrap());
                h.csr.dirty_fs();
                h.csr.dirty_vs();
                h.vtype = Vtype::from_request(u64::from(sew.ilog2() - 3) << 3, 512);
                h.vl = 512 / sew;
                for index in 0..h.vl as usize {
                    let amount = sew - 1 - index as u32 % sew;
                    match sew {
                        8 => h.v.set(1, index, amount as u8),
                        16 => h.v.set(1, index, amount as u16),
                        32 => h.v.set(1, index, amount),
                        _ => h.v.set(1, index, u64::from(amount)),
                    }
                }
                let outer = host::begin();
                run(&mut h, &inst(name, 4, 2, 1, false));
                let flags = host::take_flags();
                host::end(outer);
                assert_eq!(flags | h.fflags, Flags::empty(), "{name} e{sew} {level:?} {agnostic_ones}");
            }
        }
    }
}
