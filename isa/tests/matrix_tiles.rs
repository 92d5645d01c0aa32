//! The tile machine of XSfmm and Zvt, against plain loops.

#[path = "support/bench.rs"]
mod bench;

use bench::{Bench, levels};
use rvtile_isa::float::{F32, F64, Flags, Rounding, add, convert, mul};
use rvtile_isa::matrix::geometry::tile_edge;
use rvtile_isa::matrix::state::{Slice, TileUse};
use rvtile_isa::op::Illegal;

fn broken(result: Result<(), Illegal>, rule: &str) {
    match result {
        Err(why) if why.to_string().contains(rule) => {}
        other => panic!("`{rule}` expected: {other:?}"),
    }
}

/// A type of sources: SEW, altfmt and widening.
#[derive(Clone, Copy, Debug)]
struct Type {
    sew: u32,
    alt: bool,
    widening: u32,
}

/// `sf.vsettnt zero, a0, type`.
fn settnt(t: Type) -> u32 {
    let sew = t.sew.ilog2() - 3;
    (t.widening.ilog2() + 1) << 29 | u32::from(t.alt) << 28 | sew << 23 | 10 << 15 | 7 << 12 | 0x57
}

/// `msetmtypei zero, type`.
fn setmtype(t: Type) -> u32 {
    let sew = t.sew.ilog2() - 3;
    4 << 29 | u32::from(t.alt) << 28 | 4 << 25 | sew << 23 | 4 << 20 | (t.widening.ilog2() + 1) << 15 | 7 << 12 | 0x57
}

/// Configures type and sizes, asking for `sizes` columns, rows and depth; gives what was granted.
fn configure(bench: &mut Bench, zvt: bool, t: Type, sizes: [u64; 3]) -> [u32; 3] {
    bench.hart.x[10] = sizes[0];
    if zvt {
        bench.run(setmtype(t)).unwrap();
        assert_eq!((bench.hart.vl, bench.hart.matrix.tm, bench.hart.matrix.tk), (0, 0, 0));
    } else {
        bench.run(settnt(t)).unwrap();
    }
    let funct7 = if zvt { 0x44 } else { 0x42 };
    for (which, size) in sizes.into_iter().enumerate() {
        bench.hart.x[10] = size;
        bench.run(funct7 << 25 | (which as u32) << 20 | 10 << 15 | 7 << 12 | 11 << 7 | 0x57).unwrap();
    }
    let h = &bench.hart;
    assert_eq!(h.x[11], u64::from(h.matrix.tk));
    [h.vl, h.matrix.tm, h.matrix.tk]
}

/// Everything that a multiplication takes part in, by plain indices.
struct Reference {
    t: Type,
    vlenb: usize,
    te: usize,
    file: Vec<u8>,
    tiles: Vec<u8>,
}

impl Reference {
    fn of(bench: &Bench, t: Type) -> Reference {
        let (file, tiles) = (bench.hart.v.all().to_vec(), bench.hart.matrix.tiles.all().to_vec());
        let config = bench.hart.config();
        Reference { t, vlenb: config.vlen as usize / 8, te: tile_edge(config.vlen, config.isa) as usize, file, tiles }
    }

    /// Bits of element `index` of row `k` of the source at register `reg`.
    fn source(&self, reg: usize, k: usize, index: usize) -> u64 {
        let (bytes, rows) = (self.t.sew as usize / 8, (32 / self.t.sew as usize).max(1));
        let at = (reg + k * (8 / rows)) * self.vlenb + index * bytes;
        self.file[at..at + bytes].iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    /// Replaces an element of the accumulator tile.
    fn update(&mut self, tile: usize, m: usize, n: usize, new: impl FnOnce(u64) -> u64) {
        let bytes = (self.t.sew * self.t.widening / 8) as usize;
        let edge = if bytes == 8 { self.te / 2 } else { self.te };
        let at = tile * self.te * self.te + (m * edge + n) * bytes;
        let old = self.tiles[at..at + bytes].iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
        self.tiles[at..at + bytes].copy_from_slice(&new(old).to_le_bytes()[..bytes]);
    }
}

/// Numbers of rows, columns and depth to try: none, some, all.
fn extents(bench: &mut Bench, edge: u64, kmax: u64) -> Vec<[u64; 3]> {
    let mut odd = || 1 + bench.random.below(edge);
    let some = [odd(), odd(), kmax.div_ceil(2)];
    vec![[0, edge, kmax], [edge, 0, kmax], [edge, edge, 0], some, [1, edge, kmax], [10_000, 10_000, 10_000]]
}

#[test]
fn int8_of_every_sign_and_extent() {
    let t = Type { sew: 8, alt: false, widening: 4 };
    for vlen in [128, 512, 1024] {
        for level in levels() {
            for (a_signed, b_signed) in [(false, false), (false, true), (true, false), (true, true)] {
                for zvt in [false, true] {
                    let t = Type { alt: zvt && b_signed, ..t };
                    let word = if zvt {
                        0xf288_0077 | u32::from(a_signed) << 7
                    } else {
                        0xf288_0077 | u32::from(a_signed) << 26 | u32::from(b_signed) << 7
                    };
                    let mut bench = Bench::new(if zvt { "zvt" } else { "sifive" }, vlen, level);
                    let edge = u64::from(tile_edge(vlen, bench.hart.config().isa));
                    for (turn, sizes) in extents(&mut bench, edge, 4).into_iter().enumerate() {
                        let tile = turn % 4 * 4;
                        int8(&mut bench, zvt, t, sizes, word | (tile as u32) << 8, [a_signed, b_signed]);
                    }
                }
            }
        }
    }
}

fn int8(bench: &mut Bench, zvt: bool, t: Type, sizes: [u64; 3], word: u32, signed: [bool; 2]) {
    bench.scramble();
    scramble_tiles(bench);
    let [tn, tm, tk] = configure(bench, zvt, t, sizes).map(|size| size as usize);
    let mut reference = Reference::of(bench, t);
    let value = |signed: bool, bits: u64| if signed { i64::from(bits as i8) } else { bits as i64 };
    for m in 0..tm {
        for n in 0..tn {
            let sum: i64 = (0..tk)
                .map(|k| value(signed[0], reference.source(8, k, m)) * value(signed[1], reference.source(16, k, n)))
                .sum();
            reference.update(word as usize >> 8 & 15, m, n, |old| u64::from((old as u32).wrapping_add(sum as u32)));
        }
    }
    bench.run(word).unwrap();
    assert!(bench.hart.matrix.tiles.all() == reference.tiles, "{word:08x} {tn} {tm} {tk}");
    let log = TileUse::of(bench.hart.log.words[0]);
    let tile = word >> 8 & 15;
    assert_eq!(log, TileUse { tile, tiles: 4, tm: tm as u32, tn: tn as u32, tk: tk as u32 });
}

fn scramble_tiles(bench: &mut Bench) {
    for byte in bench.hart.matrix.tiles.all_mut() {
        *byte = bench.random.word() as u8;
    }
}

/// A format by its widths, as text defines it: value of the bits as binary64.
fn value(bits: u64, width: u32, exponent_bits: u32, e4m3: bool) -> f64 {
    let fraction_bits = width - 1 - exponent_bits;
    let (exponent, fraction) =
        ((bits >> fraction_bits & ((1 << exponent_bits) - 1)) as i32, bits & ((1 << fraction_bits) - 1));
    let (top, bias) = ((1 << exponent_bits) - 1, (1 << (exponent_bits - 1)) - 1);
    let size = if exponent == top && !e4m3 {
        if fraction == 0 { f64::INFINITY } else { f64::NAN }
    } else if e4m3 && exponent == top && fraction == 7 {
        f64::NAN
    } else {
        let hidden = if exponent == 0 { 0.0 } else { 1.0 };
        (hidden + fraction as f64 / f64::from(1 << fraction_bits)) * 2f64.powi(exponent.max(1) - bias)
    };
    if bits >> (width - 1) == 1 { -size } else { size }
}

/// The documented sum of narrow products: binary64 rounded to odd by soft float, then binary32.
fn narrow_sum(products: &[f64], c: u64, rm: Rounding) -> u64 {
    let mut flags = Flags::empty();
    let Some((first, rest)) = products.split_first() else { return c };
    let sum = rest.iter().fold(first.to_bits(), |sum, x| add::<F64>(sum, x.to_bits(), Rounding::Rod, &mut flags));
    let c = convert::<F32, F64>(c, Rounding::Rne, &mut flags);
    let total = add::<F64>(c, sum, Rounding::Rod, &mut flags);
    convert::<F64, F32>(total, rm, &mut flags)
}

#[test]
fn narrow_formats() {
    // Name, type, words of XSfmm and Zvt, width and exponent bits of A and B, whether they are E4M3.
    let (e4m3, e5m2, half, brain) = ((8, 4, true), (8, 5, false), (16, 5, false), (16, 8, false));
    let bytes = Type { sew: 8, alt: false, widening: 4 };
    let halves = Type { sew: 16, alt: false, widening: 2 };
    let cases = [
        (false, bytes, 0xfa88_1077, e5m2, e5m2),
        (false, bytes, 0xfa88_10f7, e5m2, e4m3),
        (false, bytes, 0xfe88_1077, e4m3, e5m2),
        (false, bytes, 0xfe88_10f7, e4m3, e4m3),
        (false, halves, 0xf288_1077, half, half),
        (false, Type { alt: true, ..halves }, 0xf288_1077, brain, brain),
        (true, bytes, 0xf288_1077, e4m3, e4m3),
        (true, Type { alt: true, ..bytes }, 0xf288_1077, e4m3, e5m2),
        (true, bytes, 0xf288_10f7, e5m2, e4m3),
        (true, Type { alt: true, ..bytes }, 0xf288_10f7, e5m2, e5m2),
        (true, halves, 0xf288_1077, half, half),
        (true, halves, 0xf288_10f7, brain, brain),
    ];
    for (zvt, t, word, a, b) in cases {
        for level in levels() {
            let mut bench = Bench::new(if zvt { "zvt" } else { "sifive" }, 128, level);
            for frm in 0..5 {
                for sizes in extents(&mut bench, 16, 4) {
                    bench.scramble();
                    scramble_tiles(&mut bench);
                    for m in 0..16 {
                        for n in 0..16 {
                            let c = bench.random.single();
                            bench.hart.matrix.tiles.set(0, m, n, c);
                        }
                    }
                    bench.hart.frm = frm;
                    let [tn, tm, tk] = configure(&mut bench, zvt, t, sizes).map(|size| size as usize);
                    let mut reference = Reference::of(&bench, t);
                    let rm = Rounding::from_bits(frm).unwrap();
                    for (m, n) in (0..tm).flat_map(|m| (0..tn).map(move |n| (m, n))) {
                        let product = |k| {
                            let x = value(reference.source(8, k, m), a.0, a.1, a.2);
                            x * value(reference.source(16, k, n), b.0, b.1, b.2)
                        };
                        let products: Vec<f64> = (0..tk).map(product).collect();
                        reference.update(0, m, n, |old| narrow_sum(&products, old, rm));
                    }
                    bench.run(word).unwrap();
                    assert_same_words(&bench, &reference, word);
                    assert_eq!(bench.hart.fflags, Flags::empty());
                }
            }
        }
    }
}

fn assert_same_words(bench: &Bench, reference: &Reference, word: u32) {
    let got = bench.hart.matrix.tiles.all();
    for (index, (got, want)) in got.chunks(4).zip(reference.tiles.chunks(4)).enumerate() {
        assert_eq!(got, want, "{word:08x}: word {index}, {:?}", reference.t);
    }
}

#[test]
fn wide_formats() {
    for (zvt, sew) in [(false, 32), (false, 64), (true, 32), (true, 64)] {
        for (vlen, level) in [128, 512].into_iter().flat_map(|v| levels().into_iter().map(move |l| (v, l))) {
            let t = Type { sew, alt: false, widening: 1 };
            let mut bench = Bench::new(if zvt { "zvt" } else { "sifive" }, vlen, level);
            let edge = u64::from(vlen / 8) * if sew == 64 { 1 } else { 2 } / 2;
            for (frm, sizes) in extents(&mut bench, edge, 1).into_iter().enumerate() {
                bench.scramble();
                for index in 0..if sew == 32 { 16 * vlen as usize / 32 } else { 0 } {
                    let x = bench.random.single();
                    bench.hart.v.set(8, index, x);
                }
                bench.hart.frm = frm as u8 % 5;
                let tile = if sew == 64 { 6 } else { 12 };
                let [tn, tm, tk] = configure(&mut bench, zvt, t, sizes).map(|size| size as usize);
                let mut reference = Reference::of(&bench, t);
                let rm = Rounding::from_bits(bench.hart.frm).unwrap();
                let mut flags = Flags::empty();
                for (m, n) in (0..tm).flat_map(|m| (0..tn).map(move |n| (m, n))).filter(|_| tk > 0) {
                    let (a, b) = (reference.source(8, 0, m), reference.source(16, 0, n));
                    reference.update(tile, m, n, |c| {
                        if sew == 32 {
                            add::<F32>(c, mul::<F32>(a, b, rm, &mut flags), rm, &mut flags)
                        } else {
                            add::<F64>(c, mul::<F64>(a, b, rm, &mut flags), rm, &mut flags)
                        }
                    });
                }
                bench.run(0xf288_1077 | (tile as u32) << 8).unwrap();
                assert_same_words(&bench, &reference, 0xf288_1077);
            }
        }
    }
}

#[test]
fn rules_of_multiplication() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    let bytes = Type { sew: 8, alt: false, widening: 4 };
    bench.vset(0, 16);
    broken(bench.run(0xf288_0077), "tiles are off");
    configure(&mut bench, false, Type { widening: 1, ..bytes }, [64, 64, 4]);
    broken(bench.run(0xf288_0077), "widened by 4");
    broken(bench.run(0xf288_1077), "no floating-point tile multiply");
    configure(&mut bench, false, bytes, [64, 64, 4]);
    bench.run(0xf284_8077).unwrap();
    broken(bench.run(0xf288_1077), "no floating-point tile multiply");
    // v26 and on: the fourth row would be v32.
    broken(bench.run(0xf3a8_0077), "beyond v31");
    configure(&mut bench, false, Type { sew: 16, alt: false, widening: 2 }, [64, 64, 2]);
    broken(bench.run(0xf294_1077), "multiple of EMUL");
    broken(bench.run(0xf288_1277), "cannot begin");
    bench.run(0xf288_1477).unwrap();
    bench.hart.vstart = 1;
    broken(bench.run(0xf288_1477), "vstart");
    bench.hart.vstart = 0;
    configure(&mut bench, false, Type { sew: 64, alt: false, widening: 1 }, [64, 64, 2]);
    assert_eq!((bench.hart.vl, bench.hart.matrix.tm), (32, 32));
    bench.run(0xf288_1277).unwrap();
    bench.vset(bench.hart.vtype.csr() | 1 << 63, 1);
    broken(bench.run(0xf288_1277), "vill");
    let mut zvt = Bench::new("zvt", 512, levels()[0]);
    configure(&mut zvt, true, bytes, [64, 64, 4]);
    zvt.hart.csr.mstatus &= !(3 << 29);
    broken(zvt.run(0xf288_0077), "mstatus.MS");
    broken(zvt.run(0x12a5_f007), "mstatus.MS");
}

#[test]
fn types_and_sizes() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    for (sew, widening, lmul, most) in [(8, 4, 0, 64), (16, 2, 1, 64), (32, 1, 2, 64), (64, 1, 2, 32), (8, 1, 0, 64)] {
        let [tn, tm, tk] = configure(&mut bench, false, Type { sew, alt: false, widening }, [1000; 3]);
        assert_eq!((bench.hart.vtype.lmul_log2(), tn, tm), (lmul, most, most), "e{sew},w{widening}");
        assert_eq!(tk, (32 / sew).max(1));
        assert!(bench.hart.vtype.ta() && bench.hart.vtype.ma());
    }
    bench.run(settnt(Type { sew: 32, alt: false, widening: 4 })).unwrap();
    assert!(bench.hart.vtype.ill());
    broken(bench.run(0x8415_f557), "tiles are off");
    // What vtype reads can be written back; x0 asks for all there is.
    configure(&mut bench, false, Type { sew: 16, alt: true, widening: 2 }, [5, 6, 1]);
    let (vtype, text) = (bench.hart.vtype, bench.hart.csr_read(0xc21).unwrap());
    assert_eq!(text, 0xc0 | 1 << 3 | 1 | 1 << 8 | 2 << 9);
    bench.vset(0, 0);
    (bench.hart.x[10], bench.hart.x[11]) = (3, text);
    bench.run(0x80b5_7057).unwrap();
    assert_eq!((bench.hart.vtype, bench.hart.vl, bench.hart.matrix.tm), (vtype, 3, 6));
    bench.run(0x8410_7557).unwrap();
    assert_eq!((bench.hart.x[10], bench.hart.matrix.tm), (64, 64));
    let mut zvt = Bench::new("zvt", 128, levels()[0]);
    configure(&mut zvt, true, Type { sew: 8, alt: true, widening: 4 }, [7, 9, 3]);
    assert_eq!(zvt.hart.csr_read(0xc23).unwrap(), 9 << 10 | 3 << 5 | 3);
    assert_eq!(zvt.hart.csr_read(0xc21).unwrap(), 0xc0 | 1 << 8);
    assert!(zvt.hart.csr_check(0xc23, true).is_err() && zvt.hart.csr_check(0xc23, false).is_ok());
    // msetmtype takes both from registers; a vset ends it all.
    (zvt.hart.x[11], zvt.hart.x[12]) = (5 << 10 | 2 << 5 | 2, 8);
    zvt.run(0x84c5_f557).unwrap();
    assert_eq!(zvt.hart.csr_read(0xc23).unwrap(), 5 << 10 | 2 << 5 | 2);
    assert_eq!((zvt.hart.x[10], zvt.hart.vtype.sew(), zvt.hart.vl, zvt.hart.pc), (5 << 10 | 2 << 5 | 2, 16, 0, 0x1004));
    zvt.run(0xc000_7057).unwrap();
    assert_eq!(zvt.hart.csr_read(0xc23).unwrap(), 0);
    assert_eq!(bench.hart.csr_check(0xc23, false), Err(Illegal::Rule("this machine has no such CSR")));
}

/// A tile slice specifier.
fn slice(tile: u32, column: bool, index: u32) -> u64 {
    u64::from(tile << 27 | u32::from(column) << 24 | index)
}

#[test]
fn slices_move_between_memory_tiles_and_registers() {
    for (zvt, eew) in [(false, 8u32), (false, 16), (true, 32), (false, 64)] {
        let mut bench = Bench::new(if zvt { "zvt" } else { "sifive" }, 512, levels()[0]);
        let (bytes, tile) = (eew as usize / 8, if eew == 64 { 2 } else { eew / 8 % 16 });
        configure(&mut bench, zvt, Type { sew: eew, alt: false, widening: 1 }, [11, 9, 1]);
        for column in [false, true] {
            scramble_tiles(&mut bench);
            let count = if column { 9 } else { 11 };
            let data: Vec<u8> = (0..count * bytes).map(|i| (i * 7 + 3) as u8).collect();
            bench.hart.mem.poke(0x2ffd, &data).unwrap();
            (bench.hart.x[10], bench.hart.x[11]) = (slice(tile, column, 5), 0x2ffd);
            let mut expected = bench.hart.matrix.tiles.all().to_vec();
            let (te, edge) = (64, if eew == 64 { 32 } else { 64 });
            for i in 0..count {
                let (row, col) = if column { (i, 5) } else { (5, i) };
                let at = tile as usize * te * te + (row * edge + col) * bytes;
                expected[at..at + bytes].copy_from_slice(&data[i * bytes..][..bytes]);
            }
            bench.run(0x12a5_f007 | (eew / 8).ilog2() << 29).unwrap();
            assert!(bench.hart.matrix.tiles.all() == expected, "load of {eew}, column {column}");
            assert_eq!(bench.hart.log.words[0], 0x2ffd);
            assert_eq!(TileUse::of(bench.hart.log.words[1]).tn, count as u32);
            // Tile to registers, registers to another row, that row to memory.
            bench.run(0x43f5_6457).unwrap();
            assert_eq!(bench.hart.v.from(8)[..data.len()], data);
            bench.hart.x[10] = slice(tile, column, 7);
            bench.run(0x5e85_6057).unwrap();
            bench.hart.x[11] = 0x3ff1;
            bench.run(0x12a5_f027 | (eew / 8).ilog2() << 29).unwrap();
            assert_eq!(bench.hart.mem.peek(0x3ff1, data.len() as u64).unwrap(), data);
        }
    }
}

#[test]
fn rules_of_slices() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    configure(&mut bench, false, Type { sew: 32, alt: false, widening: 1 }, [64, 64, 1]);
    bench.hart.x[11] = 0x2000;
    for (specifier, rule) in
        [(slice(0, false, 64), "beyond the edge"), (slice(2, false, 0), "cannot begin"), (2 << 24, "reserved pattern")]
    {
        bench.hart.x[10] = specifier;
        broken(bench.run(0x52a5_f007), rule);
        broken(bench.run(0x43f5_6457), rule);
    }
    assert_eq!(Slice::of(slice(15, true, 9)), Some(Slice { tile: 15, column: true, index: 9 }));
    bench.hart.x[10] = 0;
    broken(bench.run(0x43f5_6557), "multiple of EMUL");
    // A vector longer than a row of the tile, a slice longer than the vector.
    bench.vset(16 | 3, 128);
    broken(bench.run(0x43f5_6457), "beyond the edge");
    bench.vset(16, 16);
    bench.hart.x[10] = slice(0, true, 0);
    broken(bench.run(0x43f5_6457), "longer than the vector group");
    // A fault leaves everything as it was.
    bench.hart.x[10] = 0;
    bench.hart.x[11] = 0xfffe;
    let before = bench.hart.matrix.tiles.all().to_vec();
    assert!(bench.run(0x52a5_f007).is_err());
    assert!(bench.hart.matrix.tiles.all() == before);
}

#[test]
fn clearing() {
    let mut bench = Bench::new("sifive", 512, levels()[0]);
    scramble_tiles(&mut bench);
    let t = Type { sew: 8, alt: false, widening: 4 };
    configure(&mut bench, false, t, [3, 2, 4]);
    let mut reference = Reference::of(&bench, t);
    for (m, n) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
        reference.update(4, m, n, |_| 0);
    }
    bench.run(0x43e0_6457).unwrap();
    assert!(bench.hart.matrix.tiles.all() == reference.tiles);
    broken(bench.run(0x43e0_6557), "cannot begin");
    bench.run(0x43c0_6057).unwrap();
    assert!(bench.hart.matrix.tiles.all().iter().all(|&byte| byte == 0));
}

#[test]
fn vset_ends_a_configuration_of_tiles() {
    for (word, what) in [(0x0c00_72d7, "vsetvli t0, zero, e8, m1"), (0xcc03_f2d7, "vsetivli t0, 7, e8, m1")] {
        let mut bench = Bench::new("zvt", 512, levels()[0]);
        let granted = configure(&mut bench, true, Type { sew: 8, alt: false, widening: 4 }, [3, 2, 4]);
        assert_eq!(granted, [3, 2, 4]);
        bench.run(word).unwrap();
        let h = &bench.hart;
        assert_eq!((h.matrix.tm, h.matrix.tk, h.vtype.widening()), (0, 0, None), "{what}");
    }
}
