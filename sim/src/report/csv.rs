//! Measurements as CSV for spreadsheets: one line each, one column for each cause of the ledger.

use crate::bench::Measurement;
use crate::timing::ledger::Cause;

const COLUMNS: [&str; 20] = [
    "kernel",
    "shape",
    "dtype",
    "machine",
    "cycles",
    "instructions",
    "flop",
    "bytes",
    "peak_flop_per_cycle",
    "fraction_of_peak",
    "values_ok",
    "ipc",
    "gflop_per_second",
    "bytes_per_cycle",
    "flop_per_byte",
    "dram_bytes",
    "clock_mhz",
    "scalar_cycles",
    "speedup",
    "bound_by",
];

/// Measurements as CSV with a header. Throughputs of wrong values, and what was not measured, are empty fields.
pub fn render(measurements: &[Measurement]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = COLUMNS.iter().map(ToString::to_string);
    let causes = Cause::ALL.iter().map(|cause| format!("ledger.{}", cause.name()));
    // Writing to memory does not fail, and every record has the columns of the header.
    let _ = writer.write_record(header.chain(causes));
    for m in measurements {
        let _ = writer.write_record(record(m));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn record(m: &Measurement) -> Vec<String> {
    let right = |value: f64| if m.check.ok { value.to_string() } else { String::new() };
    let mut fields = vec![
        m.kernel.to_string(),
        m.shape.to_string(),
        m.dtype.name().to_string(),
        m.machine.clone(),
        m.cycles.to_string(),
        m.instructions.to_string(),
        m.flop.to_string(),
        m.bytes.to_string(),
        m.peak_flop_per_cycle.to_string(),
        right(m.fraction_of_peak()),
        m.check.ok.to_string(),
        m.ipc().to_string(),
        right(m.gflops()),
        right(m.bytes_per_cycle()),
        m.intensity().to_string(),
        m.dram_bytes.to_string(),
        m.clock_mhz.to_string(),
        m.scalar_cycles.map_or(String::new(), |cycles| cycles.to_string()),
        m.speedup().map_or(String::new(), right),
        m.bound_by().map_or(String::new(), |cause| cause.name().to_string()),
    ];
    fields.extend(Cause::ALL.iter().map(|&cause| m.ledger.get(cause).to_string()));
    fields
}
