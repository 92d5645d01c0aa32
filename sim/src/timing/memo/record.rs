//! Working a block out while the questions are written down.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::Miss;
use crate::timing::outside::{Jump, Late, Outcome, Outside, Words, World};
use crate::timing::transfer::{Access, Moved};

/// A question, but for the words that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::timing) enum Query {
    Fetch { offset: u32 },
    Scalar { write: bool },
    Value,
    Branch(Jump),
    Vector(Access),
}

/// A question that was asked, and its answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::timing) struct Asked {
    pub query: Query,
    /// Cycles after those of the block's beginning.
    pub time: u32,
    /// Place of the words.
    pub word: u16,
    pub answer: u64,
}

/// A hash of a block in a state, and of the answers that it got.
pub(super) fn hash(state: u32, block: u32, asked: &[Asked]) -> u64 {
    let mut hasher = FxHasher::default();
    (state, block).hash(&mut hasher);
    asked.iter().for_each(|asked| hasher.write_u64(asked.answer));
    hasher.finish()
}

/// Answers from outside: first those that are known already, because the questions were asked in a replay.
pub(in crate::timing) struct Recorder<'a> {
    world: &'a mut World,
    known: &'a [u64],
    odd: Option<Moved>,
    next: usize,
    pc: u64,
    origin: u64,
    pub asked: &'a mut Vec<Asked>,
    /// Whether everything could be written down.
    pub whole: bool,
}

impl<'a> Recorder<'a> {
    /// For a block at `pc` that begins at `origin`. `asked` is room for its questions.
    pub fn new(
        world: &'a mut World,
        known: &'a Miss,
        (pc, origin): (u64, u64),
        asked: &'a mut Vec<Asked>,
    ) -> Recorder<'a> {
        asked.clear();
        Recorder { world, known: known.answers(), odd: known.odd, next: 0, pc, origin, asked, whole: true }
    }

    /// Gives the answer that is known, or asks.
    fn ask(&mut self, query: Query, word: u16, time: u64, live: impl FnOnce(&mut World) -> u64) -> u64 {
        let answer = match self.known.get(self.next) {
            Some(&answer) => answer,
            None => live(self.world),
        };
        self.next += 1;
        let time = u32::try_from(time - self.origin);
        self.whole &= time.is_ok();
        self.asked.push(Asked { query, time: time.unwrap_or(0), word, answer });
        answer
    }
}

impl Outside for Recorder<'_> {
    fn fetch(&mut self, pc: u64, time: u64) -> u64 {
        let offset = pc.wrapping_sub(self.pc) as u32;
        self.ask(Query::Fetch { offset }, 0, time, |world| world.fetch(pc, time))
    }

    fn scalar(&mut self, words: Words<'_>, write: bool, time: u64) -> Late {
        let query = Query::Scalar { write };
        Late::unpack(self.ask(query, words.place, time, |world| world.scalar(words, write, time).pack()))
    }

    fn value(&mut self, words: Words<'_>, index: u16) -> Option<u64> {
        match words.list.get(index as usize) {
            Some(&word) => Some(self.ask(Query::Value, words.place + index, self.origin, |_| word)),
            None => {
                self.whole = false;
                None
            }
        }
    }

    fn vector(&mut self, access: &Access, words: Words<'_>, time: u64) -> Moved {
        let moved = match self.known.get(self.next) {
            Some(&answer) => Moved::unpack(answer),
            None => match self.odd.take() {
                Some(moved) => moved,
                None => self.world.vector(access, words, time),
            },
        };
        self.whole &= moved.pack().is_some();
        self.ask(Query::Vector(*access), words.place, time, |_| moved.pack().unwrap_or(0));
        moved
    }

    fn branch(&mut self, jump: &Jump, next_pc: u64) -> Outcome {
        let (query, time) = (Query::Branch(*jump), self.origin);
        Outcome::unpack(self.ask(query, 0, time, |world| world.branch(jump, next_pc).pack()))
    }
}
