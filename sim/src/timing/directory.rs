//! Which lines the data caches hold, and where: one look tells it for all levels, where every cache would be searched.

use rustc_hash::FxHashMap;

/// Levels of caches, at most.
pub(super) const LEVELS: usize = 3;

/// log2 of the lines in a group.
const GROUP_LOG2: u32 = 6;

/// No group has this number.
const NOTHING: u64 = u64::MAX;

/// Slots of the table of recent groups.
const RECENT: usize = 1024;

/// A line, as long as a cache holds one of its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id(u32);

/// Neighbouring lines.
struct Group {
    /// Its number: that of its lines without their lowest bits.
    number: u64,
    /// How many places its lines have in caches.
    held: u32,
}

/// Where lines are. Groups of which nothing is held are forgotten, so it is never larger than a multiple of the caches.
pub(super) struct Directory {
    groups: Vec<Group>,
    /// For each line of each group its place in each cache, from 1 on, or 0.
    places: Vec<[u32; LEVELS]>,
    by_number: FxHashMap<u64, u32>,
    /// Where to look first, by the low bits of a group's number.
    recent: Box<[u32; RECENT]>,
    vacant: Vec<u32>,
    latest: u32,
}

impl Default for Directory {
    fn default() -> Directory {
        let mut directory = Directory {
            groups: Vec::new(),
            places: Vec::new(),
            by_number: FxHashMap::default(),
            recent: Box::new([0; RECENT]),
            vacant: Vec::new(),
            latest: 0,
        };
        // There always is one to look at.
        directory.add(NOTHING);
        directory
    }
}

impl Directory {
    /// A line, which need not be held anywhere. It stays valid until another one is asked for, and beyond as long as it
    /// is held.
    #[inline(always)]
    pub fn line(&mut self, line: u64) -> Id {
        let number = line >> GROUP_LOG2;
        let recent = self.recent[number as usize % RECENT];
        let group = if self.groups[recent as usize].number == number { recent } else { self.find(number) };
        Id(group << GROUP_LOG2 | line as u32 & ((1 << GROUP_LOG2) - 1))
    }

    /// Its number.
    pub fn number(&self, id: Id) -> u64 {
        self.groups[id.group()].number << GROUP_LOG2 | u64::from(id.0 & ((1 << GROUP_LOG2) - 1))
    }

    /// Where a cache holds it.
    #[inline(always)]
    pub fn place(&self, id: Id, level: usize) -> Option<u32> {
        self.places[id.0 as usize][level].checked_sub(1)
    }

    /// A cache, which did not hold it, does now.
    pub fn arrived(&mut self, id: Id, level: usize, place: u32) {
        self.places[id.0 as usize][level] = place + 1;
        self.groups[id.group()].held += 1;
    }

    /// A cache, which held it, does not any more.
    pub fn left(&mut self, id: Id, level: usize) {
        self.places[id.0 as usize][level] = 0;
        let group = &mut self.groups[id.group()];
        group.held -= 1;
        if group.held == 0 {
            self.release(id.group() as u32);
        }
    }

    #[inline(never)]
    fn find(&mut self, number: u64) -> u32 {
        let group = match self.by_number.get(&number) {
            Some(&group) => group,
            None => self.add(number),
        };
        self.recent[number as usize % RECENT] = group;
        group
    }

    fn add(&mut self, number: u64) -> u32 {
        // The one that was added last may have come to nothing.
        if self.groups.get(self.latest as usize).is_some_and(|group| group.held == 0 && group.number != NOTHING) {
            self.release(self.latest);
        }
        let fresh = Group { number, held: 0 };
        let group = match self.vacant.pop() {
            Some(group) => {
                self.groups[group as usize] = fresh;
                group
            }
            None => {
                self.groups.push(fresh);
                self.places.resize(self.groups.len() << GROUP_LOG2, [0; LEVELS]);
                self.groups.len() as u32 - 1
            }
        };
        self.by_number.insert(number, group);
        self.latest = group;
        group
    }

    fn release(&mut self, group: u32) {
        let number = std::mem::replace(&mut self.groups[group as usize].number, NOTHING);
        self.by_number.remove(&number);
        self.vacant.push(group);
    }
}

impl Id {
    fn group(self) -> usize {
        (self.0 >> GROUP_LOG2) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_live_as_long_as_a_line_is_held() {
        let mut directory = Directory::default();
        let (first, far) = (directory.line(0x1007), 0x1007 << 20);
        directory.arrived(first, 0, 0);
        directory.arrived(first, 2, 9);
        for line in 0..10_000 {
            let id = directory.line(far + line);
            assert_eq!(directory.place(id, 0), None);
        }
        assert!(directory.groups.len() < 4, "groups without held lines are used again");
        let again = directory.line(0x1007);
        assert_eq!((again, directory.number(again)), (first, 0x1007));
        assert_eq!([0, 1, 2].map(|level| directory.place(again, level)), [Some(0), None, Some(9)]);
        directory.left(again, 0);
        directory.left(again, 2);
        let anew = directory.line(0x1007);
        assert_eq!([0, 1, 2].map(|level| directory.place(anew, level)), [None; 3]);
        assert!(directory.by_number.len() < 4);
    }
}
