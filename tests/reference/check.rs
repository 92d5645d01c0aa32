//! Runs cases everywhere, compares all state, and finds the instruction behind a difference.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rvtile_isa::decode::Decoder;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::vector::vtype::Vtype;

use super::exclusions::{self, Reference};
use super::generate::{Case, Target};
use super::image::{self, Image, RESULT_WORDS, WINDOW_SIZE};
use super::rng::Rng;
use super::run::{self, Way};
use super::values::{Kind, Pool};

/// Where cases run.
pub struct Checker<'a> {
    pub decoder: &'a Decoder,
    pub target: &'a Target,
    pub pool: &'a Pool,
    /// What the window holds before the first case.
    pub window: Vec<u8>,
    /// The way of the run here: another for every batch.
    way: Way,
    /// Failures by instruction, with the number of times and a description of the first.
    pub failures: BTreeMap<String, (u64, String)>,
}

/// A difference in one case.
struct Difference {
    case: usize,
    what: String,
}

/// Failures of one instruction after which no more descriptions are wanted.
const DESCRIBED: u64 = 1;

impl<'a> Checker<'a> {
    pub fn new(decoder: &'a Decoder, target: &'a Target, pool: &'a Pool) -> Checker<'a> {
        let mut window = vec![0; WINDOW_SIZE as usize];
        let mut rng = Rng::new(&[u64::from(target.vlen)]);
        for part in window.chunks_mut(64) {
            let kind = rng.pick(&Kind::ALL);
            kind.fill(&mut rng, part);
        }
        let way = Way { level: Level::Portable, generated: false };
        Checker { decoder, target, pool, window, way, failures: BTreeMap::new() }
    }

    /// Compares these cases on every reference. Returns the numbers of the cases that differ.
    pub fn check(&mut self, cases: &[Case]) -> Vec<usize> {
        let level = Level::of_host().find(|&level| level > self.way.level).unwrap_or(Level::Portable);
        // Scalar code knows no VLEN, and each block takes a compiler's time: one target has host code in every other batch.
        let generated = self.target.vlen == 512 && !self.way.generated;
        self.way = Way { level, generated };
        let mut differing = Vec::new();
        for reference in self.target.references.clone() {
            for difference in self.lasting(cases, reference) {
                let case = &cases[difference.case];
                self.explain(case, reference, &difference.what);
                differing.push(difference.case);
            }
        }
        differing.sort_unstable();
        differing.dedup();
        differing
    }

    /// The differences that stay when a case without instructions is put in front. Spike ends all reservations every
    /// 5,000 instructions, so that a store-conditional may fail there and the memory behind it differ.
    fn lasting(&self, cases: &[Case], reference: Reference) -> Vec<Difference> {
        let mut found = self.differences(cases, reference);
        let conditional = |case: &Case| case.groups.iter().any(|group| is_store_conditional(group.word()));
        if reference == Reference::Spike && !found.is_empty() && cases.iter().any(conditional) {
            let idle = Case { groups: Vec::new(), ..cases[0].clone() };
            let moved: Vec<Case> = std::iter::once(idle).chain(cases.iter().cloned()).collect();
            let again = self.differences(&moved, reference);
            found.retain(|difference| again.iter().any(|other| other.case == difference.case + 1));
        }
        found
    }

    fn image(&self, cases: &[Case], reference: Reference) -> Image {
        Image::new(cases, self.target.vlen, self.pool, &self.window, reference)
    }

    /// What happens here. `Err`: a panic.
    fn here(&self, cases: &[Case]) -> Result<Vec<u8>, String> {
        let image = self.image(cases, Reference::Spike);
        let run = || run::here(&image, self.decoder, self.way, self.target.agnostic_ones);
        catch_unwind(AssertUnwindSafe(run)).map_err(|_| "panic here".to_string())?
    }

    /// The cases that differ from a reference. A run that fails as a whole, or leaves other memory behind, is cut in
    /// halves until one case is left.
    fn differences(&self, cases: &[Case], reference: Reference) -> Vec<Difference> {
        let outcome = self.here(cases).map_err(|error| format!("here: {error}")).and_then(|ours| {
            let image = self.image(cases, reference);
            let Target { vlen, agnostic_ones, .. } = *self.target;
            let machine = exclusions::machine(reference, vlen, agnostic_ones, self.decoder.rows());
            let theirs =
                run::reference(&image, reference, &machine).map_err(|error| format!("{reference:?}: {error}"))?;
            Ok((ours, theirs))
        });
        let what = match outcome {
            Ok((ours, theirs)) => {
                let len = image::result_len(self.target.vlen) as usize;
                let mut found = Vec::new();
                for case in 0..cases.len() {
                    let block = len * case..len * (case + 1);
                    let what = self.compare(&ours[block.clone()], &theirs[block], reference);
                    if !what.is_empty() {
                        found.push(Difference { case, what });
                    }
                }
                let behind = len * cases.len();
                if ours[behind..] == theirs[behind..] {
                    return found;
                }
                let mut what = "    memory".to_string();
                let pairs = ours[behind..].iter().zip(&theirs[behind..]).enumerate();
                for (at, (ours, theirs)) in pairs.filter(|(_, (ours, theirs))| ours != theirs).take(4) {
                    write!(what, " +0x{at:x} {ours:02x} here {theirs:02x} there").unwrap();
                }
                match (cases, found.pop()) {
                    ([_], Some(state)) => state.what + what.as_str(),
                    _ => what,
                }
            }
            Err(what) => what,
        };
        if cases.len() == 1 {
            return vec![Difference { case: 0, what }];
        }
        let half = cases.len() / 2;
        let mut found = self.differences(&cases[..half], reference);
        let second = self.differences(&cases[half..], reference);
        found.extend(second.into_iter().map(|difference| Difference { case: difference.case + half, ..difference }));
        found
    }

    /// What differs between two result blocks; empty when nothing does.
    fn compare(&self, ours: &[u8], theirs: &[u8], reference: Reference) -> String {
        if ours == theirs {
            return String::new();
        }
        let mut text = String::new();
        let mut parts = 0;
        let mut note = |name: String, ours: &[u8], theirs: &[u8]| {
            parts += 1;
            if parts <= 6 {
                writeln!(text, "    {name:6} here  {}\n           there {}", hex(ours), hex(theirs)).unwrap();
            }
        };
        for index in 0..72 {
            let at = 8 * index..8 * index + 8;
            if ours[at.clone()] == theirs[at.clone()] {
                continue;
            }
            let name = match index {
                0..32 => format!("x{index}"),
                32..64 => format!("f{}", index - 32),
                _ => RESULT_WORDS[index - 64].to_string(),
            };
            // Under an operating system an exception is a signal: only whether there was one is compared.
            let under_system = reference == Reference::Qemu && index >= 69;
            if !under_system || (index == 69 && (ours[at.start] == 0) != (theirs[at.start] == 0)) {
                note(name, &ours[at.clone()], &theirs[at]);
            }
        }
        let vlenb = self.target.vlen as usize / 8;
        for register in 0..32 {
            let at = image::V as usize + vlenb * register;
            let (ours, theirs) = (&ours[at..at + vlenb], &theirs[at..at + vlenb]);
            if let Some(first) = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs) {
                let first = first & !7;
                note(format!("v{register}+{first}"), &ours[first..first + 8], &theirs[first..first + 8]);
            }
        }
        text
    }

    /// Finds the group behind a difference and notes the failure under its instruction's name.
    fn explain(&mut self, case: &Case, reference: Reference, what: &str) {
        let prefix = |len: usize| Case { groups: case.groups[..len].to_vec(), ..case.clone() };
        // The shortest prefix that differs, by halving.
        let (mut alike, mut len, mut what) = (0, case.groups.len(), what.to_string());
        while alike + 1 < len {
            let middle = (alike + len) / 2;
            match self.differences(&[prefix(middle)], reference).pop() {
                Some(difference) => (len, what) = (middle, difference.what),
                None => alike = middle,
            }
        }
        let group = &case.groups[len - 1];
        let word = group.word();
        let (name, text) = match self.decoder.decode(word) {
            Ok(inst) => (inst.fetched.name.to_string(), inst.text(0)),
            Err(_) => (format!("unknown word {word:08x}"), String::new()),
        };
        let entry = self.failures.entry(format!("{name} ({reference:?})")).or_insert((0, String::new()));
        entry.0 += 1;
        if entry.0 > DESCRIBED {
            return;
        }
        // The state just before the instruction.
        let mut before = prefix(len);
        if let Some(last) = before.groups.last_mut() {
            last.bytes.truncate(last.at);
        }
        let state = self.here(&[before]).map(|state| self.describe(&state, word)).unwrap_or_default();
        let vlen = self.target.vlen;
        let text = format!(
            "  {word:08x} {text}  [VLEN {vlen}, {:?}, group {len} of {}]{state}\n{what}",
            self.way.level,
            case.groups.len()
        );
        if let Some(entry) = self.failures.get_mut(&format!("{name} ({reference:?})")) {
            entry.1 = text;
        }
    }

    /// The operands of an instruction, as the state before it has them.
    fn describe(&self, state: &[u8], word: u32) -> String {
        let at = |index: usize| {
            state[8 * index..8 * index + 8].iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte))
        };
        let vtype = Vtype::from_request(at(67), self.target.vlen);
        let mut text = format!("\n    fcsr {:x} vcsr {:x} vl {} vstart {} {vtype}\n", at(64), at(65), at(66), at(68));
        for (name, lo) in [("rd", 7), ("rs1", 15), ("rs2", 20), ("rs3", 27)] {
            let register = (word >> lo & 31) as usize;
            let v = image::V as usize + self.target.vlen as usize / 8 * register;
            let vector = hex(&state[v..v + 16]);
            writeln!(
                text,
                "    {name:3} {register:2}: x {:016x} f {:016x} v {vector}",
                at(register),
                at(32 + register)
            )
            .unwrap();
        }
        let mask = image::V as usize;
        write!(text, "    v0: {}", hex(&state[mask..mask + 16])).unwrap();
        text
    }
}

/// `sc.w` and `sc.d`.
fn is_store_conditional(word: u32) -> bool {
    word & 0xf800_607f == 0x1800_202f
}

/// Bytes as one number of 64-bit words, the highest first.
fn hex(bytes: &[u8]) -> String {
    let words: Vec<String> =
        bytes.rchunks(8).map(|word| word.iter().rev().map(|b| format!("{b:02x}")).collect()).collect();
    words.join("_")
}
