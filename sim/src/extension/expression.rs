//! The expressions of `map`: what one element of the result is, as a function of elements and scalars.
//!
//! An expression is parsed once to postfix code, which runs over strips of elements. Values are 64-bit integers modulo 2^64, or binary64 where any
//! operand, the result or an operation is floating point; the result is then rounded once to its type.

use crate::machine::error::suggestion;

/// Elements that are computed together.
pub(super) const STRIP: usize = 64;

/// Deepest evaluation stack.
const STACK: usize = 16;

/// Deepest nesting.
const DEPTH: usize = 24;

/// Longest text, characters.
const LENGTH: usize = 400;

macro_rules! operations {
    ($($name:ident = $text:literal, $arity:literal, $only:ident;)*) => {
        /// An operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Operation { $($name,)* }

        /// Those that are written as functions: name, number of operands, and for which values.
        const FUNCTIONS: &[(&str, Operation, usize, Only)] = &[$(($text, Operation::$name, $arity, Only::$only),)*];
    };
}

/// Which values an operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Both,
    Integers,
    Reals,
}

operations! {
    Add = "+", 2, Both;
    Subtract = "-", 2, Both;
    Multiply = "*", 2, Both;
    Divide = "/", 2, Both;
    Remainder = "%", 2, Integers;
    And = "&", 2, Integers;
    Or = "|", 2, Integers;
    Xor = "^", 2, Integers;
    Left = "<<", 2, Integers;
    Right = ">>", 2, Integers;
    Less = "<", 2, Both;
    LessEqual = "<=", 2, Both;
    Greater = ">", 2, Both;
    GreaterEqual = ">=", 2, Both;
    Equal = "==", 2, Both;
    NotEqual = "!=", 2, Both;
    Min = "min", 2, Both;
    Max = "max", 2, Both;
    If = "if", 3, Both;
    Negate = "neg", 1, Both;
    Abs = "abs", 1, Both;
    Sqrt = "sqrt", 1, Reals;
    Exp = "exp", 1, Reals;
    Exp2 = "exp2", 1, Reals;
    Log = "log", 1, Reals;
    Log2 = "log2", 1, Reals;
    Tanh = "tanh", 1, Reals;
    Floor = "floor", 1, Reals;
    Ceil = "ceil", 1, Reals;
    Round = "round", 1, Reals;
    Trunc = "trunc", 1, Reals;
}

/// The operators that stand between their operands, by rank; within one those of two characters first.
const RANKS: &[&[&str]] =
    &[&["<=", ">=", "==", "!=", "<", ">"], &["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Code<S> {
    Number(f64),
    Source(S),
    Do(Operation, usize),
}

/// A parsed expression over sources `S`.
#[derive(Clone, Debug)]
pub(super) struct Expression<S> {
    pub text: String,
    code: Vec<Code<S>>,
    only: Only,
}

impl<S: Copy + PartialEq> Expression<S> {
    /// Parses `text`; `names` gives the meaning of a name, or `None`.
    ///
    /// # Errors
    /// What is wrong, and in which column. `known`: the names, for a hint.
    pub fn parse(text: &str, names: &dyn Fn(&str) -> Option<S>, known: &[String]) -> Result<Expression<S>, String> {
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
            stack: 0,
            code: Vec::new(),
            names,
            known,
            only: Only::Both,
        };
        if parser.chars.len() > LENGTH {
            return Err(format!("longer than {LENGTH} characters"));
        }
        parser.rank(0)?;
        parser.spaces();
        match parser.chars.get(parser.at) {
            None => Ok(Expression { text: text.to_string(), code: parser.code, only: parser.only }),
            Some(other) => parser.wrong(format!("expected an operator or the end, found '{other}'")),
        }
    }

    /// The sources that occur.
    pub fn sources(&self) -> impl Iterator<Item = S> + '_ {
        self.code.iter().filter_map(|code| match code {
            Code::Source(source) => Some(*source),
            _ => None,
        })
    }

    /// Whether it has operations or numbers that only binary64 has.
    pub fn needs_reals(&self) -> bool {
        self.only == Only::Reals
            || self.code.iter().any(|code| matches!(code, Code::Number(number) if number.fract() != 0.0))
    }

    /// Whether it has operations that only integers have.
    pub fn needs_integers(&self) -> bool {
        self.only == Only::Integers
    }

    /// Computes `out.len()` elements, at most a strip; `load` fills in a source.
    pub fn run<V: Value>(&self, load: &mut dyn FnMut(S, &mut [V]), out: &mut [V]) {
        let count = out.len();
        let mut stack = [[V::default(); STRIP]; STACK];
        let mut top = 0;
        for code in &self.code {
            match *code {
                Code::Number(number) => {
                    stack[top][..count].fill(V::number(number));
                    top += 1;
                }
                Code::Source(source) => {
                    load(source, &mut stack[top][..count]);
                    top += 1;
                }
                Code::Do(operation, operands) => {
                    top -= operands - 1;
                    let (below, above) = stack.split_at_mut(top);
                    let first = &mut below[top - 1][..count];
                    match operands {
                        1 => first.iter_mut().for_each(|a| *a = a.unary(operation)),
                        2 => V::binary(operation, first, &above[0][..count]),
                        _ => {
                            for (index, a) in first.iter_mut().enumerate() {
                                *a = if a.truth() { above[0][index] } else { above[1][index] };
                            }
                        }
                    }
                }
            }
        }
        out.copy_from_slice(&stack[0][..count]);
    }
}

/// A value of an expression.
pub(super) trait Value: Copy + Default {
    fn number(number: f64) -> Self;
    fn truth(self) -> bool;
    fn unary(self, operation: Operation) -> Self;
    fn binary(operation: Operation, a: &mut [Self], b: &[Self]);
}

/// Applies a function to two slices; one loop for each operation, so that compilers see what it does.
#[inline(always)]
fn zip<V: Copy>(a: &mut [V], b: &[V], f: impl Fn(V, V) -> V) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a = f(*a, b);
    }
}

impl Value for i64 {
    fn number(number: f64) -> i64 {
        number as i64
    }

    fn truth(self) -> bool {
        self != 0
    }

    fn unary(self, operation: Operation) -> i64 {
        match operation {
            Operation::Negate => self.wrapping_neg(),
            Operation::Abs => self.wrapping_abs(),
            // The others have values in binary64 only.
            _ => self,
        }
    }

    fn binary(operation: Operation, a: &mut [i64], b: &[i64]) {
        match operation {
            Operation::Add => zip(a, b, i64::wrapping_add),
            Operation::Subtract => zip(a, b, i64::wrapping_sub),
            Operation::Multiply => zip(a, b, i64::wrapping_mul),
            // As the division instructions have it.
            Operation::Divide => zip(a, b, |a, b| if b == 0 { -1 } else { a.wrapping_div(b) }),
            Operation::Remainder => zip(a, b, |a, b| if b == 0 { a } else { a.wrapping_rem(b) }),
            Operation::And => zip(a, b, |a, b| a & b),
            Operation::Or => zip(a, b, |a, b| a | b),
            Operation::Xor => zip(a, b, |a, b| a ^ b),
            Operation::Left => zip(a, b, |a, b| a.wrapping_shl(b as u32)),
            Operation::Right => zip(a, b, |a, b| a.wrapping_shr(b as u32)),
            Operation::Less => zip(a, b, |a, b| i64::from(a < b)),
            Operation::LessEqual => zip(a, b, |a, b| i64::from(a <= b)),
            Operation::Greater => zip(a, b, |a, b| i64::from(a > b)),
            Operation::GreaterEqual => zip(a, b, |a, b| i64::from(a >= b)),
            Operation::Equal => zip(a, b, |a, b| i64::from(a == b)),
            Operation::NotEqual => zip(a, b, |a, b| i64::from(a != b)),
            Operation::Min => zip(a, b, i64::min),
            _ => zip(a, b, i64::max),
        }
    }
}

impl Value for f64 {
    fn number(number: f64) -> f64 {
        number
    }

    fn truth(self) -> bool {
        self != 0.0
    }

    fn unary(self, operation: Operation) -> f64 {
        match operation {
            Operation::Negate => -self,
            Operation::Abs => self.abs(),
            Operation::Sqrt => self.sqrt(),
            Operation::Exp => self.exp(),
            Operation::Exp2 => self.exp2(),
            Operation::Log => self.ln(),
            Operation::Log2 => self.log2(),
            Operation::Tanh => self.tanh(),
            Operation::Floor => self.floor(),
            Operation::Ceil => self.ceil(),
            Operation::Round => self.round_ties_even(),
            _ => self.trunc(),
        }
    }

    fn binary(operation: Operation, a: &mut [f64], b: &[f64]) {
        let truth = |condition| if condition { 1.0 } else { 0.0 };
        match operation {
            Operation::Add => zip(a, b, |a, b| a + b),
            Operation::Subtract => zip(a, b, |a, b| a - b),
            Operation::Multiply => zip(a, b, |a, b| a * b),
            Operation::Divide => zip(a, b, |a, b| a / b),
            Operation::Less => zip(a, b, |a, b| truth(a < b)),
            Operation::LessEqual => zip(a, b, |a, b| truth(a <= b)),
            Operation::Greater => zip(a, b, |a, b| truth(a > b)),
            Operation::GreaterEqual => zip(a, b, |a, b| truth(a >= b)),
            Operation::Equal => zip(a, b, |a, b| truth(a == b)),
            Operation::NotEqual => zip(a, b, |a, b| truth(a != b)),
            // As fmin and fmax: of a number and a NaN the number.
            Operation::Min => zip(a, b, f64::min),
            _ => zip(a, b, f64::max),
        }
    }
}

struct Parser<'n, S> {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    stack: usize,
    code: Vec<Code<S>>,
    names: &'n dyn Fn(&str) -> Option<S>,
    known: &'n [String],
    only: Only,
}

impl<S: Copy> Parser<'_, S> {
    /// Operators of this rank and those that bind more.
    fn rank(&mut self, rank: usize) -> Result<(), String> {
        let Some(operators) = RANKS.get(rank) else { return self.unary() };
        self.rank(rank + 1)?;
        loop {
            self.spaces();
            let ahead = |text: &&&str| text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
            let Some(text) = operators.iter().find(ahead).copied() else { return Ok(()) };
            // `<` is not the first half of `<<`.
            if matches!(text, "<" | ">") && self.chars.get(self.at + 1) == self.chars.get(self.at) {
                return Ok(());
            }
            self.at += text.len();
            self.rank(rank + 1)?;
            self.emit(text)?;
        }
    }

    fn unary(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.wrong("nested too deeply");
        }
        self.spaces();
        match self.chars.get(self.at).copied() {
            Some('-') => {
                self.at += 1;
                self.unary()?;
                self.emit("neg")?;
            }
            Some('(') => {
                self.at += 1;
                self.rank(0)?;
                self.expect(')')?;
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number()?,
            Some(c) if c.is_ascii_alphabetic() => self.name()?,
            Some(c) => return self.wrong(format!("expected a number, a name or '(', found '{c}'")),
            None => return self.wrong("expected a number, a name or '(', found the end"),
        }
        self.depth -= 1;
        Ok(())
    }

    fn number(&mut self) -> Result<(), String> {
        let start = self.at;
        let text = self.take(|c| c.is_ascii_alphanumeric() || c == '.');
        let number = match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok().map(f64::from),
            None => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        };
        match number {
            Some(number) => self.push(Code::Number(number)),
            None => {
                self.at = start;
                self.wrong(format!("\"{text}\" is not a number"))
            }
        }
    }

    fn name(&mut self) -> Result<(), String> {
        let start = self.at;
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        if let Some(source) = (self.names)(&name) {
            return self.push(Code::Source(source));
        }
        let Some((_, _, operands, _)) = FUNCTIONS.iter().find(|(function, ..)| *function == name) else {
            self.at = start;
            let functions = FUNCTIONS.iter().map(|(name, ..)| *name);
            let functions = functions.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
            let known: Vec<&str> = self.known.iter().map(String::as_str).chain(functions).collect();
            return self.wrong(format!("unknown name \"{name}\"; {}", suggestion(&name, "names", &known)));
        };
        self.expect('(')?;
        for index in 0..*operands {
            if index > 0 {
                self.expect(',')?;
            }
            self.rank(0)?;
        }
        self.expect(')')?;
        self.emit(&name)
    }

    fn push(&mut self, code: Code<S>) -> Result<(), String> {
        self.stack += 1;
        if self.stack > STACK {
            return self.wrong("too many operands wait for their operator");
        }
        self.code.push(code);
        Ok(())
    }

    /// Adds the operation of this name.
    fn emit(&mut self, name: &str) -> Result<(), String> {
        let Some(&(_, operation, operands, only)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            return Ok(());
        };
        match (self.only, only) {
            (Only::Both, _) => self.only = only,
            (Only::Integers, Only::Reals) | (Only::Reals, Only::Integers) => {
                return self.wrong(format!(
                    "{name} does not go with the operations before: one is for integers, one for floating point"
                ));
            }
            _ => {}
        }
        self.stack -= operands - 1;
        self.code.push(Code::Do(operation, operands));
        Ok(())
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        self.spaces();
        if self.chars.get(self.at) != Some(&wanted) {
            return self.wrong(format!("expected '{wanted}'"));
        }
        self.at += 1;
        Ok(())
    }

    fn take(&mut self, accept: impl Fn(char) -> bool) -> String {
        let text: String = self.chars[self.at..].iter().copied().take_while(|&c| accept(c)).collect();
        self.at += text.len();
        text
    }

    fn spaces(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, String> {
        Err(format!("column {}: {}", self.at + 1, what.into()))
    }
}
