//! Vector floating point, reductions, loads and stores against other simulators: every row, every legal SEW and LMUL, masked
//! or not, random and special operands; all vector registers, fflags, vl and memory are compared.
//!
//! One small guest program interprets a table of cases: it loads all vector registers, sets vl, vtype, fcsr and vstart, patches the
//! instruction into its own code, and stores what came out. Spike runs it bare-metal and dumps the results as a signature; QEMU runs it in
//! user mode and gets what it knows.

#[path = "support/spike.rs"]
mod spike;

use std::path::{Path, PathBuf};
use std::process::Command;

use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::{self, host};
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::inst::Inst;
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::{Flow, Op};
use rvtile_isa::row::{Mem, Props, Row};
use rvtile_isa::vector::vtype::Vtype;

const VLEN: u32 = 128;
/// Bytes of all vector registers.
const FILE: usize = 32 * VLEN as usize / 8;
/// Register files in the pool for each element width, floating-point patterns and indices.
const FILES: usize = 16;
const SCRATCH: usize = 16 << 10;
/// Bytes of a result: the registers, fflags, vl, cause of a trap plus one, checksum of memory.
const RESULT: usize = FILE + 32;
/// Where scratch memory is on our side.
const BASE: u64 = 0x10000;

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// One instruction with all that it depends on.
struct Case {
    row: &'static Row,
    word: u32,
    frm: u8,
    vl: u32,
    vtype: Vtype,
    vstart: u32,
    file: usize,
    address: u64,
    stride: u64,
    scalar: u64,
}

impl Case {
    /// The record that the guest program reads.
    fn record(&self) -> Vec<u8> {
        let memory = u64::from(self.row.props.contains(Props::STORE));
        [
            u64::from(self.word) | u64::from(self.frm) << 37,
            u64::from(self.vl),
            self.vtype.csr(),
            (self.file * FILE) as u64,
            self.address,
            self.stride,
            self.scalar,
            u64::from(self.vstart),
            memory,
        ]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
    }

    /// An unordered sum without active elements may make a NaN canonical or leave it.
    fn is_free(&self, pool: &[u8]) -> bool {
        let active = |index: u32| {
            self.word >> 25 & 1 == 1 || pool[self.file * FILE + index as usize / 8] >> (index % 8) & 1 == 1
        };
        self.row.name.ends_with("redusum.vs") && self.row.props.contains(Props::FLOAT) && !(0..self.vl).any(active)
    }

    fn describe(&self) -> String {
        format!(
            "{} (0x{:08x}), {}, vl {}, vstart {}, frm {}, file {}, address {:+}, stride {}, scalar 0x{:x}",
            Inst::new(self.row, self.word).text(0),
            self.word,
            self.vtype,
            self.vl,
            self.vstart,
            self.frm,
            self.file,
            self.address,
            self.stride as i64,
            self.scalar
        )
    }
}

/// A bit pattern of `width` bits that floating point finds interesting.
fn pattern(random: &mut Random, width: u32) -> u64 {
    let (fraction, exponents) = match width {
        8 => return random.next(),
        16 => (10, 31),
        32 => (23, 255),
        _ => (52, 2047u64),
    };
    let sign = (random.next() & 1) << (width - 1);
    let bits = random.next();
    let mantissa = bits & ((1 << fraction) - 1);
    let bias = exponents / 2;
    let magnitude = match random.next() % 16 {
        0 => 0,
        1 => [1, (1 << fraction) - 1, 1 << fraction, mantissa][(bits >> 60) as usize % 4],
        2 => (exponents << fraction) - 1,
        3 => exponents << fraction,
        4 => exponents << fraction | 1 << (fraction - 1) | mantissa,
        5 => exponents << fraction | 1 | mantissa >> 1,
        6 => bias << fraction,
        // Near the limits of integers.
        7 => {
            (bias + [7, 8, 15, 16, 31, 32, 63, 64][(bits >> 60) as usize % 8]).min(exponents - 1) << fraction | mantissa
        }
        8 => {
            (bias + [7, 8, 15, 16, 31, 32, 63, 64][(bits >> 60) as usize % 8] - 1).min(exponents - 1) << fraction
                | ((1 << fraction) - 1)
        }
        9 | 10 => (bits >> 1) % (exponents << fraction),
        11 => (bias - 14 + (bits >> 59) % 6) << fraction | mantissa,
        _ => (bias - 3 + (bits >> 58) % 10) << fraction | mantissa,
    };
    sign | magnitude
}

/// The register files that cases start from: for each element width of 8 to 64 bits patterns, then for each small indices.
fn pool(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for indices in [false, true] {
        for width in [8u32, 16, 32, 64] {
            for _ in 0..FILES {
                for register in 0..32 {
                    // Operands of widening and narrowing instructions have other widths.
                    let width = match random.next() % 8 {
                        _ if indices => width,
                        _ if register == 0 => 8,
                        0 => (width / 2).max(8),
                        1 | 2 => (width * 2).min(64),
                        _ => width,
                    };
                    for _ in 0..VLEN / width {
                        let value = if indices { random.next() % 3000 } else { pattern(random, width) };
                        bytes.extend_from_slice(&value.to_le_bytes()[..width as usize / 8]);
                    }
                }
            }
        }
    }
    bytes
}

fn hart() -> Hart {
    let (isa, _) = Ext::parse("rv64gcv_zfh_zvfh_zfbfmin_zvfbfmin_zvfbfwma").unwrap();
    let mut memory = Memory::new(1 << 20).unwrap();
    memory.protect(BASE, SCRATCH as u64, Perm::R | Perm::W).unwrap();
    let config = Config { vlen: VLEN, isa, agnostic_ones: false, level: float::lanes::Level::detect() };
    let mut hart = Hart::new(config, memory);
    hart.csr.dirty_fs();
    hart.csr.dirty_vs();
    hart
}

/// Legal cases of a row, one or more for each vtype under which there are any.
///
/// Only loads and stores begin at a vstart that is not zero: Spike refuses that for arithmetic.
fn cases_of(row: &'static Row, random: &mut Random, hart: &mut Hart, cases: &mut Vec<Case>) {
    let memory = row.mem != Mem::None;
    let before = cases.len();
    for vtype in 0..32u64 {
        let vtype = Vtype::from_request(vtype | (random.next() & 3) << 6, VLEN);
        for _ in 0..if memory { 1 } else { 6 } {
            if vtype.ill() {
                continue;
            }
            hart.vtype = vtype;
            hart.frm = if random.next() & 1 == 0 { 0 } else { (random.next() % 5) as u8 };
            hart.vstart = 0;
            let legal = (0..300).find_map(|_| {
                let align = !((1 << (random.next() % 4)) - 1);
                let mut word = row.encoding.bits;
                let mut field = |lo: u32, value: u64| word |= (value as u32) << lo & !row.encoding.mask & 31 << lo;
                field(7, random.next() & align);
                field(20, if matches!(row.mem, Mem::Strided { .. }) { 11 } else { random.next() & align });
                let vector = row.syntax.contains("vs1");
                field(15, if vector { random.next() & align } else { 10 });
                if row.encoding.has(rvtile_isa::encoding::Field::Vm) {
                    word |= (random.next() as u32 & 1) << 25;
                }
                Op::new(&Inst::new(row, word), 0, 0, &hart.ctx()).is_ok().then_some(word)
            });
            let Some(word) = legal else { continue };
            let vlmax = vtype.vlmax(VLEN);
            let vl = if random.next() & 1 == 0 { vlmax } else { (random.next() % u64::from(vlmax + 1)) as u32 };
            let resumed = memory && random.next().is_multiple_of(8);
            let vstart = if resumed { (random.next() % u64::from(vl + 1)) as u32 } else { 0 };
            let width = match row.mem {
                Mem::Indexed { eew } => 4 + eew.ilog2() as usize - 3,
                _ => vtype.sew_log2() as usize - 3,
            };
            let boxed = u64::MAX.checked_shl(vtype.sew()).unwrap_or(0);
            cases.push(Case {
                row,
                word,
                frm: hart.frm,
                vl,
                vtype,
                vstart,
                file: width * FILES + random.next() as usize % FILES,
                address: (SCRATCH / 2) as u64 + random.next() % 64,
                stride: (random.next() % 80).wrapping_sub(40),
                // One in eight is not NaN-boxed.
                scalar: pattern(random, vtype.sew()) | if random.next().is_multiple_of(8) { 0 } else { boxed },
            });
        }
    }
    assert!(cases.len() > before, "{}: no legal case found", row.name);
}

/// The result of a case on our hart, laid out as the guest program does.
fn ours(hart: &mut Hart, case: &Case, pool: &[u8]) -> Vec<u8> {
    hart.v.from_mut(0).copy_from_slice(&pool[case.file * FILE..][..FILE]);
    (hart.vl, hart.vtype, hart.vstart, hart.frm) = (case.vl, case.vtype, case.vstart, case.frm);
    hart.x[10] = BASE + case.address;
    hart.x[11] = case.stride;
    hart.f[10] = case.scalar;
    hart.fflags = float::Flags::empty();
    let op = Op::new(&Inst::new(case.row, case.word), 0, 0, &hart.ctx()).unwrap();
    let saved = host::begin();
    // SAFETY: `Op::new` chose the handler for this host.
    let flow = unsafe { (op.exec)(hart, &op) };
    hart.fflags |= host::take_flags();
    host::end(saved);
    assert_eq!(flow, Flow::Next, "{}", case.describe());
    assert_eq!(hart.vstart, 0, "{}", case.describe());
    let mut sum = 0u64;
    if case.row.props.contains(Props::STORE) {
        for word in hart.mem.slice(BASE, SCRATCH as u64).unwrap().chunks_exact(8) {
            sum = sum.wrapping_mul(31).wrapping_add(u64::from_le_bytes(word.try_into().unwrap()));
        }
    }
    let mut result = hart.v.all().to_vec();
    for word in [u64::from(hart.fflags.bits()), u64::from(hart.vl), 0, sum] {
        result.extend_from_slice(&word.to_le_bytes());
    }
    result
}

const GUEST: &str = r#"
    .globl _start, tohost, fromhost, begin_signature, end_signature
.ifdef BARE
    .text
.else
    .section .code, "awx", @progbits
.endif
_start:
.ifdef BARE
    li t0, 0x6600
    csrs mstatus, t0
    la t0, trap
    csrw mtvec, t0
.endif
    la s0, records
    la s1, records_end
    la s2, begin_signature
    la s3, pool
    la s4, scratch
    csrr s6, vlenb
    slli s6, s6, 3
next:
    beq s0, s1, done
    ld t0, 24(s0)
    add t0, t0, s3
    vl8re8.v v0, (t0)
    add t0, t0, s6
    vl8re8.v v8, (t0)
    add t0, t0, s6
    vl8re8.v v16, (t0)
    add t0, t0, s6
    vl8re8.v v24, (t0)
    ld a0, 32(s0)
    add a0, a0, s4
    ld a1, 40(s0)
    fld fa0, 48(s0)
    li s5, 0
    lwu t0, 0(s0)
    la t1, slot
    sw t0, 0(t1)
    fence.i
    ld t0, 8(s0)
    ld t1, 16(s0)
    vsetvl x0, t0, t1
    lw t0, 4(s0)
    csrw fcsr, t0
    ld t0, 56(s0)
    csrw vstart, t0
    .balign 4
slot:
    .word 0x00000013
after:
    csrr t0, fflags
    csrr t1, vl
    csrw vstart, x0
    vs8r.v v0, (s2)
    add s2, s2, s6
    vs8r.v v8, (s2)
    add s2, s2, s6
    vs8r.v v16, (s2)
    add s2, s2, s6
    vs8r.v v24, (s2)
    add s2, s2, s6
    sd t0, 0(s2)
    sd t1, 8(s2)
    sd s5, 16(s2)
    li t0, 0
    ld t1, 64(s0)
    beqz t1, summed
    mv t1, s4
    li t2, SCRATCH
    add t2, t2, t1
    li t4, 31
1:  ld t3, 0(t1)
    mul t0, t0, t4
    add t0, t0, t3
    addi t1, t1, 8
    bne t1, t2, 1b
summed:
    sd t0, 24(s2)
    addi s2, s2, 32
    addi s0, s0, 72
    j next
.ifdef BARE
done:
    la t0, tohost
    li t1, 1
    sd t1, 0(t0)
1:  j 1b
    .balign 4
trap:
    csrr s5, mcause
    addi s5, s5, 1
    la t0, after
    csrw mepc, t0
    mret
.else
done:
    la s1, begin_signature
1:  li a0, 1
    mv a1, s1
    sub a2, s2, s1
    li a7, 64
    ecall
    add s1, s1, a0
    bne s1, s2, 1b
    li a0, 0
    li a7, 93
    ecall
.endif
    .data
    .balign 64
tohost: .dword 0
    .balign 64
fromhost: .dword 0
    .balign 64
scratch: .incbin "scratch.bin"
    .balign 64
pool: .incbin "pool.bin"
records: .incbin "records.bin"
records_end:
    .balign 64
begin_signature:
    .space SIGNATURE
    .balign 64
end_signature:
"#;

/// Builds the guest program for these cases.
fn build(directory: &Path, bare: bool, cases: &[&Case], pool: &[u8], scratch: &[u8]) -> PathBuf {
    std::fs::create_dir_all(directory).unwrap();
    let records: Vec<u8> = cases.iter().flat_map(|case| case.record()).collect();
    std::fs::write(directory.join("scratch.bin"), scratch).unwrap();
    std::fs::write(directory.join("pool.bin"), pool).unwrap();
    std::fs::write(directory.join("records.bin"), records).unwrap();
    std::fs::write(directory.join("guest.s"), GUEST).unwrap();
    let mut gcc = Command::new("riscv64-linux-gnu-gcc");
    gcc.current_dir(directory)
        .args(["-march=rv64gcv", "-mcmodel=medany", "-nostdlib", "-static", "-Wl,--build-id=none", "-o", "guest"])
        .arg(format!("-Wa,--defsym,SCRATCH={SCRATCH},--defsym,SIGNATURE={}", cases.len() * RESULT))
        .arg("guest.s");
    if bare {
        // Text and data together in RAM, writable and executable.
        gcc.args(["-Wa,--defsym,BARE=1", "-Wl,-N,-Ttext=0x80000000"]);
    }
    let output = gcc.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    directory.join("guest")
}

/// Compares each case; `reference` holds the results of the other simulator.
fn compare(name: &str, cases: &[&Case], pool: &[u8], scratch: &[u8], reference: &[u8]) {
    assert!(reference.len() >= cases.len() * RESULT, "{name} gave only {} bytes", reference.len());
    let mut hart = hart();
    hart.mem.poke(BASE, scratch).unwrap();
    let mut wrong = Vec::new();
    for (case, theirs) in cases.iter().zip(reference.chunks_exact(RESULT)) {
        let ours = ours(&mut hart, case, pool);
        if case.is_free(pool) {
            continue;
        }
        if let Some(at) = (0..RESULT).find(|&at| ours[at] != theirs[at]) {
            let vlenb = VLEN as usize / 8;
            let place = match at {
                _ if at < FILE => {
                    let line = at / vlenb * vlenb..(at / vlenb + 1) * vlenb;
                    format!("v{}: {:02x?}, {name} {:02x?}", at / vlenb, &ours[line.clone()], &theirs[line])
                }
                _ => format!("fflags, vl, cause, memory: {:02x?}, {name} {:02x?}", &ours[FILE..], &theirs[FILE..]),
            };
            wrong.push(format!("{}\n    {place}", case.describe()));
        }
    }
    let shown = wrong[..wrong.len().min(40)].join("\n");
    assert!(wrong.is_empty(), "{} of {} cases differ from {name}:\n{shown}", wrong.len(), cases.len());
    eprintln!("{} cases agree with {name}", cases.len());
}

fn rows() -> Vec<&'static Row> {
    let wanted = |row: &&&'static Row| {
        row.props.contains(Props::VECTOR)
            && (row.mem != Mem::None
                || row.props.contains(Props::FLOAT)
                || row.name.starts_with("vred")
                || row.name.starts_with("vwred"))
            && !["vfmv.f.s", "vfmv.s.f", "vfslide1up.vf", "vfslide1down.vf"].contains(&row.name)
    };
    Decoder::standard().rows().iter().filter(wanted).copied().collect()
}

fn generate(seed: u64, rows: &[&'static Row]) -> (Vec<Case>, Vec<u8>, Vec<u8>) {
    let mut random = Random(seed);
    let (pool, mut hart, mut cases) = (pool(&mut random), hart(), Vec::new());
    for row in rows {
        cases_of(row, &mut random, &mut hart, &mut cases);
    }
    let scratch = (0..SCRATCH / 8).flat_map(|_| random.next().to_le_bytes()).collect();
    (cases, pool, scratch)
}

fn directory(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

#[test]
fn agrees_with_spike() {
    let (cases, pool, scratch) = generate(0x5eed, &rows());
    let cases: Vec<&Case> = cases.iter().collect();
    let directory = directory("spike");
    let guest = build(&directory, true, &cases, &pool, &scratch);
    let signature = directory.join("signature");
    let output = Command::new(spike::spike())
        .arg(format!("--isa=rv64gcv_zfh_zvfh_zfbfmin_zvfbfmin_zvfbfwma_zicclsm_zvl{VLEN}b"))
        .arg(format!("+signature={}", signature.display()))
        .arg("+signature-granularity=8")
        .arg(guest)
        .output()
        .expect("Spike runs: make tools");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(signature).unwrap();
    let results: Vec<u8> = text.lines().flat_map(|line| u64::from_str_radix(line, 16).unwrap().to_le_bytes()).collect();
    compare("Spike", &cases, &pool, &scratch, &results);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn agrees_with_qemu() {
    let (cases, pool, scratch) = generate(0xface, &rows());
    // QEMU 7.2 knows no 16-bit formats, and dies on conversions with a rounding mode of their own.
    let known = |case: &&Case| {
        let half = case.row.props.contains(Props::FLOAT) && case.vtype.sew() < 32;
        !half && !case.row.name.contains(".rtz.") && !case.row.name.contains("bf16")
    };
    let cases: Vec<&Case> = cases.iter().filter(known).collect();
    let directory = directory("qemu");
    let guest = build(&directory, false, &cases, &pool, &scratch);
    let cpu = format!("rv64,v=true,vlen={VLEN},elen=64,vext_spec=v1.0");
    let output = Command::new("qemu-riscv64").args(["-cpu", &cpu]).arg(guest).output().expect("qemu-user runs");
    assert!(output.status.success(), "{:?} {}", output.status, String::from_utf8_lossy(&output.stderr));
    compare("QEMU", &cases, &pool, &scratch, &output.stdout);
    std::fs::remove_dir_all(directory).unwrap();
}
