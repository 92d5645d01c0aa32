//! How accesses go to their lines.

use super::Hierarchy;
use crate::machine::StartLevel;

/// How an access goes to its lines. What of it is the same for all accesses of a kind is known where the code for them is
/// compiled. It fits into a register of the host.
#[derive(Clone, Copy)]
pub(in crate::timing) struct Way {
    pub(super) write: bool,
    /// Index of the stage that it begins at: the L1D's or that behind it.
    pub(super) first: u8,
    /// The part of the latency that the requester's own latency already has.
    pub(super) base: u32,
    /// It takes none of the L1D's places for fills.
    pub(super) streams: bool,
    /// It finds lines in the L1D too, though it begins behind it.
    pub(super) looks: bool,
    /// The prefetcher sees it.
    pub(super) trains: bool,
}

impl Way {
    /// Through the L1D, of accesses that nothing is special about.
    pub(super) fn new(write: bool) -> Way {
        Way { write, first: 0, base: 0, streams: false, looks: false, trains: false }
    }

    /// Whether it begins at the L1D.
    #[inline(always)]
    pub fn at_l1d(self) -> bool {
        self.first == 0
    }

    /// Whether it finds lines in the L1D.
    #[inline(always)]
    pub fn reads_l1d(self) -> bool {
        self.first == 0 || self.looks
    }

    /// Whether it finds lines in the L1D, but begins behind it.
    pub fn looks(self) -> bool {
        self.looks
    }

    /// That of a stream which finds lines in the L1D if it is a load, but not if it is a store: the code knows that it is.
    #[inline(always)]
    pub fn of_stream<const WRITE: bool>(self) -> Way {
        Way { write: WRITE, first: u8::from(WRITE || self.looks), looks: !WRITE && self.looks, streams: true, ..self }
    }
}

impl Hierarchy {
    /// Of scattered accesses of the vector unit, beginning at the L1D or behind it.
    pub fn element_way(&self, write: bool, through_l1d: bool) -> Way {
        let trains = self.trains_vector;
        if through_l1d {
            return Way { trains, ..Way::new(write) };
        }
        // The latency of the nearest level is part of the latency of an instruction that begins there.
        let first = self.shape.behind_l1;
        let base = self.stages.get(first).map_or(0, |stage| stage.latency) as u32;
        Way { trains, first: first as u8, base, ..Way::new(write) }
    }

    /// Of unit-stride accesses of the vector unit. They do not take the L1D's places for fills; where they begin there, `early`
    /// cycles of the latency behind the L1D are saved.
    pub fn stream_way(&self, write: bool, start: StartLevel, early: u32) -> Way {
        let way = self.element_way(write, start == StartLevel::L1d);
        let looks = start == StartLevel::Either;
        Way { streams: true, looks, base: if start == StartLevel::L2 { way.base } else { early }, ..way }
    }
}
