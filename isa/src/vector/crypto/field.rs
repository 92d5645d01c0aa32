//! The fields of 256 elements from which S-boxes are made, at compile time.

/// The product of two polynomials over GF(2), modulo one of degree 8.
const fn product(a: u8, b: u8, modulus: u16) -> u8 {
    let (mut a, mut sum, mut bit) = (a as u16, 0, 0);
    while bit < 8 {
        if b >> bit & 1 == 1 {
            sum ^= a;
        }
        a <<= 1;
        if a >> 8 == 1 {
            a ^= modulus;
        }
        bit += 1;
    }
    sum as u8
}

/// The inverse, and 0 of 0: the power 254.
pub(super) const fn inverse(a: u8, modulus: u16) -> u8 {
    // 254 is 2 + 4 + ... + 128.
    let (mut square, mut power, mut bit) = (a, 1, 1);
    while bit < 8 {
        square = product(square, square, modulus);
        power = product(power, square, modulus);
        bit += 1;
    }
    power
}

/// The sum of `a` rotated left by each place of a bit of `rotations`: a linear map over GF(2).
pub(super) const fn rotations(a: u8, rotations: u8) -> u8 {
    let (mut sum, mut by) = (0, 0);
    while by < 8 {
        if rotations >> by & 1 == 1 {
            sum ^= a.rotate_left(by);
        }
        by += 1;
    }
    sum
}
