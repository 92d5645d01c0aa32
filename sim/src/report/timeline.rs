//! How iterations of a loop went, cycle by cycle, in the manner of llvm-mca.

use std::fmt::Write;

use crate::observe::profile::{Sample, Step};

/// What the letters mean.
pub const LEGEND: &[(&str, &str)] = &[
    (".", "waits in front of issue"),
    ("I", "issues"),
    ("e", "scalar result under way"),
    ("q", "waits in the vector queue"),
    ("E", "its sequencer works on it"),
    ("-", "vector result under way"),
    ("R", "scalar result, or all of a vector result, can be used"),
];

/// Columns for cycles.
const WIDEST: u64 = 100;

/// What happens in a cycle, the more telling later.
const ORDER: &[u8] = b" .-qeERI";

/// A picture of the last iterations of a sample, as many as fit: a line for each instruction, a column for each cycle,
/// or for several where even one iteration is too long. `text` is the assembly text at an address.
pub fn render(sample: &Sample, text: impl Fn(u64) -> String) -> String {
    let count = sample.ends.len();
    let steps = |iterations: usize| {
        let first = if iterations == count { 0 } else { sample.ends[count - 1 - iterations] };
        &sample.steps[first..]
    };
    let span = |steps: &[Step]| {
        let begin = steps.iter().map(|step| step.since).min().unwrap_or(0);
        (begin, steps.iter().map(end).max().unwrap_or(0).saturating_sub(begin))
    };
    let Some(iterations) = (1..=count).rev().find(|&n| span(steps(n)).1 <= WIDEST).or((count > 0).then_some(1)) else {
        return String::new();
    };
    let shown = steps(iterations);
    let (begin, length) = span(shown);
    let scale = length.div_ceil(WIDEST).max(1);
    let columns = length.div_ceil(scale) as usize;
    let texts: Vec<String> = shown.iter().map(|step| text(step.pc)).collect();
    let width = texts.iter().map(String::len).max().unwrap_or(0);

    let mut picture = String::new();
    let unit = if scale == 1 { "a cycle".to_string() } else { format!("{scale} cycles") };
    let iterations = if iterations == 1 { "1 iteration".to_string() } else { format!("{iterations} iterations") };
    let _ = writeln!(picture, "  {iterations} from cycle {begin} on, a column is {unit}\n");
    let tens = (0..columns).map(|at| if at % 10 == 0 { char::from(b'0' + (at / 10 % 10) as u8) } else { ' ' });
    line(&mut picture, &[" ".repeat(width), tens.collect()]);
    line(&mut picture, &[" ".repeat(width), (0..columns).map(|at| char::from(b'0' + (at % 10) as u8)).collect()]);
    let first = shown.first().map(|step| step.pc);
    for (index, (step, text)) in shown.iter().zip(texts).enumerate() {
        if index > 0 && Some(step.pc) == first {
            picture.push('\n');
        }
        let mut cells = vec![b' '; columns];
        for (letter, from, until) in spans(step) {
            for cell in &mut cells[((from - begin) / scale) as usize..(until - begin).div_ceil(scale) as usize] {
                let rank = |letter: u8| ORDER.iter().position(|&other| other == letter);
                if rank(letter) > rank(*cell) {
                    *cell = letter;
                }
            }
        }
        line(&mut picture, &[format!("{text:width$}"), cells.iter().map(|&cell| char::from(cell)).collect()]);
    }
    picture
}

fn line(picture: &mut String, parts: &[String; 2]) {
    let line = format!("  {}  {}", parts[0], parts[1]);
    let _ = writeln!(picture, "{}", line.trim_end());
}

/// The letters of an instruction, each with its first cycle and the one behind its last.
fn spans(step: &Step) -> Vec<(u8, u64, u64)> {
    let issue = step.issue;
    let mut spans = vec![(b'.', step.since, issue), (b'I', issue, issue + 1)];
    if let Some(vector) = step.vector {
        let done = vector.last.max(vector.start + 1);
        spans.extend([(b'q', issue + 1, vector.start), (b'E', vector.start, vector.until)]);
        spans.extend([(b'-', vector.until, done), (b'R', done, done + 1)]);
    } else if let Some(result) = step.result.filter(|&result| result > issue) {
        spans.extend([(b'e', issue + 1, result), (b'R', result, result + 1)]);
    }
    spans.retain(|&(_, from, until)| from < until);
    spans
}

/// The first cycle in which nothing happens to an instruction any more.
fn end(step: &Step) -> u64 {
    spans(step).iter().map(|&(_, _, until)| until).max().unwrap_or(step.issue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(pc: u64, since: u64, issue: u64, result: Option<u64>) -> Step {
        Step { pc, since, issue, result, vector: None }
    }

    #[test]
    fn letters_stand_in_their_cycles() {
        let steps = vec![step(0, 100, 100, Some(103)), step(4, 100, 103, None), step(0, 103, 104, Some(105))];
        let picture = render(&Sample { steps, ends: vec![2, 3] }, |pc| format!("pc{pc}"));
        let lines: Vec<&str> = picture.lines().collect();
        assert_eq!(lines[0], "  2 iterations from cycle 100 on, a column is a cycle");
        assert_eq!(lines[3..], ["       012345", "  pc0  IeeR", "  pc4  ...I", "", "  pc0     .IR"]);
    }

    #[test]
    fn long_iterations_are_shrunk() {
        let steps = vec![step(0, 0, 0, None), step(4, 0, 900, None), step(0, 900, 901, None)];
        let picture = render(&Sample { steps, ends: vec![2, 3] }, |_| String::new());
        assert!(picture.starts_with("  1 iteration from cycle 900 on"), "{picture}");
        let steps = vec![step(0, 0, 0, None), step(4, 0, 949, None)];
        let picture = render(&Sample { steps, ends: vec![2] }, |_| String::new());
        assert!(picture.contains("a column is 10 cycles") && picture.lines().all(|line| line.len() < 110), "{picture}");
    }
}
