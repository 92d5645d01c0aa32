//! Vector cryptography: bit manipulation (Zvbb, Zvkb), carry-less multiplication (Zvbc), and the ciphers and hashes
//! that work on element groups (Zvkg, Zvkned, Zvknha, Zvknhb, Zvksed, Zvksh).

mod aes;
mod bits;
mod clmul;
mod field;
mod ghash;
mod groups;
mod sha2;
mod sm3;
mod sm4;
#[cfg(test)]
mod tests;

use crate::row::Row;

/// Families of rows of the vector cryptography extensions.
pub const FAMILIES: [&[Row]; 7] = [bits::ROWS, clmul::ROWS, ghash::ROWS, aes::ROWS, sha2::ROWS, sm4::ROWS, sm3::ROWS];
