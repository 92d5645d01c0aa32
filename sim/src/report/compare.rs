//! A comparison as a table for a terminal, as JSON and as CSV.

use std::fmt::Write;

use super::columns::{Align, lay_out};
use super::json::{Causes, pretty};
use super::number::{bytes, count, percent, percent_of, quantity};
use super::ranked;
use crate::compare::{Column, Comparison};

/// How many causes a line of the ledger shows.
const LARGEST: usize = 4;

/// The table of results, where the cycles go, and utilisation against size where sizes were asked for.
pub fn render(comparison: &Comparison) -> String {
    let mut text = String::new();
    if let Some(first) = comparison.columns.first() {
        let _ = writeln!(text, "{} {}\n", comparison.problem, first.shape);
        text += &results(comparison);
        text += "\nPeak is that of the form's multiply instruction at the full length of its operands. Moved: what loads and stores\n\
                 name; port: the share of the vector memory port's time that this takes at least.\n\
                 \nWhere the cycles go (% of all cycles, largest first)\n\n";
        text += &causes(&comparison.columns);
    }
    if !comparison.sizes.is_empty() {
        text += "\nShare of the peak by size, %\n\n";
        text += &sizes(&comparison.sizes);
    }
    for column in comparison.columns.iter().chain(&comparison.sizes) {
        if let Some(what) = &column.wrong {
            let _ = write!(text, "\n{} {} on {}: {what}\n", column.solver, column.shape, column.machine);
        }
    }
    text
}

fn results(comparison: &Comparison) -> String {
    use Align::{Left, Right};
    let heads = [
        ("form", Left),
        ("machine", Left),
        ("cycles", Right),
        ("MAC/cycle", Right),
        ("peak", Right),
        ("% peak", Right),
        ("speed-up", Right),
        ("instr.", Right),
        ("moved", Right),
        ("port %", Right),
        ("code", Right),
        ("state", Right),
        ("bound by", Left),
    ];
    let rows = comparison.columns.iter().map(|column| {
        let mut row = vec![column.solver.clone(), column.machine.clone()];
        if column.wrong.is_some() {
            row.extend(["-"; 10].map(str::to_string));
            row.push("WRONG VALUES".to_string());
            return row;
        }
        let or_none = |value: Option<String>| value.unwrap_or("-".to_string());
        row.extend([
            count(column.cycles),
            or_none(column.rate().map(quantity)),
            or_none(column.peak.map(|peak| quantity(peak.rate()))),
            or_none(column.utilisation().map(percent)),
            or_none(comparison.speedup(column).map(|factor| quantity(factor) + "x")),
            count(column.instructions),
            bytes(column.moved_bytes),
            percent(column.port_share()),
            bytes(column.code_bytes),
            bytes(column.state_bytes),
            column.bound_by().map_or("-", |cause| cause.name()).to_string(),
        ]);
        row
    });
    lay_out(&heads, rows, 0, None)
}

fn causes(columns: &[Column]) -> String {
    let mut heads = vec![("", Align::Left), ("", Align::Left)];
    heads.extend([("", Align::Right), ("", Align::Left)].repeat(LARGEST));
    let rows = columns.iter().filter(|column| column.wrong.is_none()).map(|column| {
        let mut row = vec![column.solver.clone(), column.machine.clone()];
        for (cause, cycles) in ranked(&column.ledger).into_iter().take(LARGEST) {
            row.push(percent_of(cycles, column.ledger.total()));
            row.push(cause.name().to_string());
        }
        row.resize(heads.len(), String::new());
        row
    });
    lay_out(&heads, rows, 0, None)
}

/// A line for each size, a column for each form and machine.
fn sizes(columns: &[Column]) -> String {
    let series = series(columns);
    let names: Vec<String> = series.iter().map(|(name, _)| name.clone()).collect();
    let mut heads = vec![("size", Align::Left)];
    heads.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    let mut shapes: Vec<_> = columns.iter().map(|column| &column.shape).collect();
    shapes.dedup();
    let rows = shapes.into_iter().map(|shape| {
        let cell = |columns: &Vec<&Column>| {
            let column = columns.iter().find(|column| column.shape == *shape && column.wrong.is_none());
            column.and_then(|column| column.utilisation()).map_or("-".to_string(), percent)
        };
        let mut row = vec![shape.to_string()];
        row.extend(series.iter().map(|(_, columns)| cell(columns)));
        row
    });
    lay_out(&heads, rows, 0, None)
}

/// The columns of each form and machine, by their name.
pub(super) fn series(columns: &[Column]) -> Vec<(String, Vec<&Column>)> {
    let machines = columns.iter().any(|column| column.machine_index != columns[0].machine_index);
    let mut series: Vec<(String, Vec<&Column>)> = Vec::new();
    for column in columns {
        let name = if machines { format!("{} {}", column.solver, column.machine) } else { column.solver.clone() };
        let same = |other: &Column| other.machine_index == column.machine_index && other.solver == column.solver;
        match series.iter_mut().find(|(_, columns)| same(columns[0])) {
            Some((_, columns)) => columns.push(column),
            None => series.push((name, vec![column])),
        }
    }
    series
}

/// Everything as one JSON object. The keys are an interface: they do not change.
pub fn json(comparison: &Comparison) -> String {
    let rows = |columns: &[Column]| -> Vec<serde_json::Value> {
        let row = |column: &Column| serde_json::to_value(Row::of(comparison, column)).unwrap_or_default();
        columns.iter().map(row).collect()
    };
    pretty(&serde_json::json!({
        "problem": comparison.problem,
        "columns": rows(&comparison.columns),
        "sizes": rows(&comparison.sizes),
    }))
}

#[derive(serde::Serialize)]
struct Row<'a> {
    form: &'a str,
    machine: &'a str,
    shape: String,
    profile: &'a str,
    cycles: u64,
    instructions: u64,
    macs: Option<u64>,
    mac_per_cycle: Option<f64>,
    peak_mac_per_cycle: Option<f64>,
    fraction_of_peak: Option<f64>,
    speedup: Option<f64>,
    moved_bytes: u64,
    port_share: f64,
    dram_bytes: u64,
    code_bytes: u64,
    state_bytes: u64,
    values_ok: bool,
    ledger: Causes<'a>,
}

impl Row<'_> {
    fn of<'a>(comparison: &Comparison, column: &'a Column) -> Row<'a> {
        let right = column.wrong.is_none();
        Row {
            form: &column.solver,
            machine: &column.machine,
            shape: column.shape.to_string(),
            profile: &column.profile,
            cycles: column.cycles,
            instructions: column.instructions,
            macs: column.macs,
            mac_per_cycle: column.rate().filter(|_| right),
            peak_mac_per_cycle: column.peak.map(|peak| peak.rate()),
            fraction_of_peak: column.utilisation().filter(|_| right),
            speedup: comparison.speedup(column),
            moved_bytes: column.moved_bytes,
            port_share: column.port_share(),
            dram_bytes: column.dram_bytes,
            code_bytes: column.code_bytes,
            state_bytes: column.state_bytes,
            values_ok: right,
            ledger: Causes(&column.ledger),
        }
    }
}

const COLUMNS: [&str; 17] = [
    "form",
    "machine",
    "shape",
    "profile",
    "cycles",
    "instructions",
    "macs",
    "mac_per_cycle",
    "peak_mac_per_cycle",
    "fraction_of_peak",
    "speedup",
    "moved_bytes",
    "port_share",
    "dram_bytes",
    "code_bytes",
    "state_bytes",
    "values_ok",
];

/// One line for each result, those over sizes behind the others; what is not known is empty.
pub fn csv(comparison: &Comparison) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and every record has the columns of the header.
    let _ = writer.write_record(COLUMNS);
    for column in comparison.columns.iter().chain(&comparison.sizes) {
        let row = Row::of(comparison, column);
        let or_empty = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let _ = writer.write_record([
            row.form.to_string(),
            row.machine.to_string(),
            row.shape,
            row.profile.to_string(),
            row.cycles.to_string(),
            row.instructions.to_string(),
            row.macs.map_or(String::new(), |macs| macs.to_string()),
            or_empty(row.mac_per_cycle),
            or_empty(row.peak_mac_per_cycle),
            or_empty(row.fraction_of_peak),
            or_empty(row.speedup),
            row.moved_bytes.to_string(),
            row.port_share.to_string(),
            row.dram_bytes.to_string(),
            row.code_bytes.to_string(),
            row.state_bytes.to_string(),
            row.values_ok.to_string(),
        ]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
