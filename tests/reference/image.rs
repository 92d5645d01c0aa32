//! Programs for the references: cases laid out in memory with the code that loads and saves their state.
//!
//! The same bytes run bare-metal (Spike, and here) and under an operating system (QEMU): only the first page and the
//! few instructions that handle exceptions differ, and they take the same space.

use super::asm::{Code, ECALL, NOP, csr};
use super::elf;
use super::exclusions::Reference;
use super::generate::Case;
use super::values::Pool;

/// Where everything begins: low enough for two-instruction constants.
pub const BASE: u64 = 0x4000_0000;
/// End of the program: the results are written and the machine stops.
pub const FINISH: u64 = BASE + 0x200;
const HANDLER: u64 = BASE + 0x400;
/// HTIF words, the write command, the current case, and what the kernel is given.
pub const TOHOST: u64 = BASE + 0x1000;
/// HTIF answers.
pub const FROMHOST: u64 = BASE + 0x1040;
const COMMAND: u64 = BASE + 0x1080;
const CURRENT: u64 = BASE + 0x1100;
const SIGACTION: u64 = BASE + 0x1140;
const SIGALTSTACK: u64 = BASE + 0x1180;
const SIGNAL_STACK: u64 = BASE + 0x2000;
const SIGNAL_STACK_SIZE: u64 = 0x8000;
/// Operand data.
pub const POOL: u64 = SIGNAL_STACK + SIGNAL_STACK_SIZE;
/// The memory that programs read and write; nothing lies behind it.
pub const WINDOW: u64 = 0x4800_0000;
/// Its size: three pages.
pub const WINDOW_SIZE: u64 = 0x3000;

/// Result block: x, f, then these words, then v.
pub const RESULT_WORDS: [&str; 8] = ["fcsr", "vcsr", "vl", "vtype", "vstart", "cause", "tval", "epc"];
const X: i64 = 0;
const F: i64 = 256;
const WORDS: i64 = 512;
const CAUSE: i64 = WORDS + 40;
const TVAL: i64 = WORDS + 48;
const EPC: i64 = WORDS + 56;
/// Offset of the vector registers in a result block.
pub const V: u64 = 576;

/// A program of many cases.
pub struct Image {
    vlen: u32,
    /// Everything from `BASE` up to the results.
    bytes: Vec<u8>,
    window: Vec<u8>,
    /// Where the results go.
    pub results: u64,
    /// Bytes of all results.
    pub results_len: u64,
}

/// Bytes of one result block.
pub fn result_len(vlen: u32) -> u64 {
    V + 4 * u64::from(vlen)
}

impl Image {
    /// Lays out cases for a reference.
    pub fn new(cases: &[Case], vlen: u32, pool: &Pool, window: &[u8], reference: Reference) -> Image {
        let len = result_len(vlen);
        let inputs = POOL + pool.bytes.len() as u64;
        let code_at = inputs + len * cases.len() as u64;
        // Results follow the code, whose size does not depend on where they are.
        let mut results = code_at;
        let mut code = Code::default();
        for _ in 0..2 {
            code = Code::default();
            for (index, case) in cases.iter().enumerate() {
                let index = index as u64;
                let frame = Framed { input: inputs + len * index, result: results + len * index, vlen, reference };
                frame.write(&mut code, code_at, case);
            }
            code.li_wide(5, FINISH as i64);
            code.jalr(0, 5, 0);
            results = (code_at + code.bytes.len() as u64).next_multiple_of(4096);
        }
        let results_len = len * cases.len() as u64;
        let mut bytes = vec![0; (inputs - BASE) as usize];
        let mut put = |at: u64, part: &[u8]| bytes[(at - BASE) as usize..][..part.len()].copy_from_slice(part);
        put(BASE, &start(code_at, reference).bytes);
        put(FINISH, &finish(results, results_len, reference).bytes);
        put(HANDLER, &handler().bytes);
        put(POOL, &pool.bytes);
        let mut words = |at: u64, words: &[u64]| {
            words.iter().enumerate().for_each(|(i, word)| put(at + 8 * i as u64, &word.to_le_bytes()));
        };
        words(COMMAND, &[64, 1, results, results_len, 0, 0, 0, 0]);
        // SA_SIGINFO, SA_ONSTACK, SA_NODEFER.
        words(SIGACTION, &[HANDLER, 0x4800_0004, 0]);
        words(SIGALTSTACK, &[SIGNAL_STACK, 0, SIGNAL_STACK_SIZE]);
        for case in cases {
            bytes.extend(case.x.iter().chain(&case.f).flat_map(|word| word.to_le_bytes()));
            bytes.extend(case.csrs.iter().flat_map(|word| word.to_le_bytes()));
            bytes.resize(bytes.len() + (V as usize - 512 - 40), 0);
            bytes.extend(&case.v);
        }
        bytes.extend(&code.bytes);
        Image { vlen, bytes, window: window.to_vec(), results, results_len }
    }

    /// An ELF file.
    pub fn elf(&self) -> Vec<u8> {
        let end = self.results + self.results_len;
        elf::write(
            &[
                elf::Segment { at: BASE, bytes: &self.bytes, size: end - BASE },
                elf::Segment { at: WINDOW, bytes: &self.window, size: WINDOW_SIZE },
            ],
            BASE,
            &[("tohost", TOHOST), ("fromhost", FROMHOST)],
        )
    }

    /// The parts to load: address and bytes.
    pub fn parts(&self) -> [(u64, &[u8]); 2] {
        [(BASE, &self.bytes), (WINDOW, &self.window)]
    }

    /// VLEN in bits.
    pub fn vlen(&self) -> u32 {
        self.vlen
    }
}

/// The frame of one case.
struct Framed {
    input: u64,
    result: u64,
    vlen: u32,
    reference: Reference,
}

impl Framed {
    fn write(&self, code: &mut Code, code_at: u64, case: &Case) {
        let anchor = case.anchor;
        let mut others = (1..32).filter(|register| *register != anchor);
        let (Some(t), Some(u), Some(w)) = (others.next(), others.next(), others.next()) else { unreachable!() };
        let bare = self.reference == Reference::Spike;
        let group = i64::from(self.vlen);
        // The address of the exception path is patched in below.
        let patch = code.bytes.len();
        code.li_wide(t, BASE as i64);
        code.li_wide(u, CURRENT as i64);
        code.sd(t, u, 8);
        if bare {
            code.csrw(csr::MTVEC, t);
        } else {
            code.word(NOP);
        }
        code.li_wide(t, self.result as i64);
        code.sd(t, u, 0);
        code.li_wide(t, self.input as i64);
        for register in 0..32 {
            code.fld(register, t, F + 8 * i64::from(register));
        }
        code.ld(u, t, WORDS);
        code.csrw(csr::FCSR, u);
        code.ld(u, t, WORDS + 8);
        code.csrw(csr::VCSR, u);
        for part in 0..4 {
            code.li_wide(u, (self.input + V) as i64 + group * i64::from(part));
            code.load_whole(8, 8 * part, u);
        }
        code.ld(u, t, WORDS + 16);
        code.ld(w, t, WORDS + 24);
        code.vsetvl(0, u, w);
        code.ld(u, t, WORDS + 32);
        code.csrw(csr::VSTART, u);
        code.li_wide(anchor, self.result as i64);
        for register in (1..32).filter(|register| *register != anchor && *register != t).chain([t]) {
            code.ld(register, t, X + 8 * i64::from(register));
        }
        for group in &case.groups {
            code.bytes.extend(&group.bytes);
        }
        if !code.bytes.len().is_multiple_of(4) {
            code.half(1);
        }
        self.save(code, code_at, case.anchor, patch);
    }

    /// The way out: without and with an exception.
    fn save(&self, code: &mut Code, code_at: u64, anchor: u8, patch: usize) {
        let (t, u) = match anchor {
            1 => (2, 3),
            2 => (1, 3),
            _ => (1, 2),
        };
        code.jal(0, 4 * 9);
        let mut head = Code::default();
        head.li_wide(t, (code_at + code.bytes.len() as u64) as i64);
        code.bytes[patch..patch + 8].copy_from_slice(&head.bytes);
        if self.reference == Reference::Spike {
            code.sd(t, anchor, X + 8 * i64::from(t));
            for (number, offset) in [(csr::MCAUSE, CAUSE), (csr::MTVAL, TVAL), (csr::MEPC, EPC)] {
                code.csrr(t, number);
                code.sd(t, anchor, offset);
            }
            code.ld(t, anchor, X + 8 * i64::from(t));
        } else {
            (0..8).for_each(|_| code.word(NOP));
        }
        for register in 0..32 {
            code.sd(register, anchor, X + 8 * i64::from(register));
            code.fsd(register, anchor, F + 8 * i64::from(register));
        }
        let numbers = [csr::FCSR, csr::VCSR, csr::VL, csr::VTYPE, csr::VSTART];
        for (index, number) in numbers.into_iter().enumerate() {
            code.csrr(t, number);
            code.sd(t, anchor, WORDS + 8 * index as i64);
        }
        code.csrwi(csr::VSTART, 0);
        for part in 0..4 {
            code.li_wide(u, (self.result + V) as i64 + i64::from(self.vlen) * i64::from(part));
            code.store_eight(8 * part, u);
        }
    }
}

/// The entry point.
fn start(code_at: u64, reference: Reference) -> Code {
    let mut code = Code::default();
    if reference == Reference::Spike {
        // FS and VS dirty.
        code.li_wide(5, 0x6600);
        code.csrs(csr::MSTATUS, 5);
    } else {
        code.li_wide(10, SIGALTSTACK as i64);
        code.li(11, 0);
        code.li(17, 132);
        code.word(ECALL);
        // SIGILL, SIGTRAP, SIGBUS, SIGSEGV.
        for signal in [4, 5, 7, 11] {
            code.li(10, signal);
            code.li_wide(11, SIGACTION as i64);
            code.li(12, 0);
            code.li(13, 8);
            code.li(17, 134);
            code.word(ECALL);
        }
    }
    code.li_wide(5, code_at as i64);
    code.jalr(0, 5, 0);
    code
}

/// Writes results and window to standard output and ends the program.
fn finish(results: u64, len: u64, reference: Reference) -> Code {
    let mut code = Code::default();
    if reference == Reference::Spike {
        code.li_wide(5, TOHOST as i64);
        code.li_wide(6, FROMHOST as i64);
        code.li_wide(8, COMMAND as i64);
        for (at, size) in [(results, len), (WINDOW, WINDOW_SIZE)] {
            code.li_wide(7, at as i64);
            code.sd(7, 8, 16);
            code.li_wide(7, size as i64);
            code.sd(7, 8, 24);
            code.li(7, 64);
            code.sd(7, 8, 0);
            code.sd(8, 5, 0);
            // Wait for the answer: beqz x7, -4.
            code.ld(7, 6, 0);
            code.word(super::asm::branch_bits(-4) | 7 << 15 | 0x63);
            code.sd(0, 6, 0);
        }
        code.li(7, 1);
        code.sd(7, 5, 0);
        code.jal(0, 0);
    } else {
        for (at, size) in [(results, len), (WINDOW, WINDOW_SIZE)] {
            code.li(10, 1);
            code.li_wide(11, at as i64);
            code.li_wide(12, size as i64);
            code.li(17, 64);
            code.word(ECALL);
        }
        code.li(10, 0);
        code.li(17, 94);
        code.word(ECALL);
    }
    code
}

/// The signal handler: notes the signal and continues on the case's exception path.
fn handler() -> Code {
    /// Offset of the pc in a ucontext, of the address in a siginfo.
    const PC: i64 = 176;
    const ADDRESS: i64 = 16;
    let mut code = Code::default();
    code.li_wide(5, CURRENT as i64);
    code.ld(6, 5, 0);
    code.sd(10, 6, CAUSE);
    code.ld(7, 11, ADDRESS);
    code.sd(7, 6, TVAL);
    code.ld(7, 12, PC);
    code.sd(7, 6, EPC);
    code.ld(7, 5, 8);
    code.sd(7, 12, PC);
    code.jalr(0, 1, 0);
    code
}
