//! What a user is told when the guest program does what it must not.

use std::fmt;

use rvtile_isa::block::{Bad, Block};
use rvtile_isa::decode::{self, Decoder};
use rvtile_isa::hart::{Cause, Hart, Mode, Trap};
use rvtile_isa::matrix::xsfvcp;
use rvtile_isa::op::Illegal;

use super::mode_name;
use crate::extension::check;
use crate::loader::Image;

/// A fatal exception of the guest, explained.
#[derive(Debug)]
pub struct Crash {
    /// Cause and faulting address or bits.
    pub trap: Trap,
    /// Address of the instruction.
    pub pc: u64,
    /// `symbol+0xoffset`, if a symbol covers the pc.
    pub symbol: Option<String>,
    /// `file:line`, if the program has DWARF lines.
    pub line: Option<String>,
    /// Assembly text of the instruction, if it can be decoded.
    pub text: Option<String>,
    /// Its bits, if it could be fetched.
    pub word: Option<u32>,
    /// Why the instruction is illegal.
    pub why: Option<Illegal>,
    /// Privilege mode.
    pub mode: Mode,
}

impl Crash {
    pub(super) fn explain(trap: Trap, hart: &mut Hart, decoder: &Decoder, image: &Image) -> Crash {
        let pc = hart.pc;
        let word = hart.fetch(pc).ok();
        let text = word.and_then(|word| decoder.decode(word).ok()).map(|inst| inst.text(pc));
        // Decoding the one instruction again tells why it is illegal here, unless only its execution could.
        let why = match Block::translate(hart, decoder).insts.first().map(|entry| entry.inst) {
            Some(Err(Bad::Illegal { why, .. })) => Some(why),
            _ => hart.why,
        };
        Crash {
            trap,
            pc,
            symbol: image.symbol_at(pc).map(|(name, offset)| format!("{name}+0x{offset:x}")),
            line: image.source_line(pc),
            text,
            word,
            why: why.filter(|_| trap.cause == Cause::IllegalInstruction),
            mode: hart.mode,
        }
    }
}

impl Crash {
    /// Whether the program needs an instruction that this run, or this simulator, does not have. The words of zeros
    /// and of ones are illegal by definition, no matter what is supported.
    pub fn unsupported(&self) -> bool {
        match self.why {
            Some(Illegal::Missing(_)) => true,
            Some(why) if why == xsfvcp::UNDEFINED => true,
            Some(Illegal::Unknown) => !matches!(self.word, Some(0 | u32::MAX)),
            _ => false,
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at pc 0x{:x}", self.trap.cause.describe(), self.pc)?;
        if let Some(symbol) = &self.symbol {
            write!(f, " ({symbol})")?;
        }
        if let Some(line) = &self.line {
            write!(f, " at {line}")?;
        }
        match (&self.text, self.word) {
            (Some(text), Some(word)) => write!(f, ": `{text}` (0x{word:08x})")?,
            (None, Some(word)) => write!(f, ": bits 0x{word:08x}")?,
            _ => {}
        }
        match self.trap.cause {
            Cause::IllegalInstruction => {
                if let Some(why) = &self.why {
                    write!(f, ": {why}")?;
                }
                if let (Some(Illegal::Unknown), Some(word)) = (self.why, self.word) {
                    if let Some(fields) = decode::fields(word) {
                        write!(f, " ({fields})")?;
                    }
                    write!(f, "; {}", decode::explain(word))?;
                    if matches!(word & 0x1f, 0x0b | 0x1b) {
                        write!(f, "; an extension file can define it, given with --ext")?;
                    }
                    if let Some((extension, row)) = check::in_the_box(word) {
                        write!(f, " (with --ext {} it is `{}`)", extension.name, row.name)?;
                    }
                }
            }
            Cause::Breakpoint | Cause::EcallU | Cause::EcallS | Cause::EcallM => {}
            _ => write!(f, ", address 0x{:x}", self.trap.tval)?,
        }
        write!(f, ", in {}", mode_name(self.mode))
    }
}
