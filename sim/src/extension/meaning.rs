//! What an instruction computes, from its table.

use rvtile_isa::class::Class;
use rvtile_isa::define::{Accumulate, Dot, Layout, Matmul, Number};
use rvtile_isa::float::Rounding;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::operand::{Operand, Operands};
use rvtile_isa::row::Props;

use super::ExtensionError;
use super::body::{Extent, Fold, MEMORY_SIZES, Memory, Overlap, Scripted, Slot, Source, Type, What};
use super::expression::Expression;
use super::parse::{Shared, overlap};
use super::read::Table;
use super::script::Script;
use super::state::Registers;

/// The meaning of an instruction, and what follows from it.
pub(super) struct Meaning {
    pub slots: Vec<Slot>,
    pub dest: Option<usize>,
    pub what: What,
    pub memory: Option<Memory>,
    pub sew: Option<u32>,
    pub rounds: bool,
    pub rounding: Option<Rounding>,
    pub overlap: Overlap,
    pub class: Class,
    pub props: Props,
}

/// Largest side of a block.
const SIDE: i64 = 256;

const TYPE: &str = "i8, u8, ... f64, bf16, or i, u, f for an element of SEW bits";

pub(super) fn read(table: &Table, shared: &Shared, operands: Operands) -> Result<Meaning, ExtensionError> {
    let kinds = ["matmul", "dot", "map", "script"];
    let stated: Vec<&str> = kinds.into_iter().filter(|kind| table.has(kind)).collect();
    let memory = match (table.has("load"), table.has("store")) {
        (true, true) => return Err(table.wrong("store", "an instruction loads or stores, not both")),
        (load, store) => load || store,
    };
    if let [_, second, ..] = stated[..] {
        return Err(table.wrong(second, format!("an instruction has one meaning, and {} is here already", stated[0])));
    }
    let reader = Reader { table, shared, operands };
    match stated.first() {
        Some(&"matmul" | &"dot") if memory => {
            Err(table.wrong(stated[0], "a product reads registers: loads and stores go with map or script, or alone"))
        }
        Some(&"matmul") => reader.matmul(),
        Some(&"dot") => reader.dot(),
        Some(&"map") => reader.map(),
        Some(_) => reader.script(),
        None if memory => reader.copy(),
        None => Err(table.wrong("", "what does it compute? One of matmul, dot, map, script, load or store is needed")),
    }
}

struct Reader<'a, 't, 'i> {
    table: &'a Table<'t, 'i>,
    shared: &'a Shared<'a>,
    operands: Operands,
}

impl Reader<'_, '_, '_> {
    fn matmul(&self) -> Result<Meaning, ExtensionError> {
        let inner = self.table.sub("matmul")?;
        inner.only(&["m", "k", "n", "a", "b", "c", "a_layout", "b_layout", "c_layout", "accumulate"])?;
        let what = self.product(&inner, ["m", "k", "n"].map(Some))?;
        let slots = vec![
            self.slot(&[Operand::Vs1, Operand::Ts1], "A", Type::Fixed(what.a), Extent::Bytes(what.bytes()[0]))?,
            self.slot(&[Operand::Vs2, Operand::Ts2], "B", Type::Kind("u"), Extent::Elements(1))?,
            self.slot(&[Operand::Vd, Operand::Td], "C", Type::Fixed(what.c), {
                let sew = what.b.bits().max(8);
                Extent::Blocks(what.bytes()[2], what.k * what.n * what.b.bits() as usize / sew as usize)
            })?,
        ];
        self.only_scalars(&[])?;
        let kernels = Level::ALL.map(|level| what.kernel(level));
        let sew = Some(what.b.bits().max(8));
        self.finish(slots, Some(2), What::Matmul { what, kernels }, None, sew, what.c.is_float())
    }

    fn dot(&self) -> Result<Meaning, ExtensionError> {
        let inner = self.table.sub("dot")?;
        inner.only(&["k", "a", "b", "c", "accumulate"])?;
        let each = self.product(&inner, [None, Some("k"), None])?;
        let scalar = self.operands.has(Operand::Rs1);
        if scalar && each.a.bytes(each.k) > 8 {
            return Err(
                inner.wrong("k", format!("rs1 holds 8 bytes, and k = {} of {} are more", each.k, each.a.name()))
            );
        }
        let mut slots = Vec::new();
        if !scalar {
            slots.push(self.slot(&[Operand::Vs1], "A", Type::Fixed(each.a), Extent::Elements(each.k))?);
        }
        slots.push(self.slot(&[Operand::Vs2], "B", Type::Fixed(each.b), Extent::Elements(each.k))?);
        slots.push(self.slot(&[Operand::Vd, Operand::Td], "C", Type::Fixed(each.c), Extent::Elements(1))?);
        self.only_scalars(if scalar { &[Operand::Rs1] } else { &[] })?;
        let what = Dot { each, scalar };
        let kernels = Level::ALL.map(|level| what.kernel(level));
        let dest = Some(slots.len() - 1);
        self.finish(slots, dest, What::Dot { what, kernels }, None, Some(each.c.bits()), each.c.is_float())
    }

    /// Types and geometry of a product; a side without a key is 1.
    fn product(&self, inner: &Table, sides: [Option<&str>; 3]) -> Result<Matmul, ExtensionError> {
        let mut geometry = [1; 3];
        for (side, key) in geometry.iter_mut().zip(sides) {
            let Some(key) = key else { continue };
            let size = inner.integer(key, 1, SIDE)?;
            *side = size.ok_or_else(|| inner.wrong("", format!("missing {key}, a size of the product")))? as usize;
        }
        let [m, k, n] = geometry;
        let number = |key: &str| -> Result<Number, ExtensionError> {
            let name = inner.required(key, "i8")?;
            let names: Vec<&str> = Number::ALL.iter().map(|number| number.name()).collect();
            Number::by_name(&name)
                .ok_or_else(|| inner.wrong(key, format!("unknown type \"{name}\"; known types: {}", names.join(", "))))
        };
        let layout = |key: &str| -> Result<Layout, ExtensionError> {
            Ok(inner.word(key, &[("rows", Layout::Rows), ("columns", Layout::Columns)])?.unwrap_or(Layout::Rows))
        };
        let accumulate = inner.word("accumulate", &[("fused", Accumulate::Fused), ("once", Accumulate::Once)])?;
        let what = Matmul {
            m,
            k,
            n,
            a: number("a")?,
            b: number("b")?,
            c: number("c")?,
            layouts: [layout("a_layout")?, layout("b_layout")?, layout("c_layout")?],
            saturate: self.table.flag("saturate")?.unwrap_or(false),
            accumulate: accumulate.unwrap_or(Accumulate::Fused),
        };
        for (what, elements) in [("A", m * k), ("B", k * n), ("C", m * n)] {
            if elements > Matmul::MOST {
                return Err(
                    inner.wrong("", format!("{what} has {elements} elements: a block has at most {}", Matmul::MOST))
                );
            }
        }
        let floats = [what.a, what.b, what.c].map(Number::is_float);
        let exact = |from: Number| from == what.c || from.bits() < what.c.bits();
        if floats.iter().any(|float| *float != floats[2]) {
            return Err(inner.wrong("c", "a, b and c are all integers or all floating point"));
        }
        if floats[2] && !(exact(what.a) && exact(what.b)) {
            return Err(inner.wrong("c", format!("{} does not hold every value of a and b", what.c.name())));
        }
        if !floats[2] && (what.a.bits().max(what.b.bits()) > 32 || what.c.bits() < 8) {
            return Err(inner.wrong("c", "integer sources have 4 to 32 bits, and results 8 to 64"));
        }
        if accumulate.is_some() && !floats[2] {
            return Err(inner.wrong(
                "accumulate",
                "integer sums are exact: this is for floating point; saturate = true clamps them",
            ));
        }
        if what.saturate && floats[2] {
            return Err(self.table.wrong("saturate", "floating-point sums do not saturate"));
        }
        let whole = |elements: usize, of: Number| (elements * of.bits() as usize).is_multiple_of(8);
        if !whole(m * k, what.a) || !whole(k * n, what.b) {
            return Err(inner.wrong("k", "a block of 4-bit elements must fill whole bytes"));
        }
        Ok(what)
    }

    fn map(&self) -> Result<Meaning, ExtensionError> {
        let memory = self.memory(true)?;
        let fold = self.table.word("reduce", &[("sum", Fold::Sum), ("min", Fold::Min), ("max", Fold::Max)])?;
        let mut slots = self.typed_slots()?;
        let dest = slots.iter().position(|slot| matches!(slot.operand, Operand::Vd | Operand::Td));
        let expression = self.expression(&slots, memory.is_some())?;
        let loads = memory.as_ref().is_some_and(|memory| memory.load);
        let goal = match (&memory, dest) {
            (Some(memory), None) if !memory.load => memory.of,
            (Some(memory), Some(_)) if !memory.load => {
                return Err(self
                    .table
                    .wrong("store", "the result goes to memory: vd or td cannot be written too; use vs3 or ts3"));
            }
            (_, Some(dest)) => slots[dest].of,
            _ => return Err(self.table.wrong("operands", "the result of map needs a place: vd, td, or a store")),
        };
        if loads && !expression.sources().any(|source| source == Source::Memory) {
            return Err(self.table.wrong("map", "the load is not used: name mem in the expression"));
        }
        let goal_bits = if let Type::Fixed(number) = goal { number.bits() } else { 8 };
        if goal_bits < 8 {
            return Err(self.table.wrong("map", "results have 8 bits or more"));
        }
        let floats = |source| match source {
            Source::Slot(slot) => slots[slot].of.is_float(),
            Source::Memory => memory.as_ref().is_some_and(|memory| memory.of.is_float()),
            Source::Float(_) => true,
            _ => false,
        };
        let reals = goal.is_float() || expression.needs_reals() || expression.sources().any(floats);
        if reals && expression.needs_integers() {
            return Err(self.table.wrong(
                "map",
                "bits and remainders are for integers, and an operand, the result or an operation is floating point",
            ));
        }
        let saturate = self.table.flag("saturate")?.unwrap_or(false);
        let sew = self.sew(&slots, dest)?;
        let Some(fold) = fold else {
            let what = What::Map { expression, reals, saturate };
            return self.finish(slots, dest, what, memory, sew, reals);
        };
        let Some(dest) = dest.filter(|&dest| slots[dest].bank.is_none() && memory.is_none()) else {
            return Err(self.table.wrong("reduce", "a reduction goes to element 0 of vd, and from registers"));
        };
        // As in RVV: vs1 gives the value to start with, unless the expression has it.
        let start = slots.iter().position(|slot| slot.operand == Operand::Vs1);
        let start = start.filter(|&slot| !expression.sources().any(|source| source == Source::Slot(slot)));
        for slot in [Some(dest), start].into_iter().flatten() {
            slots[slot].extent = Extent::First;
        }
        self.finish(slots, Some(dest), What::Reduce { expression, fold, reals, start }, memory, sew, reals)
    }

    fn expression(&self, slots: &[Slot], memory: bool) -> Result<Expression<Source>, ExtensionError> {
        let mut names: Vec<(String, Source)> = slots
            .iter()
            .enumerate()
            .map(|(index, slot)| (slot.operand.word().to_string(), Source::Slot(index)))
            .collect();
        names.extend(self.scalars());
        names.extend(self.shared.csrs.iter().map(|csr| (csr.name.clone(), Source::Csr(csr.number))));
        names.push(("i".to_string(), Source::Index));
        if memory {
            names.push(("mem".to_string(), Source::Memory));
        }
        let known: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
        let find = |name: &str| names.iter().find(|(known, _)| known == name).map(|(_, source)| *source);
        let text = self.table.required("map", "vs2 + vs1")?;
        Expression::parse(&text, &find, &known).map_err(|what| self.table.wrong("map", format!("\"{text}\": {what}")))
    }

    fn script(&self) -> Result<Meaning, ExtensionError> {
        let memory = self.memory(true)?;
        let slots = self.typed_slots()?;
        let dest = slots.iter().position(|slot| matches!(slot.operand, Operand::Vd | Operand::Td));
        if let Some(slot) = slots.iter().find(|slot| matches!(slot.of, Type::Fixed(number) if number.bits() < 8)) {
            return Err(self
                .table
                .wrong("types", format!("{}: elements of a script have 8 bits or more", slot.operand.word())));
        }
        let text = self.table.required("script", "vd[0] = vs2[0];")?;
        let script = Script::compile(&text).map_err(|error| self.table.wrong_line("script", error.line, error.what))?;
        let line = self.table.wrong_line("script", 1, "").line;
        let mut csrs: Vec<(String, u16)> = self.shared.csrs.iter().map(|csr| (csr.name.clone(), csr.number)).collect();
        csrs.retain(|(name, _)| text.contains(name.as_str()));
        let mut scalars = self.scalars();
        scalars.extend(
            [(Operand::Rd, Source::Integer(Operand::Rd)), (Operand::Fd, Source::Float(Operand::Fd))]
                .into_iter()
                .filter(|(operand, _)| self.operands.has(*operand))
                .map(|(operand, source)| (operand.word().to_string(), source)),
        );
        let sew = self.sew(&slots, dest)?;
        self.finish(slots, dest, What::Script(Box::new(Scripted { script, csrs, scalars, line })), memory, sew, false)
    }

    fn copy(&self) -> Result<Meaning, ExtensionError> {
        let memory = self.memory(false)?;
        let load = memory.as_ref().is_some_and(|memory| memory.load);
        let places: &[Operand] =
            if load { &[Operand::Vd, Operand::Td] } else { &[Operand::Vs3, Operand::Ts3, Operand::Vs2, Operand::Ts2] };
        let place = if load { "the destination" } else { "the source" };
        let slots = vec![self.slot(places, place, Type::Kind("u"), Extent::Elements(1))?];
        let dest = load.then_some(0);
        self.finish(slots, dest, What::Copy, memory, self.table.integer("sew", 8, 64)?.map(|sew| sew as u32), false)
    }

    /// The access that `load` or `store` states.
    fn memory(&self, typed: bool) -> Result<Option<Memory>, ExtensionError> {
        let key = if self.table.has("load") { "load" } else { "store" };
        let Some(inner) = self.table.table(key)? else { return Ok(None) };
        inner.only(&["rows", "bytes"])?;
        if !self.operands.has(Operand::Rs1) {
            return Err(self.table.wrong("operands", format!("a {key} needs rs1, its address")));
        }
        let rows = inner.integer("rows", 1, 256)?.unwrap_or(1) as u32;
        let none = std::collections::BTreeMap::new();
        let bytes = inner.size("bytes", MEMORY_SIZES, &mut |name| self.shared.formulas.resolve(name, &none))?;
        if let Some(bytes) = &bytes {
            bytes.check(4096, 4096).map_err(|what| inner.wrong("bytes", what))?;
        }
        let of = if typed { self.type_of("mem")? } else { Type::Kind("u") };
        Ok(Some(Memory { load: key == "load", rows, bytes, strided: self.operands.has(Operand::Rs2), of }))
    }

    /// The operands that are registers with elements, with their types.
    fn typed_slots(&self) -> Result<Vec<Slot>, ExtensionError> {
        if let Some(types) = self.table.table("types")? {
            let known: Vec<&str> = self
                .operands
                .iter()
                .filter(|operand| has_elements(*operand))
                .map(|operand| operand.word())
                .chain(["mem"])
                .collect();
            types.only(&known)?;
        }
        let registers = self.operands.iter().filter(|operand| has_elements(*operand));
        registers
            .map(|operand| {
                let of = self.type_of(operand.word())?;
                Ok(Slot { operand, of, extent: Extent::Elements(1), bank: self.bank(operand)? })
            })
            .collect()
    }

    /// The type that `types` or `type` gives an operand.
    fn type_of(&self, operand: &str) -> Result<Type, ExtensionError> {
        let parse = |table: &Table, key: &str, text: String| match text.as_str() {
            "i" => Ok(Type::Kind("i")),
            "u" => Ok(Type::Kind("u")),
            "f" => Ok(Type::Kind("f")),
            name => Number::by_name(name)
                .map(Type::Fixed)
                .ok_or_else(|| table.wrong(key, format!("unknown type \"{name}\"; a type is {TYPE}"))),
        };
        if let Some(types) = self.table.table("types")?
            && let Some(text) = types.text(operand)?
        {
            return parse(&types, operand, text);
        }
        match self.table.text("type")? {
            Some(text) => parse(self.table, "type", text),
            None => Err(self.table.wrong("", format!("missing type, that of the elements of {operand}: {TYPE}"))),
        }
    }

    /// The operand among `candidates` that the instruction has.
    fn slot(&self, candidates: &[Operand], what: &str, of: Type, extent: Extent) -> Result<Slot, ExtensionError> {
        match candidates.iter().find(|operand| self.operands.has(**operand)) {
            Some(&operand) => Ok(Slot { operand, of, extent, bank: self.bank(operand)? }),
            None => {
                let words: Vec<&str> = candidates.iter().map(|operand| operand.word()).collect();
                Err(self.table.wrong("operands", format!("{what} needs an operand: {}", words.join(" or "))))
            }
        }
    }

    /// The own registers of an operand.
    fn bank(&self, operand: Operand) -> Result<Option<rvtile_isa::matrix::state::Bank>, ExtensionError> {
        if !matches!(operand, Operand::Td | Operand::Ts1 | Operand::Ts2 | Operand::Ts3) {
            return Ok(None);
        }
        let find = |table: &Table, key: &str, name: String| {
            let names: Vec<&str> = self.shared.registers.iter().map(|registers| registers.bank.name).collect();
            let found = self.shared.registers.iter().find(|registers| registers.bank.name == name);
            let what = || format!("no registers \"{name}\"; the file has {}", names.join(", "));
            found.map(|registers| Some(registers.bank)).ok_or_else(|| table.wrong(key, what()))
        };
        match (self.shared.registers, self.table.has("registers")) {
            ([], _) => {
                let what = format!("{} is an own register, and the file has no [registers.NAME]", operand.word());
                Err(self.table.wrong("operands", what))
            }
            ([Registers { bank, .. }], false) => Ok(Some(*bank)),
            (_, false) => {
                Err(self.table.wrong("", "missing registers: which of the file's do td, ts1, ts2 and ts3 name?"))
            }
            (_, true) => match self.table.text("registers") {
                Ok(name) => find(self.table, "registers", name.unwrap_or_default()),
                Err(_) => {
                    let inner = self.table.sub("registers")?;
                    inner.only(&["td", "ts1", "ts2", "ts3"])?;
                    find(&inner, operand.word(), inner.required(operand.word(), "acc")?)
                }
            },
        }
    }

    /// Operands that are numbers, by their names.
    fn scalars(&self) -> Vec<(String, Source)> {
        let source = |operand| match operand {
            Operand::Rs1 | Operand::Rs2 => Some(Source::Integer(operand)),
            Operand::Fs1 | Operand::Fs2 => Some(Source::Float(operand)),
            Operand::Imm => Some(Source::Immediate),
            Operand::VcOp | Operand::PayloadD | Operand::Payload2 => Some(Source::Payload(operand)),
            _ => None,
        };
        self.operands.iter().filter_map(|operand| Some((operand.word().to_string(), source(operand)?))).collect()
    }

    /// Refuses operands that a product does not use.
    fn only_scalars(&self, used: &[Operand]) -> Result<(), ExtensionError> {
        let extra = self.operands.iter().find(|operand| {
            let product = [Operand::Vs1, Operand::Ts1, Operand::Vs2, Operand::Ts2, Operand::Vd, Operand::Td];
            !product.contains(operand) && !used.contains(operand)
        });
        match extra {
            Some(operand) => {
                let what = format!("a product does not use {}; fix its bits in the encoding", operand.word());
                Err(self.table.wrong("operands", what))
            }
            None => Ok(()),
        }
    }

    /// SEW that the instruction needs: what it says, else the width of its result or first operand in vector registers.
    fn sew(&self, slots: &[Slot], dest: Option<usize>) -> Result<Option<u32>, ExtensionError> {
        if let Some(sew) = self.table.integer("sew", 8, 64)? {
            return match sew {
                8 | 16 | 32 | 64 => Ok(Some(sew as u32)),
                _ => Err(self.table.wrong("sew", "SEW is 8, 16, 32 or 64")),
            };
        }
        let vectors = dest.map(|dest| &slots[dest]).into_iter().chain(slots).find(|slot| slot.bank.is_none());
        Ok(vectors.and_then(|slot| match slot.of {
            Type::Fixed(number) => Some(number.bits().max(8)),
            Type::Kind(_) => None,
        }))
    }

    fn finish(
        &self,
        slots: Vec<Slot>,
        dest: Option<usize>,
        what: What,
        memory: Option<Memory>,
        sew: Option<u32>,
        rounds: bool,
    ) -> Result<Meaning, ExtensionError> {
        let roundings = [
            ("frm", None),
            ("rne", Some(Rounding::Rne)),
            ("rtz", Some(Rounding::Rtz)),
            ("rdn", Some(Rounding::Rdn)),
            ("rup", Some(Rounding::Rup)),
            ("rmm", Some(Rounding::Rmm)),
        ];
        let rounding = self.table.word("rounding", &roundings)?.flatten();
        let product = matches!(what, What::Matmul { .. } | What::Dot { .. });
        let (script, copy) = (matches!(what, What::Script(_)), matches!(what, What::Copy));
        for (key, fits, why) in [
            ("type", !product && !copy, "types go with map and script; a product states its own"),
            ("types", !product && !copy, "types go with map and script; a product states its own"),
            ("reduce", !product && !copy && !script, "this goes with map"),
            ("sew", !product, "the types of a product say which SEW it needs"),
            ("saturate", !copy && !script, "this goes with products and map"),
        ] {
            if self.table.has(key) && !fits {
                return Err(self.table.wrong(key, why));
            }
        }
        if dest.is_none() && self.operands.has(Operand::Vm) {
            return Err(self.table.wrong("operands", "a mask vm is for instructions that write vd"));
        }
        let class = match (&memory, &what) {
            (Some(memory), _) if memory.load => Class::VLoad,
            (Some(_), _) => Class::VStore,
            (None, _) if slots.is_empty() => Class::Alu,
            (None, What::Matmul { .. } | What::Dot { .. }) if rounds => Class::VMatrixFp,
            (None, What::Matmul { .. } | What::Dot { .. }) => Class::VMatrixInt,
            (None, What::Map { .. }) if rounds => Class::VFp,
            (None, What::Map { .. }) => Class::VInt,
            (None, What::Reduce { .. }) if rounds => Class::VFpReduce,
            (None, What::Reduce { .. }) => Class::VReduce,
            (None, _) => Class::Vcix,
        };
        let old = |source| matches!((source, dest), (Source::Slot(slot), Some(dest)) if slot == dest);
        let reads = match &what {
            What::Matmul { .. } | What::Dot { .. } | What::Script(_) => dest.is_some(),
            What::Map { expression, .. } | What::Reduce { expression, .. } => expression.sources().any(old),
            What::Copy => false,
        };
        let floats = slots.iter().any(|slot| slot.of.is_float())
            || self.scalars().iter().any(|(_, s)| matches!(s, Source::Float(_)));
        let mut props = if reads { Props::READS_VD } else { Props::empty() };
        if rounds || floats || self.operands.has(Operand::Fd) {
            props |= Props::FLOAT;
        }
        let overlap = overlap(&what);
        Ok(Meaning { slots, dest, what, memory, sew, rounds, rounding, overlap, class, props })
    }
}

fn has_elements(operand: Operand) -> bool {
    matches!(
        operand,
        Operand::Vd
            | Operand::Vs1
            | Operand::Vs2
            | Operand::Vs3
            | Operand::Td
            | Operand::Ts1
            | Operand::Ts2
            | Operand::Ts3
    )
}
