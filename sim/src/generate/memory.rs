//! Loads and stores: the table of recent pages is looked up in line, as `docs/adr/0004-soft-tlb.md` describes it.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use rvtile_isa::hart::layout;
use rvtile_isa::memory::PAGE;
use rvtile_isa::op::Op;

use super::emit::{Emitter, TRUSTED};

/// Does an operation if it is a load or a store.
pub(super) fn emit(e: &mut Emitter<'_>, index: usize, name: &str, op: &Op) -> bool {
    let (size, store) = match name {
        "lb" | "lbu" => (1, false),
        "lh" | "lhu" => (2, false),
        "lw" | "lwu" | "flw" => (4, false),
        "ld" | "fld" => (8, false),
        "sb" => (1, true),
        "sh" => (2, true),
        "sw" | "fsw" => (4, true),
        "sd" | "fsd" => (8, true),
        _ => return false,
    };
    let base = e.x(op.rs1);
    let address = if op.imm == 0 {
        base
    } else {
        let offset = e.constant(op.imm);
        e.b.ins().iadd(base, offset)
    };
    let (entry, table) = entry(e, address, store);
    let mask = e.constant(!(PAGE as i64 - 1) | (size - 1));
    let tag = e.b.ins().load(I64, TRUSTED, entry, table + layout::TAG as i32);
    let wanted = e.b.ins().band(address, mask);
    let found = e.b.ins().icmp(IntCC::Equal, wanted, tag);
    e.usually(found, index, 1, |e| {
        let addend = e.b.ins().load(I64, TRUSTED, entry, table + layout::ADDEND as i32);
        let host = e.b.ins().iadd(address, addend);
        if store {
            write(e, name, op, host)
        } else {
            read(e, name, op, host)
        }
        e.log(address);
    });
    true
}

/// Address and offset of the entry of a page.
fn entry(e: &mut Emitter<'_>, address: Value, store: bool) -> (Value, i32) {
    const { assert!(layout::PAGE_ENTRY.is_power_of_two() && layout::PAGE_ENTRIES.is_power_of_two()) };
    let shift = e.constant((PAGE.ilog2() - layout::PAGE_ENTRY.ilog2()).into());
    let mask = e.constant(((layout::PAGE_ENTRIES - 1) * layout::PAGE_ENTRY) as i64);
    let place = e.b.ins().ushr(address, shift);
    let place = e.b.ins().band(place, mask);
    let table = if store { layout::STORES } else { layout::LOADS };
    (e.b.ins().iadd(e.hart, place), table as i32)
}

fn read(e: &mut Emitter<'_>, name: &str, op: &Op, host: Value) {
    let ins = e.b.ins();
    let value = match name {
        "lb" => ins.sload8(I64, TRUSTED, host, 0),
        "lh" => ins.sload16(I64, TRUSTED, host, 0),
        "lw" => ins.sload32(TRUSTED, host, 0),
        "lbu" => ins.uload8(I64, TRUSTED, host, 0),
        "lhu" => ins.uload16(I64, TRUSTED, host, 0),
        "lwu" => ins.uload32(TRUSTED, host, 0),
        "ld" => ins.load(I64, TRUSTED, host, 0),
        "flw" => {
            let value = ins.load(F32, TRUSTED, host, 0);
            return e.set_single(op.rd, value);
        }
        _ => {
            let value = ins.load(F64, TRUSTED, host, 0);
            return e.set_f(op.rd, value, false);
        }
    };
    e.set_x(op.rd, value);
}

fn write(e: &mut Emitter<'_>, name: &str, op: &Op, host: Value) {
    let value = match name {
        "fsd" => e.f(op.rs2),
        // The low bits as they are, boxed or not.
        "fsw" => e.single(op.rs2),
        _ => e.x(op.rs2),
    };
    let ins = e.b.ins();
    match name {
        "sb" => ins.istore8(TRUSTED, value, host, 0),
        "sh" => ins.istore16(TRUSTED, value, host, 0),
        "sw" => ins.istore32(TRUSTED, value, host, 0),
        _ => ins.store(TRUSTED, value, host, 0),
    };
}
