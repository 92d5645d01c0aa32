//! Branch prediction.

use crate::machine::{Predictor, PredictorKind};

/// Direction and target prediction. Direct targets cost nothing when the direction is right: the front end finds
/// them early enough; indirect ones come from a return stack and a last-target table.
pub(super) struct Branches {
    kind: PredictorKind,
    counters: Vec<u8>,
    history: u64,
    history_mask: u64,
    targets: Vec<(u64, u64)>,
    returns: Vec<u64>,
    return_depth: usize,
    /// Branches and jumps seen, and those mispredicted.
    pub seen: u64,
    pub missed: u64,
}

/// The place of a number in a table.
#[inline(always)]
fn place(number: u64, entries: usize) -> usize {
    // A division takes longer than all the rest.
    if entries.is_power_of_two() { number as usize & (entries - 1) } else { number as usize % entries }
}

impl Branches {
    pub fn new(predictor: &Predictor) -> Branches {
        Branches {
            kind: predictor.kind,
            counters: vec![1; predictor.entries.max(1) as usize],
            history: 0,
            history_mask: (1u64 << predictor.history_bits.min(63)) - 1,
            targets: vec![(u64::MAX, 0); predictor.btb_entries.max(1) as usize],
            returns: Vec::new(),
            return_depth: predictor.ras_entries as usize,
            seen: 0,
            missed: 0,
        }
    }

    /// A conditional branch at `pc`; returns whether it was predicted right.
    pub fn conditional(&mut self, pc: u64, backward: bool, taken: bool) -> bool {
        self.seen += 1;
        let index = match self.kind {
            PredictorKind::Gshare => (pc >> 1) ^ (self.history & self.history_mask),
            _ => pc >> 1,
        };
        let index = place(index, self.counters.len());
        let predicted = match self.kind {
            PredictorKind::Perfect => taken,
            PredictorKind::None => false,
            PredictorKind::Static => backward,
            PredictorKind::Bimodal | PredictorKind::Gshare => self.counters[index] >= 2,
        };
        let counter = &mut self.counters[index];
        *counter = if taken { (*counter + 1).min(3) } else { counter.saturating_sub(1) };
        self.history = self.history << 1 | u64::from(taken);
        self.count(predicted == taken)
    }

    /// A direct jump or call: always right; a call remembers its return address.
    pub fn direct(&mut self, call: bool, return_to: u64) {
        self.seen += 1;
        if call {
            self.push(return_to);
        }
    }

    /// An indirect jump at `pc` that went to `target`; returns whether it was predicted right.
    pub fn indirect(&mut self, pc: u64, target: u64, is_return: bool, call: bool, return_to: u64) -> bool {
        self.seen += 1;
        if self.kind == PredictorKind::Perfect {
            return true;
        }
        let right = if is_return {
            self.returns.pop() == Some(target)
        } else {
            let index = place(pc >> 1, self.targets.len());
            std::mem::replace(&mut self.targets[index], (pc, target)) == (pc, target)
        };
        if call {
            self.push(return_to);
        }
        self.count(right)
    }

    fn push(&mut self, return_to: u64) {
        if self.return_depth == 0 {
            return;
        }
        if self.returns.len() == self.return_depth {
            self.returns.remove(0);
        }
        self.returns.push(return_to);
    }

    fn count(&mut self, right: bool) -> bool {
        self.missed += u64::from(!right);
        right
    }
}
