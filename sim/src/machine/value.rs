//! Values of leaves: from what was written to what it means, within the allowed range.

use std::borrow::Cow;

use super::error::suggestion;
use super::formula::Formula;

/// What the value of a key may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number.
    Integer {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// A power of two.
    PowerOfTwo {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// A number.
    Real {
        /// Least.
        min: f64,
        /// Most.
        max: f64,
    },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Bytes as a whole number or as text with KiB, MiB or GiB.
    Size {
        /// Most, bytes.
        max: u64,
    },
    /// Time as text: `"100 ns"` or `"175 cycles"`.
    Duration,
    /// Bandwidth as text: `"25.6 GB/s"` (10^9 bytes per second), `"8 B/cycle"` or `"unlimited"`.
    Rate,
    /// A formula as text, or a number.
    Formula,
}

/// A value that has been read.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Integer(u64),
    Real(f64),
    Flag(bool),
    Word(&'static str),
    Duration(Duration),
    Rate(Rate),
    Formula(Formula),
}

/// A time in the unit in which it was given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duration {
    Nanoseconds(f64),
    Cycles(f64),
}

/// A bandwidth in the unit in which it was given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rate {
    GigabytesPerSecond(f64),
    BytesPerCycle(f64),
    Unlimited,
}

/// A value as it was written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw<'t> {
    Integer(i64),
    Real(f64),
    Flag(bool),
    Text(&'t str),
    /// Anything that no key takes, by its name.
    Other(&'static str),
}

impl<'t> Raw<'t> {
    /// Reads what stands behind `key=` on a command line, where text needs no quotes.
    pub(super) fn from_command_line(text: &'t str) -> Raw<'t> {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Raw::Integer(number);
        }
        match text {
            "true" => Raw::Flag(true),
            "false" => Raw::Flag(false),
            _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => {
                text.parse().map_or(Raw::Text(text), Raw::Real)
            }
            _ => Raw::Text(text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)),
        }
    }

    /// The value as text, for reports.
    pub(super) fn text(&self) -> Cow<'t, str> {
        match self {
            Raw::Integer(number) => number.to_string().into(),
            Raw::Real(number) => number.to_string().into(),
            Raw::Flag(flag) => flag.to_string().into(),
            Raw::Text(text) | Raw::Other(text) => (*text).into(),
        }
    }

    fn described(&self) -> Cow<'t, str> {
        match self {
            Raw::Text(text) => format!("the text \"{text}\"").into(),
            other => other.text(),
        }
    }
}

impl Kind {
    /// The allowed values, as they are told in messages and documentation.
    pub fn allowed(&self) -> String {
        match self {
            Kind::Integer { min, max } => format!("an integer from {min} to {max}"),
            Kind::PowerOfTwo { min, max } => format!("a power of two from {min} to {max}"),
            Kind::Real { min, max } => format!("a number from {min} to {max}"),
            Kind::Flag => "true or false".to_string(),
            Kind::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Kind::Size { max } => format!("bytes from 0 to {max}, or text such as \"32 KiB\""),
            Kind::Duration => "a time such as \"100 ns\" or \"175 cycles\"".to_string(),
            Kind::Rate => "a bandwidth such as \"25.6 GB/s\", \"8 B/cycle\" or \"unlimited\"".to_string(),
            Kind::Formula => "a number of cycles or a formula such as \"beats + 3\"".to_string(),
        }
    }

    /// Reads `raw`, or tells what is wrong with it.
    pub(super) fn read(&self, raw: &Raw) -> Result<Value, String> {
        let wrong = || format!("expected {}, found {}", self.allowed(), raw.described());
        match (self, raw) {
            (Kind::Integer { min, max }, Raw::Integer(_)) => {
                bounded(raw, *min, *max).map(Value::Integer).ok_or_else(wrong)
            }
            (Kind::PowerOfTwo { min, max }, Raw::Integer(_)) => {
                bounded(raw, *min, *max).filter(|number| number.is_power_of_two()).map(Value::Integer).ok_or_else(wrong)
            }
            (Kind::Real { min, max }, Raw::Integer(_) | Raw::Real(_)) => {
                let number = match raw {
                    Raw::Integer(number) => *number as f64,
                    Raw::Real(number) => *number,
                    _ => return Err(wrong()),
                };
                // Written so that NaN is out of range.
                if number >= *min && number <= *max { Ok(Value::Real(number)) } else { Err(wrong()) }
            }
            (Kind::Flag, Raw::Flag(flag)) => Ok(Value::Flag(*flag)),
            (Kind::Choice(words), Raw::Text(text)) => match words.iter().find(|word| *word == text) {
                Some(word) => Ok(Value::Word(word)),
                None => Err(format!("unknown value \"{text}\"; {}", suggestion(text, "values", words))),
            },
            (Kind::Size { max }, Raw::Integer(_)) => bounded(raw, 0, *max).map(Value::Integer).ok_or_else(wrong),
            (Kind::Size { max }, Raw::Text(text)) => {
                size(text).filter(|bytes| bytes <= max).map(Value::Integer).ok_or_else(wrong)
            }
            (Kind::Duration, Raw::Text(text)) => duration(text).map(Value::Duration).ok_or_else(wrong),
            (Kind::Rate, Raw::Text(text)) => rate(text).map(Value::Rate).ok_or_else(wrong),
            (Kind::Formula, Raw::Integer(_) | Raw::Real(_) | Raw::Text(_)) => {
                if let Raw::Integer(number) = *raw
                    && let Ok(number) = u32::try_from(number)
                {
                    return Ok(Value::Formula(Formula::number(number)));
                }
                let text = raw.text();
                Formula::parse(&text)
                    .map(Value::Formula)
                    .map_err(|error| format!("column {} of the formula \"{text}\": {}", error.column, error.what))
            }
            _ => Err(wrong()),
        }
    }
}

fn bounded(raw: &Raw, min: u64, max: u64) -> Option<u64> {
    match raw {
        Raw::Integer(number) => u64::try_from(*number).ok().filter(|number| (min..=max).contains(number)),
        _ => None,
    }
}

/// Splits "100 ns" into its number and its unit; the number is finite and not negative.
fn quantity(text: &str) -> Option<(f64, &str)> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text[..split].parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number, text[split..].trim()))
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = quantity(text)?;
    let scale = match unit {
        "B" | "" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number * scale;
    (bytes.fract() == 0.0 && bytes < 1e18).then_some(bytes as u64)
}

fn duration(text: &str) -> Option<Duration> {
    match quantity(text)? {
        (number, "ns") if number <= 1e6 => Some(Duration::Nanoseconds(number)),
        (number, "cycles") if number <= 1e6 => Some(Duration::Cycles(number)),
        _ => None,
    }
}

fn rate(text: &str) -> Option<Rate> {
    if text == "unlimited" {
        return Some(Rate::Unlimited);
    }
    match quantity(text)? {
        (number, "GB/s") if (1e-3..=1e6).contains(&number) => Some(Rate::GigabytesPerSecond(number)),
        (number, "B/cycle") if (1e-3..=1e6).contains(&number) => Some(Rate::BytesPerCycle(number)),
        _ => None,
    }
}
