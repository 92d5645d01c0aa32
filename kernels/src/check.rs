//! Element by element comparison with a reference and a bound.

/// The element whose error is the largest part of its bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Row-major index in the output array.
    pub index: u64,
    /// Value in guest memory.
    pub got: f64,
    /// Reference value.
    pub want: f64,
    /// `|got - want|`; NaN if either is NaN, infinite if one is infinite.
    pub error: f64,
    /// Largest error that rounding can explain, in the unit of the value.
    pub bound: f64,
}

/// Outcome of a value check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// Number of compared elements.
    pub elements: u64,
    /// The worst of them.
    pub worst: Worst,
    /// Whether every element lies within its bound.
    pub ok: bool,
}

/// Collects comparisons.
#[derive(Debug, Default)]
pub struct Checker {
    elements: u64,
    worst: Option<(f64, Worst)>,
}

impl Checker {
    /// No elements yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares the next element. A NaN, or an infinity against a number, is wrong whatever the bound.
    pub fn element(&mut self, got: f64, want: f64, bound: f64) {
        let error = if got == want { 0.0 } else { (got - want).abs() };
        // The part of the bound that is used up: above 1 is wrong.
        let ratio = match () {
            _ if error.is_nan() || bound.is_nan() || error == f64::INFINITY => f64::INFINITY,
            _ if error == 0.0 => 0.0,
            _ => error / bound,
        };
        if self.worst.is_none_or(|(worst, _)| ratio > worst) {
            self.worst = Some((ratio, Worst { index: self.elements, got, want, error, bound }));
        }
        self.elements += 1;
    }

    /// The outcome; an error if there was nothing to compare.
    pub fn finish(self) -> Result<Check, String> {
        let (ratio, worst) = self.worst.ok_or("the output has no elements")?;
        Ok(Check { elements: self.elements, worst, ok: ratio <= 1.0 })
    }
}
