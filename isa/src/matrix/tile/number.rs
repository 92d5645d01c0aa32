//! The narrow formats that tiles multiply, as binary64: every value and every product of two is exact there.

use crate::hart::Scalar;

/// A narrow format.
pub trait Narrow: 'static {
    /// Storage of an element.
    type Bits: Scalar;
    /// Its value; every NaN is a NaN.
    fn value(bits: Self::Bits) -> f64;
}

/// 8 bits with 4 of exponent (OCP): no infinities, one NaN of each sign, up to 448.
pub enum E4M3 {}
/// 8 bits with 5 of exponent (OCP): as IEEE 754 would have it.
pub enum E5M2 {}
/// binary16.
pub enum Half {}
/// bfloat16.
pub enum Bfloat {}

/// The magnitudes of an 8-bit format, by the lower seven bits.
const fn magnitudes(fraction_bits: u32, ieee: bool) -> [f64; 128] {
    let mut table = [0.0; 128];
    let mut bits = 0;
    while bits < 128 {
        table[bits] = magnitude(bits as u64, fraction_bits, ieee);
        bits += 1;
    }
    table
}

const fn magnitude(bits: u64, fraction_bits: u32, ieee: bool) -> f64 {
    let bias = (1 << (6 - fraction_bits)) - 1;
    let (exponent, fraction) = (bits >> fraction_bits, bits & ((1 << fraction_bits) - 1));
    if ieee && exponent == 2 * bias + 1 {
        return if fraction == 0 { f64::INFINITY } else { f64::NAN };
    }
    if !ieee && bits == 127 {
        return f64::NAN;
    }
    // In units of the least subnormal, 2^(1 - bias - fraction_bits).
    let units = if exponent == 0 { fraction } else { (fraction | 1 << fraction_bits) << (exponent - 1) };
    units as f64 * f64::from_bits((1024 - bias - fraction_bits as u64) << 52)
}

static E4M3_MAGNITUDES: [f64; 128] = magnitudes(3, false);
static E5M2_MAGNITUDES: [f64; 128] = magnitudes(2, true);

impl Narrow for E4M3 {
    type Bits = u8;
    #[inline(always)]
    fn value(bits: u8) -> f64 {
        let magnitude = E4M3_MAGNITUDES[usize::from(bits & 127)];
        if bits > 127 { -magnitude } else { magnitude }
    }
}

impl Narrow for E5M2 {
    type Bits = u8;
    #[inline(always)]
    fn value(bits: u8) -> f64 {
        let magnitude = E5M2_MAGNITUDES[usize::from(bits & 127)];
        if bits > 127 { -magnitude } else { magnitude }
    }
}

impl Narrow for Half {
    type Bits = u16;
    #[inline(always)]
    fn value(bits: u16) -> f64 {
        let magnitude = u64::from(bits & 0x7fff);
        let value = match magnitude {
            // Subnormals count units of 2^-24.
            0..0x400 => magnitude as f64 * f64::from_bits((1023 - 24) << 52),
            0x400..0x7c00 => f64::from_bits((magnitude << 42) + ((1023 - 15) << 52)),
            0x7c00 => f64::INFINITY,
            _ => f64::NAN,
        };
        if bits >> 15 == 1 { -value } else { value }
    }
}

impl Narrow for Bfloat {
    type Bits = u16;
    #[inline(always)]
    fn value(bits: u16) -> f64 {
        f64::from(f32::from_bits(u32::from(bits) << 16))
    }
}
