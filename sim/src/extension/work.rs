//! Execution of instructions from extension files.

use rhai::{Dynamic, Scope};
use rvtile_isa::define::{Call, Kernels, Number, Raised};
use rvtile_isa::float::{F32, F64, Flags, Format, Rounding, convert, host};
use rvtile_isa::hart::Hart;
use rvtile_isa::op::{Flow, Illegal, Op};
use rvtile_isa::operand::Operand;

use super::body::{Body, Fold, Memory, NO_TYPE, Scripted, Slot, Source, What, size_shape};
use super::expression::{Expression, STRIP, Value};
use super::script::Lanes;
use crate::machine::Inputs;

/// Most bytes of a memory access.
const MOST_BYTES: usize = 1 << 16;

const TOO_MUCH: Illegal =
    Illegal::Rule("it moves more than 65536 bytes, the most that an extension's memory access may");

/// Why an execution ended early.
enum Stop {
    /// It is illegal.
    Illegal(Illegal),
    /// An exception has been recorded.
    Trap,
}

impl From<Illegal> for Stop {
    fn from(why: Illegal) -> Stop {
        Stop::Illegal(why)
    }
}

/// Memory that an instruction reads or writes, staged.
struct Staged {
    addr: u64,
    stride: u64,
    rows: usize,
    /// Bytes of a row.
    each: usize,
    bytes: Vec<u8>,
}

impl Body {
    /// Does the work of one execution.
    pub(super) fn work(&self, h: &mut Hart, op: &Op) -> Flow {
        let done = match &self.what {
            What::Matmul { what, kernels } => {
                let (per, of) = (what.k * what.n * what.b.bits() as usize, h.vtype.sew() as usize);
                let bits = h.vl as usize * of;
                if !bits.is_multiple_of(per) {
                    return h.illegal(op.word, Illegal::Rule(self.texts.multiple));
                }
                let (blocks, [a, b, c]) = (bits / per, what.bytes());
                self.multiply(h, op, what, kernels, blocks, [a, blocks * b, blocks * c])
            }
            What::Dot { what, kernels } => {
                let (count, k) = (h.vl as usize, what.each.k);
                let [a, b, c] = [what.each.a, what.each.b, what.each.c];
                let left = a.bytes(if what.scalar { k } else { count * k });
                self.multiply(h, op, what, kernels, count, [left, b.bytes(count * k), c.bytes(count)])
            }
            // What happens on the way is not the guest's: flags are those of the results.
            _ => host::aside(|| self.staged(h, op)),
        };
        match done {
            Ok(()) => Flow::Next,
            Err(Stop::Illegal(why)) => h.illegal(op.word, why),
            Err(Stop::Trap) => Flow::Trap,
        }
    }

    /// A block product or a dot product: `count` blocks or elements; `bytes` of A, of B and of C.
    fn multiply<T>(
        &self,
        h: &mut Hart,
        op: &Op,
        what: &T,
        kernels: &Kernels<T>,
        count: usize,
        bytes: [usize; 3],
    ) -> Result<(), Stop> {
        let level = h.config().level;
        let call = Call { count, rounding: self.rounding(h), level };
        // Without a slot of its own A is in an integer register, which holds 8 bytes.
        let scalar = h.x[op.rs1 as usize].to_le_bytes();
        let (a, b, c) = match &self.slots[..] {
            [a, b, c] => (self.view(h, op, a), self.view(h, op, b), c),
            [b, c] => (&scalar[..], self.view(h, op, b), c),
            _ => return Err(Illegal::Unknown.into()),
        };
        if [a.len(), b.len(), self.view(h, op, c).len()].into_iter().zip(bytes).any(|(len, bytes)| len < bytes) {
            return Err(Illegal::Rule(self.texts.capacity).into());
        }
        let (from_a, from_b) = (a.as_ptr(), b.as_ptr());
        let to = match &c.bank {
            Some(bank) => h.matrix.own.register_mut(bank, op.rd).as_mut_ptr(),
            None => h.v.ptr_mut(op.rd),
        };
        // SAFETY: the registers hold as many bytes, legality has kept C apart from A and B, and the kernel is that of the level.
        let raised = unsafe {
            let a = std::slice::from_raw_parts(from_a, bytes[0]);
            let b = std::slice::from_raw_parts(from_b, bytes[1]);
            let c = std::slice::from_raw_parts_mut(to, bytes[2]);
            kernels[level as usize](what, &call, a, b, c)
        };
        raise(h, raised);
        self.tail(h, op, bytes[2]);
        Ok(())
    }

    /// All else: sources are read, results made beside, destinations written.
    fn staged(&self, h: &mut Hart, op: &Op) -> Result<(), Stop> {
        let mut staged = match &self.memory {
            Some(memory) => Some(self.stage(h, op, memory)?),
            None => None,
        };
        let sew = if h.vtype.ill() { 8 } else { h.vtype.sew() };
        match &self.what {
            What::Map { expression, reals, saturate } => {
                let memory = self.memory.as_ref().map(|memory| memory.of);
                let to = self.dest.map(|dest| self.slots[dest].of).or(memory);
                let number = to.and_then(|of| of.under(sew)).ok_or(NO_TYPE)?;
                let count = self.count(h, number);
                let mut out = vec![0; number.bytes(count)];
                let memory = staged.as_ref().map_or(&[][..], |staged| &staged.bytes);
                let raised = if *reals {
                    let rm = self.rounding(h);
                    let mut flags = Flags::empty();
                    self.evaluate::<f64>(h, op, memory, expression, count, &mut |first, values| {
                        number.put_reals(values, &mut out, first, rm, &mut flags);
                    })?;
                    Raised { flags, saturated: false }
                } else {
                    let mut saturated = false;
                    self.evaluate::<i64>(h, op, memory, expression, count, &mut |first, values| {
                        saturated |= number.put_integers(values, &mut out, first, *saturate);
                    })?;
                    Raised { flags: Flags::empty(), saturated }
                };
                match (self.dest, &mut staged) {
                    (Some(dest), _) => self.commit(h, op, &self.slots[dest], &out, number)?,
                    (None, Some(staged)) => staged.bytes.iter_mut().zip(out).for_each(|(to, from)| *to = from),
                    (None, None) => {}
                }
                raise(h, raised);
            }
            What::Reduce { expression, fold, reals, start } => {
                let number = self.dest.and_then(|dest| self.slots[dest].of.under(sew)).ok_or(NO_TYPE)?;
                if h.vl != 0 {
                    if *reals {
                        self.reduce::<f64>(h, op, expression, *fold, *start, number)?;
                    } else {
                        self.reduce::<i64>(h, op, expression, *fold, *start, number)?;
                    }
                }
            }
            What::Script(scripted) => self.script(h, op, scripted, staged.as_mut())?,
            What::Copy | What::Matmul { .. } | What::Dot { .. } => self.copy(h, op, staged.as_mut())?,
        }
        let Some(staged) = staged else { return Ok(()) };
        if self.memory.as_ref().is_some_and(|memory| !memory.load) {
            for (row, part) in staged.bytes.chunks_exact(staged.each.max(1)).enumerate() {
                if !h.store_bytes(staged.row(row), part) {
                    return Err(Stop::Trap);
                }
            }
        }
        h.log.push(staged.addr);
        h.log.push(staged.stride);
        h.log.push(staged.rows as u64 | (staged.each as u64) << 32);
        Ok(())
    }

    /// Bytes between memory and registers, as they are.
    fn copy(&self, h: &mut Hart, op: &Op, staged: Option<&mut Staged>) -> Result<(), Stop> {
        let (Some(staged), Some(slot)) = (staged, self.slots.first()) else { return Err(Illegal::Unknown.into()) };
        if self.view(h, op, slot).len() < staged.bytes.len() {
            return Err(Illegal::Rule(self.texts.capacity).into());
        }
        if self.dest.is_some() {
            self.commit(h, op, slot, &staged.bytes, Number::U8)?;
        } else {
            let from = &self.view(h, op, slot)[..staged.bytes.len()];
            staged.bytes.copy_from_slice(from);
        }
        Ok(())
    }

    /// Elements that a map, a reduction or a script works on: vl, or all of an own register where no operand is in vector registers.
    fn count(&self, h: &Hart, number: Number) -> usize {
        let own = |slot: &Slot| slot.bank.map(|bank| h.matrix.own.register(&bank, 0).len());
        match self.slots.iter().find_map(own) {
            Some(bytes) if self.slots.iter().all(|slot| slot.bank.is_some()) => bytes * 8 / number.bits() as usize,
            _ => h.vl as usize,
        }
    }

    /// The bytes of a slot, to the end of its register or register file.
    fn view<'a>(&self, h: &'a Hart, op: &Op, slot: &Slot) -> &'a [u8] {
        let number = number(op, slot.operand);
        match &slot.bank {
            Some(bank) => h.matrix.own.register(bank, number),
            None => h.v.from(number),
        }
    }

    /// Writes elements to a destination: active ones, where the instruction is masked.
    fn commit(&self, h: &mut Hart, op: &Op, slot: &Slot, from: &[u8], number: Number) -> Result<(), Stop> {
        if self.view(h, op, slot).len() < from.len() {
            return Err(Illegal::Rule(self.texts.capacity).into());
        }
        if let Some(bank) = &slot.bank {
            h.matrix.own.register_mut(bank, op.rd)[..from.len()].copy_from_slice(from);
            return Ok(());
        }
        if op.masked == 0 {
            h.v.from_mut(op.rd)[..from.len()].copy_from_slice(from);
        } else {
            let size = number.bits() as usize / 8;
            for (index, element) in from.chunks_exact(size).enumerate() {
                if h.v.mask_bit(0, index) {
                    h.v.from_mut(op.rd)[index * size..][..size].copy_from_slice(element);
                } else if h.config().agnostic_ones && h.vtype.ma() {
                    h.v.from_mut(op.rd)[index * size..][..size].fill(0xff);
                }
            }
        }
        self.tail(h, op, from.len());
        Ok(())
    }

    /// What lies behind `from` bytes of a vector destination may become ones.
    fn tail(&self, h: &mut Hart, op: &Op, from: usize) {
        let Some(slot) = self.dest.map(|dest| &self.slots[dest]).filter(|slot| slot.bank.is_none()) else { return };
        if h.config().agnostic_ones && h.vtype.ta() && h.vl != 0 {
            let count = self.registers(slot, h.vtype, h.config().vlen).unwrap_or(1);
            let end = count as usize * h.vlenb();
            h.v.from_mut(op.rd)[from.min(end)..end].fill(0xff);
        }
    }

    fn rounding(&self, h: &Hart) -> Rounding {
        self.rounding.unwrap_or_else(|| Rounding::from_bits(h.frm).unwrap_or(Rounding::Rne))
    }

    /// Computes `count` elements, strip by strip; `put` takes each strip with its first element's number.
    fn evaluate<V: Lane>(
        &self,
        h: &Hart,
        op: &Op,
        memory: &[u8],
        expression: &Expression<Source>,
        count: usize,
        put: &mut dyn FnMut(usize, &[V]),
    ) -> Result<(), Stop> {
        let sew = if h.vtype.ill() { 8 } else { h.vtype.sew() };
        // What the expression reads must be there before it runs.
        let mut sources: Vec<(Source, &[u8], Number)> = Vec::new();
        for source in expression.sources() {
            let (bytes, of) = match source {
                Source::Slot(slot) => (self.view(h, op, &self.slots[slot]), self.slots[slot].of),
                Source::Memory => match &self.memory {
                    Some(of) => (memory, of.of),
                    None => continue,
                },
                _ => continue,
            };
            let number = of.under(sew).ok_or(NO_TYPE)?;
            if bytes.len() < number.bytes(count) {
                return Err(Illegal::Rule(self.texts.capacity).into());
            }
            sources.push((source, bytes, number));
        }
        let mut out = [V::default(); STRIP];
        for first in (0..count).step_by(STRIP) {
            let out = &mut out[..STRIP.min(count - first)];
            let mut load = |source: Source, values: &mut [V]| {
                if let Some((_, bytes, number)) = sources.iter().find(|(known, ..)| *known == source) {
                    V::load(*number, bytes, first, values);
                } else if source == Source::Index {
                    values.iter_mut().zip(first..).for_each(|(value, index)| *value = V::number(index as f64));
                } else {
                    values.fill(V::scalar(h, op, source, sew));
                }
            };
            expression.run(&mut load, out);
            put(first, out);
        }
        Ok(())
    }

    /// Folds active elements into element 0 of the destination, from element 0 of the start on.
    fn reduce<V: Lane>(
        &self,
        h: &mut Hart,
        op: &Op,
        expression: &Expression<Source>,
        fold: Fold,
        start: Option<usize>,
        number: Number,
    ) -> Result<(), Stop> {
        let mut total = None;
        if let Some(slot) = start {
            let mut first = [V::default()];
            let of = self.slots[slot].of.under(h.vtype.sew()).ok_or(NO_TYPE)?;
            V::load(of, self.view(h, op, &self.slots[slot]), 0, &mut first);
            total = Some(first[0]);
        }
        let active = |index: usize| op.masked == 0 || h.v.mask_bit(0, index);
        self.evaluate::<V>(h, op, &[], expression, h.vl as usize, &mut |first, values| {
            for (&value, index) in values.iter().zip(first..) {
                if active(index) {
                    total = Some(total.map_or(value, |total| V::fold(fold, total, value)));
                }
            }
        })?;
        let mut out = vec![0; number.bytes(1)];
        let raised = total.unwrap_or_default().store(number, &mut out, self.rounding(h));
        h.v.from_mut(op.rd)[..out.len()].copy_from_slice(&out);
        raise(h, raised);
        self.tail(h, op, out.len());
        Ok(())
    }

    /// Stages the memory of an access.
    fn stage(&self, h: &mut Hart, op: &Op, memory: &Memory) -> Result<Staged, Stop> {
        let (sew, lmul) = if h.vtype.ill() { (8, 0) } else { (h.vtype.sew(), h.vtype.lmul_log2()) };
        let vlen = h.config().vlen;
        let number = memory.of.under(sew).ok_or(NO_TYPE)?;
        let rows = memory.rows as usize;
        let each = match &memory.bytes {
            Some(formula) => {
                let shape = size_shape(vlen, sew, 1 << (lmul + 3), h.vl);
                formula.cycles(&Inputs::new(&shape)) as usize
            }
            None => number.bytes(self.count(h, number)) / rows,
        };
        if rows.saturating_mul(each) > MOST_BYTES {
            return Err(TOO_MUCH.into());
        }
        let stride = if memory.strided { h.x[op.rs2 as usize] } else { each as u64 };
        let mut staged = Staged { addr: h.x[op.rs1 as usize], stride, rows, each, bytes: vec![0; rows * each] };
        if memory.load {
            let addresses: Vec<u64> = (0..rows).map(|row| staged.row(row)).collect();
            for (addr, part) in addresses.into_iter().zip(staged.bytes.chunks_exact_mut(each.max(1))) {
                if !h.load_bytes(addr, part) {
                    return Err(Stop::Trap);
                }
            }
        }
        Ok(staged)
    }

    /// Runs a script.
    fn script(&self, h: &mut Hart, op: &Op, scripted: &Scripted, staged: Option<&mut Staged>) -> Result<(), Stop> {
        let Scripted { script, csrs, scalars, line } = scripted;
        let sew = if h.vtype.ill() { 8 } else { h.vtype.sew() };
        let mut scope = Scope::new();
        for (name, value) in [("vl", h.vl), ("sew", sew), ("vlen", h.config().vlen)] {
            scope.push_constant(name, i64::from(value));
        }
        for slot in &self.slots {
            let number = slot.of.under(sew).ok_or(NO_TYPE)?;
            let bytes = self.view(h, op, slot);
            let bytes = match self.registers(slot, h.vtype, h.config().vlen) {
                Some(count) if slot.bank.is_none() => &bytes[..count as usize * h.vlenb()],
                _ => bytes,
            };
            scope.push(slot.operand.word(), Lanes { bytes: bytes.to_vec(), number });
        }
        if let (Some(staged), Some(memory)) = (&staged, &self.memory) {
            let number = memory.of.under(sew).ok_or(NO_TYPE)?;
            scope.push("mem", Lanes { bytes: staged.bytes.clone(), number });
        }
        for (name, source) in scalars {
            match source {
                Source::Float(_) => {
                    scope.push_dynamic(name.as_str(), Dynamic::from_float(f64::scalar(h, op, *source, sew)))
                }
                _ => scope.push_dynamic(name.as_str(), Dynamic::from_int(i64::scalar(h, op, *source, sew))),
            };
        }
        for (name, number) in csrs {
            scope.push(name.as_str(), h.matrix.own.csr(*number).unwrap_or(0) as i64);
        }
        if let Err(error) = script.run(&mut scope) {
            let why = self.failure.get_or_init(|| {
                let line = if error.line > 0 { format!(":{}", line + error.line - 1) } else { String::new() };
                let text = format!("its script failed at {}{line}: {}", self.file, error.what);
                // Kept for as long as the program runs: one for each instruction, as its row.
                Box::leak(text.into_boxed_str())
            });
            return Err(Illegal::Rule(why).into());
        }
        if let Some(dest) = self.dest
            && let slot = &self.slots[dest]
            && let Some(Lanes { bytes, number }) = scope.get_value(slot.operand.word())
        {
            let count = if slot.bank.is_some() { bytes.len() } else { number.bytes(h.vl as usize).min(bytes.len()) };
            self.commit(h, op, slot, &bytes[..count], number)?;
        }
        if let (Some(staged), Some(Lanes { bytes, .. })) = (staged, scope.get_value("mem")) {
            staged.bytes = bytes;
        }
        for (name, number) in csrs {
            if let Some(value) = scope.get_value::<i64>(name) {
                h.matrix.own.set_csr(*number, value as u64);
            }
        }
        for (name, source) in scalars {
            match source {
                Source::Integer(Operand::Rd) => {
                    h.x[op.rd as usize] = scope.get_value::<i64>(name).unwrap_or(0) as u64;
                }
                Source::Float(Operand::Fd) => {
                    let value = scope.get_value::<f64>(name).unwrap_or(f64::NAN);
                    h.f[op.rd as usize] = if value.is_nan() { F64::NAN } else { value.to_bits() };
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Staged {
    /// The address of a row.
    fn row(&self, row: usize) -> u64 {
        self.addr.wrapping_add((row as u64).wrapping_mul(self.stride))
    }
}

/// A value that elements and scalars are read as.
trait Lane: Value {
    fn load(number: Number, bytes: &[u8], first: usize, values: &mut [Self]);
    fn scalar(h: &Hart, op: &Op, source: Source, sew: u32) -> Self;
    fn fold(fold: Fold, a: Self, b: Self) -> Self;
    fn store(self, number: Number, bytes: &mut [u8], rm: Rounding) -> Raised;
}

impl Lane for i64 {
    fn load(number: Number, bytes: &[u8], first: usize, values: &mut [i64]) {
        number.integers(bytes, first, values);
    }

    fn scalar(h: &Hart, op: &Op, source: Source, _: u32) -> i64 {
        match source {
            Source::Integer(Operand::Rs1) => h.x[op.rs1 as usize] as i64,
            Source::Integer(Operand::Rs2) => h.x[op.rs2 as usize] as i64,
            Source::Immediate => i64::from((op.word << 12) as i32 >> 27),
            Source::Payload(Operand::PayloadD) => i64::from(op.word >> 7 & 31),
            Source::Payload(Operand::Payload2) => i64::from(op.word >> 20 & 31),
            Source::Payload(_) => i64::from(op.word >> 26 & 3),
            Source::Csr(number) => h.matrix.own.csr(number).unwrap_or(0) as i64,
            _ => 0,
        }
    }

    fn fold(fold: Fold, a: i64, b: i64) -> i64 {
        match fold {
            Fold::Sum => a.wrapping_add(b),
            Fold::Min => a.min(b),
            Fold::Max => a.max(b),
        }
    }

    fn store(self, number: Number, bytes: &mut [u8], _: Rounding) -> Raised {
        number.put_integers(&[self], bytes, 0, false);
        Raised::NOTHING
    }
}

impl Lane for f64 {
    fn load(number: Number, bytes: &[u8], first: usize, values: &mut [f64]) {
        number.reals(bytes, first, values);
    }

    fn scalar(h: &Hart, op: &Op, source: Source, sew: u32) -> f64 {
        let Source::Float(operand) = source else { return i64::scalar(h, op, source, sew) as f64 };
        let bits = h.f[if operand == Operand::Fs2 { op.rs2 } else { op.rs1 } as usize];
        // A NaN-boxed binary32, as scalar operands of the usual SEW are.
        if bits >> 32 == u64::from(u32::MAX) {
            return f64::from_bits(convert::<F32, F64>(bits & F32::MASK, Rounding::Rne, &mut Flags::empty()));
        }
        f64::from_bits(bits)
    }

    fn fold(fold: Fold, a: f64, b: f64) -> f64 {
        match fold {
            Fold::Sum => a + b,
            Fold::Min => a.min(b),
            Fold::Max => a.max(b),
        }
    }

    fn store(self, number: Number, bytes: &mut [u8], rm: Rounding) -> Raised {
        let mut flags = Flags::empty();
        number.put_reals(&[self], bytes, 0, rm, &mut flags);
        Raised { flags, saturated: false }
    }
}

/// The register number of an operand.
fn number(op: &Op, operand: Operand) -> u8 {
    match operand {
        Operand::Vs1 | Operand::Ts1 => op.rs1,
        Operand::Vs2 | Operand::Ts2 => op.rs2,
        _ => op.rd,
    }
}

fn raise(h: &mut Hart, raised: Raised) {
    h.fflags |= raised.flags;
    h.vxsat |= raised.saturated;
}
