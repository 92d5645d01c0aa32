//! Assembly operands: the words of a row's syntax line.

/// An operand word of a syntax line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operand {
    /// `rd`: integer destination.
    Rd,
    /// `rs1`: integer source.
    Rs1,
    /// `rs2`: integer source.
    Rs2,
    /// `fd`: floating-point destination.
    Fd,
    /// `fs1`: floating-point source.
    Fs1,
    /// `fs2`: floating-point source.
    Fs2,
    /// `fs3`: floating-point source.
    Fs3,
    /// `vd`: vector destination.
    Vd,
    /// `vs1`: vector source.
    Vs1,
    /// `vs2`: vector source.
    Vs2,
    /// `vs3`: vector source, the data of a store.
    Vs3,
    /// `vm`: optional mask `v0.t`.
    Vm,
    /// `v0`: the mask register as an explicit source.
    V0,
    /// `imm`: immediate, printed in decimal.
    Imm,
    /// `ximm`: immediate, printed in hexadecimal.
    Ximm,
    /// `target`: branch or jump target.
    Target,
    /// `csr`: CSR name.
    Csr,
    /// `rm`: rounding mode, nothing when dynamic.
    Rm,
    /// `fpconst`: constant of a Zfa `fli`.
    FpConst,
    /// `vtype`: vtype of vsetvli.
    Vtype,
    /// `pred`: predecessor set of a fence.
    Pred,
    /// `succ`: successor set of a fence.
    Succ,
    /// `vcop`: user opcode of a coprocessor instruction.
    VcOp,
    /// `pd`: the bits of rd as a number, payload of a coprocessor instruction.
    PayloadD,
    /// `p2`: the bits of rs2 as a number, payload of a coprocessor instruction.
    Payload2,
    /// `mtd`: matrix tile.
    Mtd,
    /// `td`: own register of a definition, written.
    Td,
    /// `ts1`: own register of a definition.
    Ts1,
    /// `ts2`: own register of a definition.
    Ts2,
    /// `ts3`: own register of a definition in the place of rd, read.
    Ts3,
    /// `ttype`: element type and widening of sf.vsettnt.
    TileType,
    /// `mtype`: element type and widening of msetmtypei.
    Mtype,
}

impl Operand {
    /// Its word in a syntax line.
    pub fn word(self) -> &'static str {
        OPERAND_WORDS.iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }
}

const OPERAND_WORDS: &[(Operand, &str)] = &[
    (Operand::Rd, "rd"),
    (Operand::Rs1, "rs1"),
    (Operand::Rs2, "rs2"),
    (Operand::Fd, "fd"),
    (Operand::Fs1, "fs1"),
    (Operand::Fs2, "fs2"),
    (Operand::Fs3, "fs3"),
    (Operand::Vd, "vd"),
    (Operand::Vs1, "vs1"),
    (Operand::Vs2, "vs2"),
    (Operand::Vs3, "vs3"),
    (Operand::Vm, "vm"),
    (Operand::V0, "v0"),
    (Operand::Imm, "imm"),
    (Operand::Ximm, "ximm"),
    (Operand::Target, "target"),
    (Operand::Csr, "csr"),
    (Operand::Rm, "rm"),
    (Operand::FpConst, "fpconst"),
    (Operand::Vtype, "vtype"),
    (Operand::Pred, "pred"),
    (Operand::Succ, "succ"),
    (Operand::VcOp, "vcop"),
    (Operand::PayloadD, "pd"),
    (Operand::Payload2, "p2"),
    (Operand::Mtd, "mtd"),
    (Operand::Td, "td"),
    (Operand::Ts1, "ts1"),
    (Operand::Ts2, "ts2"),
    (Operand::Ts3, "ts3"),
    (Operand::TileType, "ttype"),
    (Operand::Mtype, "mtype"),
];

/// The operands named by a syntax line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operands {
    list: [Operand; Operands::MAX],
    /// Offsets of each word in the line: start, end.
    place: [(u8, u8); Operands::MAX],
    len: u8,
}

impl Operands {
    /// No instruction has more.
    pub const MAX: usize = 6;

    pub(crate) const fn of(syntax: &str) -> Operands {
        match Operands::parse(syntax) {
            Ok(operands) => operands,
            Err(what) => panic!("{}", what),
        }
    }

    /// Parses a syntax line.
    ///
    /// # Errors
    /// An unknown word, or too many.
    pub const fn parse(syntax: &str) -> Result<Operands, &'static str> {
        let text = syntax.as_bytes();
        let mut operands = Operands { list: [Operand::Rd; Operands::MAX], place: [(0, 0); Operands::MAX], len: 0 };
        let mut at = 0;
        while at < text.len() {
            if !text[at].is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            let start = at;
            while at < text.len() && text[at].is_ascii_alphanumeric() {
                at += 1;
            }
            if is_literal(text, start, at) {
                continue;
            }
            let Some(operand) = operand_word(text, start, at) else { return Err("unknown operand in the syntax line") };
            if operands.len as usize == Operands::MAX {
                return Err("too many operands in the syntax line");
            }
            operands.list[operands.len as usize] = operand;
            operands.place[operands.len as usize] = (start as u8, at as u8);
            operands.len += 1;
        }
        Ok(operands)
    }

    /// The operands in the order of the syntax line.
    pub fn iter(&self) -> impl Iterator<Item = Operand> + '_ {
        self.list[..self.len as usize].iter().copied()
    }

    /// The operands with the place of their word in the syntax line.
    pub fn places(&self) -> impl Iterator<Item = (Operand, std::ops::Range<usize>)> + '_ {
        self.iter().zip(self.place.iter()).map(|(operand, &(start, end))| (operand, start as usize..end as usize))
    }

    /// Whether the line names this operand.
    pub fn has(&self, operand: Operand) -> bool {
        self.iter().any(|o| o == operand)
    }
}

/// Numbers and `zero` stand for themselves.
const fn is_literal(text: &[u8], start: usize, end: usize) -> bool {
    text[start].is_ascii_digit()
        || (end - start == 4
            && text[start] == b'z'
            && text[start + 1] == b'e'
            && text[start + 2] == b'r'
            && text[start + 3] == b'o')
}

const fn operand_word(text: &[u8], start: usize, end: usize) -> Option<Operand> {
    let mut i = 0;
    while i < OPERAND_WORDS.len() {
        let word = OPERAND_WORDS[i].1.as_bytes();
        if word.len() == end - start {
            let mut k = 0;
            while k < word.len() && word[k] == text[start + k] {
                k += 1;
            }
            if k == word.len() {
                return Some(OPERAND_WORDS[i].0);
            }
        }
        i += 1;
    }
    None
}
