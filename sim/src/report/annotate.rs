//! The hot loops of a program, instruction by instruction. Every cycle of the run stands somewhere: in a loop that is
//! shown, or in the table of the rest.

use std::collections::BTreeMap;
use std::fmt::Write;

use rvtile_isa::inst::Inst;
use serde::Serialize;

use super::columns::{Align, lay_out};
use super::json::{Causes, pretty};
use super::number::{count, percent_of};
use super::{ranked, timeline};
use crate::loader::Image;
use crate::machine::Unit;
use crate::observe::profile::{Loop, Profile, Site};
use crate::timing::ledger::Ledger;

/// How many causes an instruction shows.
const CAUSES: usize = 2;

/// How many functions the table of the rest names.
const FUNCTIONS: usize = 10;

/// A profile with the names of the program.
pub struct Annotation {
    program: String,
    machine: String,
    end: String,
    ledger: Ledger,
    instructions: u64,
    lines: Vec<Line>,
    /// Most cycles first.
    loops: Vec<Hot>,
}

/// An instruction.
struct Line {
    site: Site,
    text: String,
    function: String,
    source: Option<String>,
    /// Index of the innermost loop around it.
    inside: Option<usize>,
}

/// A loop with what its own instructions cost, those of inner loops excluded.
struct Hot {
    found: Loop,
    ledger: Ledger,
}

impl Annotation {
    /// Names what a profile found. `end`: how the program ended, in words. `decode` tells what stands at the address of
    /// an instruction that never retired.
    pub fn new(
        profile: &Profile,
        image: &Image,
        machine: &str,
        end: String,
        mut decode: impl FnMut(u64) -> Option<Inst>,
    ) -> Annotation {
        let sites = profile.sites();
        let (found, inside) = profile.loops();
        let mut ledgers = vec![Ledger::default(); found.len()];
        for (site, index) in sites.iter().zip(&inside) {
            if let Some(index) = index {
                ledgers[*index].add(&site.ledger);
            }
        }
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by_key(|&index| (std::cmp::Reverse(ledgers[index].total()), found[index].header));
        let mut rank = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &index)| rank[index] = place);
        let loops = order.iter().map(|&index| Hot { found: found[index].clone(), ledger: ledgers[index] }).collect();
        let lines = sites.into_iter().zip(inside).map(|(site, inside)| {
            let pc = site.pc;
            Line {
                text: site.inst.or_else(|| decode(pc)).map_or("?".to_string(), |inst| inst.text(pc)),
                function: image.symbol_at(pc).map_or("code without a name", |(name, _)| name).to_string(),
                source: image.source_line(pc),
                inside: inside.map(|index| rank[index]),
                site,
            }
        });
        let lines: Vec<Line> = lines.collect();
        Annotation {
            program: image.name.clone(),
            machine: machine.to_string(),
            end,
            ledger: profile.ledger(),
            instructions: lines.iter().map(|line| line.site.executions).sum(),
            lines,
            loops,
        }
    }

    /// The report as text, with the `top` hottest loops.
    pub fn text(&self, top: usize) -> String {
        let total = self.ledger.total();
        let mut text = format!(
            "{}: {} cycles on {}, {} instructions, {}\n",
            self.program,
            count(total),
            self.machine,
            count(self.instructions),
            self.end
        );
        let shown = self.loops.iter().take(top).take_while(|hot| hot.ledger.total() > 0).count();
        let mut explained = false;
        for index in 0..shown {
            text += &self.heading(index);
            text += &self.listing(index, shown);
            if let Some(sample) = &self.loops[index].found.sample {
                text.push('\n');
                text += &timeline::render(sample, |pc| self.line(pc).map_or(String::new(), |line| line.text.clone()));
                if !explained {
                    text.push('\n');
                    text.extend(timeline::LEGEND.iter().map(|(letter, what)| format!("  {letter}  {what}\n")));
                    explained = true;
                }
            }
        }
        text += "\nWhere all cycles go\n\n";
        text + self.rest(shown).as_str()
    }

    fn line(&self, pc: u64) -> Option<&Line> {
        self.lines.binary_search_by_key(&pc, |line| line.site.pc).ok().map(|index| &self.lines[index])
    }

    fn function(&self, found: &Loop) -> &str {
        self.line(found.header).map_or("", |line| &line.function)
    }

    fn heading(&self, index: usize) -> String {
        let Hot { found, ledger } = &self.loops[index];
        let iterations = self.line(found.header).map_or(0, |line| line.site.executions);
        let cycles = ledger.total();
        let mut text = format!(
            "\nLoop {}: {} % of the cycles, {}, in {} iterations of {:.1} cycles, entered {} times\n",
            index + 1,
            percent_of(cycles, self.ledger.total()),
            count(cycles),
            count(iterations),
            cycles as f64 / iterations.max(1) as f64,
            count(found.entries),
        );
        let (first, last) = (found.members.first().unwrap_or(&0), found.members.last().unwrap_or(&0));
        let _ = writeln!(text, "in {}, 0x{first:x} to 0x{last:x}\n", self.function(found));
        text
    }

    /// The instructions of a loop; an inner loop is one line.
    fn listing(&self, index: usize, shown: usize) -> String {
        use Align::{Left, Right};
        let found = &self.loops[index].found;
        let lines: Vec<&Line> = found.members.iter().filter_map(|&pc| self.line(pc)).collect();
        let mut heads = vec![
            ("cycles", Right),
            ("%", Right),
            ("times", Right),
            ("each", Right),
            ("occup.", Right),
            ("unit", Left),
            ("address", Right),
            ("instruction", Left),
            ("charged to", Left),
        ];
        let with_source = lines.iter().any(|line| line.source.is_some());
        heads.extend(with_source.then_some(("source", Left)));
        let mut rows: Vec<Vec<String>> = Vec::new();
        let (mut inner, mut source) = (None, None);
        for line in lines {
            if line.inside != Some(index) {
                if inner != line.inside {
                    let what = match line.inside {
                        Some(number) if number < shown => format!("(loop {})", number + 1),
                        _ => "(an inner loop)".to_string(),
                    };
                    rows.push([&[const { String::new() }; 6][..], &[format!("{:x}", line.site.pc), what]].concat());
                }
                inner = line.inside;
                continue;
            }
            inner = None;
            let mut row = self.row(line);
            if with_source {
                let place = line.source.as_deref().filter(|_| line.source != source).unwrap_or_default();
                row.push(place.rsplit('/').next().unwrap_or_default().to_string());
                source.clone_from(&line.source);
            }
            rows.push(row);
        }
        for row in &mut rows {
            row.resize(heads.len(), String::new());
        }
        lay_out(&heads, rows, 2, None)
    }

    fn row(&self, line: &Line) -> Vec<String> {
        let site = &line.site;
        let cycles = site.ledger.total();
        let each = |sum: u64| format!("{:.1}", sum as f64 / site.executions.max(1) as f64);
        let causes: Vec<String> = ranked(&site.ledger)
            .into_iter()
            .take(CAUSES)
            .map(|(cause, part)| match percent_of(part, cycles).as_str() {
                "100.0" => cause.name().to_string(),
                share => format!("{} {share} %", cause.name()),
            })
            .collect();
        let occupancy = if site.unit == Unit::None { String::new() } else { each(site.occupancy) };
        vec![
            count(cycles),
            percent_of(cycles, self.ledger.total()),
            count(site.executions),
            each(cycles),
            occupancy,
            unit(site).to_string(),
            format!("{:x}", site.pc),
            line.text.clone(),
            causes.join(", "),
        ]
    }

    /// Every cycle once: the loops that were shown, other code by function, and the sum.
    fn rest(&self, shown: usize) -> String {
        let mut functions: BTreeMap<&str, u64> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.inside.is_none_or(|index| index >= shown)) {
            *functions.entry(&line.function).or_default() += line.site.ledger.total();
        }
        let mut functions: Vec<(&str, u64)> = functions.into_iter().filter(|&(_, cycles)| cycles > 0).collect();
        functions.sort_by_key(|&(_, cycles)| std::cmp::Reverse(cycles));
        let row = |cycles: u64, what: String| vec![count(cycles), percent_of(cycles, self.ledger.total()) + " %", what];
        let mut rows = Vec::new();
        for (index, hot) in self.loops[..shown].iter().enumerate() {
            let function = self.function(&hot.found);
            rows.push(row(hot.ledger.total(), format!("loop {} in {function}", index + 1)));
        }
        for (function, cycles) in functions.iter().take(FUNCTIONS) {
            rows.push(row(*cycles, format!("other code of {function}")));
        }
        let others = &functions[functions.len().min(FUNCTIONS)..];
        if !others.is_empty() {
            rows.push(row(others.iter().map(|(_, cycles)| cycles).sum(), format!("{} other functions", others.len())));
        }
        rows.push(row(self.ledger.total(), "all".to_string()));
        lay_out(&[("", Align::Right), ("", Align::Right), ("", Align::Left)], rows, 2, None)
    }

    /// All instructions and loops as a JSON object.
    pub fn json(&self) -> String {
        let loops = self.loops.iter().map(|hot| LoopObject {
            header: hot.found.header,
            entries: hot.found.entries,
            cycles: hot.ledger.total(),
            ledger: Causes(&hot.ledger),
        });
        let instructions = self.lines.iter().map(|line| InstructionObject {
            pc: line.site.pc,
            text: &line.text,
            function: &line.function,
            source: line.source.as_deref(),
            r#loop: line.inside.map(|index| index + 1),
            executions: line.site.executions,
            cycles: line.site.ledger.total(),
            unit: unit(&line.site),
            occupancy: line.site.occupancy,
            missed: line.site.missed,
            mispredicted: line.site.mispredicted,
            ledger: Causes(&line.site.ledger),
        });
        pretty(&Object {
            program: &self.program,
            machine: &self.machine,
            end: &self.end,
            cycles: self.ledger.total(),
            instruction_count: self.instructions,
            ledger: Causes(&self.ledger),
            loops: loops.collect(),
            instructions: instructions.collect(),
        })
    }
}

/// The unit that an instruction keeps, else the pipe that it issues to.
fn unit(site: &Site) -> &'static str {
    match site.unit {
        Unit::None => site.pipe.name(),
        unit => unit.name(),
    }
}

#[derive(Serialize)]
struct Object<'a> {
    program: &'a str,
    machine: &'a str,
    end: &'a str,
    cycles: u64,
    instruction_count: u64,
    ledger: Causes<'a>,
    loops: Vec<LoopObject<'a>>,
    instructions: Vec<InstructionObject<'a>>,
}

#[derive(Serialize)]
struct LoopObject<'a> {
    header: u64,
    entries: u64,
    cycles: u64,
    ledger: Causes<'a>,
}

#[derive(Serialize)]
struct InstructionObject<'a> {
    pc: u64,
    text: &'a str,
    function: &'a str,
    source: Option<&'a str>,
    r#loop: Option<usize>,
    executions: u64,
    cycles: u64,
    unit: &'static str,
    occupancy: u64,
    missed: u64,
    mispredicted: u64,
    ledger: Causes<'a>,
}
