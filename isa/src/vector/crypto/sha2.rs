//! Zvknha and Zvknhb: SHA-256 with SEW 32, SHA-512 with SEW 64.

use super::groups::{Function, select, ve};
use crate::ext::Ext;
use crate::op::Illegal;
use crate::row::{Exec, Props, Row};
use crate::vector::element::Element;

/// A word of SHA-256 or SHA-512.
trait Word: Element {
    /// Sum modulo 2^BITS.
    fn plus(self, b: Self) -> Self;
    /// Bits of `b` where `self` is set, else of `c`.
    fn choice(self, b: Self, c: Self) -> Self;
    /// Bits that two of three have.
    fn majority(self, b: Self, c: Self) -> Self;
    /// The upper-case sigma functions, in compression.
    fn sum0(self) -> Self;
    fn sum1(self) -> Self;
    /// The lower-case sigma functions, in the message schedule.
    fn sigma0(self) -> Self;
    fn sigma1(self) -> Self;
}

macro_rules! word {
    ($t:ty, $sum0:expr, $sum1:expr, $sigma0:expr, $sigma1:expr) => {
        impl Word for $t {
            fn plus(self, b: Self) -> Self {
                self.wrapping_add(b)
            }
            fn choice(self, b: Self, c: Self) -> Self {
                self & b ^ !self & c
            }
            fn majority(self, b: Self, c: Self) -> Self {
                self & b ^ self & c ^ b & c
            }
            fn sum0(self) -> Self {
                $sum0.into_iter().fold(0, |sum, by| sum ^ self.rotate_right(by))
            }
            fn sum1(self) -> Self {
                $sum1.into_iter().fold(0, |sum, by| sum ^ self.rotate_right(by))
            }
            fn sigma0(self) -> Self {
                self.rotate_right($sigma0[0]) ^ self.rotate_right($sigma0[1]) ^ self >> $sigma0[2]
            }
            fn sigma1(self) -> Self {
                self.rotate_right($sigma1[0]) ^ self.rotate_right($sigma1[1]) ^ self >> $sigma1[2]
            }
        }
    };
}

word!(u32, [2, 13, 22], [6, 11, 25], [7, 18, 3], [17, 19, 10]);
word!(u64, [28, 34, 39], [14, 18, 41], [1, 8, 7], [19, 61, 6]);

/// vsha2ms: vd holds words 0 to 3, vs2 words 4, 9, 10 and 11, vs1 words 12, 13, 14 and 15 of the message; the result
/// is words 16 to 19.
struct Schedule;
/// vsha2cl and vsha2ch: two rounds with the lower or the upper two words of vs1; vd holds h, g, d and c, vs2 holds f, e,
/// b and a, and the result the new f, e, b and a.
struct Compress<const UPPER: bool>;

impl<T: Word> Function<[T; 4], [T; 4]> for Schedule {
    const APART: (bool, bool) = (true, true);

    fn apply([w0, w1, w2, w3]: [T; 4], [w4, w9, w10, w11]: [T; 4], [w12, _, w14, w15]: [T; 4]) -> [T; 4] {
        let next = |w14: T, w9: T, w1: T, w0: T| w14.sigma1().plus(w9).plus(w1.sigma0()).plus(w0);
        let w16 = next(w14, w9, w1, w0);
        let w17 = next(w15, w10, w2, w1);
        [w16, w17, next(w16, w11, w3, w2), next(w17, w12, w4, w3)]
    }
}

impl<T: Word, const UPPER: bool> Function<[T; 4], [T; 4]> for Compress<UPPER> {
    const APART: (bool, bool) = (true, true);

    fn apply([mut h, mut g, mut d, mut c]: [T; 4], [mut f, mut e, mut b, mut a]: [T; 4], words: [T; 4]) -> [T; 4] {
        let first = if UPPER { 2 } else { 0 };
        for word in &words[first..first + 2] {
            let t1 = h.plus(e.sum1()).plus(e.choice(f, g)).plus(*word);
            let t2 = a.sum0().plus(a.majority(b, c));
            (h, g, f, e) = (g, f, e, d.plus(t1));
            (d, c, b, a) = (c, b, a, t1.plus(t2));
        }
        [f, e, b, a]
    }
}

const fn by_sew<F: Function<[u32; 4], [u32; 4]> + Function<[u64; 4], [u64; 4]>, const BITS: u32>() -> Exec {
    Exec::Select(|inst, ctx| {
        if ctx.vtype.sew() != 64 {
            return select::<[u32; 4], [u32; 4], F, false, BITS>(inst, ctx);
        }
        if !ctx.isa.contains(Ext::ZVKNHB) {
            return Err(Illegal::Missing(Ext::ZVKNHB));
        }
        select::<[u64; 4], [u64; 4], F, false, BITS>(inst, ctx)
    })
}

const ANY: Ext = Ext::ZVKNHA.union(Ext::ZVKNHB);

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    ve!("vsha2ms.vv", vvv 0x2d, ANY, by_sew<Schedule>).with(Props::READS_VD),
    ve!("vsha2ch.vv", vvv 0x2e, ANY, by_sew<Compress<true>>).with(Props::READS_VD),
    ve!("vsha2cl.vv", vvv 0x2f, ANY, by_sew<Compress<false>>).with(Props::READS_VD),
];
