//! Every kernel ELF under QEMU: awkward shapes, every vector length QEMU has, input patterns, values checked.
//!
//! The arrays come out of QEMU by the program's `dump` word and go through the same check as in the simulator. `guard` puts each
//! array directly before an unmapped page, so that reading or writing past an end is a fault.

use rvtile_kernels::{Array, Arrays, DType, ElementType, Kernel, Pattern, Shape, Variant, find};
use std::path::PathBuf;
use std::process::{Command, Output};

const QEMU: &str = "qemu-riscv64";
/// Agnostic tail and masked-off elements become all ones, so that a kernel that counts on them gives NaN.
const AGNOSTIC: &str = "rvv_ta_all_1s=true,rvv_ma_all_1s=true";
const VLENS: [u32; 4] = [128, 256, 512, 1024];

/// A program file on disk, removed at the end.
struct Program {
    kernel: &'static dyn Kernel,
    path: PathBuf,
}

impl Program {
    fn new(name: &str, test: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let kernel = find(name).expect("registered kernel");
        let path = std::env::temp_dir().join(format!("rvtile-{name}-{test}-{}.elf", std::process::id()));
        std::fs::write(&path, kernel.elf()).expect("write the program");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("make it executable");
        Program { kernel, path }
    }

    fn run(&self, vlen: u32, args: &[String]) -> Output {
        let result = Command::new(QEMU)
            .arg("-cpu")
            .arg(format!("rv64,v=true,vext_spec=v1.0,Zfh=true,vlen={vlen},elen=64,{AGNOSTIC}"))
            .arg(&self.path)
            .args(args)
            .output();
        result.unwrap_or_else(|e| panic!("cannot run {QEMU} ({e}): install the Debian package qemu-user, 7.2 or later"))
    }

    /// Runs and checks; the result line.
    fn checked(&self, vlen: u32, variant: Variant, shape: &Shape, pattern: Pattern) -> String {
        let mut args = self.kernel.args(variant, shape).split_off(1);
        args.push(format!("pattern={}", pattern.name()));
        args.extend(["guard".to_string(), "dump".to_string()]);
        let what = format!("{} {args:?} at VLEN {vlen}", self.kernel.name());
        let output = self.run(vlen, &args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what}: {:?}: {error}", output.status);
        let (line, arrays) = parse_dump(self.kernel, shape, &output.stdout);
        let check = self.kernel.check_pattern(shape, pattern, &arrays).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert!(check.ok, "{what}: {check:?}");
        assert!(check.worst.bound.is_finite() || check.worst.error == 0.0, "{what}: bound without meaning: {check:?}");
        line
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Splits the output into the result line and the arrays. The dump has no dimensions, since those are part of what the
/// check asks for; they are taken from the shape.
fn parse_dump(kernel: &dyn Kernel, shape: &Shape, mut rest: &[u8]) -> (String, Arrays) {
    let next_line = |rest: &mut &[u8]| {
        let end = rest.iter().position(|b| *b == b'\n').expect("a line");
        let line = std::str::from_utf8(&rest[..end]).expect("text").to_string();
        *rest = &rest[end + 1..];
        line
    };
    let result = next_line(&mut rest);
    let mut arrays = Vec::new();
    while !rest.is_empty() {
        let header = next_line(&mut rest);
        let [word, name, dtype, bytes] = header.split(' ').collect::<Vec<_>>()[..] else { panic!("header {header}") };
        assert_eq!(word, "array");
        let (data, after) = rest.split_at(bytes.parse().expect("a number of bytes"));
        rest = after;
        arrays.push(Array {
            name: name.to_string(),
            dtype: ElementType::parse(dtype).expect("a type"),
            dims: dims_of(kernel, shape, name),
            data: data.to_vec(),
        });
    }
    (result, Arrays::new(arrays).expect("consistent sizes"))
}

fn dims_of(kernel: &dyn Kernel, shape: &Shape, array: &str) -> Vec<u64> {
    let s = &shape.0;
    match (kernel.name(), array) {
        ("gemv_f32", "w") | ("softmax_f32", _) => vec![s[0], s[1]],
        ("gemv_f32", "x") => vec![s[1]],
        ("gemv_f32", "y") => vec![s[0]],
        ("attention_f32", "q" | "o") => vec![s[0], s[2]],
        ("attention_f32", _) => vec![s[1], s[2]],
        (_, "a") => vec![s[0], s[1]],
        (_, "b") => vec![s[1], s[2]],
        (_, "c") => vec![s[0], s[2]],
        _ => panic!("array {array} of {}", kernel.name()),
    }
}

/// All shapes at all vector lengths with all patterns for the vector kernel, once for the scalar twin.
fn sweep(name: &str, shapes: &[&str]) {
    let program = Program::new(name, "sweep");
    for shape in shapes {
        let shape: Shape = shape.parse().expect("a shape");
        program.kernel.validate(&shape).expect("a valid shape");
        for &pattern in program.kernel.patterns() {
            for vlen in VLENS {
                program.checked(vlen, Variant::Rvv, &shape, pattern);
            }
            program.checked(512, Variant::Scalar, &shape, pattern);
        }
    }
}

/// One element; each row count of the edge; primes; column tails below, at and above a tile of each VLEN; K across the
/// blocking (256); several blocks of rows (24, 48, 84) and of columns (1024).
const MATMUL_SHAPES: [&str; 13] = [
    "1x1x1",
    "1x7x3",
    "2x2x16",
    "3x5x17",
    "4x3x63",
    "5x31x64",
    "6x2x65",
    "7x1x127",
    "13x64x129",
    "37x41x43",
    "100x257x70",
    "29x513x33",
    "17x19x1100",
];

#[test]
fn matmul_f32() {
    sweep("matmul_f32", &MATMUL_SHAPES);
}

#[test]
fn matmul_f16() {
    sweep("matmul_f16", &MATMUL_SHAPES);
    sweep("matmul_f16", &["13x9x257", "2x2100x5"]);
}

#[test]
fn matmul_i8() {
    sweep("matmul_i8", &MATMUL_SHAPES);
    sweep("matmul_i8", &["8x9x11", "14x70000x1"]);
}

#[test]
fn gemv_f32() {
    sweep("gemv_f32", &["1x1", "2x3", "3x31", "4x32", "5x33", "6x64", "7x65", "8x96", "9x127", "11x129", "31x1000"]);
}

#[test]
fn softmax_f32() {
    sweep("softmax_f32", &["1x1", "1x2", "2x17", "3x64", "4x65", "5x128", "1x129", "7x257", "3x1000"]);
}

#[test]
fn attention_f32() {
    let full = ["1x1x1x0", "1x100x64x0", "2x3x5x0", "3x65x80x0", "6x64x64x0", "7x129x100x0", "13x40x128x0", "5x17x7x0"];
    let causal = ["1x1x1x1", "1x200x64x1", "7x7x3x1", "13x13x80x1", "5x70x100x1", "67x67x64x1", "64x130x129x1"];
    sweep("attention_f32", &full);
    sweep("attention_f32", &causal);
}

/// The report shape of the matrix products, once.
#[test]
fn matmul_256() {
    for name in ["matmul_f32", "matmul_f16", "matmul_i8"] {
        let program = Program::new(name, "256");
        program.checked(512, Variant::Rvv, &"256x256x256".parse().unwrap(), Pattern::Uniform);
    }
}

/// Sums in the order of k by fused operations do not depend on the vector length, and the scalar twin has the same order.
#[test]
fn matmul_results_are_the_same_at_every_vlen_and_in_scalar_code() {
    for name in ["matmul_f32", "matmul_f16", "matmul_i8"] {
        let program = Program::new(name, "same");
        let shape = "23x300x140".parse().unwrap();
        let hash = |vlen, variant| {
            let line = program.checked(vlen, variant, &shape, Pattern::Uniform);
            line.rsplit(' ').next().unwrap().to_string()
        };
        let scalar = hash(128, Variant::Scalar);
        for vlen in VLENS {
            assert_eq!(hash(vlen, Variant::Rvv), scalar, "{name} at VLEN {vlen}");
        }
    }
}

#[test]
fn result_line_and_usage() {
    let program = Program::new("matmul_f32", "usage");
    let args = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
    let output = program.run(512, &args("rvv 2 3 4"));
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, hash) = text.trim_end().split_once(" checksum 0x").expect("a checksum");
    assert_eq!((head, hash.len(), text.lines().count()), ("matmul_f32 rvv 2x3x4", 16, 1));
    for wrong in [
        "rvv",
        "rvv 2 3",
        "vector 2 3 4",
        "rvv 2 3 x",
        "rvv 0 3 4",
        "rvv 2 3 4 5",
        "rvv 2 3 4 runs=0",
        "rvv 2 3 4 pattern=equal",
    ] {
        let output = program.run(512, &args(wrong));
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("usage: matmul_f32 rvv|scalar <M> <K> <N>"),
            "{wrong}"
        );
        assert!(output.stdout.is_empty());
    }
}

/// `prebuilt/` is what the sources give, byte for byte, with Debian 12's GCC 12.2 and binutils 2.40.
#[test]
fn prebuilt_files_are_current() {
    let out = std::env::temp_dir().join(format!("rvtile-rebuilt-{}", std::process::id()));
    let make = Command::new("make")
        .args(["-s", "-C", env!("CARGO_MANIFEST_DIR")])
        .arg(format!("OUT={}", out.display()))
        .output()
        .expect("run make");
    assert!(make.status.success(), "{}", String::from_utf8_lossy(&make.stderr));
    for kernel in rvtile_kernels::all() {
        let file = out.join(format!("{}.elf", kernel.name()));
        assert!(std::fs::read(&file).expect("a built file") == kernel.elf(), "{} is out of date", kernel.name());
    }
    std::fs::remove_dir_all(&out).expect("remove the build");
}

#[test]
fn names_and_types_agree() {
    assert_eq!(find("matmul_f16").unwrap().dtype(), DType::F16);
    for kernel in rvtile_kernels::all() {
        assert!(find(kernel.name()).is_some());
        for shape in kernel.default_shapes() {
            assert_eq!(kernel.validate(&shape), Ok(()), "{} {shape}", kernel.name());
            assert_eq!(shape.0.len(), kernel.dims().len());
        }
    }
}
