//! Which blocks are worth remembering.
//!
//! A miss costs as much as several blocks that the pipe works out without memory. Where they come close together, as in
//! code whose lines hit and miss caches in ever new combinations, memory is left alone.

/// Misses of a block after which it is looked how close together they were.
const TRIAL: u32 = 256;

/// Hits in front of a miss that pay for it.
const WORTH: u32 = 4;

/// Blocks behind one that is not worth remembering that are not looked up either.
const PAUSE: u32 = 2;

/// How often a block that is not worth it must be met until it gets another trial: at first, and at most.
const RESTS: (u32, u32) = (1 << 6, 1 << 18);

/// What is known of a block.
#[derive(Clone, Copy)]
struct Habit {
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
            self.blocks.resize(block + 1, Habit { misses: 0, hits: 0, rest: 0, next_rest: RESTS.0 });
        }
        let habit = &mut self.blocks[block];
        // One long way without a miss does not pay for all others.
        habit.hits += (hits - self.before).min(u64::from(4 * WORTH)) as u32;
        self.before = hits;
        habit.misses += 1;
        if habit.misses < TRIAL {
            return;
        }
        if habit.hits < TRIAL * WORTH {
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
        trial(&mut habits, 5, 1);
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
}
