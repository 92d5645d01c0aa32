//! One element at a time, through [`host`]: for hosts without AVX2, hosts that are not x86-64, and vectors with NaNs.
//!
//! Never inlined, so that the wide functions, which end in a call to their sibling here, need no stack frame.

use super::op::{ADD, DIV, MUL, RDIV, RSUB, SUB};
use super::{F16, F32, F64, flips, host};
use crate::float::Format;

macro_rules! elements {
    ($module:ident, $format:ident, $bits:ty, $add:ident, $sub:ident, $mul:ident, $div:ident, $mul_add:ident) => {
        pub mod $module {
            use super::*;

            /// # Safety
            /// See [`Binary`](super::super::Binary).
            #[inline(never)]
            pub unsafe fn binary<const OP: u8, const SCALAR: bool>(
                dst: *mut $bits,
                a: *const $bits,
                b: *const $bits,
                n: usize,
            ) {
                for i in 0..n {
                    // SAFETY: by contract; element `i` is read before it is written.
                    unsafe {
                        let (a, b) = (*a.add(i), *b.add(if SCALAR { 0 } else { i }));
                        dst.add(i).write(match OP {
                            ADD => host::$add(a, b),
                            SUB => host::$sub(a, b),
                            RSUB => host::$sub(b, a),
                            MUL => host::$mul(a, b),
                            DIV => host::$div(a, b),
                            RDIV => host::$div(b, a),
                            _ => unreachable!("binary operation {OP}"),
                        });
                    }
                }
            }

            /// # Safety
            /// See [`Fused`](super::super::Fused).
            #[inline(never)]
            pub unsafe fn fused<const OP: u8, const SCALAR: bool>(
                dst: *mut $bits,
                a: *const $bits,
                b: *const $bits,
                c: *const $bits,
                n: usize,
            ) {
                let (product, addend) = flips::<$format>(OP);
                for i in 0..n {
                    // SAFETY: by contract; element `i` is read before it is written.
                    unsafe {
                        let a = *a.add(if SCALAR { 0 } else { i }) ^ product as $bits;
                        dst.add(i).write(host::$mul_add(a, *b.add(i), *c.add(i) ^ addend as $bits));
                    }
                }
            }

            const _: () = assert!(<$format as Format>::WIDTH == <$bits>::BITS);
        }
    };
}

elements!(half, F16, u16, add_f16, sub_f16, mul_f16, div_f16, mul_add_f16);
elements!(single, F32, u32, add_f32, sub_f32, mul_f32, div_f32, mul_add_f32);
elements!(double, F64, u64, add_f64, sub_f64, mul_f64, div_f64, mul_add_f64);
