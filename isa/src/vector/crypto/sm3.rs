//! Zvksh: the hash SM3. Its words are big-endian in the elements.

use super::groups::{Function, each, ve};
use crate::ext::Ext;
use crate::row::{Props, Row};

type Words = [u32; 8];

/// vsm3me: from the message's words 0 to 7 (vs1) and 8 to 15 (vs2) to words 16 to 23.
struct Expand;
/// vsm3c: two rounds; vd holds the state a to h, vs2 the message's words of which 0, 1, 4 and 5 are used. The result is
/// the state with the words of each pair exchanged: what the first round made stands behind what the second made.
struct Compress;

impl Function<Words, Words> for Expand {
    const APART: (bool, bool) = (true, false);

    fn apply(_: Words, upper: Words, lower: Words) -> Words {
        let mut w = [0; 24];
        for (word, element) in w.iter_mut().zip(lower.into_iter().chain(upper)) {
            *word = element.swap_bytes();
        }
        for at in 16..24 {
            let x = w[at - 16] ^ w[at - 9] ^ w[at - 3].rotate_left(15);
            w[at] = x ^ x.rotate_left(15) ^ x.rotate_left(23) ^ w[at - 13].rotate_left(7) ^ w[at - 6];
        }
        std::array::from_fn(|i| w[16 + i].swap_bytes())
    }
}

impl Function<Words, u8> for Compress {
    const APART: (bool, bool) = (true, false);

    fn apply(state: Words, message: Words, immediate: u8) -> Words {
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state.map(u32::swap_bytes);
        let w = message.map(u32::swap_bytes);
        for second in 0..2 {
            let round = 2 * u32::from(immediate) + second as u32;
            let (constant, ff, gg) = if round < 16 {
                (0x79cc_4519u32, a ^ b ^ c, e ^ f ^ g)
            } else {
                (0x7a87_9d8a, a & b | a & c | b & c, e & f | !e & g)
            };
            let a12 = a.rotate_left(12);
            let ss1 = a12.wrapping_add(e).wrapping_add(constant.rotate_left(round % 32)).rotate_left(7);
            let t1 = ff.wrapping_add(d).wrapping_add(ss1 ^ a12).wrapping_add(w[second] ^ w[second + 4]);
            let t2 = gg.wrapping_add(h).wrapping_add(ss1).wrapping_add(w[second]);
            (a, b, c, d) = (t1, a, b.rotate_left(9), c);
            (e, f, g, h) = (t2 ^ t2.rotate_left(9) ^ t2.rotate_left(17), e, f.rotate_left(19), g);
        }
        [a, b, c, d, e, f, g, h].map(u32::swap_bytes)
    }
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    ve!("vsm3me.vv", vvv 0x20, Ext::ZVKSH, each<Words, Words, Expand>),
    ve!("vsm3c.vi", vi 0x2b, Ext::ZVKSH, each<Words, u8, Compress>).with(Props::READS_VD),
];
