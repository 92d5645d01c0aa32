//! A kernel as data: what a folder states about itself.

use crate::{Arrays, Check, Checker, DType, Kernel, Pattern, Shape, inputs};

/// All that the host knows about one kernel. Each folder has one `static` of it per kernel; its documentation states
/// the formulas and derives the error bound.
pub struct Spec {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The program; kernels of one folder share it.
    pub(crate) elf: &'static [u8],
    pub(crate) dtype: DType,
    /// Names of the dimensions. Those in lower-case letters with a `?` at the end are options, which may be 0.
    pub(crate) dims: &'static [&'static str],
    /// Shapes for a report.
    pub(crate) shapes: &'static [&'static [u64]],
    /// Small shapes that find mistakes: tails, primes, single elements.
    pub(crate) awkward: &'static [&'static [u64]],
    /// Input patterns beside the uniform one.
    pub(crate) patterns: &'static [Pattern],
    /// Whether a run of all kernels without a choice has it.
    pub(crate) in_default_set: bool,
    /// Conditions beyond the range of each dimension.
    pub(crate) accepts: fn(&[u64]) -> Result<(), String>,
    pub(crate) flop: fn(&[u64]) -> u64,
    pub(crate) bytes: fn(&[u64]) -> u64,
    pub(crate) check: fn(&Run, &mut Checker) -> Result<(), String>,
}

/// For kernels that take any sizes.
pub(crate) fn any(_: &[u64]) -> Result<(), String> {
    Ok(())
}

impl Kernel for Spec {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn elf(&self) -> &'static [u8] {
        self.elf
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn dims(&self) -> &'static [&'static str] {
        self.dims
    }

    fn default_shapes(&self) -> Vec<Shape> {
        self.shapes.iter().map(|shape| Shape(shape.to_vec())).collect()
    }

    fn awkward_shapes(&self) -> Vec<Shape> {
        self.awkward.iter().map(|shape| Shape(shape.to_vec())).collect()
    }

    fn in_default_set(&self) -> bool {
        self.in_default_set
    }

    /// As many dimensions as named, each from 1 to 2^30 (options from 0), and the kernel's own conditions.
    fn validate(&self, shape: &Shape) -> Result<(), String> {
        let (names, dims) = (self.dims, &shape.0);
        if dims.len() != names.len() {
            return Err(format!("expected {} dimensions ({}), got {}", names.len(), names.join(", "), dims.len()));
        }
        let least = |name: &str| u64::from(!name.ends_with('?'));
        match dims.iter().zip(names).find(|(dim, name)| !(least(name)..=1 << 30).contains(*dim)) {
            Some((dim, name)) => Err(format!("{name} = {dim} is not between {} and 2^30", least(name))),
            None => (self.accepts)(dims),
        }
    }

    fn patterns(&self) -> Vec<Pattern> {
        [&[Pattern::Uniform], self.patterns].concat()
    }

    fn flop(&self, shape: &Shape) -> u64 {
        if shape.0.len() == self.dims.len() { (self.flop)(&shape.0) } else { 0 }
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        if shape.0.len() == self.dims.len() { (self.bytes)(&shape.0) } else { 0 }
    }

    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.validate(shape)?;
        let mut checker = Checker::new();
        (self.check)(&Run { shape: &shape.0, pattern, arrays }, &mut checker)?;
        checker.finish()
    }
}

/// The arrays of one finished run, as a check sees them. Inputs are recomputed from the generator and compared bit by
/// bit with guest memory; the place of an array in the manifest is its input stream.
pub(crate) struct Run<'a> {
    pub(crate) shape: &'a [u64],
    pub(crate) pattern: Pattern,
    pub(crate) arrays: &'a Arrays,
}

impl Run<'_> {
    /// The sizes, which `validate` has counted.
    pub(crate) fn dims<const N: usize>(&self) -> [u64; N] {
        self.shape.try_into().expect("as many sizes as the kernel names")
    }

    /// The fp32 input of that name.
    pub(crate) fn input(&self, name: &str, dims: &[u64]) -> Result<Vec<f32>, String> {
        let want =
            inputs::f32(self.arrays.stream(name)?, self.pattern, dims.iter().product(), *dims.last().unwrap_or(&1));
        let got = self.arrays.f32(name, dims)?;
        unspoiled(name, got.iter().map(|x| x.to_bits()), want.iter().map(|x| x.to_bits()))?;
        Ok(want)
    }

    /// The fp32 input of that name in double precision.
    pub(crate) fn input_f64(&self, name: &str, dims: &[u64]) -> Result<Vec<f64>, String> {
        Ok(self.input(name, dims)?.into_iter().map(f64::from).collect())
    }

    /// The fp16 or bf16 input of that name as values, all multiples of 1/64.
    pub(crate) fn input_64ths(&self, name: &str, dims: &[u64]) -> Result<Vec<f64>, String> {
        let want = inputs::multiples_of_64th(self.arrays.stream(name)?, dims.iter().product());
        let got = self.arrays.halves(name, dims)?;
        // Numerically: -0 would pass for 0, which the generator never makes and no product distinguishes.
        let want: Vec<f64> = want.into_iter().map(|v| f64::from(v) / 64.0).collect();
        unspoiled(name, got.into_iter(), want.iter().copied())?;
        Ok(want)
    }

    /// The int8 input of that name.
    pub(crate) fn input_i8(&self, name: &str, dims: &[u64]) -> Result<Vec<i8>, String> {
        let want = inputs::i8(self.arrays.stream(name)?, self.pattern, dims.iter().product());
        unspoiled(name, self.arrays.i8(name, dims)?.into_iter(), want.iter().copied())?;
        Ok(want)
    }

    /// The fp32 output of that name.
    pub(crate) fn output(&self, name: &str, dims: &[u64]) -> Result<Vec<f64>, String> {
        Ok(self.arrays.f32(name, dims)?.into_iter().map(f64::from).collect())
    }
}

fn unspoiled<T: PartialEq>(
    name: &str,
    got: impl Iterator<Item = T>,
    want: impl Iterator<Item = T>,
) -> Result<(), String> {
    match got.zip(want).position(|(got, want)| got != want) {
        Some(index) => Err(format!("input `{name}` differs from the generator's at element {index}")),
        None => Ok(()),
    }
}
