//! Timing classes: the names under which a machine file gives latency, occupancy and unit.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::row::Props;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $(, $prop:ident)*;)*) => {
        /// Timing class of an instruction: what the machine file gives latency, occupancy and unit for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Class { $($(#[$doc])* $name,)* }

        impl Class {
            /// Every class.
            pub const ALL: &'static [Class] = &[$(Class::$name,)*];

            /// The key in machine files.
            pub const fn name(self) -> &'static str { match self { $(Class::$name => $text,)* } }

            /// The class of this name.
            pub fn by_name(name: &str) -> Option<Class> {
                static NAMES: LazyLock<HashMap<&str, Class>> =
                    LazyLock::new(|| Class::ALL.iter().map(|class| (class.name(), *class)).collect());
                NAMES.get(name).copied()
            }

            /// Whether its instructions go through the vector unit, and not just through the scalar pipe.
            pub const fn in_vector_unit(self) -> bool {
                !matches!(self, Class::Vset | Class::MConfig) && self.implied_props().contains(Props::VECTOR)
            }

            pub(crate) const fn implied_props(self) -> Props {
                match self { $(Class::$name => Props::empty()$(.union(Props::$prop))*,)* }
            }
        }
    };
}

classes! {
    /// add, logic, shift, compare, lui.
    Alu = "alu";
    /// Integer operations that only pipe B does: rotates, counts, min/max, single-bit, shNadd.
    AluB = "alu-b";
    /// Multiplication (and cpop).
    Mul = "mul";
    /// 64-bit division and remainder.
    Div = "div";
    /// 32-bit division and remainder.
    DivW = "divw";
    /// Conditional branch.
    Branch = "branch", BRANCH;
    /// Jump, call, return.
    Jump = "jump", JUMP;
    /// Integer load.
    Load = "load", LOAD;
    /// Integer store.
    Store = "store", STORE;
    /// Floating-point load.
    FpLoad = "fp-load", LOAD, FLOAT;
    /// Floating-point store.
    FpStore = "fp-store", STORE, FLOAT;
    /// Atomic read-modify-write.
    Amo = "amo", LOAD, STORE;
    /// Load-reserved.
    LoadReserved = "lr", LOAD;
    /// Store-conditional.
    StoreConditional = "sc", STORE;
    /// Half-precision (and bfloat16) add, multiply, multiply-add.
    Fp16 = "fp16", FLOAT, FLAGS;
    /// Single-precision add, multiply, multiply-add.
    Fp32 = "fp32", FLOAT, FLAGS;
    /// Double-precision add, multiply, multiply-add.
    Fp64 = "fp64", FLOAT, FLAGS;
    /// Half-precision divide and square root.
    FpDiv16 = "fpdiv16", FLOAT, FLAGS;
    /// Single-precision divide and square root.
    FpDiv32 = "fpdiv32", FLOAT, FLAGS;
    /// Double-precision divide and square root.
    FpDiv64 = "fpdiv64", FLOAT, FLAGS;
    /// Floating-point min/max, compare, class, sign injection, conversions.
    FpOther = "fp-other", FLOAT;
    /// Moves between integer and floating-point registers.
    FpMove = "fp-move", FLOAT;
    /// CSR access.
    Csr = "csr", ENDS_BLOCK;
    /// fence.
    Fence = "fence";
    /// fence.i.
    FenceI = "fence-i", ENDS_BLOCK;
    /// ecall, ebreak, mret, sret, wfi, sfence.vma.
    System = "system", ENDS_BLOCK;
    /// Hints and no-operations.
    Nop = "nop";
    /// Cache-block operations.
    CacheOp = "cache-op";
    /// vsetvli, vsetivli, vsetvl.
    Vset = "vset", VECTOR;
    /// Vector integer add, logic, min/max.
    VInt = "v-int", VECTOR;
    /// Merges, and moves of a vector or a scalar to all elements, integer and floating point.
    VMerge = "v-merge", VECTOR;
    /// Vector shifts.
    VShift = "v-shift", VECTOR;
    /// Vector integer multiply.
    VMul = "v-mul", VECTOR;
    /// Vector integer multiply-add.
    VMac = "v-mac", VECTOR, READS_VD;
    /// Vector saturating and averaging adds, scaling shifts.
    VFixed = "v-fixed", VECTOR;
    /// Vector fixed-point multiply.
    VFixedMul = "v-fixed-mul", VECTOR;
    /// Vector widening integer.
    VWiden = "v-widen", VECTOR, WIDENS;
    /// Vector widening integer multiply-add.
    VWidenMac = "v-widen-mac", VECTOR, WIDENS, READS_VD;
    /// Vector narrowing integer shift and clip.
    VNarrow = "v-narrow", VECTOR, WIDE_VS2;
    /// Vector sign and zero extension.
    VExtend = "v-extend", VECTOR;
    /// Vector compare, result a mask.
    VCompare = "v-compare", VECTOR, MASK_RESULT;
    /// Vector integer divide and remainder.
    VDiv = "v-div", VECTOR;
    /// Vector floating-point add and multiply.
    VFp = "v-fp", VECTOR, FLOAT, FLAGS;
    /// Vector floating-point multiply-add.
    VFma = "v-fma", VECTOR, FLOAT, FLAGS, READS_VD;
    /// Vector floating-point min/max, sign injection, class.
    VFpOther = "v-fp-other", VECTOR, FLOAT, FLAGS;
    /// Vector floating-point compare, result a mask.
    VFpCompare = "v-fp-compare", VECTOR, FLOAT, FLAGS, MASK_RESULT;
    /// Vector floating-point/integer conversions of one width, and estimates.
    VFpConvert = "v-fp-convert", VECTOR, FLOAT, FLAGS;
    /// Vector widening floating point.
    VFpWiden = "v-fp-widen", VECTOR, FLOAT, FLAGS, WIDENS;
    /// Vector widening floating-point multiply-add.
    VFpWidenMac = "v-fp-widen-mac", VECTOR, FLOAT, FLAGS, WIDENS, READS_VD;
    /// Vector narrowing conversions.
    VFpNarrow = "v-fp-narrow", VECTOR, FLOAT, FLAGS, WIDE_VS2;
    /// Vector floating-point divide and square root.
    VFpDiv = "v-fp-div", VECTOR, FLOAT, FLAGS;
    /// Integer tree reduction.
    VReduce = "v-reduce", VECTOR, SCALAR_RESULT, SCALAR_VS1;
    /// Widening integer tree reduction.
    VReduceWiden = "v-reduce-widen", VECTOR, SCALAR_RESULT, SCALAR_VS1;
    /// Floating-point sum, tree reduction.
    VFpReduce = "v-fp-reduce", VECTOR, FLOAT, FLAGS, SCALAR_RESULT, SCALAR_VS1;
    /// Floating-point minimum and maximum of a vector.
    VFpReduceMinMax = "v-fp-reduce-minmax", VECTOR, FLOAT, FLAGS, SCALAR_RESULT, SCALAR_VS1;
    /// Widening floating-point tree reduction.
    VFpReduceWiden = "v-fp-reduce-widen", VECTOR, FLOAT, FLAGS, SCALAR_RESULT, SCALAR_VS1;
    /// Ordered floating-point sum.
    VFpReduceOrdered = "v-fp-reduce-ordered", VECTOR, FLOAT, FLAGS, SCALAR_RESULT, SCALAR_VS1;
    /// Mask logic and vmsbf/vmsif/vmsof.
    VMask = "v-mask", VECTOR, MASK_RESULT, MASK_SOURCES;
    /// vcpop, vfirst: a mask to a scalar register.
    VMaskToScalar = "v-mask-to-scalar", VECTOR, MASK_SOURCES;
    /// viota, vid.
    VIota = "v-iota", VECTOR;
    /// vmv.x.s, vfmv.f.s.
    VToScalar = "v-to-scalar", VECTOR;
    /// vmv.s.x, vfmv.s.f.
    VFromScalar = "v-from-scalar", VECTOR, SCALAR_RESULT, READS_VD;
    /// `vmv<nr>r.v`.
    VMoveWhole = "v-move-whole", VECTOR;
    /// Slides.
    VSlide = "v-slide", VECTOR;
    /// Register gather with a scalar or immediate index.
    VGatherScalar = "v-gather-scalar", VECTOR;
    /// Register gather with vector indices.
    VGather = "v-gather", VECTOR;
    /// vcompress.
    VCompress = "v-compress", VECTOR, READS_VD;
    /// Vector cryptography and bit manipulation beyond the integer class.
    VCrypto = "v-crypto", VECTOR;
    /// Unit-stride load.
    VLoad = "v-load", VECTOR, LOAD;
    /// Unit-stride store.
    VStore = "v-store", VECTOR, STORE;
    /// Fault-only-first load.
    VLoadFirst = "v-load-first", VECTOR, LOAD;
    /// Mask load.
    VLoadMask = "v-load-mask", VECTOR, LOAD, MASK_RESULT;
    /// Mask store.
    VStoreMask = "v-store-mask", VECTOR, STORE;
    /// Whole-register load.
    VLoadWhole = "v-load-whole", VECTOR, LOAD;
    /// Whole-register store.
    VStoreWhole = "v-store-whole", VECTOR, STORE;
    /// Strided load.
    VLoadStrided = "v-load-strided", VECTOR, LOAD;
    /// Strided store.
    VStoreStrided = "v-store-strided", VECTOR, STORE;
    /// Indexed load.
    VLoadIndexed = "v-load-indexed", VECTOR, LOAD;
    /// Indexed store.
    VStoreIndexed = "v-store-indexed", VECTOR, STORE;
    /// Unit-stride segment load, two fields.
    VLoadSegment2 = "v-load-segment2", VECTOR, LOAD;
    /// Unit-stride segment store, two fields.
    VStoreSegment2 = "v-store-segment2", VECTOR, STORE;
    /// Segment load, three or more fields, or strided or indexed.
    VLoadSegment = "v-load-segment", VECTOR, LOAD;
    /// Segment store, three or more fields, or strided or indexed.
    VStoreSegment = "v-store-segment", VECTOR, STORE;
    /// Vector coprocessor interface.
    Vcix = "vcix", VECTOR;
    /// Integer matrix multiply on vector registers, as long as vl.
    VMatrixInt = "v-matrix-int", VECTOR;
    /// Floating-point matrix multiply on vector registers, as long as vl.
    VMatrixFp = "v-matrix-fp", VECTOR, FLOAT, FLAGS;
    /// Matrix multiply on whole vector registers, whatever vl is.
    VMatrixFixed = "v-matrix-fixed", VECTOR;
    /// Scaling and clipping of binary32 to int8.
    VFpClip = "v-fp-clip", VECTOR, FLOAT, FLAGS, QUAD_VS2, ALTFMT;
    /// Exponential.
    VFpExp = "v-fp-exp", VECTOR, FLOAT, FLAGS;
    /// Table step of an exponential.
    VFpExpTable = "v-fp-exp-table", VECTOR, FLOAT;
    /// Configuration of the tile machine beside vl: tm, tk.
    MConfig = "m-config", VECTOR;
    /// Tile multiply, integer.
    MInt = "m-int", VECTOR, TILE;
    /// Tile multiply, floating point.
    MFp = "m-fp", VECTOR, FLOAT, TILE, ALTFMT;
    /// Load of a tile slice.
    MLoad = "m-load", VECTOR, TILE, LOAD;
    /// Store of a tile slice.
    MStore = "m-store", VECTOR, TILE, STORE;
    /// Tile slice to vector registers.
    MToVector = "m-to-vector", VECTOR, TILE;
    /// Vector registers to a tile slice.
    MFromVector = "m-from-vector", VECTOR, TILE;
    /// Clearing of tiles.
    MZero = "m-zero", VECTOR, TILE;
}
