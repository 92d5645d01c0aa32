//! `softmax_exp_f32`: the problem of `softmax_f32` with SiFive's exponential.

use crate::folders::softmax_f32;
use crate::{Form, Spec};

/// The form with `sf.vfexp.v`, which rounds e^x once: its error is within that of the polynomial, and so is the bound.
pub static KERNEL: Form = Form {
    spec: Spec {
        name: "softmax_exp_f32",
        about: "softmax_f32 with sf.vfexp.v",
        elf: include_bytes!("../prebuilt/softmax_exp.elf"),
        in_default_set: false,
        ..softmax_f32::THREE_PASSES
    },
    problem: "softmax_f32",
    profile: "sifive",
    in_qemu: false,
    vlens: 128..=65536,
    multiply: None,
};
