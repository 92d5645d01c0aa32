//! Lines fetched ahead of demands.

use std::ops::Range;

use super::super::cache::Level;
use super::super::directory::Located;
use super::super::prefetch::Wanted;
use super::super::snapshot::ones;
use super::stream::MOST;
use super::{Data, Hierarchy, L2, L3};

impl Hierarchy {
    /// Tells the prefetcher of a demand for a line and starts the fills that it wants, into the level behind the L1s. It
    /// sees physical addresses: where pages are scattered, a stream ends with its page.
    #[inline(always)]
    pub(super) fn train<const USUAL: bool>(&mut self, demanded: Located, time: u64) {
        let Some(prefetcher) = &mut self.prefetcher else { return };
        let wanted = prefetcher.demand(demanded.at);
        match (wanted.count, USUAL && self.quick) {
            (0, _) => {}
            (_, true) => self.fetch_in_page(demanded, wanted, time),
            (_, false) => self.fetch_ahead::<USUAL>(demanded, wanted, time),
        }
    }

    /// Fetches the lines that a demand makes wanted, where a stream ends with its page and that is a group.
    #[inline(always)]
    pub(super) fn fetch_in_page(&mut self, demanded: Located, wanted: Wanted, time: u64) {
        let held = self.directory.group(demanded.id).held[L2];
        let lacking = wanted.bits(demanded.at - demanded.id.place()) & !held;
        if lacking != 0 {
            self.fetch_lacking(demanded, lacking, wanted.step, time);
        }
    }

    /// Fetches lines of the group of a demanded one, in the direction of the stream.
    #[inline(never)]
    fn fetch_lacking(&mut self, demanded: Located, mut lacking: u64, step: i64, time: u64) {
        let first = demanded.first_of_group();
        while lacking != 0 {
            let place = if step > 0 { lacking.trailing_zeros() } else { 63 - lacking.leading_zeros() };
            self.fetch_lacked(self.directory.within(first, u64::from(place)), time);
            lacking &= !(1 << place);
        }
    }

    /// Fetches a line that the L2 lacks. For the usual caches.
    #[inline(always)]
    fn fetch_lacked(&mut self, located: Located, time: u64) {
        if !self.directory.holds(located.id, L3) {
            return self.prefetch_from_memory::<true>(located, time);
        }
        let [_, l2, l3] = &mut self.stages;
        let (asked, latency) = (time, l3.latency);
        let hit = Data { asked, latency, ready: l2.channel.transfer(time) + latency, from: Level::L3 };
        self.fill::<true>(L2, located, hit, false);
    }

    /// As [`Hierarchy::train`], for some lines of the group of `first` and not before it, each of which was demanded when `time` tells of
    /// its distance from that. A stream ends with its page, and that is the group.
    #[inline(always)]
    pub(super) fn train_in_group(&mut self, first: Located, demanded: u64, time: impl Fn(&Hierarchy, u64) -> u64) {
        let Some(prefetcher) = &mut self.prefetcher else { return };
        let from = first.at - first.id.place();
        let Some((wanted, ahead)) = prefetcher.demand_led(from, demanded) else {
            return self.train_one_by_one(first, demanded, time);
        };
        let lacking = !self.directory.group(first.id).held[L2];
        // Mostly nothing is lacking of pages that are worked on again.
        if lacking != 0 && lacking & wanted.bits(from) != 0 {
            self.fetch_led(first, (demanded, lacking & wanted.bits(from), ahead), time);
        }
    }

    /// Fetches lines that demands lack which are so far `ahead` of them.
    #[inline(never)]
    fn fetch_led(
        &mut self,
        first: Located,
        (demanded, lacking, ahead): (u64, u64, u64),
        time: impl Fn(&Hierarchy, u64) -> u64,
    ) {
        let place = first.id.place();
        // No fill drives another of these lines out: they have no set in common.
        for line in ones(lacking).map(|line| line as u64) {
            let near = demanded & u64::MAX << line.saturating_sub(ahead);
            let time = time(self, u64::from(near.trailing_zeros()) - place);
            self.fetch_lacked(self.directory.within(first, line - place), time);
        }
    }

    #[inline(never)]
    fn train_one_by_one(&mut self, first: Located, demanded: u64, time: impl Fn(&Hierarchy, u64) -> u64) {
        let Some(prefetcher) = &mut self.prefetcher else { return };
        if self.directory.group(first.id).held[L2] == u64::MAX {
            return prefetcher.demand_in_vain(first.at - first.id.place(), demanded);
        }
        for place in ones(demanded) {
            let Some(prefetcher) = &mut self.prefetcher else { return };
            let number = place as u64 - first.id.place();
            let line = self.directory.within(first, number);
            let wanted = prefetcher.demand(line.at);
            if wanted.count != 0 {
                self.fetch_in_page(line, wanted, time(self, number));
            }
        }
    }

    /// As [`Hierarchy::train`], for lines of a row that begins with `first`: the demands with these numbers, which were made when
    /// `demanded` says. For the usual caches.
    #[inline(never)]
    pub(super) fn train_in_row(&mut self, first: Located, demands: Range<u64>) {
        if self.quick {
            let begin = self.directory.within(first, demands.start);
            let count = demands.end - demands.start;
            let time = |memory: &Hierarchy, number| memory.demanded[(demands.start + number) as usize % MOST];
            return self.train_in_group(begin, begin.bits(count - 1), time);
        }
        for index in demands {
            let demanded = self.directory.within(first, index);
            let Some(prefetcher) = &mut self.prefetcher else { return };
            let wanted = prefetcher.demand(demanded.at);
            self.ahead_of::<true>(demanded, wanted, self.demanded[index as usize % MOST]);
        }
    }

    #[inline(never)]
    fn fetch_ahead<const USUAL: bool>(&mut self, demanded: Located, wanted: Wanted, time: u64) {
        self.ahead_of::<USUAL>(demanded, wanted, time);
    }

    #[inline(always)]
    fn ahead_of<const USUAL: bool>(&mut self, demanded: Located, wanted: Wanted, time: u64) {
        for at in wanted.lines() {
            match self.directory.beside(demanded, at) {
                Some(wanted) => self.prefetch::<USUAL>(wanted, time),
                None if self.directory.scattered() => return,
                None => {
                    let wanted = self.directory.line(at);
                    self.prefetch_other(wanted, time);
                }
            }
        }
    }

    #[inline(never)]
    fn prefetch_other(&mut self, located: Located, time: u64) {
        self.prefetch::<false>(located, time);
    }

    /// Fetches a line into the level behind the L1s, if it is not there.
    #[inline(always)]
    fn prefetch<const USUAL: bool>(&mut self, located: Located, time: u64) {
        if USUAL {
            if !self.directory.holds(located.id, L2) {
                self.fetch_lacked(located, time);
            }
            return;
        }
        let shape = self.shape;
        let target = shape.behind_l1;
        let held = self.directory.group(located.id).held;
        let supplier =
            (target..shape.levels).find(|&index| held[index] & located.id.bit() != 0).unwrap_or(shape.levels);
        if supplier == target {
            return;
        }
        if supplier == shape.levels {
            return self.prefetch_from_memory::<false>(located, time);
        }
        let stage = &self.stages[supplier];
        let mut hit = Data { asked: time, latency: stage.latency, ready: time + stage.latency, from: stage.level };
        hit.wait(self.pass(target..supplier, time));
        self.put_ahead::<false>(supplier, located, hit);
    }

    #[inline(never)]
    fn prefetch_from_memory<const USUAL: bool>(&mut self, located: Located, time: u64) {
        let shape = self.shape::<USUAL>();
        let latency = self.dram_latency;
        let mut hit = Data { asked: time, latency, ready: self.read_dram(time) + latency, from: Level::Dram };
        hit.wait(self.pass(shape.behind_l1..shape.levels, time));
        self.put_ahead::<USUAL>(shape.levels, located, hit);
    }

    /// Puts a line into all stages in front of its supplier that prefetches go to.
    #[inline(always)]
    fn put_ahead<const USUAL: bool>(&mut self, supplier: usize, located: Located, hit: Data) {
        let shape = self.shape::<USUAL>();
        for index in (shape.behind_l1..supplier).rev() {
            self.fill::<USUAL>(index, located, hit, false);
        }
    }
}
