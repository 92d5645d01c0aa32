//! Loops over a working set: cycles of whole routines, from the nearest cache to memory.
//!
//! The tables give bytes per cycle of one call. Two reads of the cycle counter are part of a call: they trap, and cost
//! some 4,560 cycles, as the smallest sizes show. That constant is added to every simulated figure, and a second group
//! compares with it taken off both. Below 1 KB a figure is little else: such lines are left out.
//!
//! Calls before the measured one have brought the arrays into the caches, as far as they hold them. Addresses
//! follow the source: plain titles have random offsets (two odd ones are simulated, and averaged), "aligned" ones are 16
//! bytes behind a page, where the C library's allocator puts large blocks, and a source of memcpy 9 bytes further.
//! Of arrays above 256 KB a part is measured and scaled; above 6 MB calls before went over what lies in front of that part, as
//! caches hold little of it.

mod routines;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use self::routines::Benchmark;
use super::instructions::COUNTER_CYCLES;
use super::program::{BEGIN, DATA, END, Program};
use super::{Error, Group, Row, Table};
use crate::machine::Machine;

/// The tables that come with rvtile.
pub fn tables() -> Vec<Table<'static>> {
    vec![
        Table { name: "x280_loop_memcpy.csv", text: include_str!("../../../../tests/data/x280_loop_memcpy.csv") },
        Table { name: "x280_loop_memset.csv", text: include_str!("../../../../tests/data/x280_loop_memset.csv") },
        Table { name: "x280_loop_strlen.csv", text: include_str!("../../../../tests/data/x280_loop_strlen.csv") },
        Table {
            name: "x280_loop_utf8_count.csv",
            text: include_str!("../../../../tests/data/x280_loop_utf8_count.csv"),
        },
    ]
}

/// A line of a table.
#[derive(serde::Deserialize)]
struct Line {
    benchmark: String,
    variant: String,
    bytes_n: u64,
    value_per_cycle: f64,
}

/// A line that can be run.
struct Case {
    line: u64,
    title: String,
    variant: String,
    benchmark: Benchmark,
    aligned: bool,
    code: String,
    bytes: u64,
    measured: f64,
}

/// Smaller calls are little but the reading of the counter.
const SMALLEST: u64 = 1000;
/// Of more bytes than these a part is measured.
const PART: u64 = 256 << 10;
/// More bytes than these leave little in any cache.
const UNCACHED: u64 = 6 << 20;
/// Rounds over all arrays before the measured call.
const ROUNDS: usize = 3;
/// Bytes in front of the measured part of an array that no cache holds: more than the last cache.
const WARMED: u64 = 4 << 20;
/// The largest array that there is room for.
const LARGEST: u64 = 32 << 20;

/// Runs what the tables measured and pairs the figures, in the order of the tables.
///
/// # Errors
/// The first line that cannot be compared.
pub fn compare(tables: &[Table<'_>], machine: &Arc<Machine>) -> Result<Vec<Group>, Error> {
    let mut rows = Vec::new();
    let mut left_out = BTreeSet::new();
    for table in tables {
        let mut cases = Vec::new();
        for (line, value) in table.read()? {
            if let Some(case) = case(line, value, &mut left_out).map_err(|why| table.wrong(line, why))? {
                cases.push(case);
            }
        }
        let cycles: Vec<f64> = cases
            .par_iter()
            .with_max_len(1)
            .map(|case| cycles(case, machine).map_err(|why| table.wrong(case.line, why)))
            .collect::<Result<_, _>>()?;
        rows.extend(cases.iter().zip(cycles).map(|(case, cycles)| row(case, cycles, machine)));
    }
    let left_out: Vec<String> = left_out.into_iter().collect();
    let about = format!(
        "Whole routines over a working set; parts by the level that holds it. {COUNTER_CYCLES:.0} cycles a call for the \
         source's counter reads are added to the simulated figures. Left out: sizes below {SMALLEST} bytes{}{}.",
        if left_out.is_empty() { "" } else { ", and variants whose code is not known: " },
        left_out.join(", ")
    );
    let group = |name: &str, about: String, rows| Group {
        name: name.to_string(),
        about,
        unit: "cycles per call",
        machine: machine.name.clone(),
        rows,
    };
    let net = rows.iter().filter(|row: &&Row| row.measured > 1.5 * COUNTER_CYCLES).map(net).collect();
    let net_about =
        "The same without the counter reads on either side, where they are less than two thirds of the call.";
    Ok(vec![group("loops", about, rows), group("loops-net", net_about.to_string(), net)])
}

fn case(line: u64, value: Line, left_out: &mut BTreeSet<String>) -> Result<Option<Case>, String> {
    let Some((benchmark, aligned)) = Benchmark::by_title(&value.benchmark) else {
        return Err(format!("no benchmark `{}`: memcpy, memset, strlen or utf8 count", value.benchmark));
    };
    if !(value.value_per_cycle.is_finite() && value.value_per_cycle > 0.0) {
        return Err(format!("{} is no number of bytes per cycle", value.value_per_cycle));
    }
    if value.bytes_n > LARGEST {
        return Err(format!("{} bytes are more than {LARGEST}", value.bytes_n));
    }
    if value.bytes_n < SMALLEST {
        return Ok(None);
    }
    let Some(code) = routines::code(benchmark, &value.variant) else {
        left_out.insert(value.variant);
        return Ok(None);
    };
    let measured = value.bytes_n as f64 / value.value_per_cycle;
    let Line { benchmark: title, variant, bytes_n: bytes, .. } = value;
    Ok(Some(Case { line, title, variant, benchmark, aligned, code, bytes, measured }))
}

fn row(case: &Case, cycles: f64, machine: &Machine) -> Row {
    let touched = case.bytes * case.benchmark.arrays();
    let size = |cache: &Option<crate::machine::Cache>| cache.as_ref().map_or(0, |cache| cache.size);
    let part = if touched <= size(&machine.memory.l2).max(size(&machine.memory.l1d)) {
        "L1/L2"
    } else if touched <= size(&machine.memory.l3) {
        "L3"
    } else {
        "memory"
    };
    Row {
        name: format!("{} {} {}", case.title, case.variant, case.bytes),
        part: part.to_string(),
        measured: case.measured,
        simulated: cycles + COUNTER_CYCLES,
        reason: Some(reason(case, touched, [size(&machine.memory.l2), size(&machine.memory.l3)])),
    }
}

/// What keeps measurement and model apart where they are, by mechanism.
fn reason(case: &Case, touched: u64, caches: [u64; 2]) -> &'static str {
    let stores = matches!(case.benchmark, Benchmark::Memcpy | Benchmark::Memset);
    let aligns = case.variant.contains("rvv_align") && !case.variant.contains("align_src");
    if caches.iter().any(|&size| touched * 2 > size && touched < size * 2) {
        "near the size of a cache, how much of the data it holds depends on where the pages lie"
    } else if stores && case.variant != "scalar" && !aligns && (!case.aligned || case.variant.contains("align_src")) {
        "stores at odd addresses: how the chip merges granules beyond the L1D depends on what the L1D holds of them"
    } else {
        "two streams in the L3 or in memory: prefetching and the order of fills are simplified"
    }
}

/// A row without the counter reads.
fn net(row: &Row) -> Row {
    let less = |cycles: f64| cycles - COUNTER_CYCLES;
    Row { measured: less(row.measured), simulated: less(row.simulated), reason: None, ..row.clone() }
}

/// Offsets of destination and source that stand for random ones.
const OFFSETS: [(u64, u64); 2] = [(37, 211), (334, 405)];
/// Where an allocator puts a large block, behind the start of a page.
const BLOCK: u64 = 16;
/// The source of memcpy in its block.
const SOURCE: u64 = 9;

/// Cycles of a call, without what reading the counter costs.
fn cycles(case: &Case, machine: &Arc<Machine>) -> Result<f64, String> {
    let offsets = if case.aligned { &[(0, 0)] } else { &OFFSETS[..] };
    let mut sum = 0.0;
    for &(first, second) in offsets {
        let (part, cycles) = run(case, DATA + BLOCK + first, DATA + LARGEST + BLOCK + SOURCE + second, machine)?;
        sum += cycles as f64 * case.bytes as f64 / part as f64;
    }
    Ok(sum / offsets.len() as f64)
}

/// Runs a case. Returns the bytes that were measured and their cycles.
fn run(case: &Case, first: u64, second: u64, machine: &Arc<Machine>) -> Result<(u64, u64), String> {
    let cached = case.bytes <= UNCACHED;
    let part = case.bytes.min(if cached { PART } else { 4 * PART });
    // What calls before have touched: of arrays that no cache holds, what comes in front of the measured part.
    let (before, skipped) = if cached { (case.bytes, 0) } else { (WARMED, WARMED) };
    let arrays = [first, second].into_iter().take(case.benchmark.arrays() as usize);
    let mut program = Program::default();
    if case.benchmark == Benchmark::Strlen {
        each(&mut program, "fill", arrays.clone(), skipped + part.max(before));
    }
    if cached || case.variant == "scalar" {
        // As the scalar code that has made the arrays, this leaves in the L1D what it holds of them. With random replacement it takes
        // several rounds until as much is driven out as in all that follow.
        each(&mut program, "fill", arrays.clone(), before);
        (0..ROUNDS).for_each(|_| each(&mut program, "touch", arrays.clone(), before));
    }
    if case.variant != "scalar" {
        for _ in 0..if cached { ROUNDS } else { 1 } {
            call(&mut program, case, (first, second), before, "routine");
        }
    }
    // A short call, for the instruction cache.
    let (first, second) = (first + skipped, second + skipped);
    let mut measured = 0;
    for bytes in [part.min(512), part] {
        measured = program.name();
        // The short string is the end of the long one.
        let first = if case.benchmark == Benchmark::Strlen { first + part - bytes } else { first };
        call(&mut program, case, (first, second), bytes, "measured");
    }
    program.push("j end");
    program.push(&format!("measured:\nmv s10,ra\n{BEGIN}\njal ra,routine\n{END}\nmv ra,s10\nret"));
    program.push(&format!("routine:\n{}", case.code));
    program.push(WARM);
    program.push("end:");
    let regions = program.run(machine, 2 * LARGEST + (1 << 20), &[])?;
    Ok((part, regions[measured].cycles))
}

/// Fills or touches so many bytes of each array.
fn each(program: &mut Program, routine: &str, arrays: impl Iterator<Item = u64>, bytes: u64) {
    for array in arrays {
        program.constant("a0", array);
        program.constant("a2", bytes);
        program.push(&format!("jal ra,{routine}"));
    }
}

/// Calls a routine for so many bytes.
fn call(program: &mut Program, case: &Case, (first, second): (u64, u64), bytes: u64, label: &str) {
    match case.benchmark {
        Benchmark::Memcpy => {
            program.constant("a1", second);
            program.constant("a2", bytes);
        }
        Benchmark::Memset => {
            program.constant("a1", 42);
            program.constant("a2", bytes);
        }
        Benchmark::Utf8Count => program.constant("a1", bytes),
        Benchmark::Strlen => {
            program.constant("a0", first + bytes);
            program.push("sb zero,0(a0)");
        }
    }
    program.constant("a0", first);
    program.push(&format!("jal ra,{label}"));
    if case.benchmark == Benchmark::Strlen {
        program.constant("a0", first + bytes);
        program.push("li a1,97");
        program.push("sb a1,0(a0)");
    }
}

/// Fills a2 bytes at a0, or reads a byte of each of their lines.
const WARM: &str = "
    fill:
    li a1,97
    vsetvli t0,zero,e8,m8,ta,ma
    vmv.v.x v8,a1
    fill_more:
    vsetvli t0,a2,e8,m8,ta,ma
    vse8.v v8,(a0)
    add a0,a0,t0
    sub a2,a2,t0
    bnez a2,fill_more
    ret
    touch:
    lbu t0,0(a0)
    addi a0,a0,64
    addi a2,a2,-64
    bgtz a2,touch
    ret";

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Arc<Machine> {
        Arc::new(Machine::load("x280-blackhole", &[]).unwrap())
    }

    fn groups(lines: &str) -> Result<Vec<Group>, String> {
        let text = format!("benchmark,variant,bytes_n,value_per_cycle\n{lines}\n");
        compare(&[Table { name: "mine.csv", text: &text }], &machine()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_named_variant_runs() {
        let rvv = |benchmark: Benchmark| match benchmark {
            Benchmark::Memcpy => ["", "align_dest_", "align_src_", "tail_", "128_"].as_slice(),
            Benchmark::Memset => ["", "align_", "tail_"].as_slice(),
            Benchmark::Strlen => ["", "page_aligned_"].as_slice(),
            Benchmark::Utf8Count => ["", "align_", "tail_", "128_"].as_slice(),
        };
        let machine = machine();
        for title in ["memcpy", "memset aligned", "strlen", "utf8 count"] {
            let (benchmark, aligned) = Benchmark::by_title(title).unwrap();
            let names = rvv(benchmark).iter().flat_map(|shape| [1, 8].map(|lmul| format!("rvv_{shape}m{lmul}")));
            for variant in names.chain(["scalar".to_string()]) {
                let code = routines::code(benchmark, &variant).unwrap_or_else(|| panic!("{title} {variant}"));
                let (title, bytes) = (title.to_string(), 3001);
                let case = Case { line: 1, title, variant, benchmark, aligned, code, bytes, measured: 1.0 };
                let (_, cycles) = run(&case, DATA + 37, DATA + LARGEST + 5, &machine).unwrap();
                assert!(cycles > 3001 / 64, "{} {}: {cycles}", case.title, case.variant);
            }
        }
    }

    #[test]
    fn wrong_lines_are_told_and_unknown_variants_left_out() {
        assert_eq!(
            groups("memmove,rvv_m1,2000,1").unwrap_err(),
            "mine.csv, line 2: no benchmark `memmove`: memcpy, memset, strlen or utf8 count"
        );
        assert_eq!(groups("memcpy,rvv_m1,2000,0").unwrap_err(), "mine.csv, line 2: 0 is no number of bytes per cycle");
        let groups = groups("memcpy,libc,2000,0.4\nmemcpy,rvv_m1,2000,0.4\nmemcpy,rvv_m1,100,0.02").unwrap();
        assert_eq!(groups[0].rows.len(), 1);
        assert!(groups[0].about.contains("libc"));
    }
}
