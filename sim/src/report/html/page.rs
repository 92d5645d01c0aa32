//! The page: what was measured, the roofline, the numbers, the ledger, the machine.

use std::fmt::Write;

use rvtile_kernels::DType;

use super::{escape, ledger_bars, machine_table, roofline, style};
use crate::bench::{Measurement, peak_flop_per_cycle};
use crate::machine::Machine;
use crate::report::number::{count, percent, quantity};
use crate::report::wrong_values;

/// Measurements as one page.
pub fn render(machine: &Machine, measurements: &[Measurement]) -> String {
    let name = escape(&machine.name);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Kernels on {name}</title>\n\
         <style>{}{}</style>\n</head>\n<body>\n<h1>Kernels on {name}</h1>\n<p class=\"soft\">{}</p>\n",
        style::CHART,
        style::PAGE,
        escape(&machine.description)
    );
    html += &facts(machine);
    for m in measurements {
        if let Some(what) = wrong_values(m) {
            let _ = writeln!(
                html,
                "<p class=\"wrong\"><strong>{} {}</strong> {}</p>",
                escape(m.kernel),
                m.shape,
                escape(&what)
            );
        }
    }
    html += "<h2>Roofline</h2>\n";
    html += &roofline::element(machine, measurements);
    html += &results(measurements);
    html += "<h2>Where the cycles go</h2>\n\
             <p class=\"soft\">Every cycle is charged to exactly one cause; the parts of a bar add up to all of its \
             cycles.</p>\n";
    html += &ledger_bars::section(measurements);
    html += "<h2>The machine</h2>\n";
    html += &machine_table::section(machine);
    let _ = write!(
        html,
        "<p class=\"soft\">Written by rvtile {}. Cycles are simulated; every result was compared with a reference on \
         the host.</p>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    html
}

fn facts(machine: &Machine) -> String {
    let clock = machine.core.clock_mhz;
    let peak = |dtype: DType, unit: &str| {
        format!("{} G{unit}/s", quantity(peak_flop_per_cycle(machine, dtype) * clock / 1000.0))
    };
    let facts = [
        ("VLEN / DLEN", format!("{} / {} bits", machine.vector.vlen, machine.vector.dlen)),
        ("clock", format!("{} GHz", quantity(clock / 1000.0))),
        ("peak f32", peak(DType::F32, "FLOP")),
        ("peak f16", peak(DType::F16, "FLOP")),
        ("peak i8", peak(DType::I8, "OP")),
        ("DRAM read", format!("{} GB/s", quantity(machine.memory.dram.read_bytes_per_cycle * clock / 1000.0))),
        ("assumed values", format!("{} of {}", machine.assumed().count(), machine.entries.len())),
    ];
    let mut html = String::from("<dl class=\"facts\">\n");
    for (name, value) in facts {
        let _ = writeln!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    html + "</dl>\n"
}

fn results(measurements: &[Measurement]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table>\n<tr><th>kernel</th><th>shape</th><th>type</th>");
    for head in [
        "cycles",
        "instructions",
        "IPC",
        "GFLOP/s (i8: GOP/s)",
        "% of peak",
        "bytes/cycle",
        "FLOP/byte",
        "speed-up over scalar",
    ] {
        let _ = write!(html, "<th class=\"n\">{head}</th>");
    }
    html += "<th>bound by</th></tr>\n";
    for m in measurements {
        let _ = write!(
            html,
            "<tr><td class=\"w\">{}</td><td class=\"w\">{}</td><td>{}</td>",
            escape(m.kernel),
            m.shape,
            m.dtype.name()
        );
        if m.check.ok {
            for number in [
                count(m.cycles),
                count(m.instructions),
                format!("{:.2}", m.ipc()),
                quantity(m.gflops()),
                percent(m.fraction_of_peak()),
                quantity(m.bytes_per_cycle()),
                quantity(m.intensity()),
                m.speedup().map_or("-".to_string(), quantity),
            ] {
                let _ = write!(html, "<td class=\"n\">{number}</td>");
            }
            let _ = writeln!(html, "<td class=\"w\">{}</td></tr>", m.bound_by().map_or("-", |cause| cause.name()));
        } else {
            html += "<td colspan=\"9\">wrong values, see above</td></tr>\n";
        }
    }
    html + "</table></div>\n\
            <p class=\"soft\">FLOP by formula, an FMA counts 2. Bytes: compulsory traffic, each input read once and \
            each output written once.</p>\n"
}
