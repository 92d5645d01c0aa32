//! The small expression language in which a machine file gives latencies and occupancies.
//!
//! An expression is parsed once to postfix code. Every branch of an `if` is computed and one value is kept, so
//! evaluation has no jumps and a fixed stack. Values are `f64`; the result is rounded up to whole cycles.

use std::fmt;

use super::parse::parse;

macro_rules! variables {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a formula may refer to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Var { $($(#[$doc])* $name,)* }

        impl Var {
            /// Every variable, in the order of the enumeration.
            pub const ALL: &'static [Var] = &[$(Var::$name,)*];

            /// The name in a formula.
            pub const fn name(self) -> &'static str { match self { $(Var::$name => $text,)* } }
        }
    };
}

variables! {
    /// Number of elements that the instruction works on; of a tile instruction, its columns or elements.
    Vl = "vl";
    /// `lmul * vlen / sew`.
    Vlmax = "vlmax";
    /// Selected element width, bits.
    Sew = "sew";
    /// Element width in a memory instruction's encoding (index width of an indexed one), bits; `sew` elsewhere.
    Eew = "eew";
    /// Group multiplier, 0.125 to 8.
    Lmul = "lmul";
    /// Bits of a vector register.
    Vlen = "vlen";
    /// Bits of the data path.
    Dlen = "dlen";
    /// Fields of a segment access; registers of a whole-register access or move; 1 elsewhere.
    Nf = "nf";
    /// `max(1, ceil(vl * sew / dlen))`.
    Beats = "beats";
    /// Beats of a full group, `max(1, lmul * vlen / dlen)`.
    Chime = "chime";
    /// Elements that the operands leave to do: of an integer division those with a divisor other than 0, of a
    /// floating-point division or square root those of ordinary numbers, of a slide up those from its offset on; `vl`
    /// elsewhere.
    Work = "work";
    /// Rows of the tile that a tile multiply works on; 0 elsewhere.
    Tm = "tm";
    /// Products that a tile multiply sums for each element; 0 elsewhere.
    Tk = "tk";
    /// User opcode of a coprocessor instruction, 0 to 3; 0 elsewhere.
    Vcop = "vcop";
    /// What a coprocessor instruction has in the place of vd, if that is no register, 0 to 31; 0 elsewhere.
    Pd = "pd";
    /// What it has in the place of vs2, if that is no register, 0 to 31; 0 elsewhere.
    P2 = "p2";
}

const VARIABLES: usize = Var::ALL.len();

/// Deepest evaluation stack that a formula may need.
pub(super) const STACK: usize = 32;

/// Most cycles that a formula may give.
pub const MAX_CYCLES: f64 = 1e9;

/// Absorbs the rounding of decimal factors such as 2.1 before the result is rounded up.
const SLACK: f64 = 1e-6;

/// What a coprocessor instruction carries for its coprocessor; zeros elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// User opcode, 0 to 3.
    pub vcop: u32,
    /// In the place of vd, 0 to 31.
    pub pd: u32,
    /// In the place of vs2, 0 to 31.
    pub p2: u32,
}

/// The instruction and the vector state that a formula may depend on, as integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Bits of a vector register.
    pub vlen: u32,
    /// Bits of the data path.
    pub dlen: u32,
    /// Selected element width, bits.
    pub sew: u32,
    /// Element width in the encoding of a memory instruction, bits; equal to `sew` elsewhere.
    pub eew: u32,
    /// Group multiplier in eighths: 1 is LMUL 1/8, 64 is LMUL 8.
    pub lmul_eighths: u32,
    /// Fields or registers, from 1.
    pub nf: u32,
    /// Number of elements.
    pub vl: u32,
    /// Those that the operands leave to do.
    pub work: u32,
    /// Rows of a tile multiply.
    pub tm: u32,
    /// Depth of a tile multiply.
    pub tk: u32,
    /// For a coprocessor.
    pub payload: Payload,
}

/// The values of all variables, ready for evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs([f64; VARIABLES]);

impl Inputs {
    /// The variables of `shape`; its widths must not be 0.
    pub fn new(shape: &Shape) -> Inputs {
        let [vl, sew, eew, vlen, dlen, nf] =
            [shape.vl, shape.sew, shape.eew, shape.vlen, shape.dlen, shape.nf].map(f64::from);
        let lmul = f64::from(shape.lmul_eighths) / 8.0;
        let beats = (vl * sew / dlen).ceil().max(1.0);
        let chime = (lmul * vlen / dlen).max(1.0);
        let [work, tm, tk] = [shape.work, shape.tm, shape.tk].map(f64::from);
        let [vcop, pd, p2] = [shape.payload.vcop, shape.payload.pd, shape.payload.p2].map(f64::from);
        Inputs([vl, lmul * vlen / sew, sew, eew, lmul, vlen, dlen, nf, beats, chime, work, tm, tk, vcop, pd, p2])
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Code {
    Number(f64),
    Variable(Var),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    If,
    Max,
    Min,
    Ceil,
    Floor,
    Log2,
}

impl Code {
    /// Values that it takes from the stack.
    pub(super) fn operands(self) -> usize {
        match self {
            Code::Number(_) | Code::Variable(_) => 0,
            Code::Negate | Code::Ceil | Code::Floor | Code::Log2 => 1,
            Code::If => 3,
            _ => 2,
        }
    }
}

/// Why a text is not a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaError {
    /// Column in the text, from 1, counted in characters.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.what)
    }
}

impl std::error::Error for FormulaError {}

/// A number of cycles as a function of the vector state.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    code: Vec<Code>,
    /// A bit for each variable that occurs.
    uses: u16,
    /// The value of a formula without variables.
    constant: Option<u32>,
}

impl Formula {
    /// Parses `text`. A formula that parses can be evaluated; whether its values make sense on a machine is for
    /// [`Formula::check`].
    pub fn parse(text: &str) -> Result<Formula, FormulaError> {
        Formula::parse_with(text, &mut |_| Ok(None))
    }

    /// As [`Formula::parse`], with names that stand for other formulas; `names` gives their meaning.
    ///
    /// # Errors
    /// As [`Formula::parse`], and what `names` says.
    pub fn parse_with(
        text: &str,
        names: &mut dyn FnMut(&str) -> Result<Option<Formula>, String>,
    ) -> Result<Formula, FormulaError> {
        let code = parse(text, names)?;
        let uses = code.iter().fold(0, |bits, code| match code {
            Code::Variable(var) => bits | 1 << *var as u16,
            _ => bits,
        });
        let constant = (uses == 0).then(|| whole_cycles(run(&code, &Inputs([0.0; VARIABLES]))));
        Ok(Formula { text: text.to_string(), code, uses, constant })
    }

    /// Cycles for these inputs, rounded up; from 0 to [`MAX_CYCLES`] once checked.
    pub fn cycles(&self, inputs: &Inputs) -> u32 {
        self.constant.unwrap_or_else(|| whole_cycles(run(&self.code, inputs)))
    }

    /// The value, if no variable occurs.
    pub fn as_constant(&self) -> Option<u32> {
        self.constant
    }

    /// Whether the value may change with `vl` while everything else stays.
    pub fn depends_on_vl(&self) -> bool {
        self.uses(Var::Vl) || self.uses(Var::Beats) || self.uses(Var::Work)
    }

    /// Whether `var` occurs.
    pub fn uses(&self, var: Var) -> bool {
        self.uses & 1 << var as u16 != 0
    }

    /// A number.
    pub fn number(value: u32) -> Formula {
        let code = vec![Code::Number(f64::from(value))];
        Formula { text: value.to_string(), code, uses: 0, constant: Some(value) }
    }

    pub(super) fn code(&self) -> &[Code] {
        &self.code
    }

    /// The text that it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tries every legal SEW, LMUL, EEW, field count and payload with `vl` 0, 1 and VLMAX, and
    /// all or none of the elements to do.
    ///
    /// # Errors
    /// Tells the first inputs for which the value is negative, not a number, or above [`MAX_CYCLES`].
    pub fn check(&self, vlen: u32, dlen: u32) -> Result<(), String> {
        let widths = |var| if self.uses(var) { &[8, 16, 32, 64][..] } else { &[8][..] };
        let vary_group = self.uses(Var::Lmul) || self.uses(Var::Vlmax) || self.uses(Var::Chime) || self.depends_on_vl();
        let vary_width = vary_group || self.uses(Var::Sew);
        let tiles = self.uses(Var::Tm) || self.uses(Var::Tk);
        if self.uses == 0 {
            return self.check_value(run(&self.code, &Inputs([0.0; VARIABLES])), &Shape::default());
        }
        for &sew in if vary_width { &[8, 16, 32, 64][..] } else { &[8][..] } {
            for lmul_eighths in (0..7).map(|log| 1u32 << log) {
                // LMUL below SEW/64 is reserved; one LMUL stands for all where none occurs.
                if lmul_eighths * 8 < sew || (!vary_group && lmul_eighths != 8) {
                    continue;
                }
                for &eew in widths(Var::Eew) {
                    for nf in if self.uses(Var::Nf) { 1..=8 } else { 1..=1 } {
                        let vlmax = lmul_eighths * vlen / sew / 8;
                        for &vl in &[0, 1, vlmax][..if self.depends_on_vl() { 3 } else { 1 }] {
                            for (tm, tk) in
                                if tiles { &[(0, 0), (1, 1), (128, 4)][..] } else { &[(0, 0)][..] }.iter().copied()
                            {
                                for work in if self.uses(Var::Work) { vec![0, vl] } else { vec![vl] } {
                                    let payload = Payload::default();
                                    let shape =
                                        Shape { vlen, dlen, sew, eew, lmul_eighths, nf, vl, work, tm, tk, payload };
                                    self.check_payloads(shape)?;
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Tries the payloads that make a difference.
    fn check_payloads(&self, shape: Shape) -> Result<(), String> {
        let values = |var, count| 0..if self.uses(var) { count } else { 1 };
        for vcop in values(Var::Vcop, 4) {
            for pd in values(Var::Pd, 32) {
                for p2 in values(Var::P2, 32) {
                    let shape = Shape { payload: Payload { vcop, pd, p2 }, ..shape };
                    self.check_value(run(&self.code, &Inputs::new(&shape)), &shape)?;
                }
            }
        }
        Ok(())
    }

    fn check_value(&self, value: f64, shape: &Shape) -> Result<(), String> {
        let wrong = match value {
            v if v.is_nan() => "not a number",
            v if v < -SLACK => "negative",
            v if v > MAX_CYCLES => "more than 1000000000 cycles",
            _ => return Ok(()),
        };
        if self.uses == 0 {
            return Err(format!("\"{}\" is {wrong}", self.text));
        }
        let Shape { vlen, dlen, sew, eew, nf, vl, payload: Payload { vcop, pd, p2 }, .. } = *shape;
        let lmul = f64::from(shape.lmul_eighths) / 8.0;
        let carried = [(Var::Vcop, vcop), (Var::Pd, pd), (Var::P2, p2)];
        let carried = carried.iter().filter(|(var, _)| self.uses(*var));
        let carried: String = carried.map(|(var, value)| format!(" {}={value}", var.name())).collect();
        Err(format!(
            "\"{}\" is {wrong} at vl={vl} sew={sew} eew={eew} lmul={lmul} nf={nf} vlen={vlen} dlen={dlen}{carried}; \
             bound it with max() or if()",
            self.text
        ))
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn whole_cycles(value: f64) -> u32 {
    (value - SLACK).ceil() as u32
}

/// Evaluates postfix code. The parser guarantees operands for every operation and at most [`STACK`] values.
fn run(code: &[Code], inputs: &Inputs) -> f64 {
    let mut stack = [0.0; STACK];
    let mut top = 0;
    for op in code {
        match *op {
            Code::Number(number) => {
                stack[top] = number;
                top += 1;
            }
            Code::Variable(var) => {
                stack[top] = inputs.0[var as usize];
                top += 1;
            }
            Code::Negate => stack[top - 1] = -stack[top - 1],
            Code::Ceil => stack[top - 1] = (stack[top - 1] - SLACK).ceil(),
            Code::Floor => stack[top - 1] = (stack[top - 1] + SLACK).floor(),
            Code::Log2 => stack[top - 1] = stack[top - 1].log2(),
            Code::If => {
                top -= 2;
                stack[top - 1] = if stack[top - 1] != 0.0 { stack[top] } else { stack[top + 1] };
            }
            binary => {
                top -= 1;
                stack[top - 1] = apply(binary, stack[top - 1], stack[top]);
            }
        }
    }
    stack[0]
}

/// Operations of two operands. NaN goes through `max` and `min`, so that a division by zero cannot hide there.
fn apply(code: Code, a: f64, b: f64) -> f64 {
    let truth = |condition| if condition { 1.0 } else { 0.0 };
    match code {
        Code::Add => a + b,
        Code::Subtract => a - b,
        Code::Multiply => a * b,
        Code::Divide => a / b,
        Code::Less => truth(a < b),
        Code::LessEqual => truth(a <= b),
        Code::Greater => truth(a > b),
        Code::GreaterEqual => truth(a >= b),
        Code::Equal => truth(a == b),
        Code::NotEqual => truth(a != b),
        Code::Max if a.is_nan() || a > b => a,
        Code::Min if a.is_nan() || a < b => a,
        _ => b,
    }
}
