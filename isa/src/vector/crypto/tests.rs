//! Published examples of the standards, and the rules that only execution can check.

use crate::decode::Decoder;
use crate::encoding::Field;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::hart::{Cause, Config, Hart, Scalar};
use crate::inst::Inst;
use crate::memory::Memory;
use crate::op::{Flow, Illegal, Op};
use crate::vector::vtype::Vtype;

struct Machine {
    hart: Hart,
    decoder: Decoder,
}

impl Machine {
    /// VLEN 256, LMUL 1, this SEW and vl.
    fn new(isa: &str, sew: u32, vl: u32, agnostic_ones: bool) -> Machine {
        let config = Config { vlen: 256, isa: Ext::parse(isa).unwrap().0, agnostic_ones, level: Level::detect() };
        let mut hart = Hart::new(config, Memory::new(4096).unwrap());
        hart.csr.dirty_vs();
        hart.vtype = Vtype::from_request(u64::from(sew.ilog2() - 3) << 3 | 0xc0, 256);
        hart.vl = vl;
        Machine { hart, decoder: Decoder::standard() }
    }

    fn inst(&self, name: &str, vd: u32, vs2: u32, vs1: u32) -> Inst {
        let row = *self.decoder.rows().iter().find(|row| row.name == name).unwrap();
        let unmasked = if row.encoding.has(Field::Vm) { 1 << 25 } else { 0 };
        Inst::new(row, row.encoding.bits | (vd << 7 | vs2 << 20 | vs1 << 15) & !row.encoding.mask | unmasked)
    }

    /// Executes `name`; the last operand is vs1 or the immediate.
    fn step(&mut self, name: &str, vd: u32, vs2: u32, vs1: u32) -> Flow {
        let inst = self.inst(name, vd, vs2, vs1);
        let op = Op::new(&inst, 0, 0, &self.hart.ctx()).unwrap_or_else(|why| panic!("{}: {why}", inst.text(0)));
        // SAFETY: the level is this host's.
        unsafe { (op.exec)(&mut self.hart, &op) }
    }

    fn run(&mut self, name: &str, vd: u32, vs2: u32, vs1: u32) {
        assert_eq!(self.step(name, vd, vs2, vs1), Flow::Next);
    }

    fn set<T: Scalar>(&mut self, reg: u8, elements: &[T]) {
        elements.iter().enumerate().for_each(|(index, element)| self.hart.v.set(reg, index, *element));
    }

    fn get<T: Scalar, const N: usize>(&self, reg: u8) -> [T; N] {
        std::array::from_fn(|index| self.hart.v.get(reg, index))
    }

    fn illegal(&self, name: &str, vd: u32, vs2: u32, vs1: u32) -> bool {
        match Op::new(&self.inst(name, vd, vs2, vs1), 0, 0, &self.hart.ctx()) {
            Ok(_) => false,
            Err(Illegal::Rule(_) | Illegal::Missing(_)) => true,
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

const ALL: &str = "rv64gcv_zvbb_zvbc_zvkg_zvkned_zvknhb_zvksed_zvksh";

/// A number whose first hexadecimal digits are the first byte in memory.
fn bytes(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

/// FIPS 197, examples of the appendices B and C.3: two blocks with one key.
#[test]
fn aes() {
    let mut m = Machine::new(ALL, 32, 4, false);
    m.set(1, &bytes(0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c));
    for round in 1..=10 {
        m.run("vaeskf1.vi", 1 + round, round, round);
    }
    m.hart.vl = 8;
    let plain = bytes(0x3243_f6a8_885a_308d_3131_98a2_e037_0734);
    m.set(20, &[plain, plain].concat());
    m.run("vaesz.vs", 20, 1, 0);
    (2..=10).for_each(|key| m.run("vaesem.vs", 20, key, 0));
    m.run("vaesef.vs", 20, 11, 0);
    let cipher = bytes(0x3925_841d_02dc_09fb_dc11_8597_196a_0b32);
    assert_eq!(m.get::<u8, 32>(20)[..], [cipher, cipher].concat());
    m.run("vaesz.vs", 20, 11, 0);
    (2..=10).rev().for_each(|key| m.run("vaesdm.vs", 20, key, 0));
    m.run("vaesdf.vs", 20, 1, 0);
    assert_eq!(m.get::<u8, 32>(20)[..], [plain, plain].concat());

    m.hart.vl = 4;
    m.set(1, &bytes(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f));
    m.set(2, &bytes(0x1011_1213_1415_1617_1819_1a1b_1c1d_1e1f));
    for round in 2..=14 {
        let before = m.get::<u32, 4>(round as u8 - 1);
        m.set(round as u8 + 1, &before);
        m.run("vaeskf2.vi", round + 1, round, round);
    }
    m.set(20, &bytes(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff));
    m.run("vaesz.vs", 20, 1, 0);
    (2..=14).for_each(|key| m.run("vaesem.vv", 20, key, 0));
    m.run("vaesef.vv", 20, 15, 0);
    assert_eq!(m.get::<u8, 16>(20), bytes(0x8ea2_b7ca_5167_45bf_eafc_4990_4b49_6089));
}

/// The constants of SHA-512; SHA-256 has the upper halves of the first 64.
const ROUNDS: [u64; 80] = [
    0x428a_2f98_d728_ae22,
    0x7137_4491_23ef_65cd,
    0xb5c0_fbcf_ec4d_3b2f,
    0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538,
    0x59f1_11f1_b605_d019,
    0x923f_82a4_af19_4f9b,
    0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242,
    0x1283_5b01_4570_6fbe,
    0x2431_85be_4ee4_b28c,
    0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f,
    0x80de_b1fe_3b16_96b1,
    0x9bdc_06a7_25c7_1235,
    0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2,
    0xefbe_4786_384f_25e3,
    0x0fc1_9dc6_8b8c_d5b5,
    0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275,
    0x4a74_84aa_6ea6_e483,
    0x5cb0_a9dc_bd41_fbd4,
    0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab,
    0xa831_c66d_2db4_3210,
    0xb003_27c8_98fb_213f,
    0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2,
    0xd5a7_9147_930a_a725,
    0x06ca_6351_e003_826f,
    0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc,
    0x2e1b_2138_5c26_c926,
    0x4d2c_6dfc_5ac4_2aed,
    0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de,
    0x766a_0abb_3c77_b2a8,
    0x81c2_c92e_47ed_aee6,
    0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364,
    0xa81a_664b_bc42_3001,
    0xc24b_8b70_d0f8_9791,
    0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218,
    0xd699_0624_5565_a910,
    0xf40e_3585_5771_202a,
    0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8,
    0x1e37_6c08_5141_ab53,
    0x2748_774c_df8e_eb99,
    0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63,
    0x4ed8_aa4a_e341_8acb,
    0x5b9c_ca4f_7763_e373,
    0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc,
    0x78a5_636f_4317_2f60,
    0x84c8_7814_a1f0_ab72,
    0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28,
    0xa450_6ceb_de82_bde9,
    0xbef9_a3f7_b2c6_7915,
    0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c,
    0xd186_b8c7_21c0_c207,
    0xeada_7dd6_cde0_eb1e,
    0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba,
    0x0a63_7dc5_a2c8_98a6,
    0x113f_9804_bef9_0dae,
    0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84,
    0x32ca_ab7b_40c7_2493,
    0x3c9e_be0a_15c9_bebc,
    0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6,
    0x597f_299c_fc65_7e2a,
    0x5fcb_6fab_3ad6_faec,
    0x6c44_198c_4a47_5817,
];

const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The hash of "abc": words as they are, `rounds` of them, and the constants of this width.
fn sha2<T: Scalar + Copy + Default>(sew: u32, rounds: usize, of: impl Fn(u64) -> T, end: T) -> [T; 8] {
    let mut m = Machine::new(ALL, sew, 4, false);
    let word = |index: usize| match index {
        0 => of(0x6162_6380_0000_0000),
        15 => end,
        _ => T::default(),
    };
    // v1 to v4: the last 16 words of the schedule; v10: a, b, e, f; v11: c, d, g, h.
    for four in 0..4 {
        m.set(1 + four as u8, &[0, 1, 2, 3].map(|i| word(4 * four + i)));
    }
    let [a, b, c, d, e, f, g, h] = START.map(&of);
    m.set(10, &[f, e, b, a]);
    m.set(11, &[h, g, d, c]);
    for four in 0..rounds / 4 {
        let at = |n: usize| 1 + (four + n) as u32 % 4;
        m.set(20, &[0, 1, 2, 3].map(|i| of(ROUNDS[4 * four + i])));
        m.run("vadd.vv", 20, 20, at(0));
        m.run("vsha2cl.vv", 11, 10, 20);
        m.run("vsha2ch.vv", 10, 11, 20);
        let (second, third): ([T; 4], [T; 4]) = (m.get(at(1) as u8), m.get(at(2) as u8));
        m.set(21, &[second[0], third[1], third[2], third[3]]);
        m.run("vsha2ms.vv", at(0), 21, at(3));
    }
    m.set(12, &[f, e, b, a]);
    m.set(13, &[h, g, d, c]);
    m.run("vadd.vv", 10, 10, 12);
    m.run("vadd.vv", 11, 11, 13);
    let ([f, e, b, a], [h, g, d, c]) = (m.get(10), m.get(11));
    [a, b, c, d, e, f, g, h]
}

/// FIPS 180, the examples of one block.
#[test]
fn sha256_and_sha512() {
    let hash = sha2::<u32>(32, 64, |word| (word >> 32) as u32, 24);
    let expected =
        [0xba78_16bf, 0x8f01_cfea, 0x4141_40de, 0x5dae_2223, 0xb003_61a3, 0x9617_7a9c, 0xb410_ff61, 0xf200_15ad];
    assert_eq!(hash, expected);
    let hash = sha2::<u64>(64, 80, |word| word, 24);
    let expected = [
        0xddaf_35a1_9361_7aba,
        0xcc41_7349_ae20_4131,
        0x12e6_fa4e_89a9_7ea2,
        0x0a9e_eee6_4b55_d39a,
        0x2192_992a_274f_c1a8,
        0x36ba_3c23_a3fe_ebbd,
        0x454d_4423_643c_e80e,
        0x2a9a_c94f_a54c_a49f,
    ];
    assert_eq!(hash, expected);
}

/// GB/T 32905, the example "abc".
#[test]
fn sm3() {
    let mut m = Machine::new(ALL, 32, 8, false);
    let start: [u32; 8] =
        [0x7380_166f, 0x4914_b2b9, 0x1724_42d7, 0xda8a_0600, 0xa96f_30bc, 0x1631_38aa, 0xe38d_ee4d, 0xb0fb_0e4e];
    // v1, v2, v3: the message's words in turn; v4: the words of two rounds in place; v10: the state.
    m.set(1, &[0x6162_6380u32.to_be(), 0, 0, 0, 0, 0, 0, 0]);
    m.set(2, &[0, 0, 0, 0, 0, 0, 0, 24u32.to_be()]);
    m.set(10, &start.map(u32::to_be));
    for eight in 0..8 {
        let at = |n: u32| 1 + (eight + n) % 3;
        m.run("vsm3me.vv", at(2), at(1), at(0));
        let words: Vec<u32> = (0..2).flat_map(|n| m.get::<u32, 8>(at(n) as u8)).collect();
        for two in 0..4 {
            m.set(4, &words[2 * two..2 * two + 8]);
            m.run("vsm3c.vi", 10, 4, 4 * eight + two as u32);
        }
    }
    let state = m.get::<u32, 8>(10).map(u32::from_be);
    let hash: [u32; 8] = std::array::from_fn(|i| state[i] ^ start[i]);
    let expected =
        [0x66c7_f0f4, 0x62ee_edd9, 0xd1f2_d46b, 0xdc10_e4e2, 0x4167_c487, 0x5cf2_f7a2, 0x297d_a02b, 0x8f4b_a8e0];
    assert_eq!(hash, expected);
}

/// GB/T 32907, the first example.
#[test]
fn sm4() {
    let mut m = Machine::new(ALL, 32, 4, false);
    let plain = [0x0123_4567, 0x89ab_cdef, 0xfedc_ba98, 0x7654_3210u32];
    let system = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];
    m.set(1, &[0, 1, 2, 3].map(|i| plain[i] ^ system[i]));
    (0..8).for_each(|four| m.run("vsm4k.vi", 2 + four, 1 + four, four));
    m.set(20, &plain);
    (2..10).for_each(|keys| m.run("vsm4r.vs", 20, keys, 0));
    let mut cipher = m.get::<u32, 4>(20);
    cipher.reverse();
    assert_eq!(cipher, [0x681e_df34, 0xd206_965e, 0x86b3_e94f, 0x536e_4246]);
}

/// The GCM specification's test case 2.
#[test]
fn ghash() {
    let mut m = Machine::new(ALL, 32, 4, false);
    m.set(1, &bytes(0x66e9_4bd4_ef8a_2c3b_884c_fa59_ca34_2b2e));
    m.set(2, &bytes(0x0388_dace_60b6_a392_f328_c2b9_71b2_fe78));
    m.set(3, &bytes(0x80));
    m.run("vghsh.vv", 10, 1, 2);
    m.run("vxor.vv", 11, 10, 3);
    m.run("vghsh.vv", 10, 1, 3);
    m.run("vgmul.vv", 11, 1, 0);
    let hash = bytes(0xf38c_bb1a_d692_23dc_c345_7ae5_b6b0_f885);
    assert_eq!((m.get::<u8, 16>(10), m.get::<u8, 16>(11)), (hash, hash));
}

#[test]
fn vl_and_vstart_are_multiples_of_the_group() {
    let mut m = Machine::new(ALL, 32, 8, false);
    for (name, size) in [("vaesem.vv", 4), ("vsm4k.vi", 4), ("vghsh.vv", 4), ("vsm3me.vv", 8)] {
        for (vl, vstart) in [(8, 0), (7, 0), (4, 0), (8, 4), (8, 1), (8, 8), (0, 0), (4, 8)] {
            (m.hart.vl, m.hart.vstart) = (vl, vstart);
            m.hart.v.from_mut(0).iter_mut().enumerate().for_each(|(at, byte)| *byte = (at * at / 3) as u8);
            let before = m.get::<u32, 8>(2);
            let legal = vl % size == 0 && vstart % size == 0;
            let flow = m.step(name, 2, 3, 4);
            assert_eq!(flow, if legal { Flow::Next } else { Flow::Trap }, "{name} vl {vl} vstart {vstart}");
            if legal {
                assert_eq!(m.hart.vstart, 0);
                let after = m.get::<u32, 8>(2);
                let changed: [bool; 8] = std::array::from_fn(|index| after[index] != before[index]);
                let expected = std::array::from_fn(|index| (vstart..vl).contains(&(index as u32)));
                assert_eq!(changed, expected, "{name} vl {vl} vstart {vstart}");
            } else {
                let word = m.inst(name, 2, 3, 4).word;
                assert_eq!((m.hart.trap.cause, m.hart.trap.tval), (Cause::IllegalInstruction, u64::from(word)));
                assert_eq!(m.hart.vstart, vstart);
            }
        }
    }
}

#[test]
fn the_tail_is_agnostic() {
    let mut m = Machine::new(ALL, 32, 4, true);
    m.run("vaesz.vs", 2, 3, 0);
    assert_eq!(m.get::<u32, 8>(2), [0, 0, 0, 0, u32::MAX, u32::MAX, u32::MAX, u32::MAX]);
    m.hart.vl = 0;
    m.run("vaesz.vs", 4, 3, 0);
    assert_eq!(m.get::<u32, 8>(4), [0; 8], "vl = 0: not even the tail changes");
}

#[test]
fn legality() {
    let m = Machine::new(ALL, 32, 8, false);
    for (name, vd, vs2, vs1, illegal) in [
        ("vaesem.vv", 2, 2, 0, false),
        ("vaesem.vs", 2, 2, 0, true),
        ("vaesz.vs", 2, 3, 0, false),
        ("vsm4r.vs", 2, 2, 0, true),
        ("vsm4r.vv", 2, 2, 0, false),
        ("vghsh.vv", 2, 2, 2, false),
        ("vsha2ms.vv", 2, 2, 3, true),
        ("vsha2ms.vv", 2, 3, 2, true),
        ("vsha2cl.vv", 2, 3, 3, false),
        ("vsm3me.vv", 2, 2, 3, true),
        ("vsm3me.vv", 2, 3, 2, false),
        ("vsm3c.vi", 2, 2, 0, true),
        ("vclmul.vv", 2, 3, 4, true),
    ] {
        assert_eq!(m.illegal(name, vd, vs2, vs1), illegal, "{name} {vd} {vs2} {vs1}");
    }
    let wide = Machine::new(ALL, 64, 4, false);
    assert!(wide.illegal("vaesem.vv", 2, 4, 0) && wide.illegal("vsm3c.vi", 2, 4, 0));
    assert!(!wide.illegal("vsha2cl.vv", 2, 4, 6) && !wide.illegal("vclmulh.vx", 2, 4, 6));
    let narrow = Machine::new("rv64gcv_zvknha_zvkb", 64, 4, false);
    assert!(narrow.illegal("vsha2cl.vv", 2, 4, 6), "SHA-512 is Zvknhb");
    assert!(narrow.illegal("vclz.v", 2, 4, 0) && !narrow.illegal("vrev8.v", 2, 4, 0), "Zvkb is a part of Zvbb");
    let mut fraction = Machine::new(ALL, 32, 4, false);
    fraction.hart.vtype = Vtype::from_request(0b010_111, 256);
    assert!(!fraction.illegal("vaesem.vv", 2, 4, 0), "128 bits fit in half a register");
    assert!(fraction.illegal("vsm3me.vv", 2, 4, 6), "256 bits do not");
}

#[test]
fn round_numbers_out_of_range_wrap() {
    for (name, out, within) in
        [("vaeskf1.vi", 0, 8), ("vaeskf1.vi", 27, 3), ("vaeskf2.vi", 1, 9), ("vaeskf2.vi", 31, 7), ("vsm4k.vi", 9, 1)]
    {
        let mut m = Machine::new(ALL, 32, 4, false);
        m.set(1, &bytes(0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c));
        m.run(name, 2, 1, out);
        m.run(name, 3, 1, within);
        assert_eq!(m.get::<u32, 4>(2), m.get::<u32, 4>(3), "{name}");
    }
}
