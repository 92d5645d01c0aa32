//! The least engine that runs a program: decodes every block anew.

#[path = "assembler.rs"]
mod assembler;

use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Cause, Config, Hart};
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::Flow;
use rvtile_isa::row::Props;

pub use assembler::BASE;

/// Bytes of memory, all of it readable, writable and executable.
const SIZE: u64 = 0x40_0000;

/// A hart in machine mode with a program at [`BASE`].
pub struct Machine {
    /// The hart.
    pub hart: Hart,
    decoder: Decoder,
    /// Exceptions that were taken: cause and tval.
    pub traps: Vec<(Cause, u64)>,
}

impl Machine {
    /// A machine with this ISA whose program is the code of `source`.
    pub fn new(isa: &str, source: &str) -> Machine {
        let code = assembler::assemble(source).unwrap_or_else(|messages| panic!("{messages}"));
        let (isa, _) = Ext::parse(isa).unwrap();
        let mut mem = Memory::new(SIZE).unwrap();
        mem.protect(0, SIZE, Perm::all()).unwrap();
        mem.poke(BASE, &code).unwrap();
        let config = Config { vlen: 512, isa, agnostic_ones: false, level: Level::detect() };
        let mut hart = Hart::new(config, mem);
        hart.pc = BASE;
        hart.log.on = true;
        Machine { hart, decoder: Decoder::standard(), traps: Vec::new() }
    }

    /// Runs to the first `ebreak`; other exceptions go to their handlers.
    pub fn run(&mut self) {
        for _ in 0..10_000 {
            let h = &mut self.hart;
            if let Some(code) = h.pending_interrupt() {
                h.take_interrupt(code);
            }
            let block = Block::translate(h, &self.decoder);
            if block.props.contains(Props::FLOAT) && h.csr.fs() != 0 {
                h.csr.dirty_fs();
            }
            let ran = block.run(h);
            h.csr.clock.instret += ran.retired as u64;
            h.csr.clock.cycle += 10 * ran.retired as u64;
            if ran.flow == Flow::Trap {
                let (trap, pc) = (h.trap, h.pc);
                if trap.cause == Cause::Breakpoint {
                    return;
                }
                self.traps.push((trap.cause, trap.tval));
                h.take_trap(trap, pc);
            }
        }
        panic!("the program does not end; pc = {:#x}, exceptions: {:?}", self.hart.pc, self.traps);
    }

    /// The register of this number.
    pub fn x(&self, number: usize) -> u64 {
        self.hart.x[number]
    }
}

/// Runs a program of the whole ISA and returns a0 to a5.
pub fn results(source: &str) -> [u64; 6] {
    let mut machine = Machine::new(ISA, &format!("{source}\nebreak\n"));
    machine.run();
    std::array::from_fn(|index| machine.x(10 + index))
}

/// Everything that the tests use.
pub const ISA: &str = "rv64gcv_zba_zbb_zbc_zbs_zbkb_zicond_zimop_zcmop_zcb_zicbom_zicboz_zicntr_zihpm_zawrs_svinval";
