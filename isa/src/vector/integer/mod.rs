//! Vector integer arithmetic.

/// Defines single-width element-wise functions as types: `a` from vs2, `b` the second source.
macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident = |$a:ident, $b:ident| $value:expr;)*) => { $(
        $(#[$doc])*
        struct $name;
        impl<T: Element> Lane<T, T, T> for $name {
            #[inline(always)]
            fn apply(_: T, $a: T, $b: T, _: Vxrm, _: &mut T) -> T {
                $value
            }
        }
    )* };
}

pub mod arith;
pub mod carry;
pub mod compare;
pub mod moves;
pub mod mul;
pub mod shift;
#[cfg(test)]
mod tests;
pub mod widen;
