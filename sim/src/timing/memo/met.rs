//! What was met lately: of most things that come up once nothing is heard again, and only others are worth memory.

/// Hashes of things that were met lately, as many as have a place.
pub(super) struct Met {
    hashes: Box<[u64; PLACES]>,
}

const PLACES: usize = 1 << 13;

impl Default for Met {
    fn default() -> Met {
        Met { hashes: Box::new([0; PLACES]) }
    }
}

impl Met {
    /// Something with this hash is met. Whether it was before.
    pub fn again(&mut self, hash: u64) -> bool {
        // All bits go into the place: what differs in a few must not take turns in one.
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = &mut self.hashes[(mixed >> (64 - PLACES.ilog2())) as usize];
        std::mem::replace(place, hash) == hash
    }
}
