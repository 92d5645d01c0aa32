//! The loops, written once for every vector width and format.

/// Defines `binary` and `fused` in a module that has
/// - `LANES`, elements to a vector; `V`, the vector type that arithmetic happens in;
/// - `load`, `load_tail`, `splat`, `store`, `store_tail` between memory and `V` (for binary16 they widen and narrow);
/// - `apply::<OP>(V, V)`, `apply_fused::<OP>(V, V, V)`: inline assembly;
/// - `any_nan(V, V)`: whether either has a NaN;
/// - `elements`, the module with the portable functions.
///
/// Chunks of four vectors keep the NaN check to one branch in four vectors and give the host independent work.
macro_rules! kernels {
    ($features:literal, $bits:ty) => {
        /// # Safety
        /// See [`Binary`](crate::float::lanes::Binary); the host must have the level's features.
        #[inline]
        #[target_feature(enable = $features)]
        pub unsafe fn binary<const OP: u8, const SCALAR: bool>(
            dst: *mut $bits,
            a: *const $bits,
            b: *const $bits,
            n: usize,
        ) {
            // A scalar counts as read only if an element is: widening a signalling NaN raises NV.
            if n == 0 {
                return;
            }
            // SAFETY: every access is below `n`, and the features are there, by contract.
            unsafe {
                let scalar = if SCALAR { splat(b) } else { zero() };
                let at = |i: usize| apply::<OP>(load(a.add(i)), if SCALAR { scalar } else { load(b.add(i)) });
                let by_elements = |i: usize| {
                    elements::binary::<OP, SCALAR>(dst.add(i), a.add(i), if SCALAR { b } else { b.add(i) }, n - i)
                };
                let mut i = 0;
                while n - i >= 4 * LANES {
                    let r = [at(i), at(i + LANES), at(i + 2 * LANES), at(i + 3 * LANES)];
                    if any_nan(r[0], r[1]) | any_nan(r[2], r[3]) {
                        return by_elements(i);
                    }
                    for (k, &r) in r.iter().enumerate() {
                        store(dst.add(i + k * LANES), r);
                    }
                    i += 4 * LANES;
                }
                while n - i >= LANES {
                    let r = at(i);
                    if any_nan(r, r) {
                        return by_elements(i);
                    }
                    store(dst.add(i), r);
                    i += LANES;
                }
                if i < n {
                    let rest = n - i;
                    let y = if SCALAR { scalar } else { load_tail(b.add(i), rest) };
                    let r = apply::<OP>(load_tail(a.add(i), rest), y);
                    if any_nan(r, r) {
                        return by_elements(i);
                    }
                    store_tail(dst.add(i), rest, r);
                }
            }
        }

        /// # Safety
        /// See [`Fused`](crate::float::lanes::Fused); the host must have the level's features.
        #[inline]
        #[target_feature(enable = $features)]
        pub unsafe fn fused<const OP: u8, const SCALAR: bool>(
            dst: *mut $bits,
            a: *const $bits,
            b: *const $bits,
            c: *const $bits,
            n: usize,
        ) {
            // A scalar counts as read only if an element is: widening a signalling NaN raises NV.
            if n == 0 {
                return;
            }
            // SAFETY: every access is below `n`, and the features are there, by contract.
            unsafe {
                let scalar = if SCALAR { splat(a) } else { zero() };
                let at = |i: usize| {
                    let x = if SCALAR { scalar } else { load(a.add(i)) };
                    apply_fused::<OP>(x, load(b.add(i)), load(c.add(i)))
                };
                let by_elements = |i: usize| {
                    let a = if SCALAR { a } else { a.add(i) };
                    elements::fused::<OP, SCALAR>(dst.add(i), a, b.add(i), c.add(i), n - i)
                };
                let mut i = 0;
                while n - i >= 4 * LANES {
                    let r = [at(i), at(i + LANES), at(i + 2 * LANES), at(i + 3 * LANES)];
                    if any_nan(r[0], r[1]) | any_nan(r[2], r[3]) {
                        return by_elements(i);
                    }
                    for (k, &r) in r.iter().enumerate() {
                        store(dst.add(i + k * LANES), r);
                    }
                    i += 4 * LANES;
                }
                while n - i >= LANES {
                    let r = at(i);
                    if any_nan(r, r) {
                        return by_elements(i);
                    }
                    store(dst.add(i), r);
                    i += LANES;
                }
                if i < n {
                    let rest = n - i;
                    let x = if SCALAR { scalar } else { load_tail(a.add(i), rest) };
                    let r = apply_fused::<OP>(x, load_tail(b.add(i), rest), load_tail(c.add(i), rest));
                    if any_nan(r, r) {
                        return by_elements(i);
                    }
                    store_tail(dst.add(i), rest, r);
                }
            }
        }
    };
}

/// Defines `apply` and, where the host fuses in the format itself, `apply_fused`.
macro_rules! arithmetic {
    (binary $features:literal, $class:ident, $suffix:literal) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn apply<const OP: u8>(a: V, b: V) -> V {
            let r: V;
            macro_rules! emit {
                ($mnemonic:literal, $x:expr, $y:expr) => {
                    // SAFETY: register arithmetic of the function's own features; the flags it raises are the purpose.
                    unsafe {
                        asm!(concat!($mnemonic, $suffix, " {r}, {x}, {y}"), r = lateout($class) r, x = in($class) $x,
                            y = in($class) $y, options(nomem, nostack))
                    }
                };
            }
            match OP {
                ADD => emit!("vadd", a, b),
                SUB => emit!("vsub", a, b),
                RSUB => emit!("vsub", b, a),
                MUL => emit!("vmul", a, b),
                DIV => emit!("vdiv", a, b),
                RDIV => emit!("vdiv", b, a),
                _ => unreachable!("binary operation"),
            }
            r
        }
    };
    (fused $features:literal, $class:ident, $suffix:literal) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn apply_fused<const OP: u8>(a: V, b: V, c: V) -> V {
            let mut r = c;
            macro_rules! emit {
                ($mnemonic:literal) => {
                    // SAFETY: register arithmetic of the function's own features; the flags it raises are the purpose.
                    unsafe {
                        asm!(concat!($mnemonic, $suffix, " {r}, {x}, {y}"), r = inout($class) r, x = in($class) a,
                            y = in($class) b, options(nomem, nostack))
                    }
                };
            }
            match OP {
                MACC => emit!("vfmadd231"),
                NMACC => emit!("vfnmsub231"),
                MSAC => emit!("vfmsub231"),
                NMSAC => emit!("vfnmadd231"),
                _ => unreachable!("fused operation"),
            }
            r
        }
    };
}

pub(super) use {arithmetic, kernels};
