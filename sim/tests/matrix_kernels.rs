//! The kernels that use matrix extensions: right values at every vector length they run at, and how near they come to the peak.

use std::process::Command;
use std::sync::Arc;

use rvtile_isa::decode::Decoder;
use rvtile_isa::profile::Profile;
use rvtile_isa::row::Row;
use rvtile_kernels::{Array, Arrays, ElementType, Kernel, MANIFEST_SYMBOL, Pattern, Shape, Variant, find};
use rvtile_sim::bench::measure;
use rvtile_sim::compare::Peak;
use rvtile_sim::engine::{End, Engine, RunOptions};
use rvtile_sim::env;
use rvtile_sim::extension::Extensions;
use rvtile_sim::loader::Image;
use rvtile_sim::machine::Machine;

/// The arrays after a run without timing, each of which ends directly before an unmapped page.
fn run(
    kernel: &'static dyn Kernel,
    machine: &Arc<Machine>,
    (variant, shape, pattern): (Variant, &Shape, Pattern),
    definitions: &[&'static [Row]],
) -> Arrays {
    let image = Image::parse(kernel.name(), kernel.elf().to_vec()).unwrap();
    let mut args = kernel.args(variant, shape);
    args.extend(["runs=1".to_string(), "guard".to_string(), format!("pattern={}", pattern.name())]);
    let isa = Profile::by_name(kernel.profile()).unwrap().isa();
    let options = RunOptions { isa, agnostic_ones: true, definitions: definitions.to_vec(), ..RunOptions::default() };
    let environment = env::Options { args, ..env::Options::silent() };
    let mut engine = Engine::new(image, machine, false, &options, environment).unwrap();
    let end = engine.run();
    assert!(matches!(end, End::Exit(0)), "{} {shape}: {end:?}", kernel.name());
    let manifest = engine.image.symbol(MANIFEST_SYMBOL).unwrap();
    let memory = &engine.hart.mem;
    Arrays::read(manifest, |addr, len| memory.slice(addr, len).ok().map(<[u8]>::to_vec)).unwrap()
}

/// Runs the vector kernel and checks its arrays.
fn right(
    kernel: &'static dyn Kernel,
    machine: &Arc<Machine>,
    shape: &Shape,
    pattern: Pattern,
    definitions: &[&'static [Row]],
) {
    let what = format!("{} {shape} {} at VLEN {}", kernel.name(), pattern.name(), machine.vector.vlen);
    let arrays = run(kernel, machine, (Variant::Rvv, shape, pattern), definitions);
    let check = kernel.check_pattern(shape, pattern, &arrays).unwrap_or_else(|why| panic!("{what}: {why}"));
    assert!(check.ok, "{what}: {check:?}");
}

/// Those that run by themselves, but not in QEMU.
fn kernels() -> impl Iterator<Item = &'static dyn Kernel> {
    rvtile_kernels::all().iter().copied().filter(|kernel| !kernel.in_qemu())
}

#[test]
fn values_are_right_at_every_vector_length() {
    let mut kernels = 0;
    for kernel in self::kernels() {
        kernels += 1;
        for vlen in [128, 256, 512, 1024, 2048].into_iter().filter(|vlen| kernel.vlens().contains(vlen)) {
            let machine = Machine::load("x280", &[("vector.vlen".into(), vlen.to_string())]).map(Arc::new).unwrap();
            for shape in kernel.awkward_shapes() {
                for pattern in kernel.patterns() {
                    right(kernel, &machine, &shape, pattern, &[]);
                }
            }
        }
    }
    assert!(kernels >= 9, "{kernels}");
}

#[test]
fn scalar_twins_are_right_and_checks_see_a_wrong_element() {
    let machine = Machine::load("x280", &[]).map(Arc::new).unwrap();
    for kernel in kernels() {
        // The last one of some has sums so long that their bound is a good part of them.
        let shape = kernel.awkward_shapes().into_iter().rev().nth(1).unwrap();
        let arrays = run(kernel, &machine, (Variant::Scalar, &shape, Pattern::Uniform), &[]);
        let check = kernel.check(&shape, &arrays).unwrap();
        assert!(check.ok, "scalar {} {shape}: {check:?}", kernel.name());
        // The largest element of the result a quarter larger, or an integer of it off by one.
        let mut arrays: Vec<Array> = arrays.iter().cloned().collect();
        let result = arrays.iter_mut().find(|array| ["c", "y", "o"].contains(&array.name.as_str())).unwrap();
        let (dtype, size) = (result.dtype, |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap()));
        let largest = |a: &&mut [u8], b: &&mut [u8]| size(a).abs().total_cmp(&size(b).abs());
        match result.data.chunks_exact_mut(4).max_by(largest) {
            Some(element) if dtype == ElementType::F32 => {
                let wrong = 1.25 * size(element);
                element.copy_from_slice(&wrong.to_le_bytes());
            }
            _ => result.data[0] ^= 1,
        }
        let check = kernel.check(&shape, &Arrays::new(arrays).unwrap()).unwrap();
        assert!(!check.ok, "{} {shape}: a wrong element is not seen", kernel.name());
    }
}

/// Cycles and share of the peak on the X280.
fn reached(name: &str, shape: &str, overrides: &[(String, String)]) -> (u64, f64) {
    let machine = Machine::load("x280", overrides).map(Arc::new).unwrap();
    let kernel = find(name).unwrap();
    let measurement = measure(kernel, &shape.parse().unwrap(), &machine, false).unwrap();
    assert!(measurement.check.ok, "{name}");
    let isa = Profile::by_name(kernel.profile()).unwrap().isa();
    let peak = Peak::of(kernel.multiply().unwrap(), isa, &machine).unwrap();
    (measurement.cycles, measurement.flop as f64 / 2.0 / measurement.cycles as f64 / peak.rate())
}

/// Shapes that the awkward ones leave out: strips of IME of both heights, the last one overlapping; several tiles and panels of A at a time.
#[test]
fn values_are_right_where_strips_and_tiles_change() {
    let cases = [
        ("matmul_i8_ime", ["13x7x16", "16x64x17", "53x100x40"]),
        ("matmul_i8_xsfmm", ["130x300x140", "65x70x33", "48x130x32"]),
        ("matmul_bf16_zvt", ["130x301x140", "17x3x129", "33x66x257"]),
        ("linear_bf16_xsfmm", ["130x301x140", "65x78x256", "16x130x64"]),
        ("linear_i8_xsfmm", ["130x301x140", "65x78x256", "16x130x64"]),
    ];
    for vlen in [128, 256, 512, 1024] {
        let machine = Machine::load("x280", &[("vector.vlen".into(), vlen.to_string())]).map(Arc::new).unwrap();
        for (name, shapes) in cases {
            for shape in shapes {
                right(find(name).unwrap(), &machine, &shape.parse().unwrap(), Pattern::Uniform, &[]);
            }
        }
    }
}

/// What a multiply of each form allows is in the ratio 1 : 4 : 8. Reached is less: A is packed and C moved within the same time, and at this
/// size C passes through an L2 that holds a third of the operands.
#[test]
fn forms_come_near_their_peak() {
    let at_256 = |name| reached(name, "256x256x256", &[]);
    let [plain, dod, qoq, ime] = ["matmul_i8", "matmul_i8_dod", "matmul_i8_qoq", "matmul_i8_ime"].map(at_256);
    let bf16 = at_256("matmul_bf16_zvfbfwma");
    assert!(bf16.1 > 0.86, "{bf16:?}");
    assert!(plain.1 > 0.88 && dod.1 > 0.88 && qoq.1 > 0.8 && ime.1 > 0.79, "{plain:?} {dod:?} {qoq:?} {ime:?}");
    let ratio = |form: (u64, f64)| plain.0 as f64 / form.0 as f64;
    assert!((3.5..4.5).contains(&ratio(dod)) && (6.5..8.5).contains(&ratio(qoq)), "{plain:?} {dod:?} {qoq:?}");
}

/// Each form at a shape and a size of the L2 reaches more than this share of its peak.
fn assert_shares(cases: &[(&str, &str, &str, f64)]) {
    for &(name, shape, l2, least) in cases {
        let (cycles, share) = reached(name, shape, &[("memory.l2.size".into(), l2.into())]);
        assert!(share > least, "{name} {shape}, L2 of {l2}: {cycles} cycles, {share}");
    }
}

/// With an L2 that holds the operands.
#[test]
fn where_operands_fit_the_l2_all_reach_four_fifths_of_their_peak() {
    assert_shares(&[
        ("matmul_i8_dod", "256x256x256", "1MiB", 0.91),
        ("matmul_i8_qoq", "256x256x256", "1MiB", 0.86),
        ("matmul_i8_ime", "256x256x256", "1MiB", 0.84),
        ("matmul_i8_xsfmm", "256x256x256", "512KiB", 0.8),
        ("matmul_i8_zvt", "256x256x256", "512KiB", 0.8),
        ("matmul_bf16_xsfmm", "256x256x256", "512KiB", 0.8),
        ("matmul_bf16_zvt", "256x256x256", "512KiB", 0.8),
    ]);
}

/// A multiply of blocks does eight times as much as one of vectors; packing and the softmax take as long for either, and with short heads more.
#[test]
fn attention_by_blocks_is_several_times_faster() {
    for (plain, form, shape, least) in [
        ("attention_f32", "attention_bf16_qqq", "128x512x128x0", 5.0),
        ("attention_f32", "attention_bf16_qqq", "128x512x128x1", 5.0),
        ("attention_f32", "attention_bf16_qqq", "512x512x64x1", 4.0),
        ("attention_alibi_f32", "attention_alibi_bf16_qqq", "128x512x80x3", 4.0),
        ("attention_t5_f32", "attention_t5_bf16_qqq", "128x128x64x0", 3.0),
        ("attention_prefix_f32", "attention_prefix_bf16_qqq", "128x128x128x64", 3.0),
    ] {
        let cycles = |name: &str| {
            let machine = Machine::load("x280", &[]).map(Arc::new).unwrap();
            let measurement = measure(find(name).unwrap(), &shape.parse().unwrap(), &machine, false).unwrap();
            assert!(measurement.check.ok, "{name}");
            measurement.cycles
        };
        let (plain, blocks) = (cycles(plain), cycles(form));
        let ratio = plain as f64 / blocks as f64;
        println!("{form} {shape}: {plain} and {blocks} cycles, {ratio}");
        assert!(ratio > least, "{form} {shape}: {plain} and {blocks} cycles, {ratio}");
    }
}

/// Tiles: at the default L2 the way from the L3 is the limit. Where the L2 holds the operands, packing A and the last block of C are, and little
/// of them is left where K is large.
#[test]
fn tiles_use_what_caches_and_port_give_them() {
    assert_shares(&[
        ("matmul_i8_xsfmm", "256x256x256", "128KiB", 0.51),
        ("matmul_bf16_zvt", "256x256x256", "128KiB", 0.58),
        ("matmul_i8_xsfmm", "128x1024x1024", "8MiB", 0.95),
    ]);
}

/// The same cycles on every host. Another number here is a change of a kernel or of the timing model, and is to be looked at.
#[test]
fn cycles_are_known_exactly() {
    let known = [
        ("matmul_i8_dod", "256x256x256", 287_873),
        ("matmul_i8_qoq", "64x256x64", 11_943),
        ("matmul_i8_qoq", "256x256x256", 160_147),
        ("matmul_i8_ime", "64x256x64", 12_348),
        ("matmul_i8_ime", "256x256x256", 162_797),
        ("matmul_bf16_zvfbfwma", "128x128x128", 143_533),
        ("matmul_bf16_zvfbfwma", "256x256x256", 1_120_387),
        ("matmul_bf16_qqq", "256x256x256", 310_544),
        ("matmul_i8_xsfmm", "128x128x128", 7_567),
        ("matmul_i8_xsfmm", "256x256x256", 58_349),
        ("matmul_bf16_zvt", "128x128x128", 14_049),
        ("linear_i8_xsfmm", "128x512x512", 179_553),
        ("linear_bf16_xsfmm", "128x512x512", 190_250),
        ("attention_bf16_qqq", "128x512x128x0", 557_295),
        ("attention_bf16_qqq", "256x256x64x1", 227_559),
        ("attention_t5_bf16_qqq", "128x128x64x0", 108_603),
    ];
    let now = known.map(|(name, shape, _)| (name, shape, reached(name, shape, &[]).0));
    assert_eq!(now, known);
}

/// Every macro of `matrix.inc` gives the word of its mnemonic.
#[test]
fn macros_are_the_instructions_they_are_called() {
    let cases = [
        ("vfwmaccbf16_vf v8, fa2, v2", "standard", "vfwmaccbf16.vf v8,fa2,v2"),
        ("sf_vqmacc_2x8x2 v8, v4, v20", "sifive", "sf.vqmacc.2x8x2 v8,v4,v20"),
        ("sf_vqmacc_4x8x4 v8, v4, v20", "sifive", "sf.vqmacc.4x8x4 v8,v4,v20"),
        ("sf_vfwmacc_4x4x4 v8, v4, v20", "sifive", "sf.vfwmacc.4x4x4 v8,v4,v20"),
        ("vfncvtbf16_f_f_w v16, v4", "standard", "vfncvtbf16.f.f.w v16,v4"),
        ("smt_vmadot v16, v1, v2", "spacemit", "smt.vmadot v16,v1,v2"),
        ("sf_vfexp_v v8, v16", "sifive", "sf.vfexp.v v8,v16"),
        ("sf_vc_v_vvv 3, v0, v2, v1", "sifive", "sf.vc.v.vvv 0x3,v0,v2,v1"),
        ("sf_vsettnt_e8_w4 a0, a1", "sifive", "sf.vsettnt a0,a1,e8,w4"),
        ("sf_vsettnt_e16alt_w2 t0, t6", "sifive", "sf.vsettnt t0,t6,e16alt,w2"),
        ("sf_vsettnt_e32_w1 t0, t0", "sifive", "sf.vsettnt t0,t0,e32,w1"),
        ("sf_vsettn a0, a1", "sifive", "sf.vsettn a0,a1"),
        ("sf_vsettm x0, t3", "sifive", "sf.vsettm zero,t3"),
        ("sf_vsettk x0, t2", "sifive", "sf.vsettk zero,t2"),
        ("msettn a0, a1", "zvt", "msettn a0,a1"),
        ("msettm x0, t3", "zvt", "msettm zero,t3"),
        ("msettk x0, t2", "zvt", "msettk zero,t2"),
        ("msetmtypei_e8alt_w4 t0", "zvt", "msetmtypei t0,sew=e8 altfmt=1 mtwiden=3"),
        ("msetmtypei_e16_w2 t0", "zvt", "msetmtypei t0,sew=e16 altfmt=0 mtwiden=2"),
        ("msetmtypei_e32_w1 t0", "zvt", "msetmtypei t0,sew=e32 altfmt=0 mtwiden=1"),
        ("vtle8 t1, a2", "zvt", "vtle8 t1,(a2)"),
        ("vtle16 t1, a2", "zvt", "vtle16 t1,(a2)"),
        ("vtse32 t3, t4", "sifive", "sf.vste32 t3,(t4)"),
        ("vtmv_v_t 8, t1", "zvt", "vtmv.v.t v8,t1"),
        ("vtzero 12", "zvt", "vtzero mt12"),
        ("sf_mm_s_s 12, 17, 25", "sifive", "sf.mm.s.s mt12,v17,v25"),
        ("sf_mm_f_f 8, 16 + 2, 24", "sifive", "sf.mm.f.f mt8,v18,v24"),
        ("vtmms_tvv 4, 0, 8 + 1", "zvt", "vtmms.tvv mt4,v0,v9"),
        ("vtfmm_alt_tvv 12, 2, 10", "zvt", "vtfmm.alt.tvv mt12,v2,v10"),
        ("load_registers 8, 16, a1", "standard", "vl8re8.v v16,(a1)"),
        ("load_registers 1, 6, a2", "standard", "vl1re8.v v6,(a2)"),
        ("store_registers 4, 8 + 4, a0", "standard", "vs4r.v v12,(a0)"),
    ];
    let folder = std::env::temp_dir().join(format!("rvtile-macros-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let lines: String = cases.iter().map(|(line, ..)| format!("    {line}\n")).collect();
    std::fs::write(path("macros.S"), format!("#include \"matrix.inc\"\n    .text\n{lines}")).unwrap();
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/../kernels/runtime");
    let steps: [&[&str]; 2] = [
        &["riscv64-linux-gnu-gcc", "-march=rv64gcv", include, "-c", "-o", &path("macros.o"), &path("macros.S")],
        &["riscv64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", &path("macros.o"), &path("macros.bin")],
    ];
    for step in steps {
        assert!(Command::new(step[0]).args(&step[1..]).status().unwrap().success(), "{step:?}");
    }
    let bytes = std::fs::read(path("macros.bin")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(bytes.len(), 4 * cases.len());
    for (bytes, (line, profile, text)) in bytes.chunks_exact(4).zip(cases) {
        let decoder = Decoder::for_profile(Profile::by_name(profile).unwrap());
        let word = u32::from_le_bytes(bytes.try_into().unwrap());
        assert_eq!(decoder.decode(word).unwrap().text(0), text, "{line}");
    }
}

/// At every vector length, with all patterns and awkward shapes.
#[test]
fn a_kernel_runs_on_the_coprocessor_of_an_extension_file() {
    let extensions = Extensions::load(&["vcix-dot4".to_string()]).unwrap();
    for &kernel in rvtile_kernels::defined() {
        for vlen in [128, 512, 1024] {
            let machine = Machine::load("x280", &[("vector.vlen".into(), vlen.to_string())]).unwrap();
            let machine = extensions.on(machine.into()).unwrap();
            for shape in kernel.awkward_shapes() {
                for pattern in kernel.patterns() {
                    right(kernel, &machine, &shape, pattern, &extensions.rows());
                }
            }
        }
    }
}
