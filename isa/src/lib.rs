//! What a RISC-V program can see: encodings, architectural state, semantics, disassembly.
//!
//! One [`Row`](row::Row) holds everything about an instruction. [`Decoder`](decode::Decoder) finds the row of a
//! word, [`Op::new`](op::Op::new) resolves it in a context to a compact operation with a handler,
//! [`Block::translate`](block::Block::translate) does that for straight-line code, and the handlers act on a
//! [`Hart`](hart::Hart). Nothing here knows about cycles.

pub mod asm;
pub mod block;
pub mod chain;
pub mod class;
pub mod compressed;
pub mod decode;
pub mod define;
pub mod disasm;
pub mod encoding;
pub mod ext;
pub mod float;
pub mod fp;
pub mod hart;
pub mod inst;
pub mod integer;
pub mod matrix;
pub mod memory;
pub mod op;
pub mod operand;
pub mod profile;
pub mod row;
pub mod system;
pub mod table;
pub mod vector;

/// The guide's code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/add-an-instruction.md")]
struct AddAnInstruction;
