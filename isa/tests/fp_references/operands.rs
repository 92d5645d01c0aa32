//! Operands for floating-point instructions: register images worth trying.

/// xorshift64*: small, seeded, the same on every host.
pub struct Rng(u64);

impl Rng {
    /// A generator; equal seeds give equal sequences.
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A random number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }
}

/// What a source register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An integer.
    Int,
    /// A floating-point value: widths of exponent and fraction.
    Float(u32, u32),
}

impl Kind {
    /// What the instruction of this name reads: its last part tells the format.
    pub fn of(name: &str, integer_source: bool) -> Kind {
        match name.rsplit('.').next() {
            _ if integer_source => Kind::Int,
            Some("h") => Kind::Float(5, 10),
            Some("bf16") => Kind::Float(8, 7),
            Some("s" | "w") => Kind::Float(8, 23),
            Some("d") => Kind::Float(11, 52),
            _ => panic!("no format in the name {name}"),
        }
    }

    /// A register image.
    pub fn draw(self, rng: &mut Rng) -> u64 {
        match self {
            Kind::Int => int(rng),
            Kind::Float(exp, frac) => {
                let boxes = u64::MAX.checked_shl(1 + exp + frac).unwrap_or(0);
                let value = float(rng, exp, frac) & !boxes;
                // Now and then a value that is not NaN-boxed, completely or almost.
                match rng.below(24) {
                    0 => value | rng.next() & boxes,
                    1 => value | boxes & (boxes << 1),
                    _ => value | boxes,
                }
            }
        }
    }
}

/// Any length, and values next to powers of two, where conversions round and saturate.
fn int(rng: &mut Rng) -> u64 {
    let any = rng.next();
    let power = 1u64 << rng.below(64);
    match rng.below(4) {
        0 => any >> rng.below(64),
        1 => (any as i64 >> rng.below(64)) as u64,
        2 => power.wrapping_add(rng.below(5)).wrapping_sub(2),
        _ => power.wrapping_neg().wrapping_add(rng.below(5)).wrapping_sub(2),
    }
}

fn float(rng: &mut Rng, exp_bits: u32, frac_bits: u32) -> u64 {
    let any = rng.next();
    let sign = any & 1 << (exp_bits + frac_bits);
    let exp_max = (1 << exp_bits) - 1;
    let bias = exp_max / 2;
    let digits = any & ((1 << frac_bits) - 1);
    let with = |exp: u64, digits: u64| sign | exp.min(exp_max) << frac_bits | digits;
    match rng.below(10) {
        0 => any,
        // Zeros, infinities, one, greatest, least, quiet and signalling NaNs, and their neighbours.
        1..=2 => {
            let special = match rng.below(6) {
                0 => with(0, 0),
                1 => with(exp_max, 0),
                2 => with(bias, 0),
                3 => with(1, 0),
                4 => with(exp_max, 1 << (frac_bits - 1)),
                _ => with(exp_max, 1 << (frac_bits - 2)),
            };
            if rng.below(2) == 0 { special } else { special.wrapping_add(rng.below(5)).wrapping_sub(2) }
        }
        3 => with(0, digits >> rng.below(frac_bits.into())),
        // Near one: sums that cancel, products and quotients that are rounded in every way.
        4..=5 => with((bias + rng.below(2 * u64::from(frac_bits))).saturating_sub(frac_bits.into()), digits),
        // Near the limits of integers.
        6 => with(bias + [15, 31, 32, 62, 63, 64][rng.below(6) as usize] - rng.below(2), digits),
        7 => with(rng.below(u64::from(frac_bits) + 4), digits),
        // Few digits: exact and halfway results.
        _ => {
            let keep = rng.below(u64::from(frac_bits));
            with(bias + rng.below(8) - 4, digits & !(((1 << frac_bits) - 1) >> keep))
        }
    }
}
