//! From blocks to a function.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{self, AbiParam, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use rvtile_isa::block::Block;
use rvtile_isa::chain;
use rvtile_isa::hart::{Entered, layout};
use rvtile_isa::op::{Flow, Op};
use rvtile_isa::row::{Exec, Props};

use super::region::{FLOAT, Region, Set, written};
use super::{float, integer, memory};

/// Accesses of host code that cannot fault.
pub(super) const TRUSTED: MemFlagsData = MemFlagsData::trusted();

/// No block arguments.
const NONE: &[BlockArg] = &[];

/// A function under construction.
pub(super) struct Emitter<'a> {
    pub b: FunctionBuilder<'a>,
    region: &'a Region<'a>,
    /// The hart's address.
    pub hart: Value,
    x: [Variable; 32],
    f: [Variable; 32],
    budget: Variable,
    /// Where words are written to the access log, and where blocks, if there is one.
    log: Option<[Variable; 2]>,
    /// Words that have been written there since.
    logged: i32,
    /// Where a block is entered from within the region.
    heads: Vec<ir::Block>,
    /// How handlers are called.
    call: SigRef,
    zca: bool,
    /// The present block.
    at: usize,
    /// Registers that differ from the hart's.
    changed: Set,
    /// Floating-point registers that are known to hold a boxed single.
    pub boxed: u32,
}

/// Builds the function of a region.
pub(super) fn function(
    func: &mut ir::Function,
    context: &mut FunctionBuilderContext,
    isa: &dyn TargetIsa,
    region: &Region<'_>,
    zca: bool,
    log: bool,
) {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.push(AbiParam::new(I64));
    signature.returns.extend([AbiParam::new(I64); 2]);
    func.signature = signature;
    let mut handler = Signature::new(isa.default_call_conv());
    handler.params.extend([AbiParam::new(I64); 2]);
    handler.returns.push(AbiParam::new(I64));
    let mut b = FunctionBuilder::new(func, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let mut emitter = Emitter {
        hart: b.block_params(entry)[0],
        x: std::array::from_fn(|_| b.declare_var(I64)),
        f: std::array::from_fn(|_| b.declare_var(F64)),
        budget: b.declare_var(I64),
        log: log.then(|| [b.declare_var(I64), b.declare_var(I64)]),
        logged: 0,
        heads: region.blocks.iter().map(|_| b.create_block()).collect(),
        call: b.import_signature(handler),
        b,
        region,
        zca,
        at: 0,
        changed: 0,
        boxed: 0,
    };
    emitter.blocks();
    emitter.b.seal_all_blocks();
    emitter.b.finalize(isa.frontend_config());
}

impl<'a> Emitter<'a> {
    fn block(&self) -> &'a Block {
        self.region.blocks[self.at]
    }

    fn op(&self, index: usize) -> &'a Op {
        &self.block().ops()[index]
    }

    pub fn constant(&mut self, value: i64) -> Value {
        self.b.ins().iconst(I64, value)
    }

    fn field(&mut self, ty: ir::Type, offset: usize) -> Value {
        self.b.ins().load(ty, TRUSTED, self.hart, offset as i32)
    }

    fn set_field(&mut self, value: Value, offset: usize) {
        self.b.ins().store(TRUSTED, value, self.hart, offset as i32);
    }

    /// The value of an integer register.
    pub fn x(&mut self, register: u8) -> Value {
        if register == 0 { self.constant(0) } else { self.b.use_var(self.x[register as usize]) }
    }

    /// Sets an integer register, unless it is x0 or stands for it.
    pub fn set_x(&mut self, register: u8, value: Value) {
        if let 1..32 = register {
            self.b.def_var(self.x[register as usize], value);
            self.changed |= 1 << register;
        }
    }

    /// The content of a floating-point register.
    pub fn f(&mut self, register: u8) -> Value {
        self.b.use_var(self.f[register as usize])
    }

    /// Sets a floating-point register to a double, or to a single when `boxed`.
    pub fn set_f(&mut self, register: u8, value: Value, boxed: bool) {
        self.b.def_var(self.f[register as usize], value);
        self.changed |= 1 << (FLOAT + u32::from(register));
        self.boxed = self.boxed & !(1 << register) | u32::from(boxed) << register;
    }

    /// Takes registers from the hart.
    fn load_registers(&mut self, registers: Set) {
        for register in 0..32 {
            if registers >> register & 1 != 0 {
                let value = self.field(I64, layout::X + 8 * register);
                self.b.def_var(self.x[register], value);
            }
            if registers >> (FLOAT as usize + register) & 1 != 0 {
                let value = self.field(F64, layout::F + 8 * register);
                self.b.def_var(self.f[register], value);
            }
        }
    }

    /// Brings the hart to the state before operation `index` of the present block.
    fn write_back(&mut self) {
        for register in 0..32 {
            if self.changed >> register & 1 != 0 {
                let value = self.b.use_var(self.x[register]);
                self.set_field(value, layout::X + 8 * register);
            }
            if self.changed >> (FLOAT as usize + register) & 1 != 0 {
                let value = self.b.use_var(self.f[register]);
                self.set_field(value, layout::F + 8 * register);
            }
        }
        let pc = self.constant(self.block().entry.pc as i64);
        self.set_field(pc, layout::PC);
        let entry = self.constant(&raw const self.block().entry as i64);
        self.set_field(entry, layout::ENTRY);
        let budget = self.b.use_var(self.budget);
        self.set_field(budget, layout::BUDGET);
        if let Some([words, blocks]) = self.log {
            let (start, bytes) = (self.b.use_var(words), self.constant(8 * i64::from(self.logged)));
            let cursor = self.b.ins().iadd(start, bytes);
            self.set_field(cursor, layout::LOG_CURSOR);
            let blocks = self.b.use_var(blocks);
            self.set_field(blocks, layout::LOG_BLOCKS);
        }
    }

    /// Leaves the function: the chain goes on with, or stops at, an operation.
    fn leave(&mut self, op: *const Op, flow: Flow) {
        self.write_back();
        let values = [self.constant(op as i64), self.constant(flow as i64)];
        self.b.ins().return_(&values);
    }

    /// Calls the handler of an operation, which logs so many words, and goes on behind it.
    fn call(&mut self, index: usize, logs: i32) {
        self.write_back();
        let op = self.constant(self.op(index) as *const Op as i64);
        let handler = self.constant(chain::call as *const () as i64);
        let call = self.b.ins().call_indirect(self.call, handler, &[self.hart, op]);
        let flow = self.b.inst_results(call)[0];
        let (stopped, next) = (self.cold(), self.b.create_block());
        self.b.ins().brif(flow, stopped, NONE, next, NONE);
        self.b.switch_to_block(stopped);
        self.b.seal_block(stopped);
        self.b.ins().return_(&[op, flow]);
        self.b.switch_to_block(next);
        self.b.seal_block(next);
        // The handler may have ended the budget.
        let budget = self.field(I64, layout::BUDGET);
        self.b.def_var(self.budget, budget);
        if let Some([words, _]) = self.log {
            self.load_log();
            let (cursor, bytes) = (self.b.use_var(words), self.constant(8 * i64::from(self.logged + logs)));
            let start = self.b.ins().isub(cursor, bytes);
            self.b.def_var(words, start);
        }
        let written = written(&self.block().insts[index]);
        self.load_registers(written);
        self.changed |= written;
    }

    fn cold(&mut self) -> ir::Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        block
    }

    /// Does the usual case of operation `index` if `ok`, else calls its handler.
    pub fn usually(&mut self, ok: Value, index: usize, logs: i32, usual: impl FnOnce(&mut Self)) {
        let (fast, slow, done) = (self.b.create_block(), self.cold(), self.b.create_block());
        self.b.ins().brif(ok, fast, NONE, slow, NONE);
        let before = (self.changed, self.boxed);
        self.b.switch_to_block(slow);
        self.b.seal_block(slow);
        self.call(index, logs);
        self.b.ins().jump(done, NONE);
        self.b.switch_to_block(fast);
        self.b.seal_block(fast);
        (self.changed, self.boxed) = before;
        usual(self);
        self.b.ins().jump(done, NONE);
        self.b.switch_to_block(done);
        self.b.seal_block(done);
        self.logged += logs;
    }

    /// Writes a word to the access log, if accesses are logged. Only inside [`Emitter::usually`].
    pub fn log(&mut self, word: Value) {
        if let Some([words, _]) = self.log {
            let start = self.b.use_var(words);
            self.b.ins().store(TRUSTED, word, start, 8 * self.logged);
        }
    }

    fn blocks(&mut self) {
        self.load_registers(self.region.used);
        let budget = self.field(I64, layout::BUDGET);
        self.b.def_var(self.budget, budget);
        self.load_log();
        let entered = self.region.entered();
        for (at, entered) in entered.into_iter().enumerate() {
            if at > 0 && !entered {
                continue;
            }
            self.at = at;
            (self.changed, self.boxed, self.logged) = (self.region.changed[at], 0, 0);
            let body = self.b.create_block();
            if at == 0 {
                self.b.ins().jump(body, NONE);
            }
            if entered {
                self.head(body);
            }
            self.b.switch_to_block(body);
            self.body();
        }
    }

    /// The way into a block from within: what [`chain`](rvtile_isa::chain) does when it enters one.
    fn head(&mut self, body: ir::Block) {
        let out = self.cold();
        self.b.switch_to_block(self.heads[self.at]);
        let (budget, zero) = (self.b.use_var(self.budget), self.constant(0));
        let count = self.constant(-i64::from(self.block().entry.count));
        let left = self.b.ins().icmp(IntCC::SignedGreaterThan, budget, zero);
        let enter = self.b.create_block();
        self.b.ins().brif(left, enter, NONE, out, NONE);
        self.b.switch_to_block(out);
        self.b.seal_block(out);
        self.leave(std::ptr::null(), Flow::Jump);
        self.b.switch_to_block(enter);
        self.b.seal_block(enter);
        let budget = self.b.ins().iadd(budget, count);
        self.b.def_var(self.budget, budget);
        let inside = self.constant(self.block().entry.inside.as_ptr() as i64);
        let (times, one) = (self.b.ins().load(I64, TRUSTED, inside, 0), self.constant(1));
        let times = self.b.ins().iadd(times, one);
        self.b.ins().store(TRUSTED, times, inside, 0);
        self.log_entry();
        self.b.ins().jump(body, NONE);
    }

    /// Logs that the block is entered.
    fn log_entry(&mut self) {
        let Some([words, blocks]) = self.log else { return };
        let (cursor, start) = (self.b.use_var(words), self.field(I64, layout::LOG_START));
        let (bytes, three) = (self.b.ins().isub(cursor, start), self.constant(3));
        let count = self.b.ins().ushr(bytes, three);
        let (entry, at) = (&self.block().entry, self.b.use_var(blocks));
        let (pc, number) = (self.constant(entry.pc as i64), self.constant(entry.number.into()));
        self.b.ins().store(TRUSTED, pc, at, offset_of!(Entered, pc) as i32);
        self.b.ins().istore32(TRUSTED, number, at, offset_of!(Entered, number) as i32);
        self.b.ins().istore32(TRUSTED, count, at, offset_of!(Entered, words) as i32);
        let size = self.constant(size_of::<Entered>() as i64);
        let next = self.b.ins().iadd(at, size);
        self.b.def_var(blocks, next);
    }

    /// Takes the places in the access log from the hart.
    fn load_log(&mut self) {
        if let Some([words, blocks]) = self.log {
            for (variable, field) in [(words, layout::LOG_CURSOR), (blocks, layout::LOG_BLOCKS)] {
                let value = self.field(I64, field);
                self.b.def_var(variable, value);
            }
        }
    }

    fn body(&mut self) {
        let count = self.block().insts.len();
        for index in 0..count {
            let op = self.op(index);
            let Ok(inst) = &self.block().insts[index].inst else {
                self.call(index, 0);
                continue;
            };
            let props = inst.row.props;
            // Instructions from outside may have any name.
            let known = !matches!(inst.row.exec, Exec::Defined(_)) && !props.contains(Props::MARKER);
            if known && props.intersects(Props::BRANCH | Props::JUMP) {
                if self.control(index, inst.row.name, op) {
                    return;
                }
            } else if known
                && (integer::emit(self, index, inst.row.name, op)
                    || memory::emit(self, index, inst.row.name, op)
                    || float::emit(self, index, inst.row.name, op))
            {
                continue;
            }
            self.call(index, 0);
            // How many words it has logged only its handler knows.
            self.load_log();
            self.logged = 0;
            self.boxed = 0;
        }
        self.go(count);
    }

    /// Ends the block with a branch or jump. False when its handler must do it.
    fn control(&mut self, index: usize, name: &str, op: &Op) -> bool {
        // Without 16-bit instructions a target may be misaligned.
        let aligned = self.zca || (name != "jalr" && op.imm & 2 == 0);
        if !aligned {
            return false;
        }
        let (fall, target) = (index + 1, index + 2);
        let after = self.block().address(index + 1) as i64;
        let condition = match name {
            "beq" => IntCC::Equal,
            "bne" => IntCC::NotEqual,
            "blt" => IntCC::SignedLessThan,
            "bge" => IntCC::SignedGreaterThanOrEqual,
            "bltu" => IntCC::UnsignedLessThan,
            "bgeu" => IntCC::UnsignedGreaterThanOrEqual,
            "jal" => {
                let after = self.constant(after);
                self.set_x(op.rd, after);
                self.go(target);
                return true;
            }
            "jalr" => {
                self.indirect(index, op, after);
                return true;
            }
            _ => return false,
        };
        let (a, b) = (self.x(op.rs1), self.x(op.rs2));
        let taken = self.b.ins().icmp(condition, a, b);
        self.fork(taken, |e| e.go(target));
        self.go(fall);
        true
    }

    /// Ends the block if `condition`; code that follows is for the other case.
    fn fork(&mut self, condition: Value, then: impl FnOnce(&mut Self)) {
        let (yes, no) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(condition, yes, NONE, no, NONE);
        self.b.switch_to_block(yes);
        self.b.seal_block(yes);
        let changed = self.changed;
        then(self);
        self.changed = changed;
        self.b.switch_to_block(no);
        self.b.seal_block(no);
    }

    /// Goes where a link leads.
    fn go(&mut self, link: usize) {
        match self.region.tied(self.at, link) {
            Some(to) => self.enter(to),
            None => self.leave(self.op(link), Flow::Next),
        }
    }

    /// Goes to a block of the region.
    fn enter(&mut self, to: usize) {
        if let Some([words, _]) = self.log {
            let (start, bytes) = (self.b.use_var(words), self.constant(8 * i64::from(self.logged)));
            let cursor = self.b.ins().iadd(start, bytes);
            self.b.def_var(words, cursor);
        }
        self.b.ins().jump(self.heads[to], NONE);
    }

    /// A jump to an address in a register: a return stays here, all else is for the chain.
    fn indirect(&mut self, index: usize, op: &Op, after: i64) {
        let (base, offset, mask) = (self.x(op.rs1), self.constant(op.imm), self.constant(!1));
        let target = self.b.ins().iadd(base, offset);
        let target = self.b.ins().band(target, mask);
        for to in self.region.returns(self.at) {
            let pc = self.constant(self.region.blocks[to].entry.pc as i64);
            let same = self.b.ins().icmp(IntCC::Equal, target, pc);
            self.fork(same, |e| {
                let after = e.constant(after);
                e.set_x(op.rd, after);
                e.enter(to);
            });
        }
        self.leave(self.op(index), Flow::Next);
    }
}
