//! Kernels that are forms of one problem: the same arguments and results by other instructions.

use std::ops::RangeInclusive;

use crate::{Arrays, Check, DType, Kernel, Pattern, Shape, Spec};

/// The multiply of an inner loop: what its time and shape are decides the most that a form can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiply {
    /// Its mnemonic.
    pub name: &'static str,
    /// SEW that it runs under.
    pub sew: u32,
    /// LMUL that it runs under; a tile instruction follows its geometry.
    pub lmul: u32,
}

/// A kernel that solves a problem which others solve, too.
pub struct Form {
    pub(crate) spec: Spec,
    /// The problem: by custom the name of the form that needs no extension.
    pub(crate) problem: &'static str,
    /// The decode profile that has its instructions.
    pub(crate) profile: &'static str,
    /// Whether QEMU 7.2 has its instructions.
    pub(crate) in_qemu: bool,
    /// Vector lengths that it runs at.
    pub(crate) vlens: RangeInclusive<u32>,
    pub(crate) multiply: Option<Multiply>,
}

impl Kernel for Form {
    fn name(&self) -> &'static str {
        self.spec.name
    }

    fn about(&self) -> &'static str {
        self.spec.about
    }

    fn elf(&self) -> &'static [u8] {
        self.spec.elf
    }

    fn dtype(&self) -> DType {
        self.spec.dtype
    }

    fn dims(&self) -> &'static [&'static str] {
        self.spec.dims
    }

    fn default_shapes(&self) -> Vec<Shape> {
        self.spec.default_shapes()
    }

    fn awkward_shapes(&self) -> Vec<Shape> {
        self.spec.awkward_shapes()
    }

    fn in_default_set(&self) -> bool {
        self.spec.in_default_set
    }

    fn validate(&self, shape: &Shape) -> Result<(), String> {
        self.spec.validate(shape)
    }

    fn patterns(&self) -> Vec<Pattern> {
        self.spec.patterns()
    }

    fn flop(&self, shape: &Shape) -> u64 {
        self.spec.flop(shape)
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        self.spec.bytes(shape)
    }

    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.spec.check_pattern(shape, pattern, arrays)
    }

    fn problem(&self) -> &'static str {
        self.problem
    }

    fn profile(&self) -> &'static str {
        self.profile
    }

    fn in_qemu(&self) -> bool {
        self.in_qemu
    }

    fn vlens(&self) -> RangeInclusive<u32> {
        self.vlens.clone()
    }

    fn multiply(&self) -> Option<Multiply> {
        self.multiply
    }
}
