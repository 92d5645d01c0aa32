//! `matmul_i8_ime`: the problem of `matmul_i8` by SpacemiT IME 1.

use crate::folders::matmul_i8;
use crate::{Form, Multiply, Spec};

/// The form with `smt.vmadot`.
pub static KERNEL: Form = Form {
    spec: Spec {
        name: "matmul_i8_ime",
        about: "matmul_i8 with smt.vmadot, B packed beforehand",
        elf: include_bytes!("../prebuilt/matmul_ime.elf"),
        in_default_set: false,
        ..matmul_i8::SPEC
    },
    problem: "matmul_i8",
    profile: "spacemit",
    in_qemu: false,
    // A row of a block is loaded in 8 or 16 bytes.
    vlens: 128..=1024,
    multiply: Some(Multiply { name: "smt.vmadot", sew: 8, lmul: 1 }),
};
