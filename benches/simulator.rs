//! Speed of the simulator on the host, part by part, so that a regression can be located: decoding, dispatch, vector
//! instructions by family and SEW, memory, the timing model, its caches, whole kernels. `make peers` compares with others.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rvtile_isa::asm::Assembler;
use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Variant, find};
use rvtile_sim::engine::{Engine, RunOptions};
use rvtile_sim::env;
use rvtile_sim::extension::Extensions;
use rvtile_sim::loader::Image;
use rvtile_tests::machine;

/// Where code is.
const CODE: u64 = 0x1_0000;
/// Where data is.
const DATA: u64 = 0x10_0000;
/// Bytes of data.
const DATA_SIZE: u64 = 0x100_0000;
/// Times that an instruction stands in a block.
const TIMES: usize = 32;

fn words(decoder: &Decoder, lines: &[String]) -> Vec<u8> {
    let assembler = Assembler::new(decoder);
    let word = |(index, line): (usize, &String)| {
        assembler.word(line, CODE + 4 * index as u64).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    lines.iter().enumerate().map(word).flat_map(u32::to_le_bytes).collect()
}

/// A hart of VLEN 512 with these instructions, and the block that they are.
fn block(decoder: &Decoder, lines: &[String], level: Level) -> (Hart, Block) {
    let config = Config { vlen: 512, isa: Ext::everything(), agnostic_ones: false, level };
    let mut hart = Hart::new(config, Memory::new(DATA + DATA_SIZE).unwrap());
    hart.csr.dirty_fs();
    hart.csr.dirty_vs();
    hart.mem.poke(CODE, &words(decoder, lines)).unwrap();
    hart.mem.protect(CODE, 4096, Perm::R | Perm::X).unwrap();
    hart.mem.protect(DATA, DATA_SIZE, Perm::R | Perm::W).unwrap();
    hart.pc = CODE;
    // The greatest vl there is, a small stride, data, one.
    (hart.x[5], hart.x[6], hart.x[7], hart.f[10]) = (4096, 24, DATA, 1f64.to_bits());
    let block = Block::translate(&mut hart, decoder);
    block.run(&mut hart);
    (hart, block)
}

fn time(group: &mut BenchmarkGroup<'_, WallTime>, id: BenchmarkId, elements: u64, hart: &mut Hart, block: &Block) {
    group.throughput(Throughput::Elements(elements));
    group.bench_function(id, |b| {
        b.iter(|| {
            hart.pc = CODE;
            black_box(block.run(hart))
        });
    });
}

/// Every word that is an instruction, decoded.
fn decode(c: &mut Criterion) {
    let decoder = Decoder::standard();
    let words: Vec<u32> = decoder.rows().iter().map(|row| row.encoding.bits).collect();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(words.len() as u64));
    group.bench_function("one of each row", |b| {
        b.iter(|| words.iter().filter(|&&word| decoder.decode(black_box(word)).is_ok()).count());
    });
    group.finish();
}

/// Scalar instructions one by one in the interpreter; elements are instructions.
fn scalar(c: &mut Criterion) {
    let decoder = Decoder::standard();
    let mut group = c.benchmark_group("scalar");
    for line in [
        "addi a0, a0, 1",
        "sltu a0, a1, a2",
        "div a0, t0, t1",
        "ld a0, 8(t2)",
        "sd a0, 8(t2)",
        "fadd.d fa1, fa0, fa0",
        "fmadd.d fa1, fa0, fa0, fa0",
    ] {
        let (mut hart, block) = block(&decoder, &vec![line.to_string(); TIMES], Level::detect());
        time(&mut group, BenchmarkId::from_parameter(line), TIMES as u64, &mut hart, &block);
    }
    group.finish();
}

/// Vector instructions on groups of four registers; elements are vector elements.
fn vector(c: &mut Criterion) {
    const ANY: [u32; 4] = [8, 16, 32, 64];
    const FLOAT: [u32; 3] = [16, 32, 64];
    const NARROW: [u32; 3] = [8, 16, 32];
    let decoder = Decoder::standard();
    let mut group = c.benchmark_group("vector");
    let families: [(&str, &[u32]); 26] = [
        ("vadd.vv v8, v16, v24", &ANY),
        ("vmul.vv v8, v16, v24", &ANY),
        ("vmacc.vv v8, v16, v24", &ANY),
        ("vdiv.vv v8, v16, v24", &ANY),
        ("vwadd.vv v8, v16, v20", &NARROW),
        ("vnsrl.wi v8, v16, 1", &NARROW),
        ("vsadd.vv v8, v16, v24", &ANY),
        ("vmseq.vv v0, v16, v24", &ANY),
        ("vmand.mm v0, v8, v9", &[8]),
        ("vadd.vv v8, v16, v24, v0.t", &ANY),
        ("vredsum.vs v8, v16, v24", &ANY),
        ("vrgather.vv v8, v16, v24", &ANY),
        ("vslideup.vx v8, v16, t1", &ANY),
        ("vcompress.vm v8, v16, v0", &ANY),
        ("vfadd.vv v8, v16, v24", &FLOAT),
        ("vfmacc.vf v8, fa0, v16", &FLOAT),
        ("vfdiv.vv v8, v16, v24", &FLOAT),
        ("vfsqrt.v v8, v16", &FLOAT),
        ("vfmax.vv v8, v16, v24", &FLOAT),
        ("vfcvt.x.f.v v8, v16", &FLOAT),
        ("vfredusum.vs v8, v16, v24", &FLOAT),
        ("vle{}.v v8, (t2)", &ANY),
        ("vse{}.v v8, (t2)", &ANY),
        ("vlse{}.v v8, (t2), t1", &ANY),
        ("vluxei{}.v v8, (t2), v16", &ANY),
        ("vlseg2e{}.v v8, (t2)", &ANY),
    ];
    for (line, widths) in families {
        for sew in widths {
            let line = line.replace("{}", &sew.to_string());
            let mut lines = vec![format!("vsetvli t0, t0, e{sew}, m4, ta, ma")];
            lines.extend(std::iter::repeat_n(line.clone(), TIMES));
            let (mut hart, block) = block(&decoder, &lines, Level::detect());
            let id = BenchmarkId::new(&line, format!("e{sew}"));
            let elements = TIMES as u64 * u64::from(hart.vl);
            time(&mut group, id, elements, &mut hart, &block);
        }
    }
    for level in Level::of_host() {
        let line = "vfmacc.vf v8, fa0, v16";
        let mut lines = vec!["vsetvli t0, t0, e32, m4, ta, ma".to_string()];
        lines.extend(std::iter::repeat_n(line.to_string(), TIMES));
        let (mut hart, block) = block(&decoder, &lines, level);
        time(&mut group, BenchmarkId::new(line, format!("{level:?}")), TIMES as u64 * 64, &mut hart, &block);
    }
    group.finish();
}

/// The smallest ELF file of these instructions, with zeroed data behind them.
fn program(decoder: &Decoder, lines: &[String]) -> Vec<u8> {
    let code = words(decoder, lines);
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2u16, 243].iter().flat_map(|half| half.to_le_bytes()));
    file.extend(1u32.to_le_bytes());
    file.extend([CODE, 64, 0].iter().flat_map(|word| word.to_le_bytes()));
    file.extend(5u32.to_le_bytes());
    file.extend([64u16, 56, 1, 64, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    // One loadable part: everything may be done with it.
    file.extend([1u32, 7].iter().flat_map(|word| word.to_le_bytes()));
    let size = DATA + DATA_SIZE - CODE;
    file.extend([4096, CODE, CODE, code.len() as u64, size, 4096].iter().flat_map(|word| word.to_le_bytes()));
    file.resize(4096, 0);
    file.extend(code);
    file
}

/// Loops, functional (host code once they are hot) and timed; elements are instructions of the loop, or for caches
/// accesses. The range that the accesses go through decides which cache they find their line in.
fn loops(c: &mut Criterion) {
    const ROUNDS: u64 = 50_000;
    let decoder = Decoder::standard();
    let machine = machine(&[]);
    let mut group = c.benchmark_group("loop");
    group.sample_size(10);
    let access = |log2: u32| {
        [
            "addi a1, a1, 64".to_string(),
            format!("slli a2, a1, {}", 64 - log2),
            format!("srli a2, a2, {}", 64 - log2),
            "add a2, a2, t2".to_string(),
            "ld a3, 0(a2)".to_string(),
        ]
        .to_vec()
    };
    let bodies = [
        ("scalar", vec!["addi a1, a1, 1".to_string(); 8], 8),
        ("vector", vec!["vadd.vv v8, v16, v24".to_string(); 8], 8),
        ("access, 16 KiB", access(14), 1),
        ("access, 256 KiB", access(18), 1),
        ("access, 8 MiB", access(23), 1),
    ];
    for (name, body, elements) in bodies {
        let mut lines = vec![
            format!("lui t0, 0x{:x}", ROUNDS >> 12),
            format!("addi t0, t0, {}", ROUNDS & 0x7ff),
            format!("lui t2, 0x{:x}", DATA >> 12),
            "vsetvli t1, zero, e32, m1, ta, ma".to_string(),
        ];
        let start = CODE + 4 * lines.len() as u64;
        lines.extend(body);
        lines.extend(["addi t0, t0, -1".to_string(), format!("bne t0, zero, 0x{start:x}")]);
        lines.extend(["addi a7, zero, 93", "addi a0, zero, 0", "ecall"].map(String::from));
        let elf = program(&decoder, &lines);
        for timed in [false, true] {
            let run = || {
                let image = Image::parse("loop", elf.clone()).unwrap();
                let options = env::Options { args: vec!["loop".to_string()], ..env::Options::silent() };
                let mut engine = Engine::new(image, &machine, timed, &RunOptions::default(), options).unwrap();
                engine.run();
                engine.instructions()
            };
            assert!(run() > ROUNDS, "the loop does not end as it should");
            group.throughput(Throughput::Elements(ROUNDS * elements));
            group.bench_function(BenchmarkId::new(name, if timed { "timed" } else { "functional" }), |b| b.iter(run));
        }
    }
    group.finish();
}

/// Whole kernels, functional and timed; elements are guest instructions.
fn kernels(c: &mut Criterion) {
    let machine = machine(&[]);
    let mut group = c.benchmark_group("run");
    group.sample_size(10);
    for (kernel, variant, shape) in [
        ("matmul_f32", Variant::Rvv, "96x128x96"),
        ("matmul_i8", Variant::Rvv, "96x128x96"),
        ("softmax_f32", Variant::Rvv, "64x512"),
        ("matmul_f32", Variant::Scalar, "64x64x64"),
    ] {
        let kernel = find(kernel).unwrap();
        let args = kernel.args(variant, &shape.parse().unwrap());
        for timed in [false, true] {
            let run = || {
                let image = Image::parse(kernel.name(), kernel.elf().to_vec()).unwrap();
                let environment = env::Options { args: args.clone(), ..env::Options::silent() };
                let mut engine = Engine::new(image, &machine, timed, &RunOptions::default(), environment).unwrap();
                engine.run();
                engine.instructions()
            };
            group.throughput(Throughput::Elements(run()));
            let name = format!("{} {} {}", kernel.name(), variant.name(), if timed { "timed" } else { "functional" });
            group.bench_function(name, |b| b.iter(run));
        }
    }
    group.finish();
}

/// An instruction of an extension file beside the same instruction built in; elements are multiply-adds.
fn declared(c: &mut Criterion) {
    let extensions = Extensions::load(&["int8-4x8x4".to_string()]).unwrap();
    let isa = Profile::by_name("sifive").unwrap().isa();
    let decoder = extensions.decoder(isa).unwrap();
    let assembler = Assembler::new(&decoder);
    let mut group = c.benchmark_group("declared");
    for (vset, macs) in [("vsetvli t0,zero,e8,m1,ta,ma", 256), ("vsetvli t0,zero,e8,m4,ta,ma", 1024)] {
        for name in ["sf.vqmacc.4x8x4", "xd.vqmacc"] {
            let config = Config { vlen: 512, isa, agnostic_ones: false, level: Level::detect() };
            let mut hart = Hart::new(config, Memory::new(1 << 16).unwrap());
            hart.csr.dirty_vs();
            let multiply = assembler.word(&format!("{name} v16,v4,v8"), 0).unwrap();
            let words = std::iter::once(assembler.word(vset, 0).unwrap()).chain([multiply; 32]);
            hart.mem.poke(0x1000, &words.flat_map(u32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
            hart.mem.protect(0x1000, 4096, Perm::all()).unwrap();
            hart.pc = 0x1000;
            let block = Block::translate(&mut hart, &decoder);
            group.throughput(Throughput::Elements(32 * macs));
            group.bench_function(format!("{name} {}", &vset[16..21]), |b| {
                b.iter(|| {
                    hart.pc = 0x1000;
                    black_box(block.run(&mut hart))
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, decode, scalar, vector, loops, kernels, declared);
criterion_main!(benches);
