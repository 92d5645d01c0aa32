//! `matmul_i8_xsfmm`, `matmul_i8_zvt` and the same with bf16: the problems of `matmul_i8` and `matmul_bf16` by tiles.

use crate::folders::{matmul_bf16, matmul_i8};
use crate::{Form, Multiply, Spec};

const ELF: &[u8] = include_bytes!("../prebuilt/matmul_tiles.elf");

/// int8 with XSfmm.
pub static XSFMM_I8: Form = Form {
    spec: Spec { name: "matmul_i8_xsfmm", about: "matmul_i8 with XSfmm tiles, B packed beforehand", ..I8 },
    multiply: Some(Multiply { name: "sf.mm.s.s", sew: 8, lmul: 1 }),
    ..FORM
};

/// int8 with Zvt.
pub static ZVT_I8: Form = Form {
    spec: Spec { name: "matmul_i8_zvt", about: "matmul_i8 with Zvt tiles, B packed beforehand", ..I8 },
    profile: "zvt",
    multiply: Some(Multiply { name: "vtmms.tvv", sew: 8, lmul: 1 }),
    ..FORM
};

/// bf16 with XSfmm. The sums of a step are exact but for the rounding to fp32 at its end, so the bound is that of `matmul_bf16`.
pub static XSFMM_BF16: Form = Form {
    spec: Spec { name: "matmul_bf16_xsfmm", about: "matmul_bf16 with XSfmm tiles, B packed beforehand", ..BF16 },
    problem: "matmul_bf16",
    multiply: Some(Multiply { name: "sf.mm.f.f", sew: 16, lmul: 2 }),
    ..FORM
};

/// bf16 with Zvt.
pub static ZVT_BF16: Form = Form {
    spec: Spec { name: "matmul_bf16_zvt", about: "matmul_bf16 with Zvt tiles, B packed beforehand", ..BF16 },
    problem: "matmul_bf16",
    profile: "zvt",
    multiply: Some(Multiply { name: "vtfmm.alt.tvv", sew: 16, lmul: 2 }),
    ..FORM
};

const I8: Spec = Spec { elf: ELF, in_default_set: false, ..matmul_i8::SPEC };
const BF16: Spec = Spec { elf: ELF, in_default_set: false, ..matmul_bf16::SPEC };

/// A row of a tile fills a register (or two) as long as the edge follows VLEN.
const FORM: Form =
    Form { spec: I8, problem: "matmul_i8", profile: "sifive", in_qemu: false, vlens: 128..=1024, multiply: None };
