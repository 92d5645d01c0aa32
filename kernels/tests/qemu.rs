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
            .args(["-0", self.kernel.name()])
            .arg(&self.path)
            .args(args)
            .output();
        result.unwrap_or_else(|e| panic!("cannot run {QEMU} ({e}): install the Debian package qemu-user, 7.2 or later"))
    }

    /// Runs and checks; the result line.
    fn checked(&self, vlen: u32, variant: Variant, shape: &Shape, pattern: Pattern) -> String {
        self.arrays(vlen, variant, shape, pattern).0
    }

    /// Runs and checks; the result line and the arrays.
    fn arrays(&self, vlen: u32, variant: Variant, shape: &Shape, pattern: Pattern) -> (String, Arrays) {
        let mut args = self.kernel.args(variant, shape).split_off(1);
        args.push(format!("pattern={}", pattern.name()));
        args.extend(["guard".to_string(), "dump".to_string()]);
        let what = format!("{} {args:?} at VLEN {vlen}", self.kernel.name());
        let output = self.run(vlen, &args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what}: {:?}: {error}", output.status);
        let (line, arrays) = parse_dump(&output.stdout);
        let check = self.kernel.check_pattern(shape, pattern, &arrays).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert!(check.ok, "{what}: {check:?}");
        assert!(check.worst.bound.is_finite() || check.worst.error == 0.0, "{what}: bound without meaning: {check:?}");
        (line, arrays)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Splits the output into the result line and the arrays.
fn parse_dump(mut rest: &[u8]) -> (String, Arrays) {
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
        let [word, name, dtype, dims, bytes] = header.split(' ').collect::<Vec<_>>()[..] else {
            panic!("header {header}")
        };
        assert_eq!(word, "array");
        let (data, after) = rest.split_at(bytes.parse().expect("a number of bytes"));
        rest = after;
        arrays.push(Array {
            name: name.to_string(),
            dtype: ElementType::parse(dtype).expect("a type"),
            dims: dims.parse::<Shape>().expect("sizes").0,
            data: data.to_vec(),
        });
    }
    (result, Arrays::new(arrays).expect("consistent sizes"))
}

/// The kernels that QEMU has the instructions of; the simulator's tests run the others.
fn kernels() -> impl Iterator<Item = &'static dyn Kernel> {
    rvtile_kernels::all().iter().copied().filter(|kernel| kernel.in_qemu())
}

/// All awkward shapes at all vector lengths with all patterns for the vector kernel, once for the scalar twin.
fn sweep(kernel: &'static dyn Kernel) {
    let program = Program::new(kernel.name(), "sweep");
    for shape in kernel.awkward_shapes() {
        assert_eq!(kernel.validate(&shape), Ok(()), "{} {shape}", kernel.name());
        for pattern in kernel.patterns() {
            for vlen in VLENS {
                program.checked(vlen, Variant::Rvv, &shape, pattern);
            }
            program.checked(512, Variant::Scalar, &shape, pattern);
        }
    }
}

/// Every kernel (or the one that the variable KERNEL names) in a thread of its own, as most of the time goes to starting
/// QEMU.
#[test]
fn awkward_shapes_with_every_pattern_at_every_vector_length() {
    let only = std::env::var("KERNEL").ok();
    let wanted = |kernel: &&'static dyn Kernel| only.as_ref().is_none_or(|only| kernel.name() == only);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            kernels().filter(wanted).map(|kernel| (kernel.name(), scope.spawn(move || sweep(kernel)))).collect();
        let failed: Vec<_> = threads.into_iter().filter_map(|(name, t)| t.join().is_err().then_some(name)).collect();
        assert!(failed.is_empty(), "wrong: {failed:?}");
    });
}

/// A check that accepts everything would pass all the runs above: change the largest element of each array by a quarter, or
/// by one, and it must not be right any more.
#[test]
fn every_check_sees_a_wrong_element_in_every_array() {
    for kernel in kernels() {
        let program = Program::new(kernel.name(), "wrong");
        let shape = kernel.awkward_shapes().pop().expect("a shape");
        let (_, arrays) = program.arrays(512, Variant::Rvv, &shape, Pattern::Uniform);
        let arrays: Vec<Array> = arrays.iter().cloned().collect();
        for changed in 0..arrays.len() {
            let mut arrays = arrays.clone();
            spoil(&mut arrays[changed]);
            let name = format!("{} {shape}: array `{}`", kernel.name(), arrays[changed].name);
            let check = kernel.check(&shape, &Arrays::new(arrays).expect("the same sizes"));
            assert!(check.is_err() || check.is_ok_and(|check| !check.ok), "{name}");
        }
    }
}

fn spoil(array: &mut Array) {
    match array.dtype {
        ElementType::F32 => {
            let value = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
            let largest = array.data.chunks_exact_mut(4).max_by(|a, b| value(a).abs().total_cmp(&value(b).abs()));
            let largest = largest.expect("an element");
            let wrong = value(largest) * 1.25 + 1e-30;
            largest.copy_from_slice(&wrong.to_le_bytes());
        }
        // The highest bit of the fraction, or of the number.
        ElementType::F16 | ElementType::Bf16 => array.data[1] ^= 0x40,
        ElementType::I8 | ElementType::I32 => array.data[0] ^= 1,
    }
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
    let prebuilt = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prebuilt");
    for entry in std::fs::read_dir(prebuilt).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.extension().is_some_and(|extension| extension == "elf") {
            let built = std::fs::read(out.join(entry.file_name().expect("a name"))).expect("a built file");
            assert!(built == std::fs::read(&entry).expect("a file"), "{} is out of date", entry.display());
        }
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
