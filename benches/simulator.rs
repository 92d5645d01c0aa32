//! Speed of the simulator on the host: decoding, functional and timed runs of kernels, single vector operations.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
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

/// Single vector operations on a group of four registers, by SIMD level of the host; elements are vector elements.
fn vector_operations(c: &mut Criterion) {
    let decoder = Decoder::standard();
    let mut group = c.benchmark_group("vector");
    for (name, vset, word) in [
        ("vadd.vv e32", 0x0d22_f2d7u32, 0x0288_0657u32),
        ("vmacc.vv e16", 0x0ca2_f2d7, 0xb688_2657),
        ("vfmacc.vf e32", 0x0d22_f2d7, 0xb285_5657),
        ("vfmacc.vf e16", 0x0ca2_f2d7, 0xb285_5657),
        ("vrgather.vv e32", 0x0d22_f2d7, 0x3288_0657),
    ] {
        for level in [Level::Portable, Level::Avx2, Level::Avx512].into_iter().filter(|&l| l <= Level::detect()) {
            let config = Config { vlen: 512, isa: Ext::everything(), agnostic_ones: false, level };
            let mut hart = Hart::new(config, Memory::new(1 << 16).unwrap());
            hart.csr.dirty_fs();
            hart.csr.dirty_vs();
            hart.x[5] = 4096;
            // The vset takes its length from t0: the greatest there is. Then the operation 32 times.
            let code: Vec<u8> = std::iter::once(vset).chain([word; 32]).flat_map(u32::to_le_bytes).collect();
            hart.mem.poke(0x1000, &code).unwrap();
            hart.mem.protect(0x1000, 4096, Perm::all()).unwrap();
            hart.pc = 0x1000;
            let block = Block::translate(&mut hart, &decoder);
            block.run(&mut hart);
            group.throughput(Throughput::Elements(32 * u64::from(hart.vl)));
            group.bench_function(BenchmarkId::new(name, format!("{level:?}")), |b| {
                b.iter(|| {
                    hart.pc = 0x1000;
                    black_box(block.run(&mut hart))
                });
            });
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

criterion_group!(benches, decode, kernels, vector_operations, declared);
criterion_main!(benches);
