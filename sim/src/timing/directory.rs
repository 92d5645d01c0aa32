//! Which lines the data caches hold, and where: one look tells it for all levels, where every cache would be searched.

use rustc_hash::FxHashMap;

use super::cache::Level;

/// No page has this number.
const NOTHING: u64 = u64::MAX;

/// Slots of the table of recent pages.
const RECENT: usize = 1024;

/// Pages from which on those of which nothing is held any more are looked for.
const FIRST_SEARCH: usize = 1024;

const PAGE_BYTES: u64 = 4096;

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
    /// Its place in the cache, from 1 on; 0 if the cache does not hold it.
    place: u32,
    /// Who supplied it: for the ledger, while it is under way.
    pub from: Level,
}

impl Held {
    const NOWHERE: Held = Held { ready: 0, place: 0, from: Level::L1 };

    /// At a place.
    #[inline(always)]
    pub fn at(place: u32, ready: u64, from: Level) -> Held {
        Held { ready, place: place + 1, from }
    }

    /// Its place, if the cache holds it.
    #[inline(always)]
    pub fn place(self) -> Option<u32> {
        self.place.checked_sub(1)
    }

    /// The cache does not hold it any more.
    #[inline(always)]
    pub fn leave(&mut self) {
        self.place = 0;
    }
}

/// A page that was looked up lately.
#[derive(Clone, Copy)]
struct Recent {
    number: u64,
    physical: u64,
    /// Its first line.
    first: u32,
}

const NO_PAGE: Recent = Recent { number: NOTHING, physical: NOTHING, first: 0 };

/// Where lines are, page by page, in so many levels of caches.
pub(super) struct Directory<const LEVELS: usize> {
    /// Numbers of pages.
    pages: Vec<u64>,
    /// The lines of each page.
    lines: Vec<[Held; LEVELS]>,
    by_number: FxHashMap<u64, u32>,
    /// Where to look first, by the low bits of a page's number.
    recent: Box<[Recent; RECENT]>,
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
}

impl<const LEVELS: usize> Directory<LEVELS> {
    /// For lines of 2^`line_log2` bytes. With `scattered` pages lie anywhere in physical memory.
    pub fn new(line_log2: u32, scattered: bool) -> Directory<LEVELS> {
        let log2 = (PAGE_BYTES >> line_log2).max(1).trailing_zeros();
        let mut directory = Directory {
            pages: Vec::new(),
            // Not copied while it grows, as long as that is little.
            lines: Vec::with_capacity(FIRST_SEARCH << log2),
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

    /// How the caches hold a line.
    #[inline(always)]
    pub fn held(&mut self, id: Id) -> &mut [Held; LEVELS] {
        debug_assert!((id.0 as usize) < self.lines.len());
        // SAFETY: an id is made of a page of the directory, whose lines are never taken away, and a line within it. Several
        // looks are taken for each line that moves, and nothing else in them would take as long as the check.
        unsafe { self.lines.get_unchecked_mut(id.0 as usize) }
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
                self.lines.resize(self.pages.len() << self.log2, [Held::NOWHERE; LEVELS]);
                self.pages.len() as u32 - 1
            }
        };
        self.by_number.insert(number, page);
        page
    }

    /// Forgets the pages of which nothing is held.
    #[cold]
    fn search(&mut self) {
        for (page, lines) in self.lines.chunks_exact(1 << self.log2).enumerate().skip(1) {
            if lines.as_flattened().iter().all(|held| held.place == 0) {
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
        let places = |directory: &mut Directory<3>, id| directory.held(id).map(Held::place);
        let first = directory.line(0x1007);
        directory.held(first.id)[0] = Held::at(0, 5, Level::L2);
        directory.held(first.id)[2] = Held::at(9, 5, Level::Dram);
        for line in 0..100_000 {
            let other = directory.line((0x1007 << 20) + (line << 6));
            assert_eq!(places(&mut directory, other.id), [None; 3]);
        }
        assert!(directory.pages.len() <= FIRST_SEARCH, "pages without held lines are used again");
        let again = directory.line(0x1007);
        assert_eq!((again, directory.number(again.id)), (first, 0x1007));
        assert_eq!(places(&mut directory, again.id), [Some(0), None, Some(9)]);
        directory.held(again.id).iter_mut().for_each(Held::leave);
        assert_eq!(places(&mut directory, again.id), [None; 3]);
        directory.search();
        assert!(directory.by_number.len() < 2);
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
