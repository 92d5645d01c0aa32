//! Scripts: meaning that cannot be declared, in the language of the crate `rhai`.
//!
//! A script sees its operands as variables: `vd`, `vs1`, `td`, ... are arrays of elements (of old values too), `mem` the bytes in memory, `rs1`, `fs1`, `imm`, `vcop`, `pd`,
//! `p2` and CSRs are numbers, as are `vl`, `sew` and `vlen`. What it leaves in destinations, `mem`, `rd`, `fd` and CSRs is the result. It has no other way out:
//! no files, no time, no state between executions, and a budget of operations.

use rhai::{AST, Dynamic, Engine, EvalAltResult, Position, Scope};
use rvtile_isa::define::Number;
use rvtile_isa::float::{Flags, Rounding};

/// Most operations of one execution.
const BUDGET: u64 = 1_000_000;

/// Elements of an operand.
#[derive(Clone)]
pub(super) struct Lanes {
    pub bytes: Vec<u8>,
    pub number: Number,
}

impl Lanes {
    fn len(&self) -> usize {
        self.bytes.len() * 8 / self.number.bits() as usize
    }

    fn place(&self, index: i64) -> Result<usize, Box<EvalAltResult>> {
        let place = usize::try_from(index).ok().filter(|&place| place < self.len());
        place.ok_or_else(|| EvalAltResult::ErrorArrayBounds(self.len(), index, Position::NONE).into())
    }

    fn get(&mut self, index: i64) -> Result<Dynamic, Box<EvalAltResult>> {
        let place = self.place(index)?;
        Ok(if self.number.is_float() {
            let mut value = [0.0];
            self.number.reals(&self.bytes, place, &mut value);
            Dynamic::from_float(value[0])
        } else {
            let mut value = [0];
            self.number.integers(&self.bytes, place, &mut value);
            Dynamic::from_int(value[0])
        })
    }

    fn set(&mut self, index: i64, value: Dynamic) -> Result<(), Box<EvalAltResult>> {
        let place = self.place(index)?;
        let integer = value.as_int().or_else(|_| value.as_bool().map(i64::from));
        match (self.number.is_float(), integer, value.as_float()) {
            (false, Ok(value), _) => {
                self.number.put_integers(&[value], &mut self.bytes, place, false);
            }
            (false, _, Ok(value)) => {
                self.number.put_reals(&[value], &mut self.bytes, place, Rounding::Rne, &mut Flags::empty());
            }
            (true, Ok(value), _) => {
                self.number.put_reals(&[value as f64], &mut self.bytes, place, Rounding::Rne, &mut Flags::empty());
            }
            (true, _, Ok(value)) => {
                self.number.put_reals(&[value], &mut self.bytes, place, Rounding::Rne, &mut Flags::empty());
            }
            _ => return Err("an element is a number".into()),
        }
        Ok(())
    }
}

/// A compiled script.
pub(super) struct Script {
    pub text: String,
    engine: Engine,
    ast: AST,
}

/// What is wrong with a script, and in which line of it, from 1; 0: in none.
#[derive(Debug)]
pub(super) struct ScriptError {
    pub line: usize,
    pub what: String,
}

impl Script {
    /// Compiles a script.
    pub fn compile(text: &str) -> Result<Script, ScriptError> {
        let mut engine = Engine::new_raw();
        engine.set_max_operations(BUDGET);
        engine.set_max_call_levels(16);
        engine.set_max_expr_depths(48, 24);
        engine.set_max_array_size(4096);
        engine.set_max_map_size(256);
        engine.set_max_string_size(4096);
        engine.set_max_variables(256);
        engine.set_max_functions(64);
        engine.set_fast_operators(true);
        engine.disable_symbol("eval");
        rhai::packages::Package::register_into_engine(&rhai::packages::CorePackage::new(), &mut engine);
        rhai::packages::Package::register_into_engine(&rhai::packages::BasicMathPackage::new(), &mut engine);
        rhai::packages::Package::register_into_engine(&rhai::packages::BasicArrayPackage::new(), &mut engine);
        engine.register_type_with_name::<Lanes>("elements");
        engine.register_indexer_get_set(Lanes::get, Lanes::set);
        engine.register_fn("len", |lanes: &mut Lanes| lanes.len() as i64);
        let ast = engine.compile(text).map_err(|error| ScriptError {
            line: error.position().line().unwrap_or(0),
            what: error.err_type().to_string(),
        })?;
        Ok(Script { text: text.to_string(), engine, ast })
    }

    /// Runs it on the variables of `scope`.
    pub fn run(&self, scope: &mut Scope<'static>) -> Result<(), ScriptError> {
        self.engine.run_ast_with_scope(scope, &self.ast).map_err(|error| {
            let line = error.position().line().unwrap_or(0);
            let what = match *error {
                EvalAltResult::ErrorTooManyOperations(_) => {
                    format!("it did not end within {BUDGET} operations: does it loop for ever?")
                }
                mut other => {
                    other.set_position(Position::NONE);
                    other.to_string()
                }
            };
            ScriptError { line, what }
        })
    }
}
