//! The timing of instructions from extension files: what a file states, and the machine with it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rvtile_isa::define::Matmul;

use super::read::Table;
use super::{ExtensionError, Extensions};
use crate::machine::{Coprocessor, Entry, Formula, Machine, MachineError, OwnTiming, Pipe, Unit};

/// A unit that a file brings.
pub(super) struct OwnUnit {
    pub name: String,
    pub queue: u32,
}

/// Where an instruction executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Machine(Unit),
    /// A unit of the file, by its number.
    Own(usize),
}

/// A value that a file states.
struct Stated<T> {
    value: T,
    text: String,
    line: usize,
}

/// What a file states about an instruction; what it does not is that of the instruction's class on the machine.
pub(super) struct Timing {
    file: String,
    key: String,
    latency: Option<Stated<Formula>>,
    occupancy: Option<Stated<Formula>>,
    unit: Option<Stated<Place>>,
    chains: Option<bool>,
    pipe: Option<Pipe>,
    accumulates: bool,
    source: String,
}

/// The formulas of a file that have names.
pub(super) struct Formulas {
    texts: BTreeMap<String, String>,
}

impl Formulas {
    pub fn read(root: &Table) -> Result<Formulas, ExtensionError> {
        let mut texts = BTreeMap::new();
        if let Some(table) = root.table("formulas")? {
            for name in table.keys() {
                if !name.starts_with(|c: char| c.is_ascii_alphabetic())
                    || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                {
                    return Err(table.wrong(&name, "the name of a formula is letters, digits and _"));
                }
                let text = match table.integer(&name, 0, 1_000_000_000) {
                    Ok(number) => number.map(|number| number.to_string()),
                    Err(_) => table.text(&name)?,
                };
                texts.insert(name, text.unwrap_or_default());
            }
        }
        let formulas = Formulas { texts };
        if let Some(table) = root.table("formulas")? {
            for name in table.keys() {
                formulas.resolve(&name, &BTreeMap::new()).map_err(|what| table.wrong(&name, what))?;
            }
        }
        Ok(formulas)
    }

    /// The formula of this name, if there is one; `more` are names of an instruction's own.
    pub fn resolve(&self, name: &str, more: &BTreeMap<String, String>) -> Result<Option<Formula>, String> {
        Resolver { formulas: self, more, open: RefCell::default() }.formula(name)
    }
}

/// Follows names to formulas and remembers which are being read, to find a circle.
struct Resolver<'a> {
    formulas: &'a Formulas,
    more: &'a BTreeMap<String, String>,
    open: RefCell<Vec<String>>,
}

impl Resolver<'_> {
    fn formula(&self, name: &str) -> Result<Option<Formula>, String> {
        let Some(text) = self.more.get(name).or_else(|| self.formulas.texts.get(name)) else { return Ok(None) };
        let first = self.open.borrow().iter().position(|open| open == name);
        if let Some(first) = first {
            let open = self.open.borrow();
            let circle: Vec<&str> = open[first..].iter().map(String::as_str).chain([name]).collect();
            return Err(format!("formulas go round: {}", circle.join(" -> ")));
        }
        self.open.borrow_mut().push(name.to_string());
        let formula = Formula::parse_with(text, &mut |name| self.formula(name)).map_err(|error| {
            if error.what.contains("go round") { error.what } else { format!("{name} = \"{text}\": {error}") }
        })?;
        self.open.borrow_mut().pop();
        Ok(Some(formula))
    }
}

/// Reads the table `units`: names to queues.
pub(super) fn units(root: &Table) -> Result<Vec<OwnUnit>, ExtensionError> {
    let Some(table) = root.table("units")? else { return Ok(Vec::new()) };
    let mut units = Vec::new();
    for name in table.keys() {
        let unit = table.sub(&name)?;
        unit.only(&["queue"])?;
        if Unit::NAMES.contains(&name.as_str()) {
            return Err(unit.wrong("", format!("{name} is a unit of the machine; give this one another name")));
        }
        let queue = unit.integer("queue", 1, 1024)?.unwrap_or(1) as u32;
        units.push(OwnUnit { name, queue });
    }
    if units.len() > 8 {
        return Err(table.wrong("", "more than 8 units"));
    }
    Ok(units)
}

/// Refuses what has no effect on an instruction of the scalar pipe.
pub(super) fn only_scalar(instruction: &Table) -> Result<(), ExtensionError> {
    let Some(table) = instruction.table("timing")? else { return Ok(()) };
    let stated = ["unit", "occupancy", "chains"].into_iter().find(|key| table.has(key));
    stated.map_or(Ok(()), |key| {
        let what = "an instruction on scalar registers alone executes in the scalar pipe, which takes the next one at once: it has \
                    latency and pipe only";
        Err(table.wrong(key, what))
    })
}

impl Timing {
    /// Reads the table `timing` of an instruction. `matmul` gives the names m, k and n their meaning; `accumulates` is the default.
    pub fn read(
        instruction: &Table,
        name: &str,
        source: &str,
        formulas: &Formulas,
        units: &[OwnUnit],
        matmul: Option<&Matmul>,
        accumulates: bool,
    ) -> Result<Timing, ExtensionError> {
        let mut timing = Timing {
            file: instruction.file().to_string(),
            key: format!("instruction.{name}"),
            latency: None,
            occupancy: None,
            unit: None,
            chains: None,
            pipe: None,
            accumulates,
            source: source.to_string(),
        };
        let Some(table) = instruction.table("timing")? else { return Ok(timing) };
        table.only(&["latency", "occupancy", "unit", "chains", "pipe", "accumulates", "source"])?;
        // Latency and occupancy may refer to each other, and to the geometry.
        let mut more = BTreeMap::new();
        for key in ["latency", "occupancy"] {
            if let Ok(Some(text)) = table.text(key) {
                more.insert(key.to_string(), text);
            } else if let Some(number) = table.has(key).then(|| table.integer(key, 0, 1_000_000_000)).transpose()? {
                more.insert(key.to_string(), number.unwrap_or(0).to_string());
            }
        }
        for (key, value) in matmul.iter().flat_map(|what| [("m", what.m), ("k", what.k), ("n", what.n)]) {
            more.insert(key.to_string(), value.to_string());
        }
        let formula = |key: &str| -> Result<Option<Stated<Formula>>, ExtensionError> {
            let Some(text) = more.get(key) else { return Ok(None) };
            let value = formulas.resolve(key, &more).map_err(|what| table.wrong(key, what))?;
            Ok(value.map(|value| Stated { value, text: text.clone(), line: table.line(key) }))
        };
        timing.latency = formula("latency")?;
        timing.occupancy = formula("occupancy")?;
        let mut places: Vec<(&str, Place)> =
            VECTOR_UNITS.iter().map(|unit| (unit.name(), Place::Machine(*unit))).collect();
        places.extend(units.iter().enumerate().map(|(index, unit)| (unit.name.as_str(), Place::Own(index))));
        timing.unit = table.word("unit", &places)?.map(|value| Stated {
            value,
            text: table.text("unit").ok().flatten().unwrap_or_default(),
            line: table.line("unit"),
        });
        timing.chains = table.flag("chains")?;
        timing.pipe = table.word("pipe", &[("A", Pipe::A), ("B", Pipe::B), ("AB", Pipe::Either)])?;
        timing.accumulates = table.flag("accumulates")?.unwrap_or(accumulates);
        if let Some(source) = table.text("source")? {
            timing.source = source;
        }
        Ok(timing)
    }

    /// What the file states: key, value, line.
    pub fn stated(&self) -> impl Iterator<Item = (&'static str, &str, usize)> {
        let formulas = [("latency", &self.latency), ("occupancy", &self.occupancy)];
        let formulas =
            formulas.into_iter().filter_map(|(key, stated)| stated.as_ref().map(|s| (key, s.text.as_str(), s.line)));
        formulas.chain(self.unit.iter().map(|stated| ("unit", stated.text.as_str(), stated.line)))
    }

    pub fn accumulates(&self) -> bool {
        self.accumulates
    }
}

/// Units of the machine that vector instructions may execute in.
const VECTOR_UNITS: [Unit; 6] =
    [Unit::Arithmetic, Unit::ArithmeticFirst, Unit::Load, Unit::Store, Unit::Matrix, Unit::Coprocessor];

/// The machine with the timing of all instructions of the extensions.
pub(super) fn overlay(extensions: &Extensions, mut machine: Machine) -> Result<Machine, ExtensionError> {
    machine.own_registers = extensions.totals().0;
    for extension in &extensions.list {
        let first = machine.coprocessors.len();
        machine
            .coprocessors
            .extend(extension.units.iter().map(|unit| Coprocessor { name: unit.name.clone(), queue: unit.queue }));
        for instruction in &extension.instructions {
            let stated = &instruction.timing;
            let mut timing = machine.class(instruction.row.class).clone();
            let (vlen, dlen) = (machine.vector.vlen, machine.vector.dlen);
            for (to, from, key) in [
                (&mut timing.latency, &stated.latency, "latency"),
                (&mut timing.occupancy, &stated.occupancy, "occupancy"),
            ] {
                let Some(from) = from else { continue };
                let key = format!("{}.{key}", stated.key);
                from.value.check(vlen, dlen).map_err(|what| MachineError::new(&stated.file, from.line, &key, what))?;
                *to = from.value.clone();
            }
            match stated.unit.as_ref().map(|unit| unit.value) {
                Some(Place::Machine(unit)) => timing.unit = unit,
                Some(Place::Own(index)) => (timing.unit, timing.coprocessor) = (Unit::Coprocessor, first + index),
                None => {}
            }
            timing.chains = stated.chains.unwrap_or(timing.chains);
            timing.pipe = stated.pipe.unwrap_or(timing.pipe);
            let assumed = stated.source.trim_start().starts_with("assumed");
            machine.entries.extend(stated.stated().map(|(key, value, line)| Entry {
                key: format!("{}.{key}", stated.key),
                value: value.to_string(),
                unit: if key == "unit" { "" } else { "cycles" },
                source: stated.source.as_str().into(),
                assumed,
                file: stated.file.as_str().into(),
                line,
            }));
            machine.own.push(OwnTiming { name: instruction.row.name, timing, accumulates: stated.accumulates });
        }
    }
    Ok(machine)
}
