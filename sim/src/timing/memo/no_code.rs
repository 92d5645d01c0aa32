//! There is no code for this host.

use rvtile_isa::hart::Entered;

use super::Exit;
use super::tree::{Link, Trees};
use crate::timing::ledger::Ledger;
use crate::timing::outside::World;

/// Never made.
pub(super) enum Code {}

impl Code {
    /// Always `None`.
    pub fn new(_: &World) -> Option<Code> {
        None
    }

    /// Never called, as all that follow.
    pub fn link(&self, _: Link) -> Link {
        match *self {}
    }

    pub fn is_code(_: Link) -> bool {
        false
    }

    pub fn make(&mut self, _: &Trees, _: u32, _: &Entered, _: u32) -> Option<u32> {
        match *self {}
    }

    pub fn run(
        &self,
        _: Link,
        _: &[Entered],
        _: &[u64],
        _: &mut World,
        _: &mut u64,
        _: &mut Ledger,
    ) -> (usize, &Exit, u64) {
        match *self {}
    }
}
