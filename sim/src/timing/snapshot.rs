//! The state of the pipe as short numbers: times relative to the present cycle, and nothing that makes no difference any more.
//!
//! Writing and reading are one walk over the state, so that they cannot disagree: a [`Fold`] is handed every part.

use super::ledger::Cause;

/// One side of the walk.
pub(super) trait Fold {
    /// The present cycle.
    fn now(&self) -> u64;

    /// Any number.
    fn word(&mut self, word: &mut u64);

    /// A time that makes no difference once it is past.
    #[inline(always)]
    fn time(&mut self, time: &mut u64) {
        let now = self.now();
        let mut left = time.saturating_sub(now);
        self.word(&mut left);
        *time = now + left;
    }

    /// A time that makes a difference until the cycle after it.
    #[inline(always)]
    fn recent(&mut self, time: &mut u64) {
        let before = self.now() - 1;
        let mut left = time.saturating_sub(before);
        self.word(&mut left);
        *time = before + left;
    }

    /// Times of which the order counts even when they are past.
    fn order(&mut self, times: &mut [u64]) {
        if let [time] = times {
            return self.time(time);
        }
        let now = self.now();
        let earliest = now - times.len() as u64;
        let old: Vec<u64> = times.to_vec();
        for time in times {
            // Past ones are numbered from the latest on.
            let mut later: Vec<u64> = old.iter().copied().filter(|other| *other <= now && other > time).collect();
            later.sort_unstable();
            later.dedup();
            let mut left = if *time > now { *time - earliest } else { old.len() as u64 - later.len() as u64 };
            self.word(&mut left);
            *time = earliest + left;
        }
    }

    /// A cause, if it can still be told.
    fn cause(&mut self, cause: &mut Option<Cause>, told: bool) {
        if !told {
            *cause = None;
            return;
        }
        let mut number = cause.map_or(0, |cause| cause as u64 + 1);
        self.word(&mut number);
        *cause = number.checked_sub(1).map(|number| Cause::ALL[number as usize]);
    }

    /// A time with the cause of waiting for it.
    fn wait(&mut self, (time, cause): &mut (u64, Cause)) {
        self.time(time);
        let mut told = Some(*cause);
        self.cause(&mut told, *time > self.now());
        *cause = told.unwrap_or(*cause);
    }
}

/// Folds what nobody asks about before a cycle that is later than the present one.
pub(super) struct Later<'a, F> {
    pub fold: &'a mut F,
    pub from: u64,
}

impl<F: Fold> Fold for Later<'_, F> {
    #[inline(always)]
    fn now(&self) -> u64 {
        self.from.max(self.fold.now())
    }

    #[inline(always)]
    fn word(&mut self, word: &mut u64) {
        self.fold.word(word);
    }
}

/// The places of the ones of a number.
pub(super) fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (place < 64).then_some(place)
    })
}

/// Numbers that a state is written in: most fit into one.
pub(super) type Part = u16;

/// In front of one that takes four.
const LONG: Part = Part::MAX;

/// Writes the state.
pub(super) struct Writer<'a> {
    pub now: u64,
    pub parts: &'a mut Vec<Part>,
}

impl Fold for Writer<'_> {
    fn now(&self) -> u64 {
        self.now
    }

    #[inline(always)]
    fn word(&mut self, word: &mut u64) {
        if *word < u64::from(LONG) {
            self.parts.push(*word as Part);
        } else {
            self.long(*word);
        }
    }
}

impl Writer<'_> {
    #[cold]
    fn long(&mut self, word: u64) {
        self.parts.push(LONG);
        self.parts.extend([0, 16, 32, 48].map(|at| (word >> at) as Part));
    }
}

/// Reads what a [`Writer`] wrote, maybe at another cycle.
pub(super) struct Reader<'a> {
    pub now: u64,
    pub parts: &'a [Part],
}

impl Fold for Reader<'_> {
    fn now(&self) -> u64 {
        self.now
    }

    #[inline(always)]
    fn word(&mut self, word: &mut u64) {
        *word = match *self.parts {
            [part, ref rest @ ..] if part != LONG => {
                self.parts = rest;
                u64::from(part)
            }
            _ => self.long(),
        };
    }
}

impl Reader<'_> {
    #[cold]
    fn long(&mut self) -> u64 {
        let [_, a, b, c, d, ref rest @ ..] = *self.parts else { return 0 };
        self.parts = rest;
        [d, c, b, a].into_iter().fold(0, |word, part| word << 16 | u64::from(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(fold: &mut impl Fold, state: &mut ([u64; 3], u64, (u64, Cause), u64)) {
        fold.order(&mut state.0);
        fold.recent(&mut state.1);
        fold.wait(&mut state.2);
        fold.word(&mut state.3);
    }

    #[test]
    fn states_that_act_alike_have_the_same_numbers() {
        let write = |now, mut state| {
            let mut parts = Vec::new();
            fold(&mut Writer { now, parts: &mut parts }, &mut state);
            parts
        };
        let one = write(1000, ([990, 1007, 400], 999, (800, Cause::Branch), 1 << 40));
        let later = write(5000, ([4999, 5007, 4990], 4999, (5000, Cause::Dram), 1 << 40));
        assert_eq!(one, later);
        assert_ne!(one, write(5000, ([4990, 5007, 4999], 4999, (5000, Cause::Dram), 1 << 40)), "another order");
        let mut read = ([0; 3], 0, (0, Cause::Issue), 0);
        fold(&mut Reader { now: 200, parts: &one }, &mut read);
        assert_eq!(read, ([200, 207, 199], 199, (200, Cause::Issue), 1 << 40));
        let waits = write(10, ([0; 3], 0, (12, Cause::Dram), 0));
        fold(&mut Reader { now: 20, parts: &waits }, &mut read);
        assert_eq!(read.2, (22, Cause::Dram));
    }
}
