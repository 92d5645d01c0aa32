//! Soft float against independent references, host and lanes against soft float.

mod estimates;
mod in_lanes;
mod on_host;
mod soft;
mod unary;

use super::*;

/// xorshift64*: small, seeded, the same on every host.
pub(crate) struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }

    /// An operand of the kinds that matter: anything, special values and their neighbours, exponents near each other,
    /// few digits.
    pub fn operand<F: Format>(&mut self) -> u64 {
        let any = self.next() & F::MASK;
        match self.below(8) {
            0 => any,
            1 => {
                let special = specials::<F>();
                special[self.below(special.len() as u64) as usize]
            }
            2 => {
                let special = specials::<F>();
                let near = special[self.below(special.len() as u64) as usize];
                near.wrapping_add(self.below(9)).wrapping_sub(4) & F::MASK
            }
            3 => any & !F::INFINITY, // zeros and subnormals
            4..=5 => {
                // An exponent near that of 1.
                let exp = (F::BIAS as u64).wrapping_add(self.below(2 * u64::from(F::PRECISION) + 4));
                let exp = exp.wrapping_sub(u64::from(F::PRECISION)).min(F::EXP_SPECIAL as u64);
                any & !F::INFINITY | exp << F::FRAC_BITS & F::INFINITY
            }
            6 => {
                // Near the least exponent, to meet underflow in products and sums.
                let exp = self.below(u64::from(F::PRECISION) + 4).min(F::EXP_SPECIAL as u64 - 1);
                any & !F::INFINITY | exp << F::FRAC_BITS
            }
            _ => {
                // Few significant digits: exact and halfway results are frequent.
                let keep = self.below(u64::from(F::FRAC_BITS)) as u32;
                let exp = (F::BIAS as u64 + self.below(8)).wrapping_sub(4);
                any & F::SIGN | exp << F::FRAC_BITS | any & F::FRAC_MASK & !(F::FRAC_MASK >> keep)
            }
        }
    }
}

/// Values at which something changes.
pub(crate) fn specials<F: Format>() -> Vec<u64> {
    let one = (F::BIAS as u64) << F::FRAC_BITS;
    let positive = [
        0,
        1,
        2,
        F::FRAC_MASK,
        F::MIN_NORMAL,
        F::MIN_NORMAL + 1,
        F::MIN_NORMAL * 2,
        one,
        one - 1,
        one + 1,
        one | F::QUIET,
        one + F::MIN_NORMAL,
        one + F::MIN_NORMAL * (u64::from(F::FRAC_BITS).min(F::BIAS as u64)),
        one - F::MIN_NORMAL * (u64::from(F::PRECISION).min(F::BIAS as u64)),
        F::MAX_FINITE,
        F::MAX_FINITE - 1,
        F::INFINITY - F::MIN_NORMAL,
        F::INFINITY,
        F::NAN,
        F::NAN | 3,
        F::INFINITY | 1,
        F::INFINITY | F::QUIET >> 1,
    ];
    positive.iter().flat_map(|&x| [x, x | F::SIGN]).collect()
}

pub(crate) const MODES: [Rounding; 5] = [Rounding::Rne, Rounding::Rtz, Rounding::Rdn, Rounding::Rup, Rounding::Rmm];

/// Runs `operation` on a clean set of flags.
pub(crate) fn flagged<T>(operation: impl FnOnce(&mut Flags) -> T) -> (T, Flags) {
    let mut flags = Flags::empty();
    let result = operation(&mut flags);
    (result, flags)
}

/// How many random cases a test runs, fewer without optimisation; `RVTILE_FLOAT_CASES` sets another number.
pub(crate) fn cases(default: u64) -> u64 {
    let default = if cfg!(debug_assertions) { default / 4 } else { default };
    std::env::var("RVTILE_FLOAT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}
