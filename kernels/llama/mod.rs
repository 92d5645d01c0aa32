//! A language model on the kernels: the program `llama`, a small checkpoint of the project's own, and what the host
//! knows about both.
//!
//! The program reads a checkpoint of the Llama 2 architecture and its tokenizer, both in the formats of llama2.c (told in
//! `model.c` and `tokenizer.c`), and writes text. Its command line is told in `main.c`. It is a static Linux ELF and needs
//! no file when both come from its standard input, the checkpoint first.

mod checkpoint;
mod reference;

pub use checkpoint::{Checkpoint, Format, Sizes, check_tokenizer};
pub use reference::Reference;

/// The program.
pub const PROGRAM: &[u8] = include_bytes!("../prebuilt/llama.elf");
/// The project's own checkpoint, in fp32. See `kernels/llama/README.md` for what it is and how it was made.
pub const CHECKPOINT: &[u8] = include_bytes!("stories.bin");
/// Its tokenizer.
pub const TOKENIZER: &[u8] = include_bytes!("stories.tokenizer");
