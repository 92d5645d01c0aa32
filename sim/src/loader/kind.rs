//! Which environment a program was built for.

use super::Image;
use rvtile_isa::memory::Perm;

/// The machine that a program expects to run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A static program under Linux: user mode, system calls.
    Linux,
    /// The bare machine: machine mode, HTIF or semihosting.
    Bare,
}

/// slli x0, x0, 0x1f; ebreak; srai x0, x0, 7.
pub(crate) const SEMIHOSTING: [u32; 3] = [0x01f0_1013, 0x0010_0073, 0x4070_5013];

/// Where bare-metal RAM begins, and where no Linux program is linked.
pub(crate) const BARE_RAM: u64 = 0x8000_0000;

/// Decides, with the reason. The rules, in order:
///
/// 1. position independent, or a GNU/Linux ABI note: Linux;
/// 2. a symbol `tohost`: bare (HTIF);
/// 3. the semihosting call sequence in the code: bare;
/// 4. entry at 0x8000_0000 or above: bare;
/// 5. a segment whose load address differs from its run address (initialised data copied from flash): bare;
/// 6. anything else, such as a freestanding program with system calls only: Linux.
pub(super) fn decide(image: &Image, notes: &[std::ops::Range<usize>]) -> (Kind, &'static str) {
    if image.bias != 0 {
        return (Kind::Linux, "it is position independent");
    }
    if notes.iter().any(|range| has_linux_note(&image.bytes[range.clone()])) {
        return (Kind::Linux, "it has a GNU/Linux ABI note");
    }
    if image.symbol("tohost").is_some() {
        return (Kind::Bare, "it has a symbol `tohost`");
    }
    if image.uses_semihosting() {
        return (Kind::Bare, "its code has the semihosting call sequence");
    }
    if image.entry >= BARE_RAM {
        return (Kind::Bare, "its entry point is at 0x80000000 or above");
    }
    if image.segments.iter().any(|segment| segment.vaddr != segment.paddr && !segment.file.is_empty()) {
        return (Kind::Bare, "it has initialised data that its start code copies from flash");
    }
    (Kind::Linux, "nothing in it says bare metal")
}

/// Whether the semihosting sequence stands in an executable segment.
pub(super) fn has_semihosting(image: &Image) -> bool {
    let mut pattern = [0; 12];
    for (bytes, word) in pattern.chunks_exact_mut(4).zip(SEMIHOSTING) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    image.segments.iter().filter(|segment| segment.perm.contains(Perm::X)).any(|segment| {
        // The first byte, 0x13, is common; the ebreak in the middle is not.
        let code = image.file_bytes(segment);
        code.windows(12).any(|window| window[4] == 0x73 && window == pattern)
    })
}

/// Whether a note section holds NT_GNU_ABI_TAG with operating system 0, Linux.
fn has_linux_note(mut notes: &[u8]) -> bool {
    let word =
        |bytes: &[u8], at: usize| bytes.get(at..at + 4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]) as usize);
    while let (Some(name_len), Some(desc_len), Some(kind)) = (word(notes, 0), word(notes, 4), word(notes, 8)) {
        let desc = 12 + name_len.next_multiple_of(4);
        let end = desc + desc_len.next_multiple_of(4);
        let named = notes.get(12..16) == Some(b"GNU\0") && name_len == 4;
        if named && kind == 1 && desc_len >= 4 && word(notes, desc) == Some(0) {
            return true;
        }
        notes = notes.get(end..).unwrap_or_default();
    }
    false
}
