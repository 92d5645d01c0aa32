//! What instructions compute, against plain loops; and their rules.

use super::*;

fn levels() -> Vec<Level> {
    let mut levels = vec![Level::Portable, Level::detect()];
    levels.dedup();
    levels
}

/// Bytes that are all different from their neighbours.
fn noise(seed: u32, count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_add(seed).wrapping_mul(0x9e37_79b1) >> 13) as u8).collect()
}

#[test]
fn tiles_of_its_own() {
    for level in levels() {
        let mut bench = Bench::with(&builtin("int8-4x16x4"), "standard", level);
        let (a, b) = (noise(1, 64), noise(2, 512));
        bench.fill(4, a.clone());
        bench.fill(8, b.clone());
        bench.vset(8, 3, 512);
        bench.run("xt.zero acc2").expect("zero");
        bench.run("xt.mac acc2,v4,v8").expect("once");
        bench.run("xt.mac acc2,v4,v8").expect("twice");
        bench.vset(32, 3, 128);
        bench.run("xt.get v16,acc2").expect("get");
        for (block, i, j) in (0..128).map(|at| (at / 16, at / 4 % 4, at % 4)) {
            let products = (0..16).map(|k| i32::from(a[i * 16 + k] as i8) * i32::from(b[block * 64 + k * 4 + j] as i8));
            assert_eq!(bench.words(16, 128)[block * 16 + i * 4 + j], 2 * products.sum::<i32>(), "{block} {i} {j}");
        }
        bench.broken("xt.get v16,acc4", "no such register: there are acc0 to acc3");
        bench.broken("xt.get v17,acc2", "multiple of EMUL");
        bench.broken("xt.mac acc2,v4,v8", "xt.mac needs SEW 8");
        bench.vset(8, 3, 100);
        bench.broken("xt.mac acc2,v4,v8", "multiple of 64");
        bench.hart.csr.mstatus &= !(3 << 9);
        bench.broken("xt.mac acc2,v4,v8", "vector unit is off");
    }
}

#[test]
fn a_declared_twin_does_what_the_built_in_does() {
    for level in levels() {
        let mut bench = Bench::with(&builtin("int8-4x8x4"), "sifive", level);
        for (lmul, vl) in [(-1, 32), (0, 0), (0, 64), (1, 96), (2, 256)] {
            bench.vset(8, lmul, vl);
            let old = noise(3, 512);
            let results = ["xd.vqmacc v16,v4,v8", "sf.vqmacc.4x8x4 v16,v4,v8"].map(|line| {
                bench.fill(4, noise(vl, 32));
                bench.fill(8, noise(5, 256));
                bench.fill(16, old.clone());
                bench.run(line).expect(line);
                bench.hart.v.all().to_vec()
            });
            assert!(results[0] == results[1], "LMUL 2^{lmul} vl {vl}");
        }
        for line in ["v16,v4,v9", "v17,v4,v8", "v16,v18,v8", "v16,v4,v16"] {
            bench.vset(8, 1, 64);
            let texts = ["xd.vqmacc", "sf.vqmacc.4x8x4"].map(|name| bench.run(&format!("{name} {line}")));
            assert!(texts.iter().all(Result::is_err), "{line}");
        }
        bench.vset(8, 3, 64);
        bench.broken("xd.vqmacc v16,v4,v8", "8 registers");
    }
}

#[test]
fn maps_under_masks() {
    let mut bench = Bench::with(&builtin("fast-exp"), "standard", Level::detect());
    bench.vset(32, 0, 16);
    let inputs: Vec<f32> = (0..16).map(|i| i as f32 / 4.0 - 2.0).collect();
    bench.fill(2, inputs.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
    bench.fill(0, [0x55, 0x55]);
    bench.fill(8, [0xee; 64]);
    bench.run("xe.exp v8,v2,v0.t").expect("exp");
    for (i, x) in inputs.iter().enumerate() {
        let expected = if i % 2 == 0 { (f64::from(*x).exp() as f32).to_bits() } else { 0xeeee_eeee };
        assert_eq!(bench.hart.v.get::<u32>(8, i), expected, "{i}");
    }
    bench.run("xe.exp v2,v2").expect("a group over itself");
    assert_eq!(bench.hart.v.get::<u32>(2, 8), 1f32.to_bits());
    bench.broken("xe.exp v0,v2,v0.t", "mask v0");
    bench.fill(3, 7f32.to_le_bytes());
    bench.run("xe.redmaxabs v9,v2,v3").expect("reduce");
    assert_eq!(bench.hart.v.get::<u32>(9, 0), 7f32.to_bits());
    bench.vset(8, 0, 16);
    bench.broken("xe.exp v8,v2", "no type of this SEW");
    bench.vset(32, 0, 16);
    bench.hart.frm = 5;
    bench.broken("xe.exp v8,v2", "frm");
    bench.hart.csr.mstatus &= !(3 << 13);
    bench.broken("xe.exp v8,v2", "floating point is off");
}

#[test]
fn a_coprocessor_by_opcode_and_payload() {
    let mut bench = Bench::with(&builtin("vcix-crypt"), "sifive", Level::detect());
    bench.vset(16, 0, 20);
    bench.hart.x[10] = 3;
    for (line, power) in [("vcx.gen 0x0,v8,a0", 1), ("vcx.gen 0x1,v8,a0", 2), ("vcx.gen 0x2,v8,a0", 3)] {
        bench.run(line).expect(line);
        let values: Vec<u16> = (0..20).map(|i| bench.hart.v.get(8, i)).collect();
        assert_eq!(values, (0..20).map(|i| (3u16 + i).pow(power)).collect::<Vec<u16>>());
    }
    bench.hart.csr_write(0x800, 0xff00).expect("an own CSR");
    assert_eq!(bench.hart.csr_read(0x800), Ok(0xff00));
    bench.run("vcx.addkey v9,v8,a0").expect("xor");
    assert_eq!(bench.hart.v.get::<u16>(9, 2), (5 * 5 * 5) ^ 3 ^ 0xff00);
    bench.broken("sf.vc.v.xv 0x1,v9,v8,a0", "extension file");
}

#[test]
fn scripts() {
    let mut bench = Bench::with(&builtin("scripted"), "standard", Level::detect());
    bench.vset(32, 0, 5);
    bench.fill(2, [1u32, 2, 3, 4, 5, 6].iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
    bench.fill(8, [9; 64]);
    bench.run("xs.scan v8,v2").expect("scan");
    assert_eq!(bench.words(8, 6), [1, 3, 6, 10, 15, 0x0909_0909]);
    bench.hart.mem.poke(0x2000, &noise(9, 64)).expect("data");
    bench.hart.x[11] = 0x2000;
    bench.run("xs.setlut lut0,(a1)").expect("load");
    assert_eq!(bench.hart.log.words, [0x2000, 64, 64 << 32 | 1]);
    bench.vset(8, 0, 64);
    bench.fill(3, noise(4, 64));
    bench.run("xs.lut v9,lut0,v3").expect("lookup");
    let table = noise(9, 64);
    let expected: Vec<u8> = noise(4, 64).into_iter().map(|index| table[usize::from(index & 63)]).collect();
    assert_eq!(bench.hart.v.from(9)[..64], expected);
    bench.hart.x[11] = 1 << 40;
    bench.broken("xs.setlut lut0,(a1)", "LoadFault");
}

#[test]
fn endless_scripts_end() {
    let text = "name = \"t\"\n[[instruction]]\nname = \"t.loop\"\nencoding = \"rd 31..12=0 6..0=0x0b\"\noperands = \"rd\"\n\
                script = \"\"\"\nlet i = 0;\nloop { i += 1; }\n\"\"\"\n";
    let mut bench = Bench::of(text, Level::detect());
    bench.broken("t.loop a0", "test.toml:8: it did not end within");
    let mut all = Extensions::default();
    all.add("test.toml", text).expect("it compiles");
    let checked = check::check(&all);
    assert!(checked.faults == 1 && checked.text.contains("test.toml:8"), "{}", checked.text);
}

#[test]
fn rows_of_memory_and_dot_products() {
    let text = r#"
name = "t"
[registers.w]
count = 2
bytes = "vlen/8"
[[instruction]]
name = "t.load"
encoding = "rs2 rs1 td 31..25=0 14..12=0 6..0=0x0b"
operands = "td, (rs1), rs2"
load = { rows = 4, bytes = 16 }
[[instruction]]
name = "t.store"
encoding = "rs1 ts3 31..25=1 24..20=0 14..12=0 6..0=0x0b"
operands = "ts3, (rs1)"
store = { bytes = 64 }
[[instruction]]
name = "t.relu"
encoding = "rs1 vs3 31..25=2 24..20=0 14..12=0 6..0=0x0b"
operands = "vs3, (rs1)"
types = { vs3 = "i32", mem = "u8" }
saturate = true
map = "max(vs3, 0)"
store = {}
[[instruction]]
name = "t.dot"
encoding = "vs2 rs1 vd 31..25=3 14..12=0 6..0=0x0b"
operands = "vd, vs2, rs1"
dot = { k = 4, a = "u8", b = "i8", c = "i32" }
[[instruction]]
name = "t.add"
encoding = "rs2 rs1 rd 31..25=4 14..12=0 6..0=0x0b"
operands = "rd, rs1, rs2"
script = "rd = rs1 + rs2;"
"#;
    let mut bench = Bench::of(text, Level::detect());
    let data = noise(8, 400);
    bench.hart.mem.poke(0x3000, &data).expect("data");
    (bench.hart.x[10], bench.hart.x[11]) = (0x3000, 100);
    bench.vset(8, 0, 1);
    bench.run("t.load w1,(a0),a1").expect("rows");
    assert_eq!(bench.hart.log.words, [0x3000, 100, 16 << 32 | 4]);
    bench.hart.x[10] = 0x4000;
    bench.run("t.store w1,(a0)").expect("store");
    let stored = bench.hart.mem.slice(0x4000, 64).expect("data").to_vec();
    let expected: Vec<u8> = (0..4).flat_map(|row| data[100 * row..][..16].to_vec()).collect();
    assert_eq!(stored, expected);
    bench.vset(32, 0, 3);
    bench.fill(8, [-5i32, 77, 1000].iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
    bench.run("t.relu v8,(a0)").expect("relu");
    assert_eq!(bench.hart.mem.slice(0x4000, 4).expect("data"), [0, 77, 255, expected[3]]);
    assert!(bench.hart.vxsat);
    bench.fill(9, [1, 2, 3, 4, 0xff, 0, 0, 1]);
    bench.hart.x[12] = 0x0a09_08ff;
    bench.vset(32, 0, 2);
    bench.fill(10, [0; 64]);
    bench.run("t.dot v10,v9,a2").expect("dot");
    assert_eq!(bench.words(10, 3), [255 + 16 + 27 + 40, -255 + 10, 0]);
    bench.run("t.add a3,a0,a1").expect("scalar");
    assert_eq!(bench.hart.x[13], 0x4000 + 100);
}
