//! Functions of double-precision arrays, in vectors and, beside them, those of the C library one element at a time.
//!
//! `functions.py` writes the assembly: it computes the polynomials and orders the operations (`rvv.py`, `schedule.py`).
//! Elements that are not finite, next to an end of the range or in need of more digits are done in `special.c`. The
//! interface for C is `vmath.h`. The program is no kernel like the others: its work is counted in elements.
//!
//! On a hundred thousand random arguments in each of two ranges errors were below 1.08 units in the last place for expm1, 0.92
//! for exp, 0.86 for sin, 0.75 for erfc and tgamma, 0.64 for atan, 0.56 for log, log2, asin and sinh, and 0.51 for cbrt.

/// The program: a static RV64GCV Linux ELF. Its arguments are a function's name, `vector` or `scalar`, and a number of
/// elements up to [`CAPACITY`]; then `given`, when the arguments of the function are already in [`ARGUMENTS`]. What it
/// measures is marked as a region with the function's name.
pub const ELF: &[u8] = include_bytes!("../prebuilt/vmath.elf");

/// The functions.
pub const FUNCTIONS: [&str; 12] =
    ["exp", "expm1", "log", "log2", "sqrt", "cbrt", "sin", "asin", "atan", "sinh", "erfc", "tgamma"];

/// Most elements of a run.
pub const CAPACITY: usize = 4096;

/// Symbol of the array of arguments.
pub const ARGUMENTS: &str = "vmath_x";

/// Symbol of the array of results.
pub const RESULTS: &str = "vmath_y";
