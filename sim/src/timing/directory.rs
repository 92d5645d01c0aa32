//! Which lines the data caches hold, and where: one look tells it for all levels, where every cache would be searched.

use rustc_hash::FxHashMap;

use super::cache::Level;

/// No page has this number.
const NOTHING: u64 = u64::MAX;

/// Slots of the table of recent pages.
pub(super) const RECENT: usize = 1024;

/// Pages from which on those of which nothing is held any more are looked for.
const FIRST_SEARCH: usize = 1024;

pub(super) const PAGE_BYTES: u64 = 4096;

/// A line, as long as a cache holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u32);

/// A line that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Located {
    /// It stays valid until another line is looked up, and beyond as long as it is held.
    pub id: Id,
    /// Its number.
    pub line: u64,
    /// Its number in physical memory.
    pub at: u64,
}

/// A line as a cache holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// When its data are there: later than now while a fill or a prefetch is under way.
    pub ready: u64,
    /// Who supplied it: for the ledger, while it is under way.
    pub from: Level,
}

impl Held {
    #[inline(always)]
    pub fn pack(self) -> u64 {
        self.ready << 2 | self.from as u64
    }

    #[inline(always)]
    pub fn unpack(word: u64) -> Held {
        Held { ready: word >> 2, from: Level::of(word) }
    }
}

/// What becomes of a line that leaves a level.
pub(super) struct Left {
    pub dirty: bool,
    /// The next level holds it too, and has it dirty from now on if it is.
    pub held_behind: bool,
}

/// What the caches hold of 64 lines with numbers in a row, which are bits here.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Group<const LEVELS: usize> {
    /// Lines that each level holds.
    pub held: [u64; LEVELS],
    /// Those of them that it must write back.
    pub dirty: [u64; LEVELS],
    /// No data of lines that each of the first levels holds come later.
    pub ready: [u64; 2],
}

const _: () = assert!(size_of::<Group<3>>() == 64, "a line of the host's cache");

/// Lines of a group.
pub(super) const GROUP: u64 = 64;

/// Bytes in a line where pages are groups.
pub(super) const LINE_BYTES: u64 = PAGE_BYTES / GROUP;

/// A page that was looked up lately.
#[derive(Clone, Copy)]
pub(super) struct Recent {
    pub number: u64,
    /// The physical number of its first line.
    pub physical: u64,
    /// Its first line.
    pub first: u32,
}

const NO_PAGE: Recent = Recent { number: NOTHING, physical: NOTHING, first: 0 };

/// Where lines are, page by page, in so many levels of caches.
pub(super) struct Directory<const LEVELS: usize> {
    /// Numbers of pages.
    pages: Vec<u64>,
    /// The lines of each page, packed: what is here of a level means something only while that holds the line.
    lines: Vec<[u64; LEVELS]>,
    /// Which levels hold which of them.
    groups: Vec<Group<LEVELS>>,
    /// Where these are, which move when they grow: for code that is made at run time.
    pub at: *mut Group<LEVELS>,
    by_number: FxHashMap<u64, u32>,
    /// Where to look first, by the low bits of a page's number.
    pub recent: Box<[Recent; RECENT]>,
    vacant: Vec<u32>,
    /// Pages from which on those of which nothing is held any more are looked for.
    search_at: usize,
    /// log2 of the lines in a page, and one less than these.
    log2: u32,
    mask: u64,
    scattered: bool,
}

impl Id {
    /// The line of vacant places.
    pub const NONE: Id = Id(0);

    /// Itself as an index.
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Lines of its group in front of it.
    #[inline(always)]
    pub fn place(self) -> u64 {
        u64::from(self.0) % GROUP
    }

    /// Its bit among those of its group.
    #[inline(always)]
    pub fn bit(self) -> u64 {
        1 << self.place()
    }
}

impl Located {
    /// This line and so many `more` behind it, all of one group, as bits.
    #[inline(always)]
    pub fn bits(self, more: u64) -> u64 {
        debug_assert!(more < self.left_in_group());
        (2_u64 << more).wrapping_sub(1) << self.id.place()
    }

    /// The first line of its group.
    #[inline(always)]
    pub fn first_of_group(self) -> Located {
        let place = self.id.place();
        Located { id: Id(self.id.0 - place as u32), line: self.line - place, at: self.at - place }
    }

    /// Lines from here on to the end of the group.
    #[inline(always)]
    pub fn left_in_group(self) -> u64 {
        GROUP - self.id.place()
    }
}

impl<const LEVELS: usize> Group<LEVELS> {
    const EMPTY: Group<LEVELS> = Group { held: [0; LEVELS], dirty: [0; LEVELS], ready: [0; 2] };

    /// Whether a level holds all these lines, with their data there by `time`.
    #[inline(always)]
    pub fn has(&self, level: usize, bits: u64, time: u64) -> bool {
        self.held[level] & bits == bits && self.ready[level] <= time
    }
}

impl<const LEVELS: usize> Directory<LEVELS> {
    /// For lines of 2^`line_log2` bytes. With `scattered` pages lie anywhere in physical memory.
    pub fn new(line_log2: u32, scattered: bool) -> Directory<LEVELS> {
        let log2 = (PAGE_BYTES >> line_log2).max(1).trailing_zeros();
        let mut directory = Directory {
            pages: Vec::new(),
            // Not copied while it grows, as long as that is little.
            lines: Vec::with_capacity(FIRST_SEARCH << log2),
            groups: Vec::new(),
            at: std::ptr::null_mut(),
            by_number: FxHashMap::default(),
            recent: Box::new([NO_PAGE; RECENT]),
            vacant: Vec::new(),
            search_at: FIRST_SEARCH,
            log2,
            mask: (1 << log2) - 1,
            scattered,
        };
        // That of `Id::NONE`.
        directory.add(NOTHING);
        directory
    }

    /// Looks a line up, which need not be held anywhere.
    #[inline(always)]
    pub fn line(&mut self, line: u64) -> Located {
        let number = line >> self.log2;
        let mut page = self.recent[number as usize % RECENT];
        if page.number != number {
            page = self.find(number);
        }
        let within = line & self.mask;
        Located { id: Id(page.first | within as u32), line, at: page.physical | within }
    }

    /// The line at `addr`, if pages are groups, and its page was looked up lately and is that of the last byte too. What is constant then
    /// is so in the code.
    #[inline(always)]
    pub fn recent(&self, addr: u64, last: u64) -> Option<Located> {
        let number = addr / PAGE_BYTES;
        let page = &self.recent[number as usize % RECENT];
        let known = page.number == number && last / PAGE_BYTES == number;
        let line = addr / LINE_BYTES;
        let within = line % GROUP;
        known.then_some(Located { id: Id(page.first | within as u32), line, at: page.physical | within })
    }

    /// The line with the physical number `at`, given another one; `None` if it is in another page.
    #[inline(always)]
    pub fn beside(&self, known: Located, at: u64) -> Option<Located> {
        let distance = at.wrapping_sub(known.at);
        (at ^ known.at <= self.mask).then(|| Located {
            id: Id(known.id.0.wrapping_add(distance as u32)),
            line: known.line.wrapping_add(distance),
            at,
        })
    }

    /// Whether pages lie anywhere in physical memory.
    pub fn scattered(&self) -> bool {
        self.scattered
    }

    /// So many lines behind one that was looked up, in the same page.
    #[inline(always)]
    pub fn within(&self, known: Located, lines: u64) -> Located {
        debug_assert!(lines < self.left_in_page(known) || lines == 0);
        Located { id: Id(known.id.0 + lines as u32), line: known.line + lines, at: known.at + lines }
    }

    /// Lines from one on to the end of its page.
    #[inline(always)]
    pub fn left_in_page(&self, known: Located) -> u64 {
        self.mask + 1 - (known.line & self.mask)
    }

    /// Lines in a page.
    pub fn page_lines(&self) -> u64 {
        self.mask + 1
    }

    /// The number of a line.
    #[inline(always)]
    pub fn number(&self, id: Id) -> u64 {
        self.pages[(id.0 >> self.log2) as usize] << self.log2 | u64::from(id.0) & self.mask
    }

    /// What the caches hold of the lines around one.
    #[inline(always)]
    pub fn group(&mut self, id: Id) -> &mut Group<LEVELS> {
        let group = id.0 as usize / GROUP as usize;
        debug_assert!(group < self.groups.len());
        // SAFETY: an id is made of a page of the directory, whose lines and groups are never taken away, and a line within it.
        // Several looks are taken for each line that moves, and nothing else in them would take as long as the check.
        unsafe { self.groups.get_unchecked_mut(group) }
    }

    #[inline(always)]
    fn entry(&mut self, id: Id, level: usize) -> &mut u64 {
        debug_assert!((id.0 as usize) < self.lines.len());
        // SAFETY: as in `group`.
        let levels = unsafe { self.lines.get_unchecked_mut(id.0 as usize) };
        &mut levels[level]
    }

    /// Whether a level holds a line.
    #[inline(always)]
    pub fn holds(&mut self, id: Id, level: usize) -> bool {
        self.group(id).held[level] & id.bit() != 0
    }

    /// How a level holds a line, if it does.
    #[inline(always)]
    pub fn held(&mut self, id: Id, level: usize) -> Option<Held> {
        self.holds(id, level).then(|| Held::unpack(*self.entry(id, level)))
    }

    /// How a level holds a line that it holds.
    #[inline(always)]
    pub fn how(&mut self, id: Id, level: usize) -> Held {
        debug_assert!(self.holds(id, level));
        Held::unpack(*self.entry(id, level))
    }

    /// A level holds a line from now on, or holds it in another way.
    #[inline(always)]
    pub fn hold(&mut self, id: Id, level: usize, held: Held) {
        let group = self.group(id);
        group.held[level] |= id.bit();
        if let Some(ready) = group.ready.get_mut(level) {
            *ready = held.ready.max(*ready);
        }
        *self.entry(id, level) = held.pack();
    }

    /// A level must write back a line that it holds.
    #[inline(always)]
    pub fn soil(&mut self, id: Id, level: usize) {
        self.group(id).dirty[level] |= id.bit();
    }

    /// Whether a level holds a line and must write it back.
    #[inline(always)]
    pub fn is_dirty(&mut self, id: Id, level: usize) -> bool {
        self.group(id).dirty[level] & id.bit() != 0
    }

    /// A level does not hold a line any more.
    #[inline(always)]
    pub fn leave(&mut self, id: Id, level: usize) -> Left {
        let (group, bit) = (self.group(id), id.bit());
        let dirty = group.dirty[level] & bit;
        group.held[level] &= !bit;
        group.dirty[level] &= !bit;
        let held_behind = group.held.get(level + 1).is_some_and(|held| held & bit != 0);
        if held_behind {
            group.dirty[level + 1] |= dirty;
        }
        Left { dirty: dirty != 0, held_behind }
    }

    /// The same of a line that it need not write back.
    #[inline(always)]
    pub fn leave_clean(&mut self, id: Id, level: usize) {
        debug_assert!(!self.is_dirty(id, level));
        self.group(id).held[level] &= !id.bit();
    }

    #[inline(never)]
    fn find(&mut self, number: u64) -> Recent {
        let page = match self.by_number.get(&number) {
            Some(&page) => page,
            None => self.add(number),
        };
        let physical = if self.scattered { u64::from(scatter(number as u32)) } else { number };
        let recent = Recent { number, physical: physical << self.log2, first: page << self.log2 };
        self.recent[number as usize % RECENT] = recent;
        recent
    }

    fn add(&mut self, number: u64) -> u32 {
        if self.vacant.is_empty() && self.pages.len() >= self.search_at {
            self.search();
        }
        let page = match self.vacant.pop() {
            Some(page) => {
                self.pages[page as usize] = number;
                page
            }
            None => {
                self.pages.push(number);
                let lines = self.pages.len() << self.log2;
                self.lines.resize(lines, [0; LEVELS]);
                self.groups.resize(lines.div_ceil(GROUP as usize), Group::EMPTY);
                self.at = self.groups.as_mut_ptr();
                self.pages.len() as u32 - 1
            }
        };
        self.by_number.insert(number, page);
        page
    }

    /// Forgets the pages of which nothing is held.
    #[cold]
    fn search(&mut self) {
        for page in 1..self.pages.len() {
            let mut lines = (page << self.log2)..(page + 1) << self.log2;
            if lines.all(|line| (0..LEVELS).all(|level| !self.holds(Id(line as u32), level))) {
                self.by_number.remove(&self.pages[page]);
                self.vacant.push(page as u32);
            }
        }
        self.recent.fill(NO_PAGE);
        // Half of them shall be of use before the next search, so that searches take little of the time.
        if self.vacant.len() < self.pages.len() / 2 {
            self.search_at = 2 * self.pages.len();
        }
    }
}

/// Where a page lies that may lie anywhere: a fixed permutation.
fn scatter(page: u32) -> u32 {
    let page = (page ^ page >> 16).wrapping_mul(0x7feb_352d);
    let page = (page ^ page >> 15).wrapping_mul(0x846c_a68b);
    page ^ page >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_live_as_long_as_a_line_is_held() {
        let mut directory = Directory::<3>::new(6, true);
        let held = |directory: &mut Directory<3>, id| [0, 1, 2].map(|level| directory.held(id, level));
        let [near, far] = [(5, Level::L2), (9, Level::Dram)].map(|(ready, from)| Held { ready, from });
        let first = directory.line(0x1007);
        directory.hold(first.id, 0, near);
        directory.hold(first.id, 2, far);
        for line in 0..100_000 {
            let other = directory.line((0x1007 << 20) + (line << 6));
            assert_eq!(held(&mut directory, other.id), [None; 3]);
        }
        assert!(directory.pages.len() <= FIRST_SEARCH, "pages without held lines are used again");
        let again = directory.line(0x1007);
        assert_eq!((again, directory.number(again.id)), (first, 0x1007));
        assert_eq!(held(&mut directory, again.id), [Some(near), None, Some(far)]);
        [0, 2].into_iter().for_each(|level| _ = directory.leave(again.id, level));
        assert_eq!(held(&mut directory, again.id), [None; 3]);
        directory.search();
        assert!(directory.by_number.len() < 2);
    }

    #[test]
    fn groups_tell_of_lines_in_a_row() {
        // Lines of 128 bytes: two pages in a group.
        for line_log2 in [4, 6, 7] {
            let mut directory = Directory::<2>::new(line_log2, false);
            let (mut known, page) = (directory.line(5 * directory.page_lines()), directory.page_lines());
            directory.line(6 * page);
            known = directory.within(known, 3);
            for index in 0..8 {
                let id = directory.within(known, index).id;
                directory.hold(id, 1, Held { ready: 10 + index, from: Level::L2 });
            }
            let group = *directory.group(known.id);
            assert!(group.has(1, known.bits(7), 17) && !group.has(1, known.bits(7), 16), "{line_log2}");
            assert!(!group.has(1, known.bits(8), 17) && !group.has(0, known.bits(0), 17), "{line_log2}");
            let second = directory.within(known, 1).id;
            [known.id, second].into_iter().for_each(|id| directory.soil(id, 1));
            directory.leave(known.id, 1);
            assert_eq!((directory.group(known.id).dirty[1], directory.holds(known.id, 1)), (second.bit(), false));
        }
    }

    #[test]
    fn neighbours_are_found_from_a_line() {
        let mut directory = Directory::<1>::new(6, true);
        let (known, other) = (directory.line(0x4010), directory.line(0x4013));
        assert_eq!(directory.beside(known, known.at + 3), Some(other));
        assert_eq!(directory.beside(other, known.at), Some(known));
        assert_eq!(directory.beside(known, known.at + 0x30), None);
        assert_ne!(known.at, known.line, "the page lies elsewhere");
        for lines in 0..directory.left_in_page(known) {
            assert_eq!(directory.within(known, lines), directory.line(known.line + lines));
        }
    }
}
