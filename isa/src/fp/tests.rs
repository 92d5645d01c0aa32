//! Scalar floating point through real operations on a hart.

#[path = "../../tests/fp_references/operands.rs"]
mod operands;

use super::*;
use crate::block::Block;
use crate::decode::Decoder;
use crate::encoding::Field;
use crate::float::lanes::Level;
use crate::float::{BF16, F16, F32, F64, Flags, host};
use crate::hart::{Cause, Config};
use crate::memory::{Memory, Perm};
use crate::op::Flow;
use crate::row::Props;
use operands::{Kind, Rng};

const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
/// The bits above a half and a single in a register.
const BOX16: u64 = !0xffff;
const BOX32: u64 = !0xffff_ffff;

fn hart(isa: Ext) -> Hart {
    let config = Config { vlen: 128, isa, agnostic_ones: false, level: Level::detect() };
    let mut mem = Memory::new(0x3000).unwrap();
    mem.protect(CODE, 0x1000, Perm::X).unwrap();
    mem.protect(DATA, 0x1000, Perm::R | Perm::W).unwrap();
    let mut hart = Hart::new(config, mem);
    hart.csr.dirty_fs();
    hart
}

fn row(name: &str) -> &'static Row {
    families().into_iter().flatten().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"))
}

/// The word of an instruction with registers rd = 10, rs1 = 11, rs2 = 12, rs3 = 13.
fn word(row: &Row, rm: u8) -> u32 {
    let field = |field, value: u32, at: u32| if row.encoding.has(field) { value << at } else { 0 };
    row.encoding.bits
        | field(Field::Rd, 10, 7)
        | field(Field::Rs1, 11, 15)
        | field(Field::Rs2, 12, 20)
        | field(Field::Rs3, 13, 27)
        | field(Field::Rm, rm.into(), 12)
}

fn operation(name: &str, rm: u8, ctx: &Ctx) -> Result<Op, Illegal> {
    let row = row(name);
    Op::new(&Inst::new(row, word(row, rm)), CODE, 0, ctx)
}

/// Calls an operation; the flags are those of the host and those in `fflags` together.
fn call(h: &mut Hart, op: &Op) -> (Flow, Flags) {
    h.fflags = Flags::empty();
    let saved = host::begin();
    // SAFETY: the handler is one that `Op::new` chose on this host.
    let flow = unsafe { (op.exec)(h, op) };
    let flags = h.fflags | host::take_flags();
    host::end(saved);
    (flow, flags)
}

/// Executes `name` with `fs1 = x, fs2 = y` and `rs1 = x`; returns `fd`, `rd` and the flags.
fn execute(name: &str, rm: u8, x: u64, y: u64) -> (u64, u64, Flags) {
    let mut h = hart(Ext::everything());
    (h.f[11], h.f[12], h.x[11]) = (x, y, x);
    let op = operation(name, rm, &h.ctx()).unwrap();
    let (flow, flags) = call(&mut h, &op);
    assert_eq!(flow, Flow::Next);
    (h.f[10], h.x[10], flags)
}

#[test]
fn host_and_soft_handlers_agree() {
    let mut h = hart(Ext::everything());
    let ctx = h.ctx();
    let mut rng = Rng::new(3);
    for row in families().into_iter().flatten().filter(|row| row.props.contains(Props::FLAGS)) {
        let on_host = operation(row.name, 0, &ctx).unwrap();
        // The handler of another mode is soft float; its mode is then set to nearest.
        let soft = Op { small: Rounding::Rne as u8, ..operation(row.name, 1, &ctx).unwrap() };
        let kind = Kind::of(row.name, false);
        for _ in 0..20_000 {
            let drawn = [(); 3].map(|()| kind.draw(&mut rng));
            h.f[11..14].copy_from_slice(&drawn);
            let (_, flags) = call(&mut h, &on_host);
            let result = h.f[10];
            let (_, soft_flags) = call(&mut h, &soft);
            assert_eq!((result, flags), (h.f[10], soft_flags), "{} {drawn:016x?}", row.name);
        }
    }
}

#[test]
fn only_host_arithmetic_is_bracketed() {
    for row in families().into_iter().flatten() {
        let arithmetic = ["fadd", "fsub", "fmul", "fdiv", "fsqrt", "fmadd", "fmsub", "fnmadd", "fnmsub"];
        let expected = row.name.split('.').next().is_some_and(|stem| arithmetic.contains(&stem));
        assert_eq!(row.props.contains(Props::FLAGS), expected, "{}", row.name);
        assert!(row.props.contains(Props::FLOAT), "{}", row.name);
    }
}

#[test]
fn what_is_not_boxed_reads_as_nan() {
    let one = BOX32 | 0x3f80_0000;
    let nan = BOX32 | F32::NAN;
    assert_eq!(execute("fadd.s", 0, one, one).0, BOX32 | 0x4000_0000);
    assert_eq!(execute("fadd.s", 0, one, one ^ 1 << 32), (nan, 0, Flags::empty()));
    assert_eq!(execute("fadd.s", 1, one & !BOX32, one).0, nan);
    assert_eq!(execute("fsgnjx.s", 0, one ^ 1 << 63, one).0, nan);
    assert_eq!(execute("fmin.s", 0, one ^ 1 << 63, one).0, one);
    assert_eq!(execute("fclass.s", 0, 0x3f80_0000, 0).1, 1 << 9);
    assert_eq!(execute("fcvt.h.s", 0, 0x3f80_0000, 0).0, BOX16 | F16::NAN);
    assert_eq!(execute("fcvt.s.h", 0, BOX16 & !BOX32 | 0x3c00, 0).0, nan);
    assert_eq!(execute("fcvt.s.bf16", 0, BOX16 | 0x3f80, 0).0, one);
    assert_eq!(execute("fcvt.bf16.s", 0, one ^ 1 << 40, 0).0, BOX16 | BF16::NAN);
    // Moves and stores transfer the bits as they are.
    assert_eq!(execute("fmv.x.w", 0, 0x1234_5678_8000_0001, 0).1, BOX32 | 0x8000_0001);
    assert_eq!(execute("fmv.x.h", 0, 0x1234_5678_8000_7fff, 0).1, 0x7fff);
    assert_eq!(execute("fmv.h.x", 0, 0x1234_5678_8000_7fff, 0).0, BOX16 | 0x7fff);
    assert_eq!(execute("fmv.w.x", 0, 0x1234_5678_8000_7fff, 0).0, BOX32 | 0x8000_7fff);
}

#[test]
fn loads_and_stores_move_bits_and_log_the_address() {
    let mut h = hart(Ext::everything());
    h.log.on = true;
    for (load, store, bytes) in [("flh", "fsh", 2), ("flw", "fsw", 4), ("fld", "fsd", 8)] {
        let at_ten = |name| Op { imm: 10, ..operation(name, 0, &hart(Ext::everything()).ctx()).unwrap() };
        let (load, store) = (at_ten(load), at_ten(store));
        let mask = u64::MAX >> (64 - 8 * bytes);
        h.mem.poke(DATA, &[0x11; 24]).unwrap();
        (h.x[11], h.f[12]) = (DATA, 0x8877_6655_4433_8281);
        assert_eq!(call(&mut h, &store), (Flow::Next, Flags::empty()));
        let stored = u64::from_le_bytes(h.mem.peek(DATA + 10, 8).unwrap().try_into().unwrap());
        assert_eq!(stored, h.f[12] & mask | 0x1111_1111_1111_1111 & !mask);
        assert_eq!(h.mem.peek(DATA + 8, 2).unwrap(), [0x11; 2]);
        assert_eq!(call(&mut h, &load), (Flow::Next, Flags::empty()));
        assert_eq!(h.f[10], h.f[12] & mask | !mask);
        assert_eq!(std::mem::take(&mut h.log.words), [DATA + 10, DATA + 10]);
        h.x[11] = 0;
        assert_eq!(call(&mut h, &load).0, Flow::Trap);
        assert_eq!(h.trap.cause, Cause::LoadFault);
        assert_eq!(call(&mut h, &store).0, Flow::Trap);
        assert!(h.log.words.is_empty());
    }
}

#[test]
fn reserved_rounding_modes_are_illegal() {
    let mut h = hart(Ext::everything());
    for row in families().into_iter().flatten().filter(|row| row.encoding.has(Field::Rm)) {
        for frm in 0..8 {
            h.frm = frm;
            for rm in 0..8 {
                let op = operation(row.name, rm, &h.ctx());
                if (if rm == 7 { frm } else { rm }) < 5 {
                    assert_eq!(op.unwrap().small, if rm == 7 { frm } else { rm }, "{}", row.name);
                } else {
                    assert!(matches!(op, Err(Illegal::Rule(_))), "{} rm {rm} frm {frm}", row.name);
                }
            }
        }
    }
    // Where the field is part of the opcode, frm does not matter.
    assert!(operation("fsgnj.s", 0, &h.ctx()).is_ok());
}

#[test]
fn extensions_provide_their_rows() {
    let f = Ext::I | Ext::F;
    for (isa, legal, illegal) in [
        (f, &["fadd.s", "flw"][..], &["fadd.d", "fadd.h", "flh", "fli.s", "fcvt.s.d", "fcvt.s.bf16"][..]),
        (f | Ext::ZFHMIN, &["flh", "fmv.x.h", "fcvt.s.h"], &["fadd.h", "fclass.h", "fcvt.w.h", "fcvt.d.h", "fcvt.h.d"]),
        (f | Ext::ZFBFMIN, &["flh", "fsh", "fmv.h.x", "fcvt.s.bf16"], &["fcvt.s.h", "fcvt.h.s"]),
        (
            f | Ext::ZFA,
            &["fli.s", "fround.s", "fltq.s"],
            &["fli.d", "fli.h", "fround.d", "fleq.h", "fcvtmod.w.d", "fminm.d"],
        ),
        (
            f | Ext::ZFA | Ext::D | Ext::ZFH | Ext::ZFHMIN,
            &["fli.d", "fli.h", "froundnx.h", "fcvtmod.w.d", "fcvt.h.d"],
            &[],
        ),
        (f | Ext::ZFA | Ext::ZVFH, &["fli.h"], &["fround.h"]),
    ] {
        let ctx = hart(isa).ctx();
        for name in legal {
            assert!(operation(name, row(name).encoding.bits as u8 & 1, &ctx).is_ok(), "{name} {isa:?}");
        }
        for name in illegal {
            assert!(matches!(operation(name, 0, &ctx), Err(Illegal::Missing(_))), "{name} {isa:?}");
        }
    }
    let off = Ctx { fs: false, ..hart(Ext::everything()).ctx() };
    for row in families().into_iter().flatten() {
        assert!(matches!(operation(row.name, 0, &off), Err(Illegal::FloatOff)), "{}", row.name);
    }
}

#[test]
fn conversions_to_integers_saturate() {
    let (nan, below, above) = (F64::NAN, (-1e30f64).to_bits(), 1e30f64.to_bits());
    for (name, max, min) in [
        ("fcvt.w.d", 0x7fff_ffff, 0xffff_ffff_8000_0000),
        ("fcvt.wu.d", u64::MAX, 0),
        ("fcvt.l.d", i64::MAX as u64, i64::MIN as u64),
        ("fcvt.lu.d", u64::MAX, 0),
    ] {
        for (operand, expected) in [(nan, max), (above, max), (below, min)] {
            let (_, result, flags) = execute(name, 1, operand, 0);
            assert_eq!((result, flags), (expected, Flags::NV), "{name} {operand:x}");
        }
    }
    let (_, result, flags) = execute("fcvt.wu.d", 1, 3_000_000_000.5f64.to_bits(), 0);
    assert_eq!((result, flags), (3_000_000_000u32 as i32 as u64, Flags::NX));
    let (_, result, flags) = execute("fcvtmod.w.d", 1, 4_294_967_299.5f64.to_bits(), 0);
    assert_eq!((result, flags), (3, Flags::NV));
}

#[test]
fn text_is_what_the_assembler_takes() {
    let decoder = Decoder::standard();
    for (word, text) in [
        (0x00c5_8553, "fadd.s fa0,fa1,fa2,rne"),
        (0x00c5_f553, "fadd.s fa0,fa1,fa2"),
        (0x6cc5_f543, "fmadd.h fa0,fa1,fa2,fa3"),
        (0x5805_9553, "fsqrt.s fa0,fa1,rtz"),
        (0xd205_0553, "fcvt.d.w fa0,a0"),
        (0x4205_8553, "fcvt.d.s fa0,fa1"),
        (0x4025_8553, "fcvt.s.h fa0,fa1"),
        (0xc005_9553, "fcvt.w.s a0,fa1,rtz"),
        (0xe205_0553, "fmv.x.d a0,fa0"),
        (0x00c5_b507, "fld fa0,12(a1)"),
        (0x00a5_a627, "fsw fa0,12(a1)"),
        (0xf018_0553, "fli.s fa0,1"),
        (0xf211_0553, "fli.d fa0,0.0000152587890625"),
        (0xf410_8553, "fli.h fa0,min"),
        (0xf01f_0553, "fli.s fa0,inf"),
        (0xc285_9553, "fcvtmod.w.d a0,fa1,rtz"),
    ] {
        assert_eq!(decoder.decode(word).unwrap().text(0), text);
    }
}

#[test]
fn a_block_keeps_its_flags_to_itself_and_the_guest() {
    let decoder = Decoder::standard();
    let mut h = hart(Ext::everything());
    // fdiv.s by zero on the host, fadd.s inexact in soft float, then a load that faults.
    let code = [word(row("fdiv.s"), 0), word(row("fadd.s"), 1), word(row("fld"), 0)];
    h.mem.poke(CODE, &code.map(u32::to_le_bytes).concat()).unwrap();
    h.pc = CODE;
    let block = Block::translate(&mut h, &decoder);
    (h.f[11], h.f[12], h.fflags) = (BOX32 | 0x3f80_0000, BOX32, Flags::UF);
    let saved = host::begin();
    host::raise(Flags::OF);
    assert_eq!(block.run(&mut h).retired, 2);
    assert_eq!((h.pc, h.trap.cause), (CODE + 8, Cause::LoadFault));
    assert_eq!(h.fflags, Flags::UF | Flags::DZ);
    (h.f[12], h.pc) = (BOX32 | 1, CODE);
    block.run(&mut h);
    assert_eq!(h.fflags, Flags::UF | Flags::DZ | Flags::OF | Flags::NX);
    assert_eq!(host::take_flags(), Flags::OF);
    host::end(saved);
}
