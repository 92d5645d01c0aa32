//! States of the pipe by number.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::met::Met;
use crate::timing::snapshot::Part;

/// Every state that came up again.
#[derive(Default)]
pub(super) struct States {
    numbers: FxHashMap<Arc<[Part]>, u32>,
    states: Vec<Arc<[Part]>>,
    bytes: usize,
    met: Met,
}

impl States {
    /// The number of a state.
    pub fn number(&mut self, state: &[Part]) -> u32 {
        if let Some(&number) = self.numbers.get(state) {
            return number;
        }
        let number = self.states.len() as u32;
        let state: Arc<[Part]> = state.into();
        self.bytes += size_of_val(&*state) + PER_STATE;
        self.states.push(Arc::clone(&state));
        self.numbers.insert(state, number);
        number
    }

    /// The number of a state that the pipe is in by itself, if it is known or was met before: of the others most are never met
    /// again.
    pub fn met(&mut self, state: &[Part]) -> Option<u32> {
        if let Some(&number) = self.numbers.get(state) {
            return Some(number);
        }
        let again = self.met.again(FxBuildHasher.hash_one(state));
        again.then(|| self.number(state))
    }

    /// A state by its number.
    pub fn get(&self, number: u32) -> &[Part] {
        &self.states[number as usize]
    }

    /// Memory that they take, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What a state takes beside its numbers: counters, allocator, vector and twice its place in the table.
const PER_STATE: usize = 16 + 16 + 16 + 2 * 25;
