//! The vector kernels of the published kernel tables, written anew in assembly from what they do.
//!
//! Each is a function: a0 is where it writes, a1 what it reads, a2 how many elements. What the machines differ in is
//! no matter here: the code is the same for all.

/// A kernel that can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    /// The code, from its first instruction to its return.
    pub code: &'static str,
    /// Bytes of an element of n, as the kernel counts them.
    pub bytes: u64,
    /// Bytes read per byte of n.
    pub reads: u64,
    /// Bytes written per byte of n.
    pub writes: u64,
    /// What is put where before it is called.
    pub input: Input,
}

/// How a kernel's input is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Any bytes.
    Bytes,
    /// Bytes that are not zero, with a zero behind them.
    Text,
    /// n is the number of pixels of a square image; a2 holds its edge.
    Image,
}

const fn bytes(code: &'static str, reads: u64, writes: u64) -> Kernel {
    Kernel { code, bytes: 1, reads, writes, input: Input::Bytes }
}

const fn text(code: &'static str, reads: u64, writes: u64) -> Kernel {
    Kernel { input: Input::Text, ..bytes(code, reads, writes) }
}

/// The kernels by name and variant.
pub(super) fn find(kernel: &str, variant: &str) -> Option<Kernel> {
    Some(match (kernel, variant) {
        ("memcpy", "rvv_m1") => bytes(MEMCPY_M1, 1, 1),
        ("memcpy", "rvv_m4") => bytes(MEMCPY_M4, 1, 1),
        ("memset", "rvv_m1") => bytes(MEMSET_M1, 0, 1),
        ("memset", "rvv_m4") => bytes(MEMSET_M4, 0, 1),
        ("strlen", "rvv_m1") => text(STRLEN_M1, 1, 0),
        ("strlen", "rvv_m4") => text(STRLEN_M4, 1, 0),
        ("ascii_to_utf32", "rvv_ext_m1") => text(UTF32_EXTEND, 1, 4),
        ("ascii_to_utf32", "rvv_vsseg_m1") => text(UTF32_SEGMENT, 1, 4),
        ("ascii_to_utf32", "rvv_vss_m1") => text(UTF32_STRIDED, 1, 4),
        ("byteswap32", "rvv_vrgatherei16_m1") => Kernel { bytes: 4, ..bytes(BYTESWAP_M1, 1, 1) },
        ("byteswap32", "rvv_vrgatherei16_m4") => Kernel { bytes: 4, ..bytes(BYTESWAP_M4, 1, 1) },
        ("mandelbrot", "rvv_f32_m1") => {
            Kernel { code: MANDELBROT_F32, bytes: 1, reads: 0, writes: 4, input: Input::Image }
        }
        ("mandelbrot", "rvv_f16_m1") => {
            Kernel { code: MANDELBROT_F16, bytes: 1, reads: 0, writes: 4, input: Input::Image }
        }
        _ => return None,
    })
}

macro_rules! memcpy {
    ($lmul:literal) => {
        concat!(
            "loop:\nvsetvli t0,a2,e8,",
            $lmul,
            ",ta,ma\nvle8.v v8,(a1)\nadd a1,a1,t0\nsub a2,a2,t0\nvse8.v v8,(a0)\nadd a0,a0,t0\nbne a2,zero,loop\n\
             jalr zero,0(ra)"
        )
    };
}

const MEMCPY_M1: &str = memcpy!("m1");
const MEMCPY_M4: &str = memcpy!("m4");

macro_rules! memset {
    ($lmul:literal) => {
        concat!(
            "vsetvli t0,zero,e8,",
            $lmul,
            ",ta,ma\nvmv.v.x v8,a1\nloop:\nvsetvli t0,a2,e8,",
            $lmul,
            ",ta,ma\nvse8.v v8,(a0)\nsub a2,a2,t0\nadd a0,a0,t0\nbne a2,zero,loop\njalr zero,0(ra)"
        )
    };
}

const MEMSET_M1: &str = memset!("m1");
const MEMSET_M4: &str = memset!("m4");

macro_rules! strlen {
    ($lmul:literal) => {
        concat!(
            "loop:\nvsetvli t0,zero,e8,",
            $lmul,
            ",ta,ma\nvle8ff.v v8,(a1)\ncsrrs t0,vl,zero\nvmseq.vi v0,v8,0\nvfirst.m t1,v0\nadd a1,a1,t0\n\
             blt t1,zero,loop\njalr zero,0(ra)"
        )
    };
}

const STRLEN_M1: &str = strlen!("m1");
const STRLEN_M4: &str = strlen!("m4");

/// A group of bytes is extended to words and stored.
const UTF32_EXTEND: &str = "\
loop:
vsetvli t0,a2,e8,m1,ta,ma
vle8.v v4,(a1)
vsetvli zero,zero,e32,m4,ta,ma
vzext.vf4 v8,v4
vse32.v v8,(a0)
add a1,a1,t0
sub a2,a2,t0
slli t0,t0,2
add a0,a0,t0
bne a2,zero,loop
jalr zero,0(ra)";

/// Bytes are interleaved with three registers of zeros.
const UTF32_SEGMENT: &str = "\
vsetvli t0,zero,e8,m1,ta,ma
vmv.v.i v9,0
vmv.v.i v10,0
vmv.v.i v11,0
loop:
vsetvli t0,a2,e8,m1,ta,ma
vle8.v v8,(a1)
vsseg4e8.v v8,(a0)
add a1,a1,t0
sub a2,a2,t0
slli t0,t0,2
add a0,a0,t0
bne a2,zero,loop
jalr zero,0(ra)";

/// Words of zero are stored, then every fourth byte.
const UTF32_STRIDED: &str = "\
vsetvli t0,zero,e32,m4,ta,ma
vmv.v.i v16,0
addi t1,zero,4
loop:
vsetvli t0,a2,e8,m1,ta,ma
vle8.v v8,(a1)
vsetvli zero,zero,e32,m4,ta,ma
vse32.v v16,(a0)
vsetvli zero,zero,e8,m1,ta,ma
vsse8.v v8,(a0),t1
add a1,a1,t0
sub a2,a2,t0
slli t0,t0,2
add a0,a0,t0
bne a2,zero,loop
jalr zero,0(ra)";

/// The index of each byte is its own with the two low bits turned over.
macro_rules! byteswap {
    ($lmul:literal, $double:literal, $indices:literal, $data:literal, $result:literal) => {
        concat!(
            "vsetvli t0,zero,e16,",
            $double,
            ",ta,ma\nvid.v ",
            $indices,
            "\nvxor.vi ",
            $indices,
            ",",
            $indices,
            ",3\nloop:\nvsetvli t0,a2,e8,",
            $lmul,
            ",ta,ma\nvle8.v ",
            $data,
            ",(a1)\nvrgatherei16.vv ",
            $result,
            ",",
            $data,
            ",",
            $indices,
            "\nsub a2,a2,t0\nadd a1,a1,t0\nvse8.v ",
            $result,
            ",(a0)\nadd a0,a0,t0\nbne a2,zero,loop\njalr zero,0(ra)"
        )
    };
}

const BYTESWAP_M1: &str = byteswap!("m1", "m2", "v16", "v8", "v12");
const BYTESWAP_M4: &str = byteswap!("m4", "m8", "v16", "v8", "v24");

/// At most a hundred steps of z = z*z + c over the square from -1.5-1i to 0.5+1i, a strip of pixels at a time, until
/// none of them is near. Scalars are set up in single precision and converted to the width of the elements.
macro_rules! mandelbrot {
    ($sew:literal, $narrow:literal, $load:literal) => {
        concat!(
            "fcvt.s.wu ft0,a2\naddi t0,zero,2\nfcvt.s.wu ft1,t0\nfdiv.s ft2,ft1,ft0\naddi t0,zero,3\nfcvt.s.wu ft3,t0\n\
             fdiv.s ft3,ft3,ft1\nfmul.s ft4,ft1,ft1\naddi t0,zero,1\nfcvt.s.wu ft5,t0\nadd a3,zero,zero\n\
             row:\nfcvt.s.wu ft6,a3\nfmsub.s ft6,ft6,ft2,ft5\nadd a4,zero,zero\n",
            $narrow,
            "strip:\nsub t1,a2,a4\nvsetvli t0,t1,",
            $sew,
            ",m1,ta,mu\nvid.v v10\nvadd.vx v10,v10,a4\nvfcvt.f.xu.v v10,v10\nvfmul.vf v10,v10,fa2\nvfsub.vf v10,v10,fa3\n\
             vfmv.v.f v11,fa6\nvmv.v.i v12,0\nvmv.v.i v13,0\nvmv.v.i v14,0\naddi t2,zero,100\n\
             step:\nvfmul.vv v16,v12,v12\nvfmul.vv v17,v13,v13\nvfadd.vv v18,v16,v17\nvmflt.vf v0,v18,fa4\n\
             vfadd.vv v19,v12,v12\nvfirst.m t3,v0\nvfsub.vv v12,v16,v17\nvfmadd.vv v13,v19,v11\nvfadd.vv v12,v12,v10\n\
             vadd.vi v14,v14,1,v0.t\naddi t2,t2,-1\nblt t3,zero,out\nbne t2,zero,step\n\
             out:\n",
            $load,
            "add a4,a4,t0\nbltu a4,a2,strip\naddi a3,a3,1\nbltu a3,a2,row\njalr zero,0(ra)"
        )
    };
}

const MANDELBROT_F32: &str = mandelbrot!(
    "e32",
    "fsgnj.s fa2,ft2,ft2\nfsgnj.s fa3,ft3,ft3\nfsgnj.s fa4,ft4,ft4\nfsgnj.s fa6,ft6,ft6\n",
    "vse32.v v14,(a0)\nslli t4,t0,2\nadd a0,a0,t4\n"
);
const MANDELBROT_F16: &str = mandelbrot!(
    "e16",
    "fcvt.h.s fa2,ft2\nfcvt.h.s fa3,ft3\nfcvt.h.s fa4,ft4\nfcvt.h.s fa6,ft6\n",
    "vsetvli zero,zero,e32,m2,ta,ma\nvzext.vf2 v20,v14\nvse32.v v20,(a0)\nslli t4,t0,2\nadd a0,a0,t4\n"
);
