//! From the text of a formula to postfix code.

use super::error::suggestion;
use super::formula::{Code, Formula, FormulaError, STACK, Var};

/// Deepest nesting of parentheses and signs; longer texts are slips.
const DEPTH: usize = 24;

/// Longest text, in characters.
const LENGTH: usize = 400;

/// Longest code, with the formulas that names stand for.
const CODE: usize = 2000;

const FUNCTIONS: &[(&str, Code, usize)] = &[
    ("max", Code::Max, 2),
    ("min", Code::Min, 2),
    ("ceil", Code::Ceil, 1),
    ("floor", Code::Floor, 1),
    ("log2", Code::Log2, 1),
    ("if", Code::If, 3),
];

const COMPARISONS: &[(&str, Code)] = &[
    ("<=", Code::LessEqual),
    (">=", Code::GreaterEqual),
    ("==", Code::Equal),
    ("!=", Code::NotEqual),
    ("<", Code::Less),
    (">", Code::Greater),
];

/// Parses `text` completely.
pub(super) fn parse(
    text: &str,
    names: &mut dyn FnMut(&str) -> Result<Option<Formula>, String>,
) -> Result<Vec<Code>, FormulaError> {
    let mut parser = Parser { chars: text.chars().collect(), at: 0, depth: 0, stack: 0, code: Vec::new(), names };
    if parser.chars.len() > LENGTH {
        return Err(parser.error(format!("longer than {LENGTH} characters")));
    }
    parser.comparison()?;
    parser.spaces();
    match parser.chars.get(parser.at) {
        None => Ok(parser.code),
        Some(')') => Err(parser.error("a closing parenthesis without an opening one")),
        Some(other) => Err(parser.error(format!("expected an operator or the end, found '{other}'"))),
    }
}

struct Parser<'n> {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    /// Values on the evaluation stack after the code so far.
    stack: usize,
    code: Vec<Code>,
    names: &'n mut dyn FnMut(&str) -> Result<Option<Formula>, String>,
}

impl Parser<'_> {
    fn comparison(&mut self) -> Result<(), FormulaError> {
        self.sum()?;
        if let Some(&(text, code)) = COMPARISONS.iter().find(|(text, _)| self.ahead(text)) {
            self.at += text.len();
            self.sum()?;
            self.emit(code, 2);
        }
        Ok(())
    }

    fn sum(&mut self) -> Result<(), FormulaError> {
        self.product()?;
        while let Some(code) = self.operator(&[('+', Code::Add), ('-', Code::Subtract)]) {
            self.product()?;
            self.emit(code, 2);
        }
        Ok(())
    }

    fn product(&mut self) -> Result<(), FormulaError> {
        self.unary()?;
        while let Some(code) = self.operator(&[('*', Code::Multiply), ('/', Code::Divide)]) {
            self.unary()?;
            self.emit(code, 2);
        }
        Ok(())
    }

    fn unary(&mut self) -> Result<(), FormulaError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("nested too deeply"));
        }
        if self.operator(&[('-', Code::Negate)]).is_some() {
            self.unary()?;
            self.emit(Code::Negate, 1);
        } else {
            self.primary()?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn primary(&mut self) -> Result<(), FormulaError> {
        self.spaces();
        match self.chars.get(self.at) {
            Some('(') => {
                self.at += 1;
                self.comparison()?;
                self.expect(')')
            }
            Some(c) if c.is_ascii_digit() || *c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.name(),
            Some(c) => Err(self.error(format!("expected a number, a variable, a function or '(', found '{c}'"))),
            None => Err(self.error("expected a number, a variable, a function or '(', found the end")),
        }
    }

    fn number(&mut self) -> Result<(), FormulaError> {
        let start = self.at;
        let text = self.take(|c| c.is_ascii_digit() || c == '.');
        match text.parse::<f64>() {
            Ok(number) => self.push(Code::Number(number)),
            Err(_) => {
                self.at = start;
                Err(self.error(format!("\"{text}\" is not a number")))
            }
        }
    }

    fn name(&mut self) -> Result<(), FormulaError> {
        let start = self.at;
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        if let Some(&var) = Var::ALL.iter().find(|var| var.name() == name) {
            return self.push(Code::Variable(var));
        }
        if let Some(formula) = (self.names)(&name).map_err(|what| self.error(what))? {
            return self.inline(formula.code());
        }
        let Some(&(_, code, arity)) = FUNCTIONS.iter().find(|(function, ..)| *function == name) else {
            self.at = start;
            let known: Vec<&str> =
                Var::ALL.iter().map(|var| var.name()).chain(FUNCTIONS.iter().map(|(function, ..)| *function)).collect();
            return Err(self.error(format!("unknown name \"{name}\"; {}", suggestion(&name, "names", &known))));
        };
        self.expect('(')?;
        self.comparison()?;
        let mut count = 1;
        while self.operator(&[(',', Code::If)]).is_some() {
            self.comparison()?;
            count += 1;
            // max and min take two or more: fold as the arguments come.
            if arity == 2 {
                self.emit(code, 2);
            }
        }
        self.expect(')')?;
        match arity {
            2 if count >= 2 => Ok(()),
            1 | 3 if count == arity => {
                self.emit(code, arity);
                Ok(())
            }
            _ => {
                self.at = start;
                let wanted = if arity == 2 { "2 or more".to_string() } else { arity.to_string() };
                Err(self.error(format!("{name} takes {wanted} arguments, found {count}")))
            }
        }
    }

    fn push(&mut self, code: Code) -> Result<(), FormulaError> {
        self.stack += 1;
        if self.stack > STACK {
            return Err(self.error("too many operands wait for their operator"));
        }
        self.code.push(code);
        Ok(())
    }

    /// Puts the code of another formula in the place of its name.
    fn inline(&mut self, code: &[Code]) -> Result<(), FormulaError> {
        if self.code.len() + code.len() > CODE {
            return Err(self.error("too long with the formulas that its names stand for"));
        }
        for &code in code {
            match code.operands() {
                0 => self.push(code)?,
                operands => self.emit(code, operands),
            }
        }
        Ok(())
    }

    /// Adds an operation that replaces `operands` values by one.
    fn emit(&mut self, code: Code, operands: usize) {
        self.stack -= operands - 1;
        self.code.push(code);
    }

    fn operator(&mut self, table: &[(char, Code)]) -> Option<Code> {
        self.spaces();
        let next = self.chars.get(self.at)?;
        let &(_, code) = table.iter().find(|(c, _)| c == next)?;
        self.at += 1;
        Some(code)
    }

    fn ahead(&mut self, text: &str) -> bool {
        self.spaces();
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn expect(&mut self, wanted: char) -> Result<(), FormulaError> {
        self.spaces();
        match self.chars.get(self.at) {
            Some(&c) if c == wanted => {
                self.at += 1;
                Ok(())
            }
            Some(c) => Err(self.error(format!("expected '{wanted}', found '{c}'"))),
            None => Err(self.error(format!("expected '{wanted}', found the end"))),
        }
    }

    fn take(&mut self, accept: impl Fn(char) -> bool) -> String {
        let rest = &self.chars[self.at..];
        let text: String = rest.iter().copied().take_while(|&c| accept(c)).collect();
        self.at += text.len();
        text
    }

    fn spaces(&mut self) {
        while self.chars.get(self.at) == Some(&' ') {
            self.at += 1;
        }
    }

    fn error(&self, what: impl Into<String>) -> FormulaError {
        FormulaError { column: self.at + 1, what: what.into() }
    }
}
