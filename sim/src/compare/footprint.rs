//! What a region moves and how much code it runs.

use std::collections::HashMap;

use rvtile_isa::row::{Mem, Props};

use crate::machine::Machine;
use crate::timing::{Listener, Retired};

/// Listens to a run and counts between the markers of its regions.
pub struct Footprint {
    /// Bytes that loads and stores name: of vectors all elements up to vl, masked off or not.
    pub moved_bytes: u64,
    /// Lengths of the instructions that ran, by address.
    code: HashMap<u64, u8>,
    depth: u32,
    register_bytes: u64,
}

impl Footprint {
    /// Nothing counted yet.
    pub fn new(machine: &Machine) -> Footprint {
        let register_bytes = u64::from(machine.vector.vlen / 8);
        Footprint { moved_bytes: 0, code: HashMap::new(), depth: 0, register_bytes }
    }

    /// Bytes of the code that ran.
    pub fn code_bytes(&self) -> u64 {
        self.code.values().map(|&length| u64::from(length)).sum()
    }
}

impl Listener for Footprint {
    fn retired(&mut self, event: &Retired<'_>) {
        let inst = event.inst;
        if inst.row.props.contains(Props::MARKER) {
            // The immediate is fixed in the encoding: 1 begins a region, 2 ends it.
            self.depth = if inst.bits(31, 20) == 1 { self.depth + 1 } else { self.depth.saturating_sub(1) };
            return;
        }
        if self.depth == 0 {
            return;
        }
        self.code.insert(event.pc, inst.len);
        let vector = |bits: u64| u64::from(event.vl) * bits / 8 * u64::from(inst.nf());
        self.moved_bytes += match inst.row.mem {
            Mem::None => 0,
            Mem::Rows => event.row_bytes,
            Mem::Scalar(bytes) => u64::from(bytes),
            Mem::Unit { eew } | Mem::FaultFirst { eew } | Mem::Strided { eew } => vector(u64::from(eew)),
            Mem::Indexed { .. } => vector(u64::from(event.entry.vtype.sew())),
            Mem::Tile { eew } => u64::from(event.vl) * u64::from(eew) / 8,
            Mem::Mask => u64::from(event.vl).div_ceil(8),
            Mem::Whole => self.register_bytes * u64::from(inst.nf()),
        };
    }
}
