//! Results as JSON. The keys are an interface: they do not change.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::bench::Measurement;
use crate::machine::Machine;
use crate::timing::ledger::Ledger;

/// Measurements as an array of objects. Of a measurement with wrong values `fraction_of_peak` is null and `worst`
/// shows the worst element.
pub fn render(measurements: &[Measurement]) -> String {
    pretty(&measurements.iter().map(Row::of).collect::<Vec<_>>())
}

/// The values of a machine with their sources as an array of objects.
pub fn machine(machine: &Machine) -> String {
    pretty(&machine.entries)
}

/// A JSON value as text.
pub fn value(value: &serde_json::Value) -> String {
    pretty(value)
}

/// Any result as indented JSON with a newline at the end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    // Serialisation into memory of maps with text keys does not fail.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// Cycles by the name of their cause, those that occur.
pub(super) struct Causes<'a>(pub &'a Ledger);

impl Serialize for Causes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (cause, cycles) in self.0.entries() {
            map.serialize_entry(cause.name(), &cycles)?;
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Row<'a> {
    kernel: &'a str,
    shape: String,
    dtype: &'a str,
    machine: &'a str,
    cycles: u64,
    instructions: u64,
    flop: u64,
    bytes: u64,
    peak_flop_per_cycle: f64,
    fraction_of_peak: Option<f64>,
    values_ok: bool,
    ledger: Causes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worst: Option<Worst>,
}

#[derive(serde::Serialize)]
struct Worst {
    index: u64,
    got: f64,
    want: f64,
    error: f64,
    bound: f64,
}

impl Row<'_> {
    fn of(m: &Measurement) -> Row<'_> {
        let rvtile_kernels::Worst { index, got, want, error, bound } = m.check.worst;
        Row {
            kernel: m.kernel,
            shape: m.shape.to_string(),
            dtype: m.dtype.name(),
            machine: &m.machine,
            cycles: m.cycles,
            instructions: m.instructions,
            flop: m.flop,
            bytes: m.bytes,
            peak_flop_per_cycle: m.peak_flop_per_cycle,
            fraction_of_peak: m.check.ok.then(|| m.fraction_of_peak()),
            values_ok: m.check.ok,
            ledger: Causes(&m.ledger),
            worst: (!m.check.ok).then_some(Worst { index, got, want, error, bound }),
        }
    }
}
