//! Which blocks are worth remembering.
//!
//! A miss costs as much as several blocks that the pipe works out without memory. Where they stay close together, as in
//! code whose lines hit and miss caches in ever new combinations, memory is left alone. Where there are many combinations
//! but not ever new ones, misses become fewer only after thousands of them: the first ones need not pay.

/// Misses of a block after which it is looked how close together they were.
const TRIAL: u32 = 256;

/// Hits in front of a miss that pay for it.
const WORTH: u32 = 4;

/// Misses of a block from which on they all must be paid for; of the first the part that this one is of all these.
const PATIENCE: u32 = 1 << 15;

/// Blocks behind one that is not worth remembering that are not looked up either.
const PAUSE: u32 = 2;

/// How often a block that is not worth it must be met until it gets another trial: at first, and at most.
const RESTS: (u32, u32) = (1 << 6, 1 << 18);

/// What is known of a block.
#[derive(Clone, Copy)]
struct Habit {
    /// Misses so far, no more than make a difference.
    all: u32,
    /// Misses in the present trial.
    misses: u32,
    /// Hits, of whatever blocks, directly in front of them.
    hits: u32,
    /// How often it must be met until it gets another trial; 0 while it is remembered.
    rest: u32,
    next_rest: u32,
}

/// What is known of all blocks, by number.
#[derive(Default)]
pub(super) struct Habits {
    blocks: Vec<Habit>,
    /// Blocks until the next one is looked at.
    pause: u32,
    /// All hits up to the latest miss.
    before: u64,
}

impl Habits {
    /// Whether a block is remembered.
    #[inline(always)]
    pub fn remembers(&self, block: u32) -> bool {
        self.blocks.get(block as usize).is_none_or(|habit| habit.rest == 0)
    }

    /// The pipe comes to a block. Whether that is to be looked up or learned.
    pub fn heeds(&mut self, block: u32) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        let Some(habit) = self.blocks.get_mut(block as usize).filter(|habit| habit.rest > 0) else { return true };
        habit.rest -= 1;
        self.pause = PAUSE;
        false
    }

    /// The next blocks are not looked at.
    pub fn pause(&mut self) {
        self.pause = PAUSE;
    }

    /// A block was not known, after so many `hits` since the beginning.
    pub fn miss(&mut self, block: u32, hits: u64) {
        let block = block as usize;
        if self.blocks.len() <= block {
            self.blocks.resize(block + 1, Habit { all: 0, misses: 0, hits: 0, rest: 0, next_rest: RESTS.0 });
        }
        let habit = &mut self.blocks[block];
        // One long way without a miss does not pay for all others.
        habit.hits += (hits - self.before).min(u64::from(4 * WORTH)) as u32;
        self.before = hits;
        habit.misses += 1;
        if habit.misses < TRIAL {
            return;
        }
        habit.all = (habit.all + TRIAL).min(PATIENCE);
        if habit.hits < TRIAL * WORTH / (PATIENCE / habit.all) {
            habit.rest = habit.next_rest;
            habit.next_rest = (habit.next_rest * 2).min(RESTS.1);
        } else {
            habit.next_rest = RESTS.0;
        }
        (habit.misses, habit.hits) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_with_misses_close_together_rests_for_a_while() {
        let (mut habits, mut hits) = (Habits::default(), 0);
        let mut trial = |habits: &mut Habits, block, gap| {
            for _ in 0..TRIAL {
                hits += gap;
                habits.miss(block, hits);
            }
        };
        trial(&mut habits, 3, u64::from(WORTH));
        assert!(habits.remembers(3) && habits.heeds(3));
        trial(&mut habits, 5, 0);
        assert!(!habits.remembers(5) && habits.remembers(3) && habits.remembers(99));
        let mut meetings = 0;
        while !habits.remembers(5) {
            assert!(!habits.heeds(5));
            assert!((0..PAUSE).all(|_| !habits.heeds(3)), "what follows is let alone too");
            meetings += 1;
        }
        assert_eq!(meetings, RESTS.0);
        assert!(habits.heeds(5), "another trial");
        trial(&mut habits, 5, 0);
        assert_eq!(habits.blocks[5].rest, 2 * RESTS.0);
    }

    #[test]
    fn a_block_has_time_to_learn_many_ways() {
        let (mut habits, mut hits) = (Habits::default(), 0);
        let mut miss = |habits: &mut Habits, gap| {
            hits += gap;
            habits.miss(7, hits);
        };
        // One hit for each miss is enough at first, but not for ever.
        let enough = PATIENCE / WORTH;
        (0..enough).for_each(|_| miss(&mut habits, 1));
        assert!(habits.remembers(7));
        (0..enough).for_each(|_| miss(&mut habits, 1));
        assert!(!habits.remembers(7));
    }
}
