//! `matmul_i8_dod`, `matmul_i8_qoq`, `matmul_bf16_qqq`: the problems of `matmul_i8` and `matmul_bf16` by SiFive's block instructions.

use crate::folders::{matmul_bf16, matmul_i8};
use crate::{Form, Multiply, Spec};

const ELF: &[u8] = include_bytes!("../prebuilt/matmul_blocks.elf");

/// With 2x8x2 blocks.
pub static DOD: Form = Form {
    spec: Spec { name: "matmul_i8_dod", about: "matmul_i8 with sf.vqmacc.2x8x2, B packed beforehand", ..I8 },
    multiply: Some(Multiply { name: "sf.vqmacc.2x8x2", sew: 8, lmul: 4 }),
    ..FORM
};

/// With 4x8x4 blocks.
pub static QOQ: Form = Form {
    spec: Spec { name: "matmul_i8_qoq", about: "matmul_i8 with sf.vqmacc.4x8x4, B packed beforehand", ..I8 },
    multiply: Some(Multiply { name: "sf.vqmacc.4x8x4", sew: 8, lmul: 4 }),
    ..FORM
};

/// With 4x4x4 blocks. Each product is added by a rounded multiply-add in the order of k, so the bound is that of `matmul_bf16`.
pub static QQQ: Form = Form {
    spec: Spec {
        name: "matmul_bf16_qqq",
        about: "matmul_bf16 with sf.vfwmacc.4x4x4, B packed beforehand",
        elf: ELF,
        in_default_set: false,
        ..matmul_bf16::SPEC
    },
    problem: "matmul_bf16",
    multiply: Some(Multiply { name: "sf.vfwmacc.4x4x4", sew: 16, lmul: 4 }),
    ..FORM
};

const I8: Spec = Spec { elf: ELF, in_default_set: false, ..matmul_i8::SPEC };

/// A block of A takes a register and a piece of C 32 bytes: from VLEN 256 on. A tile is at most 128 columns wide.
const FORM: Form =
    Form { spec: I8, problem: "matmul_i8", profile: "sifive", in_qemu: false, vlens: 256..=2048, multiply: None };
