//! Branch prediction.

use crate::machine::{Predictor, PredictorKind};

/// Direction and target prediction. Direct targets cost nothing when the direction is right: the front end finds
/// them early enough; indirect ones come from a return stack and a last-target table.
pub(super) struct Branches {
    kind: PredictorKind,
    /// Counters decide.
    pub counts: bool,
    pub counters: Vec<u8>,
    pub history: u64,
    pub history_mask: u64,
    targets: Vec<(u64, u64)>,
    returns: Vec<u64>,
    return_depth: usize,
    /// Branches and jumps seen, and those mispredicted.
    pub seen: u64,
    pub missed: u64,
}

impl Branches {
    pub fn new(predictor: &Predictor) -> Branches {
        Branches {
            kind: predictor.kind,
            counts: matches!(predictor.kind, PredictorKind::Bimodal | PredictorKind::Gshare),
            counters: vec![1; predictor.entries.max(1) as usize],
            history: 0,
            history_mask: match predictor.kind {
                PredictorKind::Gshare => (1u64 << predictor.history_bits.min(63)) - 1,
                _ => 0,
            },
            targets: vec![(u64::MAX, 0); predictor.btb_entries as usize],
            returns: Vec::new(),
            return_depth: predictor.ras_entries as usize,
            seen: 0,
            missed: 0,
        }
    }

    /// A conditional branch at `pc`; returns whether it was predicted right.
    #[inline(always)]
    pub fn conditional(&mut self, pc: u64, backward: bool, taken: bool) -> bool {
        self.seen += 1;
        let index = remainder(((pc >> 1) ^ (self.history & self.history_mask)) as usize, self.counters.len());
        let counter = self.counters[index];
        let predicted = if self.counts { counter >= 2 } else { self.fixed(backward, taken) };
        self.counters[index] = if taken { (counter + 1).min(3) } else { counter.saturating_sub(1) };
        self.history = self.history << 1 | u64::from(taken);
        self.count(predicted == taken)
    }

    /// What is predicted without counters.
    #[cold]
    fn fixed(&self, backward: bool, taken: bool) -> bool {
        match self.kind {
            PredictorKind::Perfect => taken,
            PredictorKind::Static => backward,
            _ => false,
        }
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
        let right = if self.kind == PredictorKind::None {
            false
        } else if is_return {
            self.returns.pop() == Some(target)
        } else if self.targets.is_empty() {
            false
        } else {
            let index = remainder((pc >> 1) as usize, self.targets.len());
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

/// The remainder of a division. By a power of two it takes no division, which would take longer than all the rest.
#[inline(always)]
fn remainder(number: usize, divisor: usize) -> usize {
    if divisor.is_power_of_two() { number & (divisor - 1) } else { number % divisor }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jumps that a predictor misses: of three to one target from one place, and of a call's return.
    fn missed(kind: PredictorKind, btb_entries: u32, ras_entries: u32) -> (u64, u64) {
        let predictor = Predictor { kind, entries: 4, history_bits: 0, btb_entries, ras_entries };
        let mut branches = Branches::new(&predictor);
        for _ in 0..3 {
            branches.indirect(0x100, 0x800, false, false, 0);
        }
        let jumps = branches.missed;
        branches.direct(true, 0x204);
        branches.indirect(0x900, 0x204, true, false, 0);
        (jumps, branches.missed - jumps)
    }

    #[test]
    fn what_is_not_there_predicts_nothing() {
        for (kind, btb_entries, ras_entries, expected) in [
            (PredictorKind::Perfect, 0, 0, (0, 0)),
            (PredictorKind::None, 32, 6, (3, 1)),
            (PredictorKind::Static, 32, 6, (1, 0)),
            (PredictorKind::Gshare, 1, 6, (1, 0)),
            (PredictorKind::Gshare, 0, 6, (3, 0)),
            (PredictorKind::Gshare, 32, 0, (1, 1)),
            (PredictorKind::Gshare, 0, 0, (3, 1)),
        ] {
            assert_eq!(missed(kind, btb_entries, ras_entries), expected, "{kind:?} {btb_entries} {ras_entries}");
        }
    }
}
