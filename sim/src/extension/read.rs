//! Reading tables of an extension file: typed values, each refusal with its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ExtensionError;
use crate::machine::error::suggestion;
use crate::machine::file::{File, in_file_order};
use crate::machine::{Formula, FormulaError, MachineError, Var};

/// What a name in a formula stands for.
pub(super) type Names<'a> = &'a mut dyn FnMut(&str) -> Result<Option<Formula>, String>;

/// A table with its place.
#[derive(Clone)]
pub(super) struct Table<'t, 'i> {
    file: &'t File<'t>,
    table: &'t DeTable<'i>,
    /// Dotted path from the top.
    path: String,
    /// Where it begins, bytes.
    at: usize,
}

impl<'t, 'i> Table<'t, 'i> {
    pub fn root(file: &'t File<'t>, table: &'t DeTable<'i>) -> Table<'t, 'i> {
        Table { file, table, path: String::new(), at: 0 }
    }

    /// The refusal of `key`, or of the table itself where it is empty.
    pub fn wrong(&self, key: &str, what: impl Into<String>) -> ExtensionError {
        let at = self.table.get(key).map_or(self.at, |item| item.span().start);
        MachineError::new(&self.file.name, self.file.position(at).0, &self.key(key), what)
    }

    /// The refusal of a place in the text of `key`: text of several lines is told by its line.
    pub fn wrong_line(&self, key: &str, line: usize, what: impl Into<String>) -> ExtensionError {
        let mut error = self.wrong(key, what);
        let opening = self.table.get(key).and_then(|item| self.file.text.get(item.span()));
        // A newline right behind the opening quotes does not belong to the text.
        let skipped =
            usize::from(opening.is_some_and(|text| text.starts_with("\"\"\"\n") || text.starts_with("'''\n")));
        error.line += line.saturating_sub(1) + skipped;
        error
    }

    fn key(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (_, true) => self.path.clone(),
            (true, false) => key.to_string(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }

    /// The line of `key`.
    pub fn line(&self, key: &str) -> usize {
        self.wrong(key, "").line
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// Its keys in the order of the file.
    pub fn keys(&self) -> Vec<String> {
        in_file_order(self.table).into_iter().map(|(key, _)| key.to_string()).collect()
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Refuses other keys than these.
    pub fn only(&self, known: &[&str]) -> Result<(), ExtensionError> {
        match self.keys().into_iter().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(self.wrong(&key, format!("unknown key \"{key}\"; {}", suggestion(&key, "keys", known)))),
            None => Ok(()),
        }
    }

    fn expected(&self, key: &str, what: &str) -> ExtensionError {
        self.wrong(key, format!("expected {what}"))
    }

    fn inner(&self, key: &str, item: &'t Spanned<DeValue<'i>>, path: String) -> Result<Table<'t, 'i>, ExtensionError> {
        match item.get_ref().as_table() {
            Some(table) => Ok(Table { file: self.file, table, path, at: item.span().start }),
            None => Err(self.expected(key, "a table")),
        }
    }

    /// The table `key`.
    pub fn table(&self, key: &str) -> Result<Option<Table<'t, 'i>>, ExtensionError> {
        self.table.get(key).map(|item| self.inner(key, item, self.key(key))).transpose()
    }

    /// The table `key`, which is there.
    pub fn sub(&self, key: &str) -> Result<Table<'t, 'i>, ExtensionError> {
        self.table(key)?.ok_or_else(|| self.expected(key, "a table"))
    }

    /// The tables of the array `key`.
    pub fn tables(&self, key: &str) -> Result<Vec<Table<'t, 'i>>, ExtensionError> {
        let Some(item) = self.table.get(key) else { return Ok(Vec::new()) };
        let Some(items) = item.get_ref().as_array() else {
            return Err(self.expected(key, &format!("[[{key}]] tables")));
        };
        items.iter().enumerate().map(|(index, item)| self.inner(key, item, format!("{key}[{}]", index + 1))).collect()
    }

    pub fn text(&self, key: &str) -> Result<Option<String>, ExtensionError> {
        self.table.get(key).map_or(Ok(None), |item| match item.get_ref() {
            DeValue::String(text) => Ok(Some(text.to_string())),
            _ => Err(self.expected(key, "text in quotes")),
        })
    }

    /// The text `key`, which must be there; `example` shows one.
    pub fn required(&self, key: &str, example: &str) -> Result<String, ExtensionError> {
        self.text(key)?.ok_or_else(|| self.wrong("", format!("missing {key}, such as {key} = \"{example}\"")))
    }

    pub fn flag(&self, key: &str) -> Result<Option<bool>, ExtensionError> {
        self.table.get(key).map_or(Ok(None), |item| match item.get_ref() {
            DeValue::Boolean(flag) => Ok(Some(*flag)),
            _ => Err(self.expected(key, "true or false")),
        })
    }

    pub fn integer(&self, key: &str, least: i64, most: i64) -> Result<Option<i64>, ExtensionError> {
        let wrong = || self.expected(key, &format!("a whole number from {least} to {most}"));
        self.table.get(key).map_or(Ok(None), |item| match item.get_ref() {
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        })
    }

    /// One of these words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, ExtensionError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        match words.iter().find(|(name, _)| *name == text) {
            Some((_, word)) => Ok(Some(*word)),
            None => Err(self.wrong(key, format!("unknown value \"{text}\"; {}", suggestion(&text, "values", &names)))),
        }
    }

    /// A number or the text of a formula.
    pub fn formula(&self, key: &str, names: Names) -> Result<Option<Formula>, ExtensionError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let text = match item.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_string(),
            DeValue::Float(number) => number.as_str().to_string(),
            _ => return Err(self.expected(key, "a number or a formula such as \"beats + 3\"")),
        };
        let wrong = |error: FormulaError| self.wrong(key, format!("\"{text}\": {error}"));
        Formula::parse_with(&text, names).map(Some).map_err(wrong)
    }

    /// A number of bytes or the text of a formula for it, in `known` alone: sizes are the same on every machine, whatever its
    /// data path and its timing.
    pub fn size(&self, key: &str, known: &[Var], names: Names) -> Result<Option<Formula>, ExtensionError> {
        let Some(formula) = self.formula(key, names)? else { return Ok(None) };
        let Some(other) = Var::ALL.iter().find(|var| formula.uses(**var) && !known.contains(var)) else {
            return Ok(Some(formula));
        };
        let known: Vec<&str> = known.iter().map(|var| var.name()).collect();
        let what = format!("a size is the same on every machine and cannot use {}", other.name());
        Err(self.wrong(key, format!("\"{}\": {what}; it may use {}", formula.text(), known.join(", "))))
    }

    /// Text that lives as long as the program: a few words for each extension that is loaded.
    pub fn kept(&self, text: &str) -> &'static str {
        Box::leak(text.to_string().into_boxed_str())
    }
}
