//! The matrix extensions on vector registers, against plain loops.

#[path = "support/bench.rs"]
mod bench;

use bench::{Bench, levels};
use rustc_apfloat::ieee::Single;
use rustc_apfloat::{Float, Round, Status};
use rvtile_isa::class::Class;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::Flags;
use rvtile_isa::hart::Hart;
use rvtile_isa::inst::Inst;
use rvtile_isa::matrix::{spacemit_ime, xsfvcp};
use rvtile_isa::op::{Ctx, Flow, Illegal, Op};
use rvtile_isa::row::{Definition, Exec, Row};

fn broken(result: Result<(), Illegal>, rule: &str) {
    match result {
        Err(why) if why.to_string().contains(rule) => {}
        other => panic!("`{rule}` expected: {other:?}"),
    }
}

/// An instruction of custom-2 with three vector registers.
fn sifive(funct6: u32, funct3: u32, vd: u32, vs1: u32, vs2: u32) -> u32 {
    funct6 << 26 | 1 << 25 | vs2 << 20 | vs1 << 15 | funct3 << 12 | vd << 7 | 0x5b
}

fn byte(signed: bool, byte: u8) -> i32 {
    if signed { i32::from(byte as i8) } else { i32::from(byte) }
}

fn word(bytes: &[u8], index: usize) -> u32 {
    u32::from_le_bytes(bytes[4 * index..4 * index + 4].try_into().unwrap())
}

fn put(bytes: &mut [u8], index: usize, value: u32) {
    bytes[4 * index..4 * index + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn int8_blocks() {
    // (R, funct6, A signed, B signed)
    let forms = [(2, 0x2c, false, false), (2, 0x2d, true, true), (2, 0x2e, false, true), (2, 0x2f, true, false)];
    let forms = forms.into_iter().flat_map(|(_, funct6, a, b)| [(2, funct6, a, b), (4, funct6 + 16, a, b)]);
    for (r, funct6, a_signed, b_signed) in forms {
        for vlen in [128u32, 512, 2048] {
            for lmul in if r == 2 { -3..=3 } else { -1..=2 } {
                for level in levels() {
                    int8_block(r, funct6, [a_signed, b_signed], vlen, lmul, level);
                }
            }
        }
    }
}

fn int8_block(r: usize, funct6: u32, signed: [bool; 2], vlen: u32, lmul: i32, level: rvtile_isa::float::lanes::Level) {
    let mut bench = Bench::new("sifive", vlen, level);
    let vlenb = vlen as usize / 8;
    let vlmax = if lmul >= 0 { vlenb << lmul } else { vlenb >> -lmul };
    for blocks in [0, 1, vlmax / (8 * r) / 2, vlmax / (8 * r)] {
        let vl = blocks * 8 * r;
        if vl > vlmax {
            continue;
        }
        bench.scramble();
        bench.vset((lmul & 7) as u64, vl as u32);
        // In the last turn vd of the narrow form is vs2 itself.
        let (vd, vs1, vs2) = if r == 2 && blocks == 1 { (16, 7, 16) } else { (16, 7, 8) };
        let mut expected = bench.hart.v.all().to_vec();
        let a = expected[vs1 * vlenb..][..8 * r].to_vec();
        let b = expected[vs2 * vlenb..][..vl].to_vec();
        let c = &mut expected[vd * vlenb..];
        for t in 0..blocks {
            for i in 0..r {
                for n in 0..r {
                    let mut sum = word(c, t * r * r + i * r + n) as i32;
                    for k in 0..8 {
                        let product = byte(signed[0], a[i * 8 + k]) * byte(signed[1], b[t * 8 * r + k * r + n]);
                        sum = sum.wrapping_add(product);
                    }
                    put(c, t * r * r + i * r + n, sum as u32);
                }
            }
        }
        bench.run(sifive(funct6, 2, vd as u32, vs1 as u32, vs2 as u32)).unwrap();
        assert!(bench.hart.v.all() == expected, "{funct6:x} {vlen} {lmul} {vl} {level:?}");
    }
    if vlmax > 8 * r {
        bench.vset((lmul & 7) as u64, 8 * r as u32 + 1);
        broken(bench.run(sifive(funct6, 2, 16, 7, 8)), "multiple of the bytes");
    }
}

#[test]
fn int8_rules() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    let (dod, qoq) = (|vd, vs1, vs2| sifive(0x2d, 2, vd, vs1, vs2), |vd, vs1, vs2| sifive(0x3d, 2, vd, vs1, vs2));
    bench.vset(1, 64);
    broken(bench.run(dod(9, 4, 2)), "multiple of EMUL");
    broken(bench.run(dod(8, 9, 2)), "overlaps");
    bench.run(dod(8, 4, 8)).unwrap();
    broken(bench.run(qoq(6, 2, 8)), "multiple of EMUL");
    broken(bench.run(qoq(8, 4, 10)), "overlaps");
    broken(bench.run(qoq(8, 11, 4)), "overlaps");
    bench.run(qoq(8, 12, 6)).unwrap();
    bench.vset(3, 64);
    broken(bench.run(qoq(8, 4, 16)), "LMUL between");
    bench.vset(8, 16);
    broken(bench.run(dod(8, 4, 2)), "SEW 8");
    bench.vset(0, 64);
    bench.hart.vstart = 1;
    broken(bench.run(dod(8, 4, 2)), "vstart");
    bench.hart.vstart = 0;
    bench.hart.csr.mstatus &= !(3 << 9);
    broken(bench.run(dod(8, 4, 2)), "vector unit is off");
}

#[test]
fn tails_of_blocks_may_become_ones() {
    let mut bench = Bench::with("sifive", 512, levels()[0], true);
    bench.scramble();
    bench.vset(0x40, 32);
    bench.run(sifive(0x3d, 2, 8, 4, 20)).unwrap();
    let group = &bench.hart.v.all()[8 * 64..10 * 64];
    assert!(group[64..].iter().all(|&byte| byte == 0xff) && group[..64].iter().any(|&byte| byte != 0xff));
}

#[test]
fn bf16_blocks() {
    for vlen in [128usize, 512] {
        for lmul in -1i32..=2 {
            for (frm, level) in (0..5).flat_map(|frm| levels().into_iter().map(move |level| (frm, level))) {
                let mut bench = Bench::new("sifive", vlen as u32, level);
                let vlenb = vlen / 8;
                let vlmax = if lmul >= 0 { (vlenb / 2) << lmul } else { (vlenb / 2) >> -lmul };
                for blocks in [0, 1, vlmax / 16] {
                    if 16 * blocks > vlmax {
                        continue;
                    }
                    bf16_block(&mut bench, lmul, blocks, frm, vlenb);
                }
            }
        }
    }
}

fn bf16_block(bench: &mut Bench, lmul: i32, blocks: usize, frm: u8, vlenb: usize) {
    for index in 0..32 * vlenb / 4 {
        let value = bench.random.single();
        bench.hart.v.set(0, index, value);
    }
    let rounding = [
        Round::NearestTiesToEven,
        Round::TowardZero,
        Round::TowardNegative,
        Round::TowardPositive,
        Round::NearestTiesToAway,
    ][frm as usize];
    bench.vset(8 | (lmul & 7) as u64, 16 * blocks as u32);
    bench.hart.frm = frm;
    bench.hart.fflags = Flags::empty();
    let mut expected = bench.hart.v.all().to_vec();
    let half = |bytes: &[u8], i: usize| u32::from(u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]])) << 16;
    let (a, b) = (expected[4 * vlenb..][..32].to_vec(), expected[20 * vlenb..][..32 * blocks].to_vec());
    let c = &mut expected[8 * vlenb..];
    let mut invalid = false;
    for t in 0..blocks {
        for at in 0..16 {
            let (i, n) = (at / 4, at % 4);
            let mut sum = Single::from_bits(word(c, 16 * t + at).into());
            for k in 0..4 {
                let x = Single::from_bits(half(&a, 4 * i + k).into());
                let y = Single::from_bits(half(&b, 16 * t + 4 * k + n).into());
                invalid |= sum.is_signaling() || x.is_signaling() || y.is_signaling();
                let step = x.mul_add_r(y, sum, rounding);
                invalid |= step.status.contains(Status::INVALID_OP);
                sum = if step.value.is_nan() { Single::from_bits(0x7fc0_0000) } else { step.value };
            }
            put(c, 16 * t + at, sum.to_bits() as u32);
        }
    }
    bench.run(sifive(0x3c, 1, 8, 4, 20)).unwrap();
    for (index, (got, want)) in bench.hart.v.all().chunks(4).zip(expected.chunks(4)).enumerate() {
        assert_eq!(got, want, "word {index}, {blocks} blocks, frm {frm}");
    }
    // A signalling NaN in A counts even where no block of B meets it; with blocks both agree.
    if blocks > 0 {
        assert_eq!(bench.hart.fflags.contains(Flags::NV), invalid);
    }
}

#[test]
fn bf16_rules() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    bench.vset(8, 17);
    broken(bench.run(sifive(0x3c, 1, 8, 4, 20)), "multiple of the elements");
    bench.vset(16, 16);
    broken(bench.run(sifive(0x3c, 1, 8, 4, 20)), "SEW 16");
    bench.vset(8, 16);
    broken(bench.run(sifive(0x3c, 1, 8, 9, 20)), "overlaps");
    broken(bench.run(sifive(0x3c, 1, 8, 4, 9)), "overlaps");
    bench.hart.frm = 5;
    broken(bench.run(sifive(0x3c, 1, 8, 4, 20)), "rounding mode");
}

#[test]
fn clipping() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    for (signed, funct6) in [(false, 0x22), (true, 0x23)] {
        for round in 0..200u32 {
            let (lmul, masked) = (round as i32 % 5 - 3, round % 3 == 0);
            bench.scramble();
            for index in 0..4 * 16 * 4 {
                let value = (bench.random.single() % 0x4600_0000) | (bench.random.word() as u32 & 0x8000_0000);
                bench.hart.v.set(8, index, value);
            }
            let scale = f32::from_bits(bench.random.single() | 0x3000_0000);
            bench.hart.f[12] = 0xffff_ffff_0000_0000 | u64::from(scale.to_bits());
            let vlmax = if lmul >= 0 { 64 << lmul } else { 64 >> -lmul };
            bench.vset((lmul & 7) as u64, vlmax);
            let mut expected = bench.hart.v.all().to_vec();
            for i in 0..vlmax as usize {
                if masked && expected[i / 8] >> (i % 8) & 1 == 0 {
                    continue;
                }
                let product = f32::from_bits(word(&expected[8 * 64..], i)) * scale;
                let (low, high) = if signed { (-128.0, 127.0) } else { (0.0, 255.0) };
                let rounded = f64::from(product).round_ties_even();
                let clipped = if product.is_nan() { high } else { rounded.clamp(low, high) };
                expected[4 * 64 + i] = clipped as i32 as u8;
            }
            let word = funct6 << 26 | u32::from(!masked) << 25 | 8 << 20 | 12 << 15 | 5 << 12 | 4 << 7 | 0x5b;
            bench.run(word).unwrap();
            assert!(bench.hart.v.all() == expected, "{signed} {lmul} {scale}");
        }
    }
    bench.vset(2, 8);
    broken(bench.run(0x8a86_525b), "EMUL");
    bench.vset(8, 8);
    broken(bench.run(0x8a86_525b), "SEW 8");
}

/// sf.vfexp.v v8, v16 and sf.vfexpa.v v8, v16.
const EXP: u32 = 0x4f03_9457;
const EXPA: u32 = 0x4f03_1457;

#[test]
fn exponentials() {
    for level in levels() {
        let mut bench = Bench::new("sifive", 512, level);
        for round in 0..300 {
            let mut inputs = [0u32; 16];
            for input in &mut inputs {
                *input = if round % 4 == 0 { bench.random.single() } else { bench.random.word() as u32 % 0x42c0_0000 };
                *input |= bench.random.word() as u32 & 0x8000_0000;
            }
            for (index, &input) in inputs.iter().enumerate() {
                bench.hart.v.set(16, index, input);
            }
            bench.vset(16, 16);
            bench.hart.fflags = Flags::empty();
            bench.run(EXP).unwrap();
            for (index, &input) in inputs.iter().enumerate() {
                let (got, x) = (bench.hart.v.get::<u32>(8, index), f32::from_bits(input));
                let want = (f64::from(x).exp() as f32).to_bits();
                let same = if x.is_nan() { got == 0x7fc0_0000 } else { got == want };
                assert!(same, "e^{x} is {want:08x}, not {got:08x}");
            }
            let finite = inputs.iter().any(|&x| f32::from_bits(x).is_finite() && x << 1 != 0);
            assert_eq!(bench.hart.fflags.contains(Flags::NX), finite);
            let over =
                inputs.iter().any(|&x| f32::from_bits(x).is_finite() && f64::from(f32::from_bits(x)) > 88.7228391);
            assert_eq!(bench.hart.fflags.contains(Flags::OF), over);
        }
        // The element-wise path gives the same values and flags: a mask of ones against none.
        for index in 0..16 {
            let value = bench.random.single();
            bench.hart.v.set(16, index, value);
        }
        bench.hart.fflags = Flags::empty();
        bench.run(EXP).unwrap();
        let (all, flags) = (bench.hart.v.from(8)[..64].to_vec(), bench.hart.fflags);
        bench.hart.v.from_mut(0)[..2].fill(0xff);
        bench.hart.fflags = Flags::empty();
        bench.run(EXP & !(1 << 25)).unwrap();
        assert_eq!((bench.hart.v.from(8)[..64].to_vec(), bench.hart.fflags), (all, flags));
    }
}

#[test]
fn exponentials_of_16_bits() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    let nearest = |value: f64, fraction: i32, least: i32| {
        // Units in the last place of a format with so many fraction bits; subnormals below 2^least.
        let unit = 2f64.powi((value.log2().floor() as i32).max(least) - fraction);
        (value / unit).round_ties_even() * unit
    };
    for bits in (0..0x4800u16).step_by(7).chain((0x8000..0xc800).step_by(7)) {
        bench.hart.v.set(16, 0, bits);
        bench.vset(8, 1);
        bench.run(EXP).unwrap();
        let half = |bits: u16| {
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
            let size = if exponent == 0 {
                fraction * 2f64.powi(-24)
            } else {
                (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15)
            };
            if bits >> 15 == 1 { -size } else { size }
        };
        let got = half(bench.hart.v.get(8, 0));
        let want = nearest(half(bits).exp(), 10, -14);
        assert_eq!(got, want.min(65536.0), "{bits:04x}");
        bench.vset(8 | 1 << 8, 1);
        bench.run(EXP).unwrap();
        let brain = |bits: u16| f64::from(f32::from_bits(u32::from(bits) << 16));
        let want = nearest(brain(bits).exp(), 7, -126);
        let got = brain(bench.hart.v.get(8, 0));
        let overflows = want.is_nan() || want > 3.4e38;
        assert!(got == want || overflows && got.is_infinite(), "{bits:04x}: {got} {want}");
    }
    bench.vset(24, 1);
    broken(bench.run(EXP), "SEW 16 or 32");
    // Without a 16-bit alternative format there is none of 32 bits, and ordinary arithmetic does not heed it.
    bench.vset(16 | 1 << 8, 1);
    broken(bench.run(EXP), "vill");
    bench.vset(8 | 1 << 8, 1);
    broken(bench.run(0x0208_1457), "altfmt");
}

#[test]
fn exponential_table() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    for input in 0..0x4000u32 {
        let input = input | bench.random.word() as u32 & 0xffff_c000;
        bench.hart.v.set(16, 0, input);
        bench.vset(16, 1);
        bench.run(EXPA).unwrap();
        let fraction = 2f64.powf(f64::from(input & 63) / 64.0) as f32;
        let want = fraction.to_bits() & 0x7f_ffff | (input >> 6 & 0xff) << 23;
        assert_eq!(bench.hart.v.get::<u32>(8, 0), want, "{input:x}");
        bench.vset(8, 1);
        bench.run(EXPA).unwrap();
        let fraction = ((2f64.powf(f64::from(input & 31) / 32.0) - 1.0) * 1024.0).round_ties_even() as u32;
        assert_eq!(u32::from(bench.hart.v.get::<u16>(8, 0)), fraction | (input >> 5 & 31) << 10);
    }
    bench.hart.v.set(16, 0, 1023u64 << 6 | 32);
    bench.vset(24, 1);
    bench.run(EXPA).unwrap();
    assert_eq!(f64::from_bits(bench.hart.v.get(8, 0)), std::f64::consts::SQRT_2);
    bench.vset(0, 1);
    broken(bench.run(EXPA), "SEW 16, 32 or 64");
}

/// An instruction of SpacemiT's multiply: slide 0 to 3, signs 0 uu, 1 us, 2 su, 3 ss.
fn spacemit(slide: u32, signs: u32, vd: u32, vs1: u32, vs2: u32) -> u32 {
    let (funct7, high) = if slide == 0 { (0x71, signs) } else { (0x73, (slide - 1) << 2 | signs) };
    funct7 << 25 | vs2 << 20 | vs1 << 15 | high << 12 | vd << 7 | 0x2b
}

#[test]
fn whole_registers() {
    for (slide, signs) in (0..4).flat_map(|slide| (0..4).map(move |signs| (slide, signs))) {
        for (vlen, level) in
            [128, 256, 512, 1024, 4096].into_iter().flat_map(|v| levels().into_iter().map(move |l| (v, l)))
        {
            let mut bench = Bench::new("spacemit", vlen, level);
            let (n, k) = spacemit_ime::geometry(vlen);
            let (n, k, vlenb) = (n as usize, k as usize, vlen as usize / 8);
            bench.scramble();
            bench.vset(0, 1);
            let mut expected = bench.hart.v.all().to_vec();
            let (a, b) = (expected[2 * vlenb..4 * vlenb].to_vec(), expected[5 * vlenb..6 * vlenb].to_vec());
            let c = &mut expected[16 * vlenb..];
            if slide as usize > n {
                broken(bench.run(spacemit(slide, signs, 16, 2, 5)), "fewer rows");
                continue;
            }
            for i in 0..n {
                for j in 0..n {
                    let mut sum = word(c, i * n + j) as i32;
                    for q in 0..k {
                        let x = byte(signs >= 2, a[(i + slide as usize) * k + q]);
                        sum = sum.wrapping_add(x * byte(signs % 2 == 1, b[j * k + q]));
                    }
                    put(c, i * n + j, sum as u32);
                }
            }
            bench.run(spacemit(slide, signs, 16, 2, 5)).unwrap();
            assert!(bench.hart.v.all() == expected, "slide {slide}, signs {signs}, VLEN {vlen}");
        }
    }
}

#[test]
fn the_vendor_s_example_of_whole_registers() {
    let mut bench = Bench::new("spacemit", 256, levels()[0]);
    let rows = [[0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7, 8], [2, 3, 4, 5, 6, 7, 8, 9]];
    let a = [rows[0], rows[1], rows[2], [4, 5, 6, 7, 8, 9, 10, 11]].concat();
    let b = [rows[0], rows[1], rows[2], [11, 4, 5, 6, 7, 8, 9, 10]].concat();
    bench.hart.v.from_mut(0)[..32].copy_from_slice(&a);
    bench.hart.v.from_mut(1)[..32].copy_from_slice(&b);
    bench.vset(0, 32);
    bench.run(0xe210_382b).unwrap();
    let c: Vec<u32> = (0..16).map(|i| bench.hart.v.get(16, i)).collect();
    assert_eq!(c, [140, 168, 196, 224, 168, 204, 240, 284, 196, 240, 284, 344, 252, 312, 372, 464]);
    broken(bench.run(spacemit(0, 3, 16, 17, 1)), "overlaps");
    broken(bench.run(spacemit(1, 3, 16, 2, 17)), "overlaps");
    bench.vset(1, 32);
    broken(bench.run(0xe210_382b), "LMUL 1");
}

/// What a test's coprocessor does: vd = vs2 + the user opcode, byte by byte.
struct AddsOpcode;

impl Definition for AddsOpcode {
    fn prepare(&self, inst: &Inst, ctx: &Ctx) -> Result<u32, Illegal> {
        xsfvcp::legality(inst, ctx)?;
        Ok(inst.bits(27, 26))
    }

    fn execute(&self, hart: &mut Hart, op: &Op) -> Flow {
        for index in 0..hart.vl as usize {
            let value: u8 = hart.v.get(op.rs2, index);
            hart.v.set(op.rd, index, value.wrapping_add(op.aux as u8));
        }
        Flow::Next
    }
}

static COPROCESSOR: AddsOpcode = AddsOpcode;

const DEFINED: &[Row] = &[Row::new(
    "my.add3",
    "vd, vs2, vs1",
    "vs2 vs1 vd 31..28=2 27..26=3 25..25=0 14..12=0 6..0=0x5b",
    Ext::XSFVCP,
    Class::Vcix,
    Exec::Defined(&COPROCESSOR),
)];

#[test]
fn a_coprocessor_is_what_a_definition_says() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    bench.vset(0, 8);
    broken(bench.run(0x2c20_805b), "extension file");
    bench.vset(1, 8);
    broken(bench.run(0x2c30_805b), "multiple of EMUL");
    bench.vset(0, 8);
    broken(bench.run(0xfe20_805b | 1 << 7), "multiple of EMUL");
    broken(bench.run(0xfe10_805b), "overlaps");
    bench.vset(24, 8);
    broken(bench.run(0xfe20_805b), "wider than 64");
    // A narrower row takes the word from the family's.
    let decoder = Decoder::with(bench.hart.config().isa, &[DEFINED]).unwrap();
    let inst = decoder.decode(0x2c20_845b).unwrap();
    assert_eq!(inst.text(0), "my.add3 v8,v2,v1");
    assert_eq!(decoder.decode(0x2820_845b).unwrap().row.name, "sf.vc.v.vv");
    bench.vset(0, 8);
    bench.hart.v.from_mut(2)[..8].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 255]);
    let op = Op::new(&inst, 0, 0, &bench.hart.ctx()).unwrap();
    // SAFETY: the operation was made for this host.
    assert_eq!(unsafe { (op.exec)(&mut bench.hart, &op) }, Flow::Next);
    assert_eq!(bench.hart.v.from(8)[..8], [4, 5, 6, 7, 8, 9, 10, 2]);
}
