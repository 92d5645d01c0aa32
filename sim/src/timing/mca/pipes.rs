//! The units that instructions take, and how one of two is picked.

/// A unit, or a pair of which either will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Resource {
    PipeA,
    PipeB,
    IDiv,
    FDiv,
    /// The vector command queue: one instruction leaves it per cycle.
    Vcq,
    /// The arithmetic sequencer, or the first of two.
    Va,
    Va2,
    Vl,
    Vs,
    PipeAB,
    VaAny,
}

impl Resource {
    /// Units and pairs.
    pub const COUNT: usize = 11;

    /// The units.
    pub const UNITS: [Resource; 9] = [
        Resource::PipeA,
        Resource::PipeB,
        Resource::IDiv,
        Resource::FDiv,
        Resource::Vcq,
        Resource::Va,
        Resource::Va2,
        Resource::Vl,
        Resource::Vs,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Resource::PipeA => "PipeA",
            Resource::PipeB => "PipeB",
            Resource::IDiv => "IDiv",
            Resource::FDiv => "FDiv",
            Resource::Vcq => "VCQ",
            Resource::Va => "VA",
            Resource::Va2 => "VA2",
            Resource::Vl => "VL",
            Resource::Vs => "VS",
            Resource::PipeAB => "PipeAB",
            Resource::VaAny => "VA1|VA2",
        }
    }
}

/// Picks one of two units in turn. A unit is one bit, the first unit 1, the second 2.
pub(super) struct Wheel {
    units: [Resource; 2],
    /// Units whose turn is still to come in this round.
    next: u8,
    /// Units that had their turn before it came.
    gone: u8,
}

impl Wheel {
    pub fn new(first: Resource, second: Resource) -> Wheel {
        Wheel { units: [first, second], next: 3, gone: 0 }
    }

    /// Picks a unit of those that are free, of which there is at least one.
    pub fn pick(&mut self, free: [bool; 2]) -> Resource {
        let free = u8::from(free[0]) | u8::from(free[1]) << 1;
        let mut candidates = free & self.next;
        if candidates == 0 {
            self.new_round();
            candidates = free & self.next;
        }
        if candidates == 0 {
            self.next = 3;
            candidates = free;
        }
        let unit = if candidates & 2 != 0 {
            2
        } else {
            self.next &= 1;
            1
        };
        self.mark(unit);
        self.units[usize::from(unit) - 1]
    }

    /// A unit was taken by an instruction that can go nowhere else; it may be none of these.
    pub fn used(&mut self, unit: Resource) {
        if let Some(index) = self.units.iter().position(|own| *own == unit) {
            self.mark(index as u8 + 1);
        }
    }

    fn mark(&mut self, unit: u8) {
        if unit > self.next {
            self.gone |= unit;
            return;
        }
        self.next &= !unit;
        if self.next == 0 {
            self.new_round();
        }
    }

    fn new_round(&mut self) {
        self.next = 3 ^ self.gone;
        self.gone = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_free_units_take_turns() {
        let mut wheel = Wheel::new(Resource::PipeA, Resource::PipeB);
        let picks: Vec<Resource> = (0..4).map(|_| wheel.pick([true, true])).collect();
        assert_eq!(picks, [Resource::PipeB, Resource::PipeA, Resource::PipeB, Resource::PipeA]);
    }

    #[test]
    fn a_unit_that_was_used_waits_for_its_next_turn() {
        let mut wheel = Wheel::new(Resource::PipeA, Resource::PipeB);
        wheel.used(Resource::PipeB);
        assert_eq!(wheel.pick([true, true]), Resource::PipeA);
        wheel.used(Resource::Vs);
        assert_eq!(wheel.pick([true, true]), Resource::PipeB, "a new round");
    }
}
