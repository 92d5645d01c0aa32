//! Instruction-set extensions that the products of a model can use, and its attention.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::matrix::spacemit_ime;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Kernel, find};

use super::format::Format;

/// An extension whose kernels multiply with the weights, or with the keys and values of a prompt.
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
    /// bf16 weights by XSfmm's tiles
    #[value(name = "xsfmm32a16f")]
    XsfmmBf16,
    /// bf16 weights by Zvt's tiles
    #[value(name = "zvtbf16fmm")]
    ZvtBf16,
    /// bf16 weights, and attention of a prompt, by SiFive's 4x4x4 blocks
    #[value(name = "xsfvfwmaccqqq")]
    Qqq,
}

impl Extension {
    /// All of them.
    pub const ALL: [Extension; 9] = [
        Extension::None,
        Extension::Dod,
        Extension::Qoq,
        Extension::Ime,
        Extension::Xsfmm,
        Extension::Zvt,
        Extension::XsfmmBf16,
        Extension::ZvtBf16,
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
            Extension::XsfmmBf16 => "xsfmm32a16f",
            Extension::ZvtBf16 => "zvtbf16fmm",
            Extension::Qqq => "xsfvfwmaccqqq",
        }
    }

    /// The formats of weights that it has kernels for.
    pub fn formats(self) -> &'static [Format] {
        match self {
            Extension::None => &Format::ALL,
            Extension::XsfmmBf16 | Extension::ZvtBf16 | Extension::Qqq => &[Format::Bf16],
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
        self.runs_at(vlen, self.kernel())
    }

    /// Whether this kernel of it runs at this vector length.
    fn runs_at(self, vlen: u32, kernel: Option<&dyn Kernel>) -> Result<(), String> {
        match kernel.map(Kernel::vlens) {
            Some(vlens) if !vlens.contains(&vlen) => {
                let (name, low, high) = (self.name(), vlens.start(), vlens.end());
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
            Extension::XsfmmBf16 => Some(("linear_bf16_xsfmm", "model_linear_xsfmm_bf16")),
            Extension::ZvtBf16 => Some(("linear_bf16_zvt", "model_linear_zvt_bf16")),
            Extension::Qqq => Some(("linear_bf16_qqq", "model_linear_qqq")),
        }
    }

    /// Its form of a kernel for attention of a prompt. (int8 has none: it would need a scale for each row of weights of the softmax, which no
    /// one knows before the row is complete.)
    fn attention(self, plain: &str) -> Option<&'static str> {
        match (self, plain) {
            (Extension::Qqq, "attention_f32") => Some("attention_bf16_qqq"),
            (Extension::Qqq, "attention_prefix_f32") => Some("attention_prefix_bf16_qqq"),
            (Extension::Qqq, "attention_alibi_f32") => Some("attention_alibi_bf16_qqq"),
            (Extension::Qqq, "attention_t5_f32") => Some("attention_t5_bf16_qqq"),
            _ => None,
        }
    }

    /// Its form of plain attention, where it has any.
    fn attention_kernel(self) -> Option<&'static dyn Kernel> {
        self.attention("attention_f32").and_then(find)
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
            Extension::XsfmmBf16 | Extension::ZvtBf16 | Extension::Qqq => None,
        }
    }

    /// Rows of X for which `linear()` reads W once. A tile unit holds sums of VLEN / 4 rows and columns; else the sums of a panel are
    /// 16 KiB, and it has VLEN / 4 columns, or VLEN / 16 with blocks, or with IME four times the rows of its instruction.
    pub(super) fn linear_group(self, vlen: u64) -> u64 {
        match self {
            Extension::None => (16384 / vlen).max(1),
            Extension::Dod | Extension::Qoq | Extension::Qqq => 65536 / vlen,
            Extension::Ime => 1024 / u64::from(spacemit_ime::geometry(vlen as u32).0),
            Extension::Xsfmm | Extension::Zvt | Extension::XsfmmBf16 | Extension::ZvtBf16 => vlen / 4,
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

/// The extensions of a chip by what they are used for; all else is standard vector instructions.
///
/// As text, and on the command line, extensions are joined by `+`: `xsfmm32a8i+xsfvfwmaccqqq`. One that has kernels for both is used for both
/// if it stands alone, and for attention if another one stands beside it, be that `none`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extensions {
    /// What multiplies with the weights.
    pub products: Extension,
    /// What attention of a prompt uses.
    pub attention: Extension,
}

impl From<Extension> for Extensions {
    /// One extension for all that it has kernels for.
    fn from(ext: Extension) -> Extensions {
        let attention = if ext.attention_kernel().is_some() { ext } else { Extension::None };
        Extensions { products: ext, attention }
    }
}

impl FromStr for Extensions {
    type Err = String;

    fn from_str(text: &str) -> Result<Extensions, String> {
        let named = |name| {
            let unknown = || format!("`{name}` is none of {}", Extension::ALL.map(Extension::name).join(", "));
            Extension::ALL.into_iter().find(|ext| ext.name() == name).ok_or_else(unknown)
        };
        let mut products = text.split('+').map(named).collect::<Result<Vec<_>, _>>()?;
        if let [ext] = products[..] {
            return Ok(ext.into());
        }
        let isa = products.iter().filter_map(|ext| Ext::by_name(ext.name())).fold(Ext::everything(), Ext::union);
        Decoder::for_isa(isa).map_err(|clash| format!("{clash}; name one of them"))?;
        let place = products.iter().position(|ext| ext.attention_kernel().is_some());
        let attention = place.map_or(Extension::None, |place| products.remove(place));
        match products[..] {
            [products] => Ok(Extensions { products, attention }),
            _ => {
                let names = products.iter().map(|ext| ext.name()).collect::<Vec<_>>().join(" and ");
                Err(format!("{names} would both multiply with the weights: name one of them"))
            }
        }
    }
}

impl fmt::Display for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.products.name())?;
        if self.combined() { write!(f, "+{}", self.attention.name()) } else { Ok(()) }
    }
}

impl Extensions {
    /// Standard vector instructions for everything.
    pub const NONE: Extensions = Extensions { products: Extension::None, attention: Extension::None };

    /// Whether attention uses another one than the products do, and so is named behind it.
    pub fn combined(self) -> bool {
        self != Extensions::from(self.products)
    }

    /// Whether a model with these weights can use them at this vector length.
    ///
    /// # Errors
    /// Why not, as one line.
    pub fn validate(self, weights: Format, vlen: u32) -> Result<(), String> {
        let Extensions { products, attention } = self;
        products.validate(weights, vlen).map_err(|why| {
            let name = attention.name();
            if products == attention { format!("{why}; none+{name} uses it for attention alone") } else { why }
        })?;
        attention.runs_at(vlen, attention.attention_kernel())
    }

    /// What a run with them can decode.
    pub(crate) fn isa(self) -> Ext {
        let attention = Ext::by_name(self.attention.name()).unwrap_or(Ext::empty());
        self.products.isa().union(attention)
    }

    /// The routine of the model's program for attention of a prompt.
    pub(super) fn attention_routine(self) -> &'static str {
        self.attention_form("attention_f32")
    }

    /// The kernel that does in a prompt what this one does without an extension.
    pub(super) fn attention_form(self, plain: &'static str) -> &'static str {
        self.attention.attention(plain).unwrap_or(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Extension, Extension), String> {
        text.parse().map(|Extensions { products, attention }| (products, attention))
    }

    #[test]
    fn an_extension_has_one_use_or_all_that_it_can() {
        use Extension::{None, Qoq, Qqq, Xsfmm, XsfmmBf16};
        for (text, products, attention, name) in [
            ("none", None, None, "none"),
            ("xsfmm32a8i", Xsfmm, None, "xsfmm32a8i"),
            ("xsfvfwmaccqqq", Qqq, Qqq, "xsfvfwmaccqqq"),
            ("xsfvqmaccqoq+xsfvfwmaccqqq", Qoq, Qqq, "xsfvqmaccqoq+xsfvfwmaccqqq"),
            ("xsfvfwmaccqqq+xsfmm32a8i", Xsfmm, Qqq, "xsfmm32a8i+xsfvfwmaccqqq"),
            ("none+xsfvfwmaccqqq", None, Qqq, "none+xsfvfwmaccqqq"),
            ("xsfmm32a16f+xsfvfwmaccqqq", XsfmmBf16, Qqq, "xsfmm32a16f+xsfvfwmaccqqq"),
            ("xsfvfwmaccqqq+xsfvfwmaccqqq", Qqq, Qqq, "xsfvfwmaccqqq"),
        ] {
            assert_eq!(read(text), Ok((products, attention)), "{text}");
            assert_eq!(Extensions { products, attention }.to_string(), name);
        }
        for (text, why) in [
            ("xsfmm32a8i+xsfvqmaccqoq", "xsfmm32a8i and xsfvqmaccqoq would both multiply"),
            ("none+xsfmm32a8i", "would both multiply"),
            ("xsfmm32a8i+zvti8i32mm", "`sf.vlte8` (Xsfmmbase) and `vtle8` (Zvt8e) share encodings"),
            ("xsfmm32a8i+", "`` is none of none, xsfvqmaccdod"),
            ("xsfmm", "`xsfmm` is none of"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn both_uses_must_fit_weights_and_vector_length() {
        let tried = |text: &str, weights, vlen| text.parse::<Extensions>().unwrap().validate(weights, vlen);
        assert_eq!(tried("xsfmm32a8i+xsfvfwmaccqqq", Format::Int8, 512), Ok(()));
        for weights in Format::ALL {
            assert_eq!(tried("none+xsfvfwmaccqqq", weights, 512), Ok(()));
        }
        for (text, weights, vlen, why) in [
            ("xsfmm32a8i+xsfvfwmaccqqq", Format::Bf16, 512, "xsfmm32a8i has no kernels for bf16 weights"),
            ("xsfvfwmaccqqq", Format::Int8, 512, "it serves bf16; none+xsfvfwmaccqqq uses it for attention alone"),
            ("xsfmm32a8i+xsfvfwmaccqqq", Format::Int8, 128, "--ext xsfvfwmaccqqq runs at VLEN 256 to 2048"),
            ("xsfmm32a8i+xsfvfwmaccqqq", Format::Int8, 2048, "--ext xsfmm32a8i runs at VLEN 128 to 1024"),
        ] {
            let error = tried(text, weights, vlen).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
