# SPDX-License-Identifier: MIT OR Apache-2.0
"""The functions of vmath, and the polynomials in them. `python3 functions.py` writes one assembly file for each."""

import mpmath as mp

from rvv import Function, Scalar

mp.mp.prec = 300

BIAS, FRACTION = 1023, 52
NAN_INF, ZERO, SUBNORMAL, POSITIVE_NORMAL = 0x381, 0x18, 0x24, 0x40


def pair(value):
    """A number as the sum of two doubles."""
    high = float(value)
    return high, float(value - mp.mpf(high))


LN2_HI, LN2_LO = pair(mp.log(2))
LOG2E_HI, LOG2E_LO = pair(1 / mp.log(2))
LOG2E = LOG2E_HI


def fit(function, low, high, count):
    """Coefficients, lowest first, of a polynomial that is near the best; the function may be undefined at 0."""
    at = lambda x: function(x if x else mp.mpf(2) ** -90)
    return list(reversed(mp.chebyfit(at, [mp.mpf(low), mp.mpf(high)], count)))


def doubles(coefficients):
    return [float(c) for c in coefficients]


def fixed(coefficients, bits):
    return [int(mp.nint(c * mp.mpf(2) ** bits)) for c in coefficients]


def power(n, bits=0):
    """2^n as a double."""
    return float(mp.mpf(2) ** n)


# ---- exponentials -----------------------------------------------------------------------------------------------------


def reduced(f, x):
    """x = n*ln2 + r + d with |r| <= ln2/2."""
    n = f.do("vfcvt.x.f.v", f.do("vfmul.vf", x, LOG2E))
    t = f.do("vfcvt.f.x.v", n)
    u = f.fnma(t, LN2_HI, x)
    r = f.fnma(t, LN2_LO, u)
    d = f.fnma(t, LN2_LO, f.do("vfsub.vv", u, r))
    return n, r, d


def exp():
    f = Function("exp", 4)
    x = f.special(f.classes(NAN_INF), 0.0)
    x = f.do("vfmin.vf", f.do("vfmax.vf", x, -746.0), 710.0)
    n, r, d = reduced(f, x)
    # exp(r) = 1 + r + r^2 * (c0 + r * (three cubic pieces))
    half = mp.log(2) / 2 + mp.mpf(2) ** -10
    c = doubles(fit(lambda t: (mp.exp(t) - 1 - t) / t**2, -half, half, 10))
    high = f.polynomial(r, c[7:10])
    cube = f.do("vfmul.vv", f.do("vfmul.vv", r, r), r)
    p = f.fma(high, cube, f.polynomial(r, c[4:7]))
    p = f.fma(p, cube, f.polynomial(r, c[1:4]))
    p = f.fma(p, r, f.do("vfmv.v.f", c[0]))
    p = f.fma(p, f.do("vfmul.vv", r, r), d)
    y = f.do("vfadd.vf", f.do("vfadd.vv", p, r), 1.0)
    f.store(f.scaled(y, n))
    return f


def expm1():
    f = Function("expm1", 2)
    x = f.special(f.classes(NAN_INF | ZERO), 1.0)
    x = f.do("vfmin.vf", f.do("vfmax.vf", x, -42.0), 710.0)
    n, r, d = reduced(f, x)
    d = f.fma(r, d, d)
    # r + r^2/2 as a sum of two
    h = f.do("vfmul.vf", r, 0.5)
    big = f.fma(r, h, r)
    small = f.fma(r, h, f.do("vfsub.vv", r, big))
    half = mp.log(2) / 2 + mp.mpf(2) ** -10
    c = doubles(fit(lambda t: (mp.exp(t) - 1 - t - t**2 / 2) / t**3, -half, half, 10))
    high = f.polynomial(r, c[6:10])
    cube = f.do("vfmul.vv", f.do("vfmul.vv", r, r), r)
    p = f.fma(high, cube, f.polynomial(r, c[3:6]))
    p = f.fma(p, cube, f.polynomial(r, c[0:3]))
    # 1 - 2^-n as a sum of two, whichever is larger
    one = f.do("vfmv.v.f", 1.0)
    u = f.do("vsll.vx", f.do("vrsub.vx", f.do("vmin.vx", n, Scalar(64)), Scalar(0x800 + BIAS)), Scalar(FRACTION))
    a = f.do("vfadd.vv", one, u)
    back = f.do("vfsub.vv", a, u)
    rest = f.do("vfadd.vv", f.do("vfsub.vv", one, back), f.do("vfsub.vv", u, f.do("vfsub.vv", a, back)))
    small = f.do("vfadd.vv", f.do("vfadd.vv", small, rest), d)
    p = f.fma(p, cube, small)
    y = f.do("vfadd.vv", f.do("vfadd.vv", big, p), a)
    f.store(f.scaled(y, n))
    return f


def sinh():
    f = Function("sinh", 2)
    x = f.special(f.classes(NAN_INF | ZERO | SUBNORMAL), 1.0)
    a = f.do("vfmin.vf", f.do("vfsgnjx.vv", x, x), 714.0)
    n, r, d = reduced(f, a)
    # exp(+-r) = 1 +- r + r^2/2 +- r^3*(even(r^2) +- r*odd(r^2))
    half = mp.log(2) / 2 + mp.mpf(2) ** -10
    square = f.do("vfmul.vv", r, r)
    cube = f.do("vfmul.vv", square, r)
    tail = lambda t: (mp.exp(t) - 1 - t - t**2 / 2) / t**3
    even = fit(lambda s: (tail(mp.sqrt(s)) + tail(-mp.sqrt(s))) / 2, 0, half**2, 5)
    odd = fit(lambda s: (tail(mp.sqrt(s)) - tail(-mp.sqrt(s))) / 2 / mp.sqrt(s), 0, half**2, 5)
    even = f.polynomial(square, doubles(even))
    odd = f.polynomial(square, doubles(odd))
    plus = f.do("vfmul.vv", f.fma(odd, r, even), cube)
    minus = f.do("vfmul.vv", f.fnma(odd, r, even), cube)
    # sinh(x) = 2^(n-1) * (exp(r) - s*exp(-r)), s = 2^-2n
    m = f.do("vmin.vx", f.do("vadd.vv", n, n), Scalar(60))
    s = f.do("vsll.vx", f.do("vrsub.vx", m, Scalar(BIAS)), Scalar(FRACTION))
    p = f.fma(s, minus, plus)
    h = f.do("vfmul.vf", r, 0.5)
    up = f.fma(r, h, r)
    up_rest = f.do("vfadd.vv", f.fma(r, h, f.do("vfsub.vv", r, up)), f.fma(r, d, d))
    down = f.fnma(r, h, r)
    down_rest = f.do("vfadd.vv", f.fnma(r, h, f.do("vfsub.vv", r, down)), f.fnma(r, d, d))
    b = f.fma(down, s, up)
    rest = f.fma(down, s, f.do("vfsub.vv", up, b))
    rest = f.do("vfadd.vv", rest, f.fma(down_rest, s, up_rest))
    # 1 - s is exact unless s is of no matter beside the 1
    big = f.compare("vmsgt.vx", n, Scalar(25))
    low = f.merge(big, s, f.do("vfmv.v.f", 0.0))
    a = f.do("vfrsub.vf", f.do("vfsub.vv", s, low), 1.0)
    rest = f.do("vfsub.vv", rest, low)
    b, more = f.fast_two_sum(b, p)
    rest = f.do("vfadd.vv", rest, more)
    top, more = f.fast_two_sum(a, b)
    # n = 0 leaves nothing of a; then the sum is the other way round, and exact
    rest = f.do("vfadd.vv", rest, more)
    y = f.do("vfadd.vv", top, rest)
    y = f.scaled(y, f.do("vadd.vi", n, -1))
    f.store(f.do("vfsgnj.vv", y, x))
    return f


# ---- logarithms -------------------------------------------------------------------------------------------------------


def divided(f, numerator, denominator, rest):
    """numerator / (denominator + rest) as a sum of two."""
    form = "vfrdiv.vf" if isinstance(numerator, float) else "vfdiv.vv"
    q = f.do(form, denominator, numerator) if isinstance(numerator, float) else f.do(form, numerator, denominator)
    top = f.do("vfmv.v.f", numerator) if isinstance(numerator, float) else numerator
    d = f.fnma(q, denominator, top)
    d = f.fnma(q, rest, d)
    return q, f.do("vfmul.vv", d, f.do("vfrec7.v", denominator))


def exponent(f, x, bits, around):
    """n and x*2^-n, which is at least around/2^bits of the way from one power of two to the next and less than twice that."""
    n = f.do("vadd.vx", f.do("vsrl.vx", x, Scalar(FRACTION - bits)), Scalar(around))
    n = f.do("vadd.vx", f.do("vsra.vi", n, bits), Scalar(-BIAS))
    return n, f.do("vsub.vv", x, f.do("vsll.vx", n, Scalar(FRACTION)))


def logarithm(f):
    """n, and log(x*2^-n) as q + rest."""
    x = f.special(f.classes(0x3FF & ~POSITIVE_NORMAL), 1.0)
    n, x = exponent(f, x, 1, 1)
    n = f.do("vfcvt.f.x.v", n)
    top = f.do("vfsub.vf", x, 1.0)
    top = f.do("vfadd.vv", top, top)
    bottom = f.do("vfadd.vf", x, 1.0)
    rest = f.do("vfadd.vv", f.do("vfrsub.vf", bottom, 1.0), x)
    q, d = divided(f, top, bottom, rest)
    # log((1 + q/2)/(1 - q/2)) = q + q^3 * p(q^2)
    limit = mp.mpf("0.4001") ** 2
    c = doubles(fit(lambda s: (2 * mp.atanh(mp.sqrt(s) / 2) - mp.sqrt(s)) / mp.sqrt(s) ** 3, 0, limit, 8))
    square = f.do("vfmul.vv", q, q)
    cube = f.do("vfmul.vv", square, q)
    high = f.polynomial(square, c[4:8])
    p = f.fma(high, f.do("vfmul.vv", f.do("vfmul.vv", square, square), f.do("vfmul.vv", square, square)), f.polynomial(square, c[0:4]))
    return n, q, f.fma(p, cube, d)


def log():
    f = Function("log", 2)
    n, q, p = logarithm(f)
    a = f.do("vfmul.vf", n, LN2_HI)
    b = f.fms(n, LN2_HI, a)
    total, rest = f.fast_two_sum(a, q)
    rest = f.do("vfadd.vv", f.do("vfadd.vv", rest, b), p)
    rest = f.fma(n, LN2_LO, rest)
    f.store(f.do("vfadd.vv", total, rest))
    return f


def log2():
    f = Function("log2", 2)
    n, q, p = logarithm(f)
    a = f.do("vfmul.vf", q, LOG2E_HI)
    b = f.fms(q, LOG2E_HI, a)
    total, rest = f.fast_two_sum(n, a)
    rest = f.do("vfadd.vv", rest, b)
    rest = f.fma(q, LOG2E_LO, rest)
    rest = f.fma(p, LOG2E_HI, rest)
    f.store(f.do("vfadd.vv", total, rest))
    return f


# ---- roots ------------------------------------------------------------------------------------------------------------


def sqrt():
    f = Function("sqrt", 4)
    f.store(f.do("vfsqrt.v", f.x))
    return f


def cbrt():
    f = Function("cbrt", 4)
    x = f.special(f.classes(NAN_INF | ZERO | SUBNORMAL), 1.0)
    # x = 2^(3m + j) * v with v in [1, 2) and j < 3
    e = f.do("vsrl.vx", f.do("vsll.vi", x, 1), Scalar(FRACTION + 1))
    v = f.do("vsub.vv", f.do("vfsgnjx.vv", x, x), f.do("vsll.vx", f.do("vadd.vx", e, Scalar(-BIAS)), Scalar(FRACTION)))
    # z is near v^(-1/3); one step in floating point gives about 34 bits
    c = doubles(fit(lambda t: t ** (-mp.mpf(1) / 3), 1, 2, 6))
    high = f.polynomial(v, c[3:6])
    cube = f.do("vfmul.vv", f.do("vfmul.vv", v, v), v)
    z = f.fma(high, cube, f.polynomial(v, c[0:3]))
    third = 1.0 / 3
    w = f.do("vfmul.vv", f.do("vfmul.vv", v, z), f.do("vfmul.vv", z, z))
    z = f.fma(f.fnma(w, third, f.do("vfmv.v.f", third)), z, z)
    # the next in fixed point, 62 bits behind the point
    one = 1 << 62
    z = f.to_fixed(z, power(62))
    v = f.to_fixed(v, power(62))
    times = lambda a, b: f.do("vsll.vi", f.do("vsmul.vv", a, b), 1)
    w = times(times(v, z), times(z, z))
    w = f.do("vsmul.vx", f.do("vsmul.vv", f.do("vrsub.vx", w, Scalar(one)), z), Scalar(int(mp.nint(mp.mpf(2) / 3 * 2**63))))
    z = f.do("vadd.vv", z, w)
    root = times(times(z, z), v)
    m = f.do("vsrl.vi", f.do("vmul.vx", e, Scalar(21846)), 16)
    j = f.do("vsub.vv", e, f.do("vadd.vv", f.do("vadd.vv", m, m), m))
    factor = f.do("vmv.v.x", Scalar(one))
    for k in (1, 2):
        factor = f.merge(f.compare("vmseq.vi", j, k), Scalar(int(mp.nint(mp.cbrt(2**k) * one))), factor)
    root = f.do("vfcvt.f.x.v", f.do("vsmul.vv", root, factor))
    scale = f.do("vsll.vx", f.do("vadd.vx", m, Scalar(BIAS - 341 - 61)), Scalar(FRACTION))
    f.store(f.do("vfsgnj.vv", f.do("vfmul.vv", root, scale), x))
    return f


# ---- trigonometry -----------------------------------------------------------------------------------------------------

HALF_PI_HI, HALF_PI_LO = pair(mp.pi / 2)


def sin():
    f = Function("sin", 2)
    large = f.compare("vmsgeu.vx", f.do("vsrl.vx", f.do("vsll.vi", f.x, 1), Scalar(FRACTION + 1)), Scalar(BIAS + 24))
    x = f.special(large, 0.0)
    a = f.do("vfsgnjx.vv", x, x)
    n = f.do("vfcvt.x.f.v", f.do("vfmul.vf", a, float(2 / mp.pi)))
    t = f.do("vfcvt.f.x.v", n)
    u = f.fnma(t, HALF_PI_HI, a)
    # Next to a multiple of pi/2 this reduction is not enough.
    near = f.compare("vmflt.vf", f.do("vfsgnjx.vv", u, u), power(-15))
    f.later(f.compare("vmand.mm", near, f.compare("vmsne.vi", n, 0)))
    r = f.fnma(t, HALF_PI_LO, u)
    d = f.fnma(t, HALF_PI_LO, f.do("vfsub.vv", u, r))
    cosine = f.compare("vmsne.vi", f.do("vand.vi", n, 1), 0)
    # sin(r) = r + r^3 * s(r^2), cos(r) = 1 - r^2/2 + r^4 * c(r^2): one polynomial with the coefficients of either
    limit = (mp.pi / 4 + mp.mpf(2) ** -10) ** 2
    s = doubles(fit(lambda q: (mp.sin(mp.sqrt(q)) / mp.sqrt(q) - 1) / q, 0, limit, 6))
    c = doubles(fit(lambda q: (mp.cos(mp.sqrt(q)) - 1 + q / 2) / q**2, 0, limit, 6))
    square = f.do("vfmul.vv", r, r)
    cube = f.do("vfmul.vv", square, r)
    one = f.do("vfmv.v.f", 1.0)
    h = f.do("vfmul.vf", r, -0.5)
    head = f.fma(h, r, one)
    of_sine = f.do("vfmul.vv", d, head)
    of_cosine = f.fma(r, h, f.do("vfsub.vv", one, head))
    of_cosine = f.fnma(r, d, of_cosine)
    either = lambda k: f.merge(cosine, c[k], f.do("vfmv.v.f", s[k]))
    pieces = []
    for low in (3, 0):
        p = f.fma(either(low + 2), square, either(low + 1))
        pieces.append(f.fma(p, square, either(low)))
    p = f.fma(pieces[0], f.do("vfmul.vv", cube, cube), pieces[1])
    q = f.merge(cosine, f.do("vfmul.vv", square, square), cube)
    rest = f.merge(cosine, of_cosine, of_sine)
    y = f.do("vfadd.vv", f.merge(cosine, head, r), f.fma(p, q, rest))
    y = f.do("vfsgnjx.vv", y, f.do("vsll.vx", n, Scalar(62)))
    f.store(f.do("vfsgnjx.vv", y, x))
    return f


def outside(f, a, low, high, strict):
    """A mask of the elements of a that are not between the limits; NaN is not."""
    inside = f.compare("vmfge.vf", a, low)
    return f.compare("vmnand.mm", inside, f.compare("vmflt.vf" if strict else "vmfle.vf", a, high))


def asin():
    f = Function("asin", 2)
    x = f.special(outside(f, f.do("vfsgnjx.vv", f.x, f.x), power(-30), 1.0, True), 0.25)
    a = f.do("vfsgnjx.vv", x, x)
    # asin(a) = r + r*s*p(s) with s = r^2 up to 1/2; beyond, pi/2 - 2*asin(sqrt((1 - a)/2))
    big = f.compare("vmfgt.vf", a, 0.5)
    factor = f.merge(big, -0.5, a)
    s = f.fma(a, factor, f.merge(big, 0.5, f.do("vmv.v.i", 0)))
    root = f.masked(big, f.do("vmv.v.v", a), "vfsqrt.v", s)
    d = f.masked(big, f.do("vmv.v.v", root), "vfnmsub.vv", root, s)
    d = f.masked(big, d, "vfmul.vv", d, f.do("vfrec7.v", s))
    d = f.masked(big, d, "vfmul.vv", d, root)
    d = f.masked(big, d, "vfmul.vf", d, 0.5)
    small = f.compare("vmnot.m", big)
    d = f.merge(small, 0.0, d)
    c = fixed(fit(lambda q: (mp.asin(mp.sqrt(q)) / mp.sqrt(q) - 1) / q, 0, mp.mpf("0.2501"), 13), 63)
    s = f.to_fixed(s, power(63))
    square = f.do("vsmul.vv", s, s)
    even = f.fixed_polynomial(square, c[0::2])
    odd = f.fixed_polynomial(square, c[1::2])
    p = f.do("vsmul.vv", f.do("vadd.vv", f.do("vsmul.vv", odd, s), even), s)
    # r gets as many bits behind the point as it has room for; where it is taken from pi/2, 60
    q = f.do("vrsub.vx", f.do("vsrl.vx", root, Scalar(FRACTION)), Scalar(BIAS + 60))
    q = f.merge(big, Scalar(60), q)
    scale = f.do("vsll.vx", f.do("vadd.vx", q, Scalar(BIAS)), Scalar(FRACTION))
    r = f.do("vadd.vv", f.to_fixed(root, scale), f.to_fixed(d, scale))
    y = f.do("vadd.vv", f.do("vsmul.vv", p, r), r)
    other = f.do("vrsub.vx", f.do("vsll.vi", y, 1), Scalar(int(mp.nint(mp.pi / 2 * mp.mpf(2) ** 60))))
    y = f.do("vfcvt.f.x.v", f.merge(big, other, y))
    scale = f.do("vsll.vx", f.do("vrsub.vx", q, Scalar(BIAS)), Scalar(FRACTION))
    f.store(f.do("vfsgnj.vv", f.do("vfmul.vv", y, scale), x))
    return f


def atan():
    f = Function("atan", 2)
    x = f.special(outside(f, f.do("vfsgnjx.vv", f.x, f.x), power(-30), power(60), True), 0.5)
    a = f.do("vfsgnjx.vv", x, x)
    big = f.compare("vmfge.vf", a, 1.0)
    z = f.masked(big, f.do("vmv.v.v", a), "vfrdiv.vf", a, 1.0)
    d = f.fnma(z, a, f.do("vfmv.v.f", 1.0))
    d = f.do("vfmul.vv", d, z)
    d = f.merge(f.compare("vmnot.m", big), 0.0, d)
    # z with 61 bits behind its first one, z^2 with 63 behind the point
    e = f.do("vsrl.vx", z, Scalar(FRACTION))
    e = f.do("vrsub.vx", e, Scalar(2 * BIAS + 61))
    scale = f.do("vsll.vx", e, Scalar(FRACTION))
    fine = f.do("vadd.vv", f.to_fixed(z, scale), f.to_fixed(d, scale))
    s = f.do("vfmul.vv", z, z)
    s_rest = f.fms(z, z, s)
    s_rest = f.fma(f.do("vfadd.vv", d, d), z, s_rest)
    s = f.do("vsadd.vv", f.to_fixed(s, power(63)), f.to_fixed(s_rest, power(63)))
    square = f.do("vsmul.vv", s, s)
    # atan(z) = z - z*s*p(s)
    c = fixed(fit(lambda q: (1 - mp.atan(mp.sqrt(q)) / mp.sqrt(q)) / q, 0, 1, 20), 63)
    even = f.fixed_polynomial(square, c[0::2])
    odd = f.fixed_polynomial(square, c[1::2])
    p = f.do("vadd.vv", f.do("vsmul.vv", odd, s), even)
    p = f.do("vsmul.vv", f.do("vsmul.vv", p, s), fine)
    y = f.do("vsub.vv", fine, p)
    shift = f.do("vadd.vx", e, Scalar(-BIAS - 61))
    other = f.do("vrsub.vx", f.do("vsra.vv", y, shift), Scalar(int(mp.nint(mp.pi / 2 * mp.mpf(2) ** 61))))
    y = f.do("vfcvt.f.x.v", f.merge(big, other, y))
    e = f.do("vrsub.vx", e, Scalar(2 * BIAS))
    e = f.merge(big, Scalar(BIAS - 61), e)
    y = f.do("vfmul.vv", y, f.do("vsll.vx", e, Scalar(FRACTION)))
    f.store(f.do("vfsgnj.vv", y, x))
    return f


# ---- error and gamma functions ----------------------------------------------------------------------------------------


def erfc():
    f = Function("erfc", 1)
    x = f.special(f.classes(NAN_INF), 1.0)
    a = f.do("vfmin.vf", f.do("vfsgnjx.vv", x, x), 28.0)
    # u = 1 - 8/(a + 4) runs from -1 to 3/4
    bottom = f.do("vfadd.vf", a, 4.0)
    rest = f.do("vfadd.vv", f.do("vfrsub.vf", bottom, 4.0), a)
    q, d = divided(f, 1.0, bottom, rest)
    u = f.to_fixed(f.do("vfrsub.vf", q, 0.125), power(66))
    u = f.do("vsub.vv", u, f.to_fixed(d, power(66)))
    # exp(-a^2) = 2^n * e
    square = f.do("vfmul.vv", a, a)
    square_rest = f.fms(a, a, square)
    n = f.do("vfcvt.x.f.v", f.do("vfmul.vf", square, -LOG2E))
    t = f.do("vfcvt.f.x.v", n)
    r = f.do("vfsgnjn.vv", f.fma(t, LN2_HI, square), f.fma(t, LN2_HI, square))
    r_rest = f.fma(t, LN2_LO, square_rest)
    r = f.do("vsub.vv", f.to_fixed(r, power(63)), f.to_fixed(r_rest, power(63)))
    half = mp.log(2) / 2 + mp.mpf(2) ** -10
    c = fixed(fit(mp.exp, -half, half, 14), 62)
    high = f.fixed_polynomial(r, c[7:14])
    r2 = f.do("vsmul.vv", r, r)
    r7 = f.do("vsmul.vv", f.do("vsmul.vv", f.do("vsmul.vv", r2, r2), r2), r)
    e = f.do("vadd.vv", f.do("vsmul.vv", high, r7), f.fixed_polynomial(r, c[0:7]))
    # exp(a^2) * (1 + 2a) * erfc(a) = p(u)
    at = lambda v: 8 / (1 - v) - 4
    c = fixed(fit(lambda v: mp.exp(at(v) ** 2) * (1 + 2 * at(v)) * mp.erfc(at(v)), -1, mp.mpf("0.7501"), 24), 62)
    high = f.fixed_polynomial(u, c[16:24])
    u8 = f.do("vsmul.vv", u, u)
    u8 = f.do("vsmul.vv", u8, u8)
    u8 = f.do("vsmul.vv", u8, u8)
    middle = f.fixed_polynomial(u, c[8:16])
    high = f.do("vsmul.vv", f.do("vadd.vv", f.do("vsmul.vv", high, u8), middle), u8)
    p = f.do("vadd.vv", high, f.fixed_polynomial(u, c[0:8]))
    # 1/(1 + 2a) with 62 bits behind the point, and one more for each doubling of a from 1 on
    bottom = f.fma(a, 2.0, f.do("vfmv.v.f", 1.0))
    rest = f.fma(a, 2.0, f.do("vfrsub.vf", bottom, 1.0))
    q, d = divided(f, 1.0, bottom, rest)
    m = f.do("vmax.vx", f.do("vsra.vx", a, Scalar(FRACTION)), Scalar(BIAS - 1))
    m = f.do("vadd.vx", m, Scalar(63))
    scale = f.do("vsll.vx", m, Scalar(FRACTION))
    b = f.do("vadd.vv", f.to_fixed(q, scale), f.to_fixed(d, scale))
    p = f.do("vsmul.vv", f.do("vsmul.vv", p, e), b)
    n = f.do("vadd.vx", f.do("vsub.vv", n, m), Scalar(BIAS + 2))
    # erfc(-a) = 2 - erfc(a)
    shift = f.do("vminu.vx", f.do("vrsub.vx", n, Scalar(-60)), Scalar(63))
    z = f.do("vrsub.vx", f.do("vsra.vv", p, shift), Scalar(1 << 61))
    z = f.do("vfmul.vf", f.do("vfcvt.f.x.v", z), power(-60))
    y = f.scaled(f.do("vfcvt.f.x.v", p), n)
    f.store(f.merge(f.compare("vmflt.vf", x, 0.0), z, y))
    return f


# ln2 with so few bits that its products with exponents are exact, and the rest
LN2_SHORT = float(mp.nint(mp.log(2) * 2**40) / 2**40)
LN2_SHORT_REST = float(mp.log(2) - LN2_SHORT)


def tgamma():
    f = Function("tgamma", 1)
    x = f.special(outside(f, f.do("vfsgnjx.vv", f.x, f.x), power(-60), 179.5, False), 3.0)
    a = f.do("vfsgnjx.vv", x, x)
    hi = f.do("vmv.v.v", a)
    lo = f.do("vfmv.v.f", 0.0)
    negative = f.compare("vmflt.vf", x, 0.0)
    f.if_any(negative)
    more = f.do("vfadd.vf", hi, 1.0)
    more_rest = f.do("vfadd.vv", f.do("vfrsub.vf", more, 1.0), hi)
    hi = f.update(negative, hi, more)
    lo = f.update(negative, lo, more_rest)
    f.end_if()
    # gamma(x) = gamma(x + 2)/(x*(x + 1)) below 1, gamma(x + 1)/x below 2
    below = f.do("vmv.v.x", Scalar(1 << 61))
    below_scale = f.do("vmv.v.x", Scalar(61))
    low = f.compare("vmflt.vf", hi, 2.0)
    f.if_any(low)
    m = f.do("vrsub.vx", f.do("vsra.vx", hi, Scalar(FRACTION)), Scalar(BIAS))
    scale = f.do("vadd.vx", m, Scalar(61))
    shifted = f.do("vsll.vx", f.do("vadd.vx", scale, Scalar(BIAS)), Scalar(FRACTION))
    z = f.do("vadd.vv", f.to_fixed(hi, shifted), f.to_fixed(lo, shifted))
    z1 = f.do("vadd.vx", f.do("vsra.vv", z, m), Scalar(1 << 61))
    b = f.do("vfmv.v.f", 0.0)
    one = f.compare("vmfge.vf", hi, 1.0)
    upper = f.compare("vmand.mm", low, one)
    lower = f.compare("vmandn.mm", low, one)
    below_scale = f.update(upper, below_scale, scale)
    below = f.update(upper, below, z)
    b = f.update(upper, b, 1.0)
    below_scale = f.update(lower, below_scale, f.do("vadd.vi", scale, -2))
    below = f.update(lower, below, f.do("vsmul.vv", z, z1))
    b = f.update(lower, b, 2.0)
    total = f.do("vfadd.vv", b, hi)
    rest = f.do("vfadd.vv", f.do("vfsub.vv", b, total), hi)
    hi = f.update(low, hi, total)
    lo = f.update(low, lo, f.do("vfadd.vv", lo, rest))
    f.end_if()
    # log(x/e) to some 65 bits
    n, v = exponent(f, hi, 8, 0x96)
    scale = f.do("vsll.vx", f.do("vrsub.vx", n, Scalar(BIAS)), Scalar(FRACTION))
    v_rest = f.do("vfmul.vv", lo, scale)
    top = f.do("vfsub.vf", v, 1.0)
    bottom = f.do("vfadd.vf", v, 1.0)
    rest = f.do("vfadd.vv", f.do("vfadd.vv", f.do("vfrsub.vf", bottom, 1.0), v), v_rest)
    q = f.do("vfdiv.vv", top, bottom)
    d = f.do("vfadd.vv", f.fnma(q, rest, f.fnma(q, bottom, top)), v_rest)
    inverse = f.do("vfrec7.v", bottom)
    inverse = f.fma(inverse, f.fnma(inverse, bottom, f.do("vfmv.v.f", 1.0)), inverse)
    d = f.do("vfmul.vv", d, inverse)
    w = f.do("vadd.vv", f.to_fixed(q, power(65)), f.to_fixed(d, power(65)))
    w2 = f.do("vsmul.vv", w, w)
    c = fit(lambda s: (2 * mp.atanh(mp.sqrt(s) / 2) - mp.sqrt(s)) / mp.sqrt(s) ** 3, 0, mp.mpf("0.1185"), 8)
    # Each product with w2 moves the point by two.
    c = [int(mp.nint(value * mp.mpf(2) ** (66 - 2 * k))) for k, value in enumerate(c)]
    p = f.fixed_polynomial(w2, c)
    p = f.do("vsmul.vv", p, f.do("vsmul.vv", w2, w))
    p_hi = f.do("vfcvt.f.x.v", p)
    p_lo = f.do("vfcvt.f.x.v", f.do("vsub.vv", p, f.do("vfcvt.x.f.v", p_hi)))
    p_hi = f.do("vfmul.vf", p_hi, power(-69))
    p_lo = f.do("vfmul.vf", p_lo, power(-69))
    t = f.do("vfcvt.f.x.v", n)
    base = f.do("vfsub.vf", f.do("vfmul.vf", t, LN2_SHORT), 1.0)
    total, rest = f.fast_two_sum(base, f.do("vfadd.vv", q, q))
    rest = f.do("vfadd.vv", rest, f.do("vfadd.vv", d, d))
    rest = f.do("vfadd.vv", f.fma(t, LN2_SHORT_REST, rest), p_lo)
    log_hi, log_rest = f.fast_two_sum(total, p_hi)
    log_lo = f.do("vfadd.vv", log_rest, rest)
    # (x/e)^(x - 1/2) = 2^n * e
    power_of = f.do("vfsub.vf", hi, 0.5)
    z = f.do("vfmul.vv", power_of, log_hi)
    z_rest = f.fms(power_of, log_hi, z)
    z_rest = f.fma(power_of, log_lo, z_rest)
    z_rest = f.fma(lo, log_hi, z_rest)
    n = f.do("vfcvt.x.f.v", f.do("vfmul.vf", z, LOG2E))
    t = f.do("vfcvt.f.x.v", n)
    r = f.to_fixed(f.fnma(t, LN2_SHORT, z), power(63))
    r = f.do("vadd.vv", r, f.to_fixed(f.fnma(t, LN2_SHORT_REST, z_rest), power(63)))
    half = mp.log(2) / 2 + mp.mpf(2) ** -10
    c = fixed(fit(lambda s: (mp.exp(s) - 1 - s) / s**2, -half, half, 12), 63)
    high = f.fixed_polynomial(r, c[5:12])
    r2 = f.do("vsmul.vv", r, r)
    r5 = f.do("vsmul.vv", f.do("vsmul.vv", r2, r2), r)
    e = f.do("vadd.vv", f.do("vsmul.vv", high, r5), f.fixed_polynomial(r, c[0:5]))
    e = f.do("vadd.vv", f.do("vsmul.vv", e, r2), r)
    e = f.do("vadd.vx", f.do("vsra.vi", e, 1), Scalar(1 << 62))
    # gamma(x) = (x/e)^(x - 1/2) * c(4/x - 1)
    q = f.do("vfrdiv.vf", hi, 1.0)
    d = f.fnma(hi, q, f.do("vfmv.v.f", 1.0))
    d = f.do("vfmul.vv", f.fnma(lo, q, d), q)
    u = f.to_fixed(f.do("vfadd.vf", q, -0.25), power(65))
    u = f.do("vsadd.vv", u, f.to_fixed(d, power(65)))
    c = fixed(fit(correction, -1, 1, 18), 61)
    high = f.fixed_polynomial(u, c[9:18])
    u3 = f.do("vsmul.vv", f.do("vsmul.vv", u, u), u)
    u9 = f.do("vsmul.vv", f.do("vsmul.vv", u3, u3), u3)
    p = f.do("vadd.vv", f.do("vsmul.vv", high, u9), f.fixed_polynomial(u, c[0:9]))
    top = f.do("vsmul.vv", e, p)
    bottom = below
    n = f.do("vadd.vx", f.do("vadd.vv", n, below_scale), Scalar(-60))
    # gamma(-a) = -pi/(sin(pi*a) * gamma(a + 1))
    sign = f.do("vmv.v.i", 0)
    f.if_any(negative)
    whole = f.do("vfcvt.x.f.v", a)
    r = f.do("vfsub.vv", a, f.do("vfcvt.f.x.v", whole))
    f.later(f.compare("vmand.mm", negative, f.compare("vmfeq.vf", r, 0.0)))
    m = f.do("vsrl.vx", f.do("vsll.vi", r, 1), Scalar(FRACTION + 1))
    m = f.do("vrsub.vx", m, Scalar(BIAS))
    shifted = f.do("vsll.vx", f.do("vadd.vx", m, Scalar(BIAS + 61)), Scalar(FRACTION))
    fine = f.to_fixed(r, shifted)
    square = f.do("vfmul.vv", r, r)
    square_rest = f.fms(r, r, square)
    s = f.do("vadd.vv", f.to_fixed(square, power(63)), f.to_fixed(square_rest, power(63)))
    c = fixed(fit(lambda s: (mp.sin(mp.pi * mp.sqrt(s)) / mp.pi / mp.sqrt(s) - 1) / s, 0, mp.mpf("0.2501"), 9), 62)
    sine = f.do("vsmul.vv", f.do("vsmul.vv", f.fixed_polynomial(s, c), s), fine)
    sine = f.do("vadd.vv", f.do("vsll.vi", sine, 1), fine)
    product = f.do("vsmul.vv", top, sine)
    top = f.update(negative, top, bottom)
    bottom = f.update(negative, bottom, product)
    other = f.do("vadd.vx", f.do("vsub.vv", m, n), Scalar(-2))
    n = f.update(negative, n, other)
    sign = f.update(negative, sign, f.do("vsll.vx", f.do("vadd.vi", whole, 1), Scalar(63)))
    f.end_if()
    top_hi = f.do("vfcvt.f.x.v", top)
    top_lo = f.do("vfcvt.f.x.v", f.do("vsub.vv", top, f.do("vfcvt.x.f.v", top_hi)))
    bottom_hi = f.do("vfcvt.f.x.v", bottom)
    bottom_lo = f.do("vfcvt.f.x.v", f.do("vsub.vv", bottom, f.do("vfcvt.x.f.v", bottom_hi)))
    q = f.do("vfdiv.vv", top_hi, bottom_hi)
    d = f.fnma(q, bottom_lo, f.fnma(q, bottom_hi, top_hi))
    d = f.do("vfmul.vv", f.do("vfadd.vv", d, top_lo), f.do("vfrec7.v", bottom_hi))
    y = f.scaled(f.do("vfadd.vv", q, d), n)
    f.store(f.do("vfsgnjx.vv", y, sign))
    return f


def correction(u):
    x = 4 / (u + 1) if u > -1 + mp.mpf(2) ** -60 else mp.mpf(2) ** 62
    if x > 10**6:
        # The first terms of Stirling's series
        return mp.sqrt(2 * mp.pi / mp.e) * (1 + 1 / (12 * x) + 1 / (288 * x**2) - 139 / (51840 * x**3))
    return mp.exp(mp.loggamma(x) - (x - mp.mpf(1) / 2) * (mp.log(x) - 1))


FUNCTIONS = [exp, expm1, log, log2, sqrt, cbrt, sin, asin, atan, sinh, erfc, tgamma]

HEADER = """\
# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void {name}(size_t n, const double *x, double *y): y[i] = {short}(x[i])
    .text
    .balign 4
"""

if __name__ == "__main__":
    for make in FUNCTIONS:
        function = make()
        with open(f"{function.name}.S", "w") as file:
            file.write(HEADER.format(name=f"vmath_{function.name}", short=function.name) + function.assembly())
