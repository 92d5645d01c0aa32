//! Types of the elements that a declaration computes with.

use crate::float::{BF16, F16, F32, F64, Flags, Format, Int, Rounding, convert, to_int};

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $bits:literal, $kind:ident;)*) => {
        /// The type of an element.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Number { $($(#[$doc])* $name,)* }

        impl Number {
            /// Every type.
            pub const ALL: &'static [Number] = &[$(Number::$name,)*];

            /// Its name in extension files.
            pub const fn name(self) -> &'static str { match self { $(Number::$name => $text,)* } }

            /// Its width.
            pub const fn bits(self) -> u32 { match self { $(Number::$name => $bits,)* } }

            const fn kind(self) -> Kind { match self { $(Number::$name => Kind::$kind,)* } }
        }
    };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    Float,
}

numbers! {
    /// Signed, 4 bits; two to a byte, the low half first.
    I4 = "i4", 4, Signed;
    /// Unsigned, 4 bits; two to a byte, the low half first.
    U4 = "u4", 4, Unsigned;
    /// Signed, 8 bits.
    I8 = "i8", 8, Signed;
    /// Unsigned, 8 bits.
    U8 = "u8", 8, Unsigned;
    /// Signed, 16 bits.
    I16 = "i16", 16, Signed;
    /// Unsigned, 16 bits.
    U16 = "u16", 16, Unsigned;
    /// Signed, 32 bits.
    I32 = "i32", 32, Signed;
    /// Unsigned, 32 bits.
    U32 = "u32", 32, Unsigned;
    /// Signed, 64 bits.
    I64 = "i64", 64, Signed;
    /// Unsigned, 64 bits.
    U64 = "u64", 64, Unsigned;
    /// binary16.
    F16 = "f16", 16, Float;
    /// bfloat16.
    Bf16 = "bf16", 16, Float;
    /// binary32.
    F32 = "f32", 32, Float;
    /// binary64.
    F64 = "f64", 64, Float;
}

/// What elements are widened to.
pub(super) trait Wide: Copy + Default {
    /// Keeps the low bits.
    fn of(value: i64) -> Self;
}

impl Wide for i32 {
    #[inline(always)]
    fn of(value: i64) -> i32 {
        value as i32
    }
}

impl Wide for i64 {
    #[inline(always)]
    fn of(value: i64) -> i64 {
        value
    }
}

impl Wide for i128 {
    #[inline(always)]
    fn of(value: i64) -> i128 {
        i128::from(value)
    }
}

/// The widening loop of one storage type.
macro_rules! widen {
    ($bytes:ident, $first:ident, $out:ident, $stored:ty) => {{
        const SIZE: usize = size_of::<$stored>();
        for (out, bytes) in $out.iter_mut().zip($bytes[$first * SIZE..].chunks_exact(SIZE)) {
            let mut array = [0; SIZE];
            array.copy_from_slice(bytes);
            *out = Wide::of(<$stored>::from_le_bytes(array) as i64);
        }
    }};
}

impl Number {
    /// The type of this name.
    pub fn by_name(name: &str) -> Option<Number> {
        Number::ALL.iter().copied().find(|number| number.name() == name)
    }

    /// Whether it is a floating-point format.
    pub fn is_float(self) -> bool {
        self.kind() == Kind::Float
    }

    /// Whether it is a signed integer.
    pub fn is_signed(self) -> bool {
        self.kind() == Kind::Signed
    }

    /// Bytes that so many elements take.
    pub const fn bytes(self, elements: usize) -> usize {
        (elements * self.bits() as usize).div_ceil(8)
    }

    /// The type of a kind, `i`, `u` or `f`, that has this width.
    pub fn of_kind(kind: &str, bits: u32) -> Option<Number> {
        let kind = match kind {
            "i" => Kind::Signed,
            "u" => Kind::Unsigned,
            "f" => Kind::Float,
            _ => return None,
        };
        Number::ALL.iter().copied().find(|number| number.kind() == kind && number.bits() == bits)
    }

    /// Integer elements from number `first` on, as many as `out` has; floating point gives its bits.
    ///
    /// # Panics
    /// When `bytes` has fewer.
    #[inline(always)]
    pub(super) fn widen<W: Wide>(self, bytes: &[u8], first: usize, out: &mut [W]) {
        match self {
            Number::I8 => widen!(bytes, first, out, i8),
            Number::U8 => widen!(bytes, first, out, u8),
            Number::I16 => widen!(bytes, first, out, i16),
            Number::U16 | Number::F16 | Number::Bf16 => widen!(bytes, first, out, u16),
            Number::I32 => widen!(bytes, first, out, i32),
            Number::U32 | Number::F32 => widen!(bytes, first, out, u32),
            Number::I64 | Number::U64 | Number::F64 => widen!(bytes, first, out, i64),
            Number::I4 | Number::U4 => {
                for (index, out) in (first..).zip(out) {
                    let half = bytes[index / 2] >> (index % 2 * 4) & 15;
                    let signed = self == Number::I4 && half > 7;
                    *out = W::of(i64::from(half) - if signed { 16 } else { 0 });
                }
            }
        }
    }

    /// The low bits of values, to elements from number `first` on.
    ///
    /// # Panics
    /// When `bytes` has fewer.
    #[inline(always)]
    pub(super) fn narrow<W: Copy>(self, values: &[W], bytes: &mut [u8], first: usize, low: impl Fn(W) -> u64) {
        macro_rules! store {
            ($stored:ty) => {{
                const SIZE: usize = size_of::<$stored>();
                for (&value, bytes) in values.iter().zip(bytes[first * SIZE..].chunks_exact_mut(SIZE)) {
                    bytes.copy_from_slice(&(low(value) as $stored).to_le_bytes());
                }
            }};
        }
        match self.bits() {
            8 => store!(u8),
            16 => store!(u16),
            32 => store!(u32),
            64 => store!(u64),
            _ => {
                for (index, &value) in (first..).zip(values) {
                    let shift = index % 2 * 4;
                    let byte = &mut bytes[index / 2];
                    *byte = *byte & !(15 << shift) | (low(value) as u8 & 15) << shift;
                }
            }
        }
    }

    /// The least and the greatest value of an integer type.
    pub(super) fn limits(self) -> (i128, i128) {
        let bits = self.bits();
        if self.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
    }

    /// Elements from number `first` on as integers; of u64 the bits.
    ///
    /// # Panics
    /// When `bytes` has fewer.
    pub fn integers(self, bytes: &[u8], first: usize, out: &mut [i64]) {
        self.widen(bytes, first, out);
    }

    /// Elements from number `first` on as binary64: exact but for large 64-bit integers; NaNs are canonical.
    ///
    /// # Panics
    /// When `bytes` has fewer.
    pub fn reals(self, bytes: &[u8], first: usize, out: &mut [f64]) {
        for (index, out) in (first..).zip(out) {
            let mut bits = [0i64];
            self.widen(bytes, index, &mut bits);
            *out = match self {
                Number::F16 => f64::from_bits(convert::<F16, F64>(bits[0] as u64, Rounding::Rne, &mut Flags::empty())),
                Number::Bf16 => f64::from(f32::from_bits((bits[0] as u32) << 16)),
                Number::F32 => f64::from(f32::from_bits(bits[0] as u32)),
                Number::F64 => f64::from_bits(bits[0] as u64),
                Number::U64 => bits[0] as u64 as f64,
                _ => bits[0] as f64,
            };
        }
    }

    /// Stores integers to elements from number `first` on, modulo 2^bits or clamped to the type. Tells whether one was clamped.
    ///
    /// # Panics
    /// When `bytes` has fewer elements.
    pub fn put_integers(self, values: &[i64], bytes: &mut [u8], first: usize, saturate: bool) -> bool {
        if !saturate {
            self.narrow(values, bytes, first, |value| value as u64);
            return false;
        }
        let (least, greatest) = self.limits();
        let mut clamped = false;
        for (index, &value) in (first..).zip(values) {
            let kept = i128::from(value).clamp(least, greatest);
            clamped |= kept != i128::from(value);
            self.narrow(&[kept], bytes, index, |value| value as u64);
        }
        clamped
    }

    /// Stores values to elements from number `first` on, rounded as `fcvt` does: out of range becomes the limit of an integer type. NaNs are
    /// canonical.
    ///
    /// # Panics
    /// When `bytes` has fewer elements.
    pub fn put_reals(self, values: &[f64], bytes: &mut [u8], first: usize, rm: Rounding, flags: &mut Flags) {
        for (index, value) in (first..).zip(values) {
            let bits = value.to_bits();
            let bits = match self {
                Number::F16 => convert::<F64, F16>(bits, rm, flags),
                Number::Bf16 => convert::<F64, BF16>(bits, rm, flags),
                Number::F32 => convert::<F64, F32>(bits, rm, flags),
                Number::F64 if value.is_nan() => F64::NAN,
                Number::F64 => bits,
                _ => to_int::<F64>(bits, Int { signed: self.is_signed(), width: self.bits() }, rm, flags),
            };
            self.narrow(&[bits], bytes, index, |bits| bits);
        }
    }
}
