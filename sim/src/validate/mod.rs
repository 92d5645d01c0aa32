//! The model against measured tables: how far off it is, by group and by row.
//!
//! Each source of measurements has a file of its own that makes a [`Group`]: it reads the table, runs what was measured
//! on the model, and pairs the figures. What is printed of groups is in [`crate::report::validation`].

pub mod corpus;
mod functions;
pub mod instructions;
mod kernels;
pub mod loops;
mod program;
pub mod rows;

use std::collections::BTreeMap;
use std::fmt;

/// A measured figure and what the model says.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured, in the words of the table.
    pub name: String,
    /// The part of the group that it belongs to: parts have statistics of their own.
    pub part: String,
    /// The measured figure, in the group's unit.
    pub measured: f64,
    /// The model's figure, in the same unit.
    pub simulated: f64,
    /// What is known to keep the two apart, where something is.
    pub reason: Option<&'static str>,
}

impl Row {
    /// Signed relative error of the model.
    pub fn error(&self) -> f64 {
        self.simulated / self.measured - 1.0
    }
}

/// Rows that are judged together.
#[derive(Clone, Debug)]
pub struct Group {
    /// A short name, the key in reports.
    pub name: String,
    /// What was measured and how, in a sentence or two.
    pub about: String,
    /// Unit of both figures.
    pub unit: &'static str,
    /// The machine that was simulated.
    pub machine: String,
    /// The pairs.
    pub rows: Vec<Row>,
}

/// Errors of a set of rows, relative.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'a> {
    /// How many rows.
    pub rows: usize,
    /// Median of the absolute errors.
    pub median: f64,
    /// Mean of the absolute errors.
    pub mean: f64,
    /// 95th percentile of the absolute errors: the least error that 95 of 100 rows do not exceed.
    pub p95: f64,
    /// The row with the largest absolute error.
    pub worst: &'a Row,
}

impl Group {
    /// Statistics of all rows; `None` of an empty group.
    pub fn statistics(&self) -> Option<Statistics<'_>> {
        Statistics::of(self.rows.iter())
    }

    /// Statistics of each part, in the order of their names.
    pub fn parts(&self) -> Vec<(&str, Statistics<'_>)> {
        let mut parts: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            parts.entry(&row.part).or_default().push(row);
        }
        parts.into_iter().filter_map(|(name, rows)| Some((name, Statistics::of(rows.into_iter())?))).collect()
    }
}

impl<'a> Statistics<'a> {
    /// Statistics of rows; `None` without any.
    pub fn of(rows: impl Iterator<Item = &'a Row>) -> Option<Statistics<'a>> {
        let mut rows: Vec<&Row> = rows.collect();
        rows.sort_by(|a, b| a.error().abs().total_cmp(&b.error().abs()));
        let worst = *rows.last()?;
        let error = |index: usize| rows[index].error().abs();
        let count = rows.len();
        Some(Statistics {
            rows: count,
            median: (error((count - 1) / 2) + error(count / 2)) / 2.0,
            mean: rows.iter().map(|row| row.error().abs()).sum::<f64>() / count as f64,
            p95: error((count * 95).div_ceil(100) - 1),
            worst,
        })
    }
}

/// Why a table cannot be compared.
#[derive(Debug)]
pub struct Error {
    /// The file, as the user named it.
    pub file: String,
    /// Line of the file, when it is known.
    pub line: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl std::error::Error for Error {}

/// A table of measurements: its name for messages and its text.
pub struct Table<'a> {
    /// Name of the file.
    pub name: &'a str,
    /// Comma-separated values with a header line.
    pub text: &'a str,
}

impl<'a> Table<'a> {
    /// The lines of the table as values of `T`, each with its line number.
    ///
    /// # Errors
    /// The first line that is not a `T`.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<Vec<(u64, T)>, Error> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(self.text.as_bytes());
        let headers = reader.headers().map_err(|error| self.malformed(&error))?.clone();
        let mut values = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| self.malformed(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let value = record
                .deserialize(Some(&headers))
                .map_err(|error| self.wrong(line, describe_in(&error, &headers, &record)))?;
            values.push((line, value));
        }
        if values.is_empty() {
            return Err(Error { file: self.name.to_string(), line: None, what: "the table has no rows".to_string() });
        }
        Ok(values)
    }

    /// An error in a line.
    pub fn wrong(&self, line: u64, what: impl fmt::Display) -> Error {
        Error { file: self.name.to_string(), line: Some(line), what: what.to_string() }
    }

    fn malformed(&self, error: &csv::Error) -> Error {
        let line = error.position().map(csv::Position::line);
        Error { file: self.name.to_string(), line, what: describe(error) }
    }
}

/// What is wrong, without the place: messages give the line themselves.
fn describe(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, the header has {expected_len}")
        }
        _ => error.to_string(),
    }
}

/// The same with column and value, where one is to blame.
fn describe_in(error: &csv::Error, headers: &csv::StringRecord, record: &csv::StringRecord) -> String {
    let what = describe(error);
    let csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return what };
    let field = err.field().and_then(|index| usize::try_from(index).ok());
    match field.and_then(|index| Some((headers.get(index)?, record.get(index)?))) {
        Some((column, value)) => format!("{column} = `{value}`: {what}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measured: f64, simulated: f64) -> Row {
        Row { name: String::new(), part: String::new(), measured, simulated, reason: None }
    }

    #[test]
    fn statistics_are_of_absolute_errors() {
        let rows: Vec<Row> = (1..=100).map(|i| row(100.0, 100.0 - f64::from(i))).collect();
        let statistics = Statistics::of(rows.iter()).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(statistics.median, 0.505) && near(statistics.mean, 0.505) && near(statistics.p95, 0.95));
        assert!(near(statistics.worst.error(), -1.0));
        assert!(Statistics::of([].iter()).is_none());
    }

    #[derive(serde::Deserialize)]
    struct Line {
        size: u64,
    }

    #[test]
    fn wrong_tables_are_told_with_their_line() {
        let read = |text| Table { name: "t.csv", text }.read::<Line>().map_err(|error| error.to_string());
        assert_eq!(read("size,other\n1,2\n3,4\n").unwrap()[1].1.size, 3);
        let error = |text| read(text).err().unwrap();
        assert_eq!(error("size\n1\nx\n"), "t.csv, line 3: size = `x`: invalid digit found in string");
        assert_eq!(error("size,b\n1\n"), "t.csv, line 2: 1 fields, the header has 2");
        assert_eq!(error("other\n1\n"), "t.csv, line 2: missing field `size`");
        assert_eq!(error("size\n"), "t.csv: the table has no rows");
    }
}
