//! Counters that a program may set and stop, on top of the clocks that the engine passes in.

/// Counter values that the engine passes in; see [`Props::CLOCK`](crate::row::Props::CLOCK).
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Simulated cycles since reset.
    pub cycle: u64,
    /// Real-time counter, in ticks of the machine's timebase.
    pub time: u64,
    /// Instructions retired since reset.
    pub instret: u64,
}

/// What a program sees of a clock that it may set (mcycle, minstret) and stop (mcountinhibit).
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    offset: u64,
    /// The value while the counter stands still.
    held: Option<u64>,
}

impl Counter {
    /// The counter's value when the clock shows `clock`.
    pub fn value(&self, clock: u64) -> u64 {
        self.held.unwrap_or(clock.wrapping_add(self.offset))
    }

    /// Makes the counter show `value` when the clock shows `clock`.
    pub fn set(&mut self, clock: u64, value: u64) {
        self.offset = value.wrapping_sub(clock);
        if let Some(held) = &mut self.held {
            *held = value;
        }
    }

    /// Stops the counter or lets it run.
    pub fn hold(&mut self, clock: u64, on: bool) {
        match (self.held, on) {
            (None, true) => self.held = Some(self.value(clock)),
            (Some(value), false) => {
                self.held = None;
                self.set(clock, value);
            }
            _ => {}
        }
    }

    /// Whether the counter stands still.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_set_stopped_and_started() {
        let mut counter = Counter::default();
        assert_eq!(counter.value(10), 10);
        counter.set(10, 1000);
        assert_eq!(counter.value(12), 1002);
        counter.hold(15, true);
        assert_eq!(counter.value(99), 1005);
        counter.set(99, 7);
        assert_eq!(counter.value(100), 7);
        counter.hold(200, false);
        assert_eq!(counter.value(203), 10);
    }
}
