//! Instruction-set extensions that the products of a model can use, and its attention.

use clap::ValueEnum;
use rvtile_isa::ext::Ext;
use rvtile_isa::matrix::spacemit_ime;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Kernel, find};

use super::format::Format;

/// An extension whose kernels multiply with the weights, and with keys and values where they can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Extension {
    /// Standard vector instructions
    #[default]
    None,
    /// int8 weights by SiFive's 2x8x2 blocks
    #[value(name = "xsfvqmaccdod")]
    Dod,
    /// int8 weights by SiFive's 4x8x4 blocks
    #[value(name = "xsfvqmaccqoq")]
    Qoq,
    /// int8 weights by SpacemiT's IME 1
    #[value(name = "xsmtvdot")]
    Ime,
    /// int8 weights by XSfmm's tiles
    #[value(name = "xsfmm32a8i")]
    Xsfmm,
    /// int8 weights by Zvt's tiles
    #[value(name = "zvti8i32mm")]
    Zvt,
    /// bf16 weights, and attention of a prompt, by SiFive's 4x4x4 blocks
    #[value(name = "xsfvfwmaccqqq")]
    Qqq,
}

impl Extension {
    /// All of them.
    pub const ALL: [Extension; 7] = [
        Extension::None,
        Extension::Dod,
        Extension::Qoq,
        Extension::Ime,
        Extension::Xsfmm,
        Extension::Zvt,
        Extension::Qqq,
    ];

    /// The word on the command line, that of ISA strings.
    pub fn name(self) -> &'static str {
        match self {
            Extension::None => "none",
            Extension::Dod => "xsfvqmaccdod",
            Extension::Qoq => "xsfvqmaccqoq",
            Extension::Ime => "xsmtvdot",
            Extension::Xsfmm => "xsfmm32a8i",
            Extension::Zvt => "zvti8i32mm",
            Extension::Qqq => "xsfvfwmaccqqq",
        }
    }

    /// The formats of weights that it has kernels for.
    pub fn formats(self) -> &'static [Format] {
        match self {
            Extension::None => &Format::ALL,
            Extension::Qqq => &[Format::Bf16],
            _ => &[Format::Int8],
        }
    }

    /// Whether a model with these weights can use it at this vector length.
    ///
    /// # Errors
    /// Why not, as one line.
    pub fn validate(self, weights: Format, vlen: u32) -> Result<(), String> {
        let name = self.name();
        if !self.formats().contains(&weights) {
            let formats: Vec<&str> = self.formats().iter().map(|format| format.name()).collect();
            let (weights, formats) = (weights.name(), formats.join(", "));
            return Err(format!("--ext {name} has no kernels for {weights} weights; it serves {formats}"));
        }
        match self.kernel() {
            Some(kernel) if !kernel.vlens().contains(&vlen) => {
                let (low, high) = (kernel.vlens().start().to_owned(), kernel.vlens().end().to_owned());
                Err(format!("--ext {name} runs at VLEN {low} to {high}, not at {vlen}"))
            }
            _ => Ok(()),
        }
    }

    /// Its kernel for products, and the routine of the model's program.
    pub(super) fn product(self) -> Option<(&'static str, &'static str)> {
        match self {
            Extension::None => None,
            Extension::Dod => Some(("linear_i8_dod", "model_linear_dod")),
            Extension::Qoq => Some(("linear_i8_qoq", "model_linear_qoq")),
            Extension::Ime => Some(("linear_i8_ime", "model_linear_ime")),
            Extension::Xsfmm => Some(("linear_i8_xsfmm", "model_linear_xsfmm")),
            Extension::Zvt => Some(("linear_i8_zvt", "model_linear_zvt")),
            Extension::Qqq => Some(("linear_bf16_qqq", "model_linear_qqq")),
        }
    }

    /// The kernel that does in a prompt what this one does without an extension: the form with bf16 blocks where there are such. (int8 would
    /// need a scale for each row of weights of the softmax, which no one knows before the row is complete.)
    pub(super) fn attention(self, plain: &'static str) -> &'static str {
        match (self, plain) {
            (Extension::Qqq, "attention_f32") => "attention_bf16_qqq",
            (Extension::Qqq, "attention_prefix_f32") => "attention_prefix_bf16_qqq",
            (Extension::Qqq, "attention_alibi_f32") => "attention_alibi_bf16_qqq",
            (Extension::Qqq, "attention_t5_f32") => "attention_t5_bf16_qqq",
            _ => plain,
        }
    }

    /// Its form of `linear()` for int8 as the program of `rvtile demo` calls it.
    pub(crate) fn int8_form(self) -> Option<&'static str> {
        match self {
            Extension::None => Some("rvv"),
            Extension::Dod => Some("dod"),
            Extension::Qoq => Some("qoq"),
            Extension::Ime => Some("ime"),
            Extension::Xsfmm => Some("xsfmm"),
            Extension::Zvt => Some("zvt"),
            Extension::Qqq => None,
        }
    }

    /// Rows of X for which `linear()` reads W once. A tile unit holds sums of VLEN / 4 rows and columns; else the sums of a panel are
    /// 16 KiB, and it has VLEN / 4 columns, or VLEN / 16 with blocks, or with IME four times the rows of its instruction.
    pub(super) fn linear_group(self, vlen: u64) -> u64 {
        match self {
            Extension::None => (16384 / vlen).max(1),
            Extension::Dod | Extension::Qoq | Extension::Qqq => 65536 / vlen,
            Extension::Ime => 1024 / u64::from(spacemit_ime::geometry(vlen as u32).0),
            Extension::Xsfmm | Extension::Zvt => vlen / 4,
        }
    }

    fn kernel(self) -> Option<&'static dyn Kernel> {
        self.product().and_then(|(kernel, _)| find(kernel))
    }

    /// What a run with it can decode.
    pub(crate) fn isa(self) -> Ext {
        let profile = self.kernel().and_then(|kernel| Profile::by_name(kernel.profile()));
        profile.map_or(Ext::everything(), |profile| profile.isa())
    }
}
