//! What is run: every cell once, illegal words, and random programs without end.

use std::sync::OnceLock;
use std::time::Duration;

use rvtile_isa::decode::Decoder;
use rvtile_isa::row::Mem;

use super::check::Checker;
use super::coverage::{Coverage, cells};
use super::exclusions::Reference;
use super::generate::{Case, Cell, Generator, Target};
use super::rng::Rng;
use super::values::Pool;

/// Rows with holes that are printed.
const HOLES: usize = 40;

/// How programs are cut into cases and runs.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Tested instructions in a case.
    pub groups: usize,
    /// Cases in one run of a reference.
    pub cases: usize,
}

/// What raises an exception.
#[derive(Clone, Copy)]
pub enum Exceptions {
    /// Words that are no instruction.
    Unknown,
    /// Reserved operands of instructions.
    Reserved,
    /// Accesses to where nothing is.
    Faults,
}

/// A finished piece of work.
pub struct Report {
    /// What was compared.
    pub coverage: Coverage,
    /// Legal cells.
    pub cells: Vec<Cell>,
    /// Differences, one text for each instruction.
    pub failures: Vec<String>,
}

impl Report {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Report) -> Report {
        self.coverage.add(&other.coverage);
        self.cells.extend(other.cells);
        self.failures.extend(other.failures);
        self
    }

    /// Prints the counts; fails on differences and holes.
    pub fn conclude(self, what: &str, decoder: &Decoder) {
        let Report { coverage, cells, failures } = self;
        println!(
            "{what}: {} instructions compared ({} with their set-up), {} cells",
            coverage.tested,
            coverage.executed,
            cells.len()
        );
        if std::env::var_os("RVTILE_COVERAGE").is_some() {
            print!("{}", coverage.table(&cells, decoder));
        }
        let holes = coverage.holes(&cells, decoder);
        for hole in holes.iter().take(HOLES) {
            println!("{what}: hole: {hole}");
        }
        for failure in &failures {
            println!("{what}: {failure}");
        }
        assert!(failures.is_empty(), "{what}: {} instructions differ from a reference", failures.len());
        assert!(holes.is_empty(), "{what}: {} rows have holes", holes.len());
    }
}

/// One target and what its programs need.
pub struct Bench<'a> {
    decoder: &'a Decoder,
    target: Target,
    pool: Pool,
    seed: u64,
    /// Legal cells, and those that never are.
    cells: OnceLock<(Vec<Cell>, Vec<Cell>)>,
}

impl<'a> Bench<'a> {
    pub fn new(decoder: &'a Decoder, target: Target, seed: u64) -> Bench<'a> {
        let pool = Pool::new(&mut Rng::new(&[seed, u64::from(target.vlen)]), target.vlen);
        Bench { decoder, target, pool, seed, cells: OnceLock::new() }
    }

    /// Every cell that `wanted` lets through, `times` times.
    pub fn every_cell(&self, shape: Shape, times: usize, wanted: impl Fn(&Cell) -> bool) -> Report {
        let cells: Vec<Cell> = self.cells().0.iter().copied().filter(wanted).collect();
        let mut coverage = Coverage::default();
        let mut checker = Checker::new(self.decoder, &self.target, &self.pool);
        let mut open: Vec<Cell> = (0..times).flat_map(|_| cells.iter().copied()).collect();
        let mut rng = Rng::new(&[self.seed, u64::from(self.target.vlen), 1]);
        rng.shuffle(&mut open);
        let mut number = 0;
        while !open.is_empty() {
            let mut batch = Vec::new();
            while batch.len() < shape.cases && !open.is_empty() {
                let (mut generator, mut case) = self.generator(number);
                number += 1;
                let mut left = Vec::new();
                // A cell that does not fit a case, because its anchor is in the way, fits another.
                for _ in 0..3 * shape.groups {
                    let Some(cell) = open.pop() else { break };
                    match generator.group(cell) {
                        Some(group) => case.groups.push(group),
                        None => left.push(cell),
                    }
                    if case.groups.len() == shape.groups {
                        break;
                    }
                }
                open.splice(0..0, left);
                if !case.groups.is_empty() {
                    batch.push(case);
                }
                if number as usize > 100 * cells.len() {
                    open.clear();
                }
            }
            self.run(&mut checker, &batch, &mut coverage);
        }
        Report { coverage, cells, failures: failures(checker) }
    }

    /// Cases that end with an exception, several for every row.
    pub fn exceptions(&self, shape: Shape, rounds: u64, what: Exceptions) -> Report {
        let mut coverage = Coverage::default();
        let mut checker = Checker::new(self.decoder, &self.target, &self.pool);
        let mut batch = Vec::new();
        let rows = self.decoder.rows();
        for number in 0..rounds * rows.len() as u64 {
            let index = number as usize % rows.len();
            let row = rows[index];
            let (mut generator, mut case) = self.generator((1 + what as u64) << 32 | number);
            case.groups.extend(match what {
                Exceptions::Unknown => generator.unknown_group(),
                _ if !self.target.runs(row) => None,
                Exceptions::Reserved => generator.reserved_group(row, None, None),
                Exceptions::Faults if row.mem == Mem::None => None,
                Exceptions::Faults => generator.faulting_group(row, index),
            });
            if !case.groups.is_empty() {
                batch.push(case);
            }
            if batch.len() == shape.cases {
                self.run(&mut checker, &batch, &mut coverage);
                batch.clear();
            }
        }
        self.run(&mut checker, &batch, &mut coverage);
        Report { coverage, cells: Vec::new(), failures: failures(checker) }
    }

    fn cells(&self) -> &(Vec<Cell>, Vec<Cell>) {
        self.cells.get_or_init(|| cells(self.decoder, &self.target, &self.pool))
    }

    /// What runs where.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// One case for every cell that is never legal here: the references must agree.
    pub fn never_legal(&self, shape: Shape) -> Report {
        let mut coverage = Coverage::default();
        let mut checker = Checker::new(self.decoder, &self.target, &self.pool);
        let cases: Vec<Case> = (self.cells().1.iter().enumerate())
            .filter_map(|(number, cell)| {
                let (mut generator, mut case) = self.generator(7 << 32 | number as u64);
                let row = self.decoder.rows()[cell.row];
                case.groups.push(generator.reserved_group(row, cell.vtype, Some(cell.masked))?);
                Some(case)
            })
            .collect();
        for batch in cases.chunks(shape.cases) {
            self.run(&mut checker, batch, &mut coverage);
        }
        Report { coverage, cells: Vec::new(), failures: failures(checker) }
    }

    /// One run of random cells in long programs, the `round`th.
    pub fn soak(&self, shape: Shape, round: u64) -> Report {
        let mut coverage = Coverage::default();
        let mut checker = Checker::new(self.decoder, &self.target, &self.pool);
        let mut rng = Rng::new(&[self.seed, round, 2]);
        let batch: Vec<Case> = (0..shape.cases as u64)
            .map(|number| {
                let (mut generator, mut case) = self.generator((8 + round) << 32 | number);
                while case.groups.len() < shape.groups {
                    case.groups.extend(generator.group(rng.pick(&self.cells().0)));
                }
                case
            })
            .collect();
        self.run(&mut checker, &batch, &mut coverage);
        Report { coverage, cells: Vec::new(), failures: failures(checker) }
    }

    fn generator(&self, number: u64) -> (Generator<'_>, Case) {
        let target = &self.target;
        let references = target.references.iter().fold(u64::from(target.agnostic_ones), |key, reference| {
            key * 4 + 1 + u64::from(*reference == Reference::Qemu)
        });
        let rng = Rng::new(&[self.seed, u64::from(target.vlen), references, number]);
        Generator::new(self.decoder, target, &self.pool, rng)
    }

    fn run(&self, checker: &mut Checker, batch: &[Case], coverage: &mut Coverage) {
        if batch.is_empty() {
            return;
        }
        let differing = checker.check(batch);
        for (index, case) in batch.iter().enumerate() {
            if differing.binary_search(&index).is_err() {
                coverage.count(case);
            }
        }
    }
}

fn failures(checker: Checker) -> Vec<String> {
    let failures = checker.failures.into_iter();
    failures.map(|(name, (times, text))| format!("{name} differs, {times} times, first:\n{text}")).collect()
}

/// Time from an environment variable in seconds.
pub fn seconds(name: &str, default: u64) -> Duration {
    Duration::from_secs(number(name, default))
}

/// A number from an environment variable.
///
/// # Panics
/// When it is set and no number.
pub fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}
