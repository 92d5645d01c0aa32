//! `rvtile disasm`: machine code as text.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, SectionKind, SegmentFlags};
use rvtile_isa::decode::{self, Decoder};
use rvtile_isa::inst::Inst;
use rvtile_isa::operand::Operand;

use super::options::DecodeOptions;
use super::{Failure, files};
use crate::loader::{Image, LoadError, Refusal};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Program whose code is disassembled
    #[arg(value_name = "FILE", required_unless_present = "words")]
    file: Option<PathBuf>,
    /// Disassemble these instruction words instead
    #[arg(long = "word", value_name = "HEX", num_args = 1.., conflicts_with = "file", value_parser = word)]
    words: Vec<u32>,
    #[command(flatten)]
    decode: DecodeOptions,
}

fn word(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits = digits.replace('_', "");
    match u32::from_str_radix(&digits, 16) {
        Ok(word) if !digits.starts_with('+') => Ok(word),
        _ => Err("not an instruction word of up to eight hexadecimal digits".to_string()),
    }
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let decoder = args.decode.decoder()?;
    let (text, known) = match &args.file {
        Some(file) => (program(file, &decoder)?, true),
        None => words(&args.words, &decoder),
    };
    files::print(&text)?;
    Ok(ExitCode::from(u8::from(!known)))
}

/// One line for each word; false if any is no instruction.
fn words(words: &[u32], decoder: &Decoder) -> (String, bool) {
    let (mut text, mut known) = (String::new(), true);
    for &word in words {
        let _ = match decoder.decode(word) {
            Ok(inst) => {
                let ext = inst.fetched.provider();
                writeln!(text, "{:<12}{:<32}# {ext}", bits(inst.raw, inst.len), inst.text(0))
            }
            Err(why) => {
                known = false;
                writeln!(
                    text,
                    "{:<12}{:<32}# {why}: {}",
                    bits(word, length(word)),
                    directive(word),
                    decode::explain(word)
                )
            }
        };
    }
    (text, known)
}

/// Length in bytes by the low bits.
fn length(word: u32) -> u8 {
    if word & 3 == 3 { 4 } else { 2 }
}

fn bits(word: u32, len: u8) -> String {
    if len == 2 { format!("{:04x}", word & 0xffff) } else { format!("{word:08x}") }
}

/// A word that is no instruction, as the assembler takes it.
fn directive(word: u32) -> String {
    format!(".{}byte 0x{}", length(word), bits(word, length(word)))
}

/// All executable sections of a file.
fn program(path: &Path, decoder: &Decoder) -> Result<String, Failure> {
    let name = path.display().to_string();
    let fail = |why: Refusal| Failure::refused(LoadError { name: name.clone(), why });
    let bytes = std::fs::read(path).map_err(|error| fail(Refusal::Io(error)))?;
    match Image::parse(&name, bytes.clone()) {
        // What cannot be run can be read.
        Ok(_) | Err(LoadError { why: Refusal::Object | Refusal::SharedLibrary | Refusal::Dynamic(_), .. }) => {}
        Err(error) => return Err(Failure::refused(error)),
    }
    let malformed = |error: object::Error| fail(Refusal::Malformed(error.to_string()));
    let elf = object::File::parse(&*bytes).map_err(malformed)?;
    let mut codes: Vec<(String, u64, &[u8])> = Vec::new();
    for section in elf.sections().filter(|section| section.kind() == SectionKind::Text) {
        let name = String::from_utf8_lossy(section.name_bytes().map_err(malformed)?).into_owned();
        codes.push((name, section.address(), section.data().map_err(malformed)?));
    }
    if codes.is_empty() {
        // Without section headers the segments tell where code is.
        for (index, segment) in elf.segments().enumerate() {
            if let SegmentFlags::Elf { p_flags, .. } = segment.flags()
                && p_flags.0 & object::elf::PF_X.0 != 0
            {
                codes.push((format!("segment {index}"), segment.address(), segment.data().map_err(malformed)?));
            }
        }
    }
    let labels = labels(&elf);
    let mut text = format!("{name}\n");
    for (name, address, code) in codes {
        let _ = writeln!(text, "\nDisassembly of {name}:");
        section(&mut text, address, code, &labels, decoder);
    }
    Ok(text)
}

/// Names by address, without the assembler's own marks.
fn labels(elf: &object::File<'_>) -> BTreeMap<u64, String> {
    let mut labels = BTreeMap::new();
    for symbol in elf.symbols().filter(|symbol| !symbol.is_undefined()) {
        let code =
            matches!(symbol.kind(), object::SymbolKind::Text | object::SymbolKind::Label | object::SymbolKind::Unknown);
        match symbol.name() {
            Ok(name) if code && !name.is_empty() && !name.starts_with('$') && !name.starts_with(".L") => {
                labels.entry(symbol.address()).or_insert_with(|| name.to_string());
            }
            _ => {}
        }
    }
    labels
}

fn section(text: &mut String, address: u64, code: &[u8], labels: &BTreeMap<u64, String>, decoder: &Decoder) {
    let mut at = 0;
    while at < code.len() {
        let pc = address.wrapping_add(at as u64);
        if let Some(label) = labels.get(&pc) {
            let _ = writeln!(text, "\n{pc:016x} <{label}>:");
        }
        let rest = &code[at..];
        let word = rest.iter().take(4).rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
        let len = length(word);
        let decoded = if rest.len() < usize::from(len) { None } else { decoder.decode(word).ok() };
        let (raw, line) = match (&decoded, rest.len()) {
            (Some(inst), _) => (bits(inst.raw, inst.len), inst.text(pc) + target(inst, pc, labels).as_str()),
            (None, left) if left < usize::from(len) => {
                // The section ends inside an instruction.
                let bytes: Vec<String> = rest.iter().map(|byte| format!("0x{byte:02x}")).collect();
                let _ = writeln!(text, "{pc:8x}:\t{:<8}\t.byte {}", "", bytes.join(","));
                return;
            }
            (None, _) => (bits(word, len), directive(word)),
        };
        let _ = writeln!(text, "{pc:8x}:\t{raw:<8}\t{line}");
        at += usize::from(len);
    }
}

/// The name of a branch target, where it has one.
fn target(inst: &Inst, pc: u64, labels: &BTreeMap<u64, String>) -> String {
    if !inst.fetched.operands.has(Operand::Target) {
        return String::new();
    }
    let target = pc.wrapping_add(inst.imm as u64);
    match labels.range(..=target).next_back() {
        Some((&start, label)) if start == target => format!(" <{label}>"),
        Some((&start, label)) => format!(" <{label}+0x{:x}>", target - start),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::isa;
    use super::*;

    #[test]
    fn words_are_told_with_their_extension() {
        let (text, known) = words(&[0x02b5_0533, 0x4501], &Decoder::standard());
        assert!(known);
        assert_eq!(
            text,
            "02b50533    mul a0,a0,a1                    # M\n4501        c.li a0,0                       # Zca\n"
        );
    }

    #[test]
    fn unknown_words_say_where_they_lie() {
        let (text, known) = words(&[0x0000_000b, 0xffff_ffff, 0], &Decoder::standard());
        assert!(!known);
        assert!(text.contains("it lies in the space"), "{text}");
        assert!(text.contains(".4byte 0x0000000b") && text.contains("custom-0"), "{text}");
        assert!(text.contains(".2byte 0x0000") && text.contains("longer than 32 bits"), "{text}");
    }

    #[test]
    fn a_profile_gives_words_their_meaning() {
        let zvt = DecodeOptions { profile: "zvt".to_string(), isa: None, files: Vec::new() };
        let Ok(decoder) = zvt.decoder() else { panic!("a built-in profile") };
        assert_eq!(words(&[0xf288_0077], &decoder).0, "f2880077    vtmmu.tvv mt0,v8,v16            # Zvti8i32mm\n");
        let (text, _) = words(&[0xf742_245b], &decoder);
        assert!(text.contains("with --profile sifive it is `sf.vqmacc.4x8x4 v8,v4,v20`"), "{text}");
        let clash =
            DecodeOptions { profile: "zvt".to_string(), isa: isa("rv64gcv_xsfmm32a8i").ok(), files: Vec::new() };
        assert!(clash.decoder().is_err_and(|failure| failure.message.contains("`sf.vlte8`")));
        assert!(DecodeOptions { profile: "none".to_string(), isa: None, files: Vec::new() }.decoder().is_err());
    }

    #[test]
    fn hexadecimal_only() {
        assert_eq!(word("0x0000_0013"), Ok(0x13));
        assert!(word("0x1_0000_0000").is_err() && word("+13").is_err() && word("nop").is_err() && word("").is_err());
    }
}
