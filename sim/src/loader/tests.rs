//! Real programs, and what becomes of them when they are damaged.

use super::*;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Compiles a source with a cross compiler of the distribution; the extension chooses the language.
pub(crate) fn cross(compiler: &str, extension: &str, source: &str, flags: &[&str]) -> Vec<u8> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let stem = std::env::temp_dir().join(format!("rvtile-{}-{number}", std::process::id()));
    let (input, output) = (stem.with_extension(extension), stem.with_extension("elf"));
    std::fs::write(&input, source).unwrap();
    let ran = Command::new(compiler).args(flags).arg("-o").arg(&output).arg(&input).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!(
            "{compiler}: {error}; install gcc-riscv64-linux-gnu, gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf"
        )
    });
    assert!(ran.status.success(), "{compiler} {flags:?}: {}", String::from_utf8_lossy(&ran.stderr));
    let bytes = std::fs::read(&output).unwrap();
    for file in [input, output] {
        std::fs::remove_file(file).unwrap();
    }
    bytes
}

pub(crate) const LINUX_GCC: &str = "riscv64-linux-gnu-gcc";
pub(crate) const BARE_GCC: &str = "riscv64-unknown-elf-gcc";

const FREESTANDING: &str = "
        .globl _start, inner
        .type inner, @function
_start: call inner
after:  li a7, 93
        ecall
inner:  li a0, 7
local:  ret
        .size inner, . - inner
        .data
word:   .dword _start
";

fn freestanding(flags: &[&str]) -> Vec<u8> {
    cross(LINUX_GCC, "S", FREESTANDING, &[&["-nostdlib", "-g"], flags].concat())
}

/// GCC's -static-pie still names an interpreter for RISC-V.
const PIE: &[&str] = &["-pie", "-Wl,--no-dynamic-linker"];

fn refusal(bytes: &[u8]) -> String {
    Image::parse("prog", bytes.to_vec()).expect_err("a damaged file was accepted").to_string()
}

fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

fn field(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// File offset of the first program header of a type.
fn phdr_of(bytes: &[u8], kind: u32) -> usize {
    let (table, count) = (field(bytes, 32), u16::from_le_bytes([bytes[56], bytes[57]]));
    let mut all = (0..usize::from(count)).map(|index| table + 56 * index);
    all.find(|at| bytes[*at..*at + 4] == kind.to_le_bytes()).unwrap()
}

#[test]
fn freestanding_program() {
    let image = Image::parse("dir/prog", freestanding(&["-static"])).unwrap();
    assert_eq!((image.environment(), image.bias), (Kind::Linux, 0));
    assert_eq!(image.symbol("_start"), Some(image.entry));
    let inner = image.symbol("inner").unwrap();
    assert_eq!(image.symbol_at(inner + 2), Some(("inner", 2)), "a sized function covers the labels inside it");
    assert_eq!(image.symbol_at(image.symbol("after").unwrap() + 4), Some(("after", 4)));
    assert_eq!(image.symbol_at(image.entry - 0x1000), None);
    assert!(image.source_line(image.entry).unwrap().ends_with(".S:4"), "{:?}", image.source_line(image.entry));
    assert_eq!(image.source_line(0), None);
    let text = &image.segments.iter().find(|s| s.range().contains(&image.entry)).unwrap();
    assert_eq!(text.perm, Perm::R | Perm::X);
    assert!(image.file_bytes(text).len() >= 16);
}

#[test]
fn static_pie_is_placed_and_left_to_relocate_itself() {
    let image = Image::parse("prog", freestanding(PIE)).unwrap();
    assert_eq!((image.environment(), image.bias), (Kind::Linux, PIE_BASE));
    assert!(image.segments.iter().all(|segment| segment.vaddr >= PIE_BASE));
    assert_eq!(image.symbol("_start"), Some(image.entry));
    assert!(image.entry > PIE_BASE && image.phdr.unwrap() > PIE_BASE);
    assert!(image.source_line(image.entry).is_some());
    let word = image.symbol("word").unwrap();
    let data = image.segments.iter().find(|segment| segment.range().contains(&word)).unwrap();
    let stored = field(image.file_bytes(data), (word - data.vaddr) as usize) as u64;
    assert_ne!(stored, image.entry, "the relocation is in .rela.dyn, for the program to apply");
}

#[test]
fn glibc_program() {
    let source = "#include <stdio.h>\nint main(void) { puts(\"x\"); return 0; }\n";
    let image = Image::parse("prog", cross(LINUX_GCC, "c", source, &["-static", "-g"])).unwrap();
    assert_eq!(image.environment_reason(), "it has a GNU/Linux ABI note");
    assert_eq!(image.phdr, Some(image.segments[0].vaddr + 64));
    let main = image.symbol("main").unwrap();
    assert_eq!(image.symbol_at(main + 4), Some(("main", 4)));
    assert!(image.source_line(main).unwrap().ends_with(".c:2"));
    assert_eq!(image.symbol_at(image.symbol("puts").unwrap()), Some(("puts", 0)));
}

#[test]
fn bare_metal_is_recognised() {
    let source = "int main(void) { return 0; }\n";
    let specs = ["--specs=picolibc.specs", "--oslib=semihost", "--crt0=hosted"];
    let image = Image::parse("prog", cross(BARE_GCC, "c", source, &specs)).unwrap();
    assert_eq!((image.environment(), image.uses_semihosting()), (Kind::Bare, true));

    let with_tohost = ".globl _start\n_start: j _start\n.data\n.globl tohost\ntohost: .dword 0\n";
    let image = Image::parse("prog", cross(BARE_GCC, "S", with_tohost, &["-nostdlib", "-static"])).unwrap();
    assert_eq!(image.environment_reason(), "it has a symbol `tohost`");
    assert!(image.symbol("tohost").is_some() && image.symbol("fromhost").is_none());

    let image = Image::parse("prog", freestanding(&["-static", "-Wl,-Ttext=0x80000000"])).unwrap();
    assert_eq!(image.environment(), Kind::Bare);

    let program = "int value = 5; int main(void) { return value; }\n";
    let image = Image::parse("prog", cross(BARE_GCC, "c", program, &["--specs=picolibc.specs"])).unwrap();
    assert_eq!((image.environment(), image.uses_semihosting()), (Kind::Bare, false));
}

#[test]
fn refusals_say_what_is_wrong() {
    assert_eq!(Image::open("/nonexistent/prog").unwrap_err().to_string(), "/nonexistent/prog: no such file");
    assert_eq!(refusal(b""), "prog: the file is empty");
    assert_eq!(refusal(b"#!/bin/sh\n"), "prog: not an ELF program: it looks like a script");
    assert_eq!(refusal("int main() { /* ä */ }".as_bytes()), "prog: not an ELF program: it looks like a text file");
    assert_eq!(refusal(&[0, 1, 2, 3, 4]), "prog: not an ELF program: it looks like binary data of an unknown kind");

    let good = freestanding(&["-static"]);
    assert!(refusal(&patched(&good, 18, &[62, 0])).contains("a program for x86-64, not for RISC-V"));
    assert!(refusal(&patched(&good, 18, &[0xf0, 0xf0])).contains("ELF machine 61680"));
    assert!(refusal(&patched(&good, 4, &[1])).contains("32-bit"));
    assert!(refusal(&patched(&patched(&good, 5, &[2]), 18, &[0, 243])).contains("big-endian"));
    assert!(refusal(&patched(&good, 16, &[1, 0])).contains("relocatable object"));
    assert!(refusal(&patched(&good, 16, &[4, 0])).contains("core dump"));
    assert!(refusal(&patched(&good, 16, &[9, 9])).contains("its type is 2313"));
    assert!(refusal(&patched(&good, 54, &[32, 0])).contains("32 bytes instead of 56"));
    assert!(refusal(&patched(&good, 56, &[0, 0])).contains("no loadable segment"));
    assert!(
        refusal(&patched(&good, 56, &[0xff, 0xff])).contains("the table of 65535 program headers takes bytes 64 to")
    );
    assert!(refusal(&patched(&good, 32, &[0xff; 8])).contains("malformed"));
    assert!(refusal(&patched(&good, 24, &0x40u64.to_le_bytes())).contains("0x40 is outside every executable segment"));
    assert!(refusal(&patched(&good, 24, &[1])).contains("is odd"));

    let load = phdr_of(&good, 1);
    let huge = u64::MAX - 0x10;
    assert!(refusal(&patched(&good, load + 16, &huge.to_le_bytes())).contains("lies outside the memory"));
    assert!(refusal(&patched(&good, load + 40, &1u64.to_le_bytes())).contains("more bytes in the file"));
    assert!(refusal(&patched(&good, load + 8, &huge.to_le_bytes())).contains("malformed"));

    let main = "int main(void) { return 0; }";
    assert!(refusal(&cross(LINUX_GCC, "c", main, &[])).contains("ld-linux-riscv64-lp64d.so.1); link it with -static"));
    assert!(refusal(&cross(LINUX_GCC, "c", main, &["-shared", "-fPIC"])).contains("a shared library"));
    assert!(refusal(&cross(LINUX_GCC, "c", main, &["-shared", "-nostdlib", "-fPIC"])).contains("a shared library"));
    assert!(refusal(&cross(LINUX_GCC, "c", main, &["-c"])).contains("link it first"));
    let host = std::fs::read("/proc/self/exe").unwrap();
    assert!(!refusal(&host).contains("malformed"));
}

#[test]
fn every_truncation_is_refused_with_its_range() {
    let good = freestanding(&["-static"]);
    let headers = field(&good, 32) + 56 * usize::from(good[56]);
    let last = (0..usize::from(good[56])).map(|index| field(&good, 32) + 56 * index).filter(|at| good[*at] == 1);
    let loaded = last.map(|at| field(&good, at + 8) + field(&good, at + 32)).max().unwrap();
    for len in 1..loaded {
        let told = refusal(&good[..len]);
        assert!(told.contains("truncated ELF file"), "{len}: {told}");
        if (64..headers).contains(&len) {
            assert!(told.contains(&format!("({} missing)", headers - len)), "{len}: {told}");
        }
    }
    assert!(refusal(&good[..loaded - 3]).contains("segment "), "{}", refusal(&good[..loaded - 3]));
    // What follows the segments helps only reports.
    for len in loaded..good.len() {
        Image::parse("prog", good[..len].to_vec()).unwrap();
    }
}

#[test]
fn mutated_files_never_panic() {
    let seeds = [
        freestanding(&["-static"]),
        freestanding(PIE),
        cross(BARE_GCC, "c", "int main(void) { return 0; }", &["--specs=picolibc.specs", "--oslib=semihost", "-g"]),
    ];
    let mut state = 0x1234_5678_9abc_def1u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let mut accepted = 0;
    for round in 0..12_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        // Mostly where the structure is: the headers in front, section headers and debug tables behind.
        let spans = [0..64, 0..512, bytes.len() - 1024..bytes.len(), 0..bytes.len()];
        for _ in 0..1 + random() % 8 {
            let span = spans[random() % spans.len()].clone();
            let at = span.start + random() % span.len();
            bytes[at] = [0, 1, 0x7f, 0x80, 0xff, random() as u8][random() % 6];
        }
        if random() % 8 == 0 {
            bytes.truncate(random() % bytes.len());
        }
        if let Ok(image) = Image::parse("prog", bytes) {
            accepted += 1;
            for segment in &image.segments {
                assert!(image.file_bytes(segment).len() as u64 <= segment.size && !segment.range().is_empty());
            }
            let _ = (image.symbol_at(image.entry + 8), image.source_line(image.entry), image.environment());
        }
    }
    assert!(accepted > 1000, "only {accepted} files got past the headers");
}
