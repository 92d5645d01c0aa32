//! The figures of all rounds as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::{Runner, Work};

/// A program, its times in every round and what it does.
pub struct Row {
    pub program: String,
    pub times: BTreeMap<Runner, Vec<f64>>,
    pub work: Work,
}

/// A ratio of times: median, least and greatest over the rounds.
#[derive(Clone, Copy)]
struct Ratio {
    median: f64,
    least: f64,
    greatest: f64,
}

impl Ratio {
    fn of(mut values: Vec<f64>) -> Option<Ratio> {
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Some(Ratio { median, least, greatest })
    }
}

impl Row {
    /// How many times longer `slow` takes than `fast`.
    fn ratio(&self, slow: Runner, fast: Runner) -> Option<Ratio> {
        let (slow, fast) = (self.times.get(&slow)?, self.times.get(&fast)?);
        Ratio::of(slow.iter().zip(fast).map(|(slow, fast)| slow / fast).collect())
    }

    /// The median time.
    fn seconds(&self, runner: Runner) -> Option<f64> {
        Some(Ratio::of(self.times.get(&runner)?.clone())?.median)
    }

    fn is_vector(&self) -> bool {
        self.work.elements > self.work.instructions
    }
}

/// What is compared: heading, the slower and the faster by whose times.
const COLUMNS: [(&str, Runner, Runner); 5] = [
    ("QEMU/functional", Runner::Qemu, Runner::Functional),
    ("Spike/functional", Runner::Spike, Runner::Functional),
    ("QEMU/timed", Runner::Qemu, Runner::Timed),
    ("Spike/timed", Runner::Spike, Runner::Timed),
    ("functional/native", Runner::Functional, Runner::Native),
];

/// All tables. The host's twins do `native` times the work.
pub fn text(rows: &[Row], native: f64) -> String {
    let factor = |slow, fast| match (slow, fast) {
        (_, Runner::Native) => native,
        _ => 1.0,
    };
    let mut text = format!("\nratios of processor times, median (least-greatest)\n\n{:<12}", "program");
    for (heading, ..) in COLUMNS {
        write!(text, "{heading:>22}").ok();
    }
    for row in rows {
        write!(text, "\n{:<12}", row.program).ok();
        for (_, slow, fast) in COLUMNS {
            let cell = row.ratio(slow, fast).map_or("-".to_string(), |ratio| {
                let [median, least, greatest] =
                    [ratio.median, ratio.least, ratio.greatest].map(|value| short(value * factor(slow, fast)));
                format!("{median} ({least}-{greatest})")
            });
            write!(text, "{cell:>22}").ok();
        }
    }
    for (name, vector) in [("scalar", false), ("vector", true)] {
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.is_vector() == vector).collect();
        if of_kind.is_empty() {
            continue;
        }
        write!(text, "\n{:<12}", format!("{name}, mean")).ok();
        for (_, slow, fast) in COLUMNS {
            let ratios = of_kind.iter().filter_map(|row| row.ratio(slow, fast));
            let logarithms: Vec<f64> = ratios.map(|ratio| (ratio.median * factor(slow, fast)).ln()).collect();
            let mean = (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp();
            let cell = if logarithms.is_empty() { "-".to_string() } else { short(mean) };
            write!(text, "{cell:>22}").ok();
        }
    }
    text + "\n\n" + rates(rows).as_str()
}

/// Guest instructions and elements a second.
fn rates(rows: &[Row]) -> String {
    const RATES: [Runner; 4] = [Runner::Functional, Runner::Timed, Runner::Qemu, Runner::Spike];
    let mut text = format!("{:<12}", "");
    for what in ["million instructions a second", "million elements a second"] {
        write!(text, "{what:>50}").ok();
    }
    write!(text, "\n{:<12}", "program").ok();
    for _ in 0..2 {
        write!(text, "{:>14}{:>12}{:>12}{:>12}", "functional", "timed", "QEMU", "Spike").ok();
    }
    for row in rows {
        write!(text, "\n{:<12}", row.program).ok();
        for amount in [row.work.instructions, row.work.elements] {
            for (index, runner) in RATES.into_iter().enumerate() {
                let rate = row.seconds(runner).filter(|_| amount > 0).map(|seconds| amount as f64 / seconds / 1e6);
                let width = if index == 0 { 14 } else { 12 };
                write!(text, "{:>width$}", rate.map_or("-".to_string(), short)).ok();
            }
        }
    }
    text + "\n"
}

/// Three digits.
fn short(value: f64) -> String {
    match value {
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
