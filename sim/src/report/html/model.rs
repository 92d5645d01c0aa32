//! The page of a model: what a token costs, where its time goes, the roofline of its kernels, curves over the context.

use std::fmt::Write;

use rvtile_kernels::{Check, Worst};

use super::{escape, ledger_bars, machine_table, roofline, style};
use crate::bench::Measurement;
use crate::machine::Machine;
use crate::model::plan::Role;
use crate::model::step::Item;
use crate::model::{Extensions, Phase, Step};
use crate::report::model::{ext_head, how, phase, provenance, speedup_cell, title};
use crate::report::number::{bytes, count, percent, quantity, seconds};
use crate::timing::ledger::Cause;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 280.0;
const RIGHT: f64 = 974.0;
const ROW: f64 = 26.0;
const BAR: f64 = 19.0;
/// Width of a letter in a bar.
const LETTER: f64 = 7.0;
/// Items below this share of a step stand together in the ledger and have no point in the roofline.
const SMALL: f64 = 0.002;

/// Steps as one page; the first one in detail.
pub fn render(machine: &Machine, steps: &[Step]) -> String {
    let Some(first) = steps.first() else { return String::new() };
    let several = steps.iter().any(|step| step.question.model.id != first.question.model.id);
    let what = if several { "Language models" } else { first.question.model.name.as_str() };
    let heading = format!("{} on {}", escape(what), escape(&machine.name));
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{heading}</title>\n\
         <style>{}{}</style>\n</head>\n<body>\n<h1>{heading}</h1>\n<p class=\"soft\">{}</p>\n",
        style::CHART,
        style::PAGE,
        escape(&machine.description)
    );
    html += &summary(steps);
    html += "<h2>Time by part</h2>\n<p class=\"soft\">Lengths within a phase are times.</p>\n";
    for phase in [Phase::Decode, Phase::Prefill] {
        html += &bars(&steps.iter().filter(|step| step.question.phase == phase).collect::<Vec<_>>());
    }
    html += &legend(steps);
    for (phase, heading, value) in CURVES {
        html +=
            &curves(heading, &steps.iter().filter(|step| step.question.phase == *phase).collect::<Vec<_>>(), *value);
    }
    let _ = write!(html, "<h2>In detail</h2>\n<p>{}</p>\n", escape(&title(first)));
    for line in provenance(first) {
        let _ = writeln!(html, "<p class=\"soft\">{}</p>", escape(&line));
    }
    html += &parts(machine, first);
    let measurements = measurements(machine, first);
    html += "<h2>Roofline</h2>\n<p class=\"soft\">Work and compulsory bytes by formula; cycles of one core.</p>\n";
    html += &roofline::element(machine, &measurements);
    html += "<h2>Where the cycles go</h2>\n<p class=\"soft\">Every cycle of the step is charged to exactly one cause.</p>\n";
    html += &ledger_bars::section(&measurements);
    html += "<h2>The machine</h2>\n";
    html += &machine_table::section(machine);
    let _ = write!(html, "<p class=\"soft\">Written by rvtile {}.</p>\n</body>\n</html>\n", env!("CARGO_PKG_VERSION"));
    html
}

/// A value of a step and its text.
type Value = fn(&Step) -> (f64, String);

/// Curves over the context, by phase.
const CURVES: &[(Phase, &str, Value)] = &[
    (Phase::Decode, "Tokens a second against positions in the cache", |step| {
        (step.tokens_per_second(), quantity(step.tokens_per_second()))
    }),
    (Phase::Prefill, "Time to the first token against tokens of the prompt", |step| {
        (step.seconds(), seconds(step.seconds()))
    }),
];

fn row(cells: &[(bool, String)], cell: &str) -> String {
    let mut html = String::from("<tr>");
    for (number, text) in cells {
        let _ = write!(html, "<{cell} class=\"{}\">{}</{cell}>", if *number { "n" } else { "w" }, escape(text));
    }
    html + "</tr>\n"
}

fn table(heads: &[(&str, bool)], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: Vec<_> = heads.iter().map(|(head, number)| (*number, head.to_string())).collect();
    let mut html = String::from("<div class=\"scroll\"><table>\n") + row(&head, "th").as_str();
    for cells in rows {
        let cells: Vec<_> = heads.iter().zip(cells).map(|((_, number), cell)| (*number, cell)).collect();
        html += &row(&cells, "td");
    }
    html + "</table></div>\n"
}

fn summary(steps: &[Step]) -> String {
    let heads = [
        ("model", false),
        ("phase", false),
        ("weights", false),
        (ext_head(steps), false),
        ("context", true),
        ("batch", true),
        ("cores", true),
        ("parameters", true),
        ("time", true),
        ("tokens/s", true),
        ("speed-up by ext", true),
        ("% memory roof", true),
        ("% compute roof", true),
        ("weights", true),
        ("cache", true),
    ];
    let rows = steps.iter().map(|step| {
        let question = &step.question;
        vec![
            question.model.name.clone(),
            phase(step).to_string(),
            question.weights.name().to_string(),
            question.ext.to_string(),
            question.context.to_string(),
            question.batch.to_string(),
            step.cores.to_string(),
            count(question.model.parameters()),
            seconds(step.seconds()),
            quantity(step.tokens_per_second()),
            speedup_cell(steps, step),
            percent(step.memory_roof() / step.cycles()),
            percent(step.compute_roof() / step.cycles()),
            bytes(question.weight_bytes()),
            bytes(question.cache_bytes()),
        ]
    });
    table(&heads, rows)
}

/// Colours of the parts: Okabe and Ito's, lighter and darker.
fn colour(role: Role) -> &'static str {
    match role {
        Role::Embedding => "#c3c8ce",
        Role::Norm => "#8f959c",
        Role::Convert => "#f0e442",
        Role::Qkv => "#56b4e9",
        Role::Positions => "#9a6b4f",
        Role::KvStore => "#6b3460",
        Role::Attention => "#cc79a7",
        Role::Out => "#9ccfea",
        Role::FfnUp => "#0072b2",
        Role::Activation => "#e69f00",
        Role::FfnDown => "#00507d",
        Role::Recurrence => "#c04a00",
        Role::Add => "#4d5156",
        Role::Head => "#009e73",
        Role::Sampling => "#9adbc2",
    }
}

/// What one line of a chart over contexts shows.
fn series(step: &Step) -> String {
    let question = &step.question;
    let base = format!("{} {}", question.model.id, question.weights.name());
    match question.ext {
        Extensions::NONE => base,
        ext => format!("{base} {ext}"),
    }
}

/// How a step differs from the others of a chart.
fn label(step: &Step) -> String {
    format!("{} {}", series(step), step.question.context)
}

/// A bar for each step, its parts one behind the other.
fn bars(steps: &[&Step]) -> String {
    let longest = steps.iter().map(|step| step.seconds()).fold(0.0, f64::max);
    let Some(first) = steps.first() else { return String::new() };
    let height = ROW * steps.len() as f64 + 6.0;
    let mut svg = format!(
        "<h3>{0}</h3>\n<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"><title>{0} by part</title>\n",
        phase(first)
    );
    for (index, step) in steps.iter().enumerate() {
        let top = ROW * index as f64;
        let text_y = top + BAR / 2.0 + 4.0;
        let name = escape(&label(step));
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{name}, {}</text>",
            LEFT - 8.0,
            seconds(step.seconds())
        );
        let scale = (RIGHT - LEFT) * step.seconds() / longest / step.cycles();
        let mut x = LEFT;
        for (role, cycles) in step.roles() {
            let (width, share) = (cycles * scale, percent(cycles / step.cycles()));
            let fill = colour(role);
            let _ = writeln!(
                svg,
                "<rect class=\"part\" x=\"{x:.2}\" y=\"{top}\" width=\"{width:.2}\" height=\"{BAR}\" fill=\"{fill}\">\
                 <title>{name}: {} {share} %</title></rect>",
                role.name()
            );
            let text = format!("{} {share} %", role.name());
            if text.len() as f64 * LETTER + 6.0 < width {
                let _ = writeln!(
                    svg,
                    "<text class=\"{}\" x=\"{:.2}\" y=\"{text_y}\" text-anchor=\"middle\" pointer-events=\"none\">{text}</text>",
                    style::text_on(fill),
                    x + width / 2.0
                );
            }
            x += width;
        }
    }
    svg + "</svg>\n"
}

fn legend(steps: &[Step]) -> String {
    let mut html = String::from("<ul class=\"legend\">\n");
    let occurs = |role: &&Role| steps.iter().any(|step| step.roles().iter().any(|(other, _)| other == *role));
    for role in Role::ALL.iter().filter(occurs) {
        let box_ = format!("<span class=\"box\" style=\"background:{}\"></span>", colour(*role));
        let _ = writeln!(html, "<li>{box_}<span>{}</span></li>", role.name());
    }
    html + "</ul>\n"
}

/// A line for each model and format over the contexts; nothing where there is one context only.
fn curves(heading: &str, steps: &[&Step], value: Value) -> String {
    const HEIGHT: f64 = 360.0;
    const BOTTOM: f64 = 330.0;
    const SIDE: f64 = 70.0;
    /// Room for names behind the lines.
    const NAMES: f64 = 230.0;
    let contexts: Vec<u64> = steps.iter().map(|step| step.question.context).collect();
    let (Some(&low), Some(&high)) = (contexts.iter().min(), contexts.iter().max()) else { return String::new() };
    if low == high {
        return String::new();
    }
    let most = steps.iter().map(|step| value(step).0).fold(0.0, f64::max);
    let x = |context: u64| SIDE + (context - low) as f64 / (high - low) as f64 * (WIDTH - SIDE - NAMES);
    let y = |value: f64| BOTTOM - value / most * (BOTTOM - 24.0);
    let mut svg = format!(
        "<h2>{0}</h2>\n<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{0}</title>\n\
         <path class=\"frame\" d=\"M{SIDE} 16V{BOTTOM}H{1:.1}\"/>\n\
         <text class=\"soft\" x=\"{2}\" y=\"{BOTTOM}\" text-anchor=\"end\">0</text>\n",
        escape(heading),
        WIDTH - NAMES,
        SIDE - 6.0
    );
    let mut distinct = contexts;
    distinct.sort_unstable();
    distinct.dedup();
    for context in distinct {
        let at = x(context);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} 16V{BOTTOM}\"/>\
             <text class=\"soft\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{context}</text>",
            BOTTOM + 18.0
        );
    }
    let mut lines: Vec<(String, Vec<&Step>)> = Vec::new();
    for step in steps {
        let name = series(step);
        match lines.iter_mut().find(|(other, _)| *other == name) {
            Some((_, points)) => points.push(step),
            None => lines.push((name, vec![step])),
        }
    }
    for (index, (name, points)) in lines.iter_mut().enumerate() {
        points.sort_by_key(|step| step.question.context);
        let (fill, stroke) = style::series(index);
        let place = |step: &Step| (x(step.question.context), y(value(step).0));
        let path: Vec<String> = points.iter().map(|step| place(step)).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = writeln!(svg, "<path class=\"frame {stroke}\" d=\"M{}\"/>", path.join("L"));
        for step in points.iter() {
            let ((at_x, at_y), text) = (place(step), value(step).1);
            let _ = writeln!(
                svg,
                "<circle class=\"point {fill} {stroke}\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"4\"/>\
                 <text class=\"label halo\" x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
                at_y - 8.0
            );
        }
        if let Some((at_x, at_y)) = points.last().map(|step| place(step)) {
            let _ = writeln!(
                svg,
                "<text class=\"{fill}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                at_x + 26.0,
                at_y + 4.0,
                escape(name)
            );
        }
    }
    svg + "</svg>\n"
}

fn parts(machine: &Machine, step: &Step) -> String {
    let heads = [
        ("part", false),
        ("kernel", false),
        ("shape", false),
        ("calls", true),
        ("cycles", true),
        ("% of time", true),
        ("from memory", true),
        ("% of peak", true),
        ("how", false),
    ];
    let rows = step.items.iter().map(|item| {
        let cycles = step.item_cycles(item);
        let peak = item.part.peak(machine) * step.cores as f64;
        vec![
            item.part.role.name().to_string(),
            item.part.kernel.to_string(),
            item.part.shape.clone(),
            count(item.part.calls),
            count(cycles.round() as u64),
            percent(cycles / step.cycles()),
            bytes(item.cost.dram_bytes as u64),
            percent(item.part.flop / cycles / peak),
            how(item).to_string(),
        ]
    });
    table(&heads, rows)
}

/// The items as the charts of kernels take them; the small ones together, without work. Work and cycles are those of one core, the
/// ledger is that of the step.
fn measurements(machine: &Machine, step: &Step) -> Vec<Measurement> {
    let least = SMALL * step.cycles();
    let (large, small): (Vec<&Item>, Vec<&Item>) = step.items.iter().partition(|item| step.item_cycles(item) >= least);
    let mut measurements: Vec<Measurement> = large.iter().map(|item| measurement(machine, step, item)).collect();
    let mut rest = small.iter().map(|item| measurement(machine, step, item));
    if let Some(first) = rest.next() {
        let zero = Measurement { kernel: "all others", shape: rvtile_kernels::Shape(Vec::new()), flop: 0, ..first };
        measurements.push(rest.fold(zero, |mut sum, more| {
            sum.cycles += more.cycles;
            sum.instructions += more.instructions;
            sum.bytes += more.bytes;
            sum.ledger.add(&more.ledger);
            sum
        }));
    }
    measurements
}

fn measurement(machine: &Machine, step: &Step, item: &Item) -> Measurement {
    let whole = |number: f64| number.round() as u64;
    let ledger = Cause::ALL.iter().zip(step.item_ledger(item)).map(|(cause, cycles)| (*cause, whole(cycles)));
    Measurement {
        kernel: item.part.kernel,
        shape: item.part.shape.parse().unwrap_or(rvtile_kernels::Shape(Vec::new())),
        dtype: item.part.dtype,
        machine: machine.name.clone(),
        clock_mhz: machine.core.clock_mhz,
        cycles: whole(item.cost.cycles),
        instructions: whole(item.cost.instructions),
        flop: whole(item.part.flop),
        bytes: whole(item.part.bytes),
        dram_bytes: whole(item.cost.dram_bytes),
        peak_flop_per_cycle: item.part.peak(machine),
        dram_bytes_per_cycle: machine.memory.dram.read_bytes_per_cycle,
        // Values of these kernels are checked by the tests of the suite, not here.
        check: Check { elements: 0, worst: Worst { index: 0, got: 0.0, want: 0.0, error: 0.0, bound: 0.0 }, ok: true },
        ledger: ledger.collect(),
        scalar_cycles: None,
    }
}
