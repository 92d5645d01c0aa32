//! Reading machine files: includes, sources and leaves, one layer over the other.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::builtin;
use super::error::{MachineError, suggestion};
use super::keys::{self, Place, Slot};
use super::value::{Raw, Value};

/// A leaf as the topmost layer left it.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub value: Value,
    pub text: String,
    pub source: Arc<str>,
    pub assumed: bool,
    pub file: Arc<str>,
    pub line: usize,
}

/// All layers of a machine, resolved.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub leaves: BTreeMap<Slot, Leaf>,
    pub name: String,
    pub description: String,
    /// The outermost file.
    pub file: String,
    /// Whether anything comes from the user: a file or an override.
    pub own: bool,
    /// Tag to citation; an outer layer's wins.
    sources: BTreeMap<String, Arc<str>>,
    /// The files that are being read, outermost first, to find an include cycle.
    open: Vec<Origin>,
}

/// Where a layer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Builtin(&'static str),
    File(PathBuf),
}

impl Origin {
    /// `name` is that of a built-in machine, or a path: it holds a separator or ends in `.toml`.
    fn new(name: &str, relative_to: Option<&Origin>) -> Result<Origin, String> {
        if let Some(name) = builtin::names().find(|known| *known == name) {
            return Ok(Origin::Builtin(name));
        }
        if !name.ends_with(".toml") && !name.contains('/') {
            let known: Vec<&str> = builtin::names().collect();
            let hint = suggestion(name, "machines", &known);
            return Err(format!("no built-in machine \"{name}\"; {hint} (a file's name ends in .toml)"));
        }
        let folder = match relative_to {
            Some(Origin::File(path)) => path.parent().unwrap_or(Path::new("")),
            _ => Path::new(""),
        };
        Ok(Origin::File(folder.join(name)))
    }

    fn display(&self) -> String {
        match self {
            Origin::Builtin(name) => format!("{name}.toml"),
            Origin::File(path) => path.display().to_string(),
        }
    }

    fn text(&self) -> std::io::Result<Cow<'static, str>> {
        match self {
            Origin::Builtin(name) => Ok(builtin::text(name).into()),
            Origin::File(path) => std::fs::read_to_string(path).map(Cow::from),
        }
    }

    fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::File(a), Origin::File(b)) => match (a.canonicalize(), b.canonicalize()) {
                (Ok(a), Ok(b)) => a == b,
                _ => a == b,
            },
            _ => self == other,
        }
    }
}

impl Layers {
    /// Reads the machine `name_or_path` with everything that it includes.
    pub(super) fn load(name_or_path: &str) -> Result<Layers, MachineError> {
        let wrong = |what: String| MachineError::new(name_or_path, 0, "", what);
        let origin = Origin::new(name_or_path, None).map_err(wrong)?;
        let text = origin.text().map_err(|error| wrong(format!("cannot read it: {error}")))?;
        Layers::from_text(origin, &text)
    }

    /// Reads `text` as the file `path`, which need not exist.
    pub(super) fn parse(path: &str, text: &str) -> Result<Layers, MachineError> {
        Layers::from_text(Origin::File(PathBuf::from(path)), text)
    }

    fn from_text(origin: Origin, text: &str) -> Result<Layers, MachineError> {
        let mut layers = Layers { file: origin.display(), ..Layers::default() };
        layers.add(origin, text)?;
        Ok(layers)
    }

    fn add(&mut self, origin: Origin, text: &str) -> Result<(), MachineError> {
        let file = File::new(origin.display(), text);
        let root = DeTable::parse(text).map_err(|error| {
            let (line, column) = file.position(error.span().map_or(0, |span| span.start));
            let what = format!("not TOML: {}", error.message());
            MachineError { column, ..MachineError::new(&file.name, line, "", what) }
        })?;
        let root = root.get_ref();
        self.open.push(origin.clone());
        self.own |= matches!(origin, Origin::File(_));
        if let Some(include) = file.string(root, "include")? {
            let wrong = |what: String| MachineError::new(&file.name, include.1, "include", what);
            let inner = Origin::new(include.0, Some(&origin)).map_err(wrong)?;
            if let Some(first) = self.open.iter().position(|open| open.is(&inner)) {
                let chain: Vec<String> = self.open[first..].iter().chain([&inner]).map(Origin::display).collect();
                return Err(wrong(format!("includes go round: {}", chain.join(" -> "))));
            }
            let unread = |error| wrong(format!("cannot read {}: {error}", inner.display()));
            let text = inner.text().map_err(unread)?;
            self.add(inner, &text)?;
        }
        self.open.pop();
        self.name = match file.string(root, "name")? {
            Some((name, _)) => name.to_string(),
            None => file.stem(),
        };
        if let Some((description, _)) = file.string(root, "description")? {
            self.description = description.to_string();
        }
        self.add_sources(&file, root)?;
        self.add_table(&file, &mut Vec::new(), keys::Table::ROOT, root)
    }

    fn add_sources(&mut self, file: &File, root: &DeTable) -> Result<(), MachineError> {
        let Some(table) = root.get("sources") else { return Ok(()) };
        let Some(sources) = table.get_ref().as_table() else {
            return Err(file.error(table, "sources", "expected a table of tag = \"citation\""));
        };
        for (tag, citation) in in_file_order(sources) {
            let key = format!("sources.{tag}");
            match citation.get_ref() {
                _ if tag.contains(':') || tag == "assumed" => {
                    return Err(file.error(citation, &key, "a tag holds no ':' and is not \"assumed\""));
                }
                DeValue::String(text) => self.sources.insert(tag.to_string(), text.as_ref().into()),
                _ => return Err(file.error(citation, &key, "expected a citation as text")),
            };
        }
        Ok(())
    }

    /// Adds what stands in `table`; `path` leads there, and `keys` may stand there.
    fn add_table<'t>(
        &mut self,
        file: &File,
        path: &mut Vec<&'t str>,
        keys: keys::Table,
        table: &'t DeTable,
    ) -> Result<(), MachineError> {
        let shared_source = match path.len() {
            0 => None,
            _ => table.get("source"),
        };
        for (name, item) in in_file_order(table) {
            let top = path.is_empty() && ["name", "description", "include", "sources"].contains(&name);
            if top || (!path.is_empty() && name == "source") {
                continue;
            }
            path.push(name);
            match keys.find(name) {
                Place::Leaf(slot) => {
                    let leaf = self.leaf(file, slot, item, shared_source)?;
                    self.leaves.insert(slot, leaf);
                }
                Place::Table(keys) => match item.get_ref().as_table() {
                    Some(inner) => self.add_table(file, path, keys, inner)?,
                    None => return Err(file.error(item, &path.join("."), "expected a table")),
                },
                Place::Nothing => return Err(file.error(item, &path.join("."), unknown_key(path))),
            }
            path.pop();
        }
        Ok(())
    }

    fn leaf(
        &self,
        file: &File,
        slot: Slot,
        item: &Spanned<DeValue>,
        shared_source: Option<&Spanned<DeValue>>,
    ) -> Result<Leaf, MachineError> {
        let wrong = |at: &Spanned<DeValue>, what: String| file.error(at, &slot.path(), what);
        let kind = slot.key().kind;
        let mut value = item;
        let mut source = shared_source;
        if let Some(table) = item.get_ref().as_table() {
            let others = table.iter().filter(|(name, _)| !["value", "source"].contains(&name.get_ref().as_ref()));
            if let Some((other, at)) = others.min_by_key(|(name, _)| name.span().start) {
                let what = format!("only value and source may stand here, found \"{}\"", other.get_ref());
                return Err(wrong(at, what));
            }
            value = table.get("value").ok_or_else(|| wrong(item, format!("no value; expected {}", kind.allowed())))?;
            source = table.get("source").or(shared_source);
        }
        let raw = raw(value.get_ref());
        let read = kind.read(&raw).map_err(|what| wrong(value, what))?;
        let Some(source) = source else {
            let what = format!(
                "no source; write {{ value = {}, source = \"...\" }} with a tag of [sources] or \"assumed: why\"",
                file.slice(value)
            );
            return Err(wrong(value, what));
        };
        let DeValue::String(told) = source.get_ref() else {
            return Err(wrong(source, "the source must be text: a tag of [sources] or \"assumed: why\"".to_string()));
        };
        let (citation, assumed) = self.cite(told).map_err(|what| wrong(source, what))?;
        let line = file.line(value.span().start);
        let text = raw.text().into_owned();
        Ok(Leaf { value: read, text, source: citation, assumed, file: file.name.clone(), line })
    }

    /// The full text of the source `told` (a tag, or `assumed`, and perhaps a note), and whether it is a guess.
    fn cite(&self, told: &str) -> Result<(Arc<str>, bool), String> {
        let (tag, note) = match told.split_once(':') {
            Some((tag, note)) => (tag.trim(), note.trim()),
            None => (told.trim(), ""),
        };
        if tag == "assumed" {
            return Ok((told.trim().into(), true));
        }
        let Some(citation) = self.sources.get(tag) else {
            let known: Vec<&str> = self.sources.keys().map(String::as_str).chain(["assumed"]).collect();
            return Err(format!("unknown source \"{tag}\"; {}", suggestion(tag, "sources", &known)));
        };
        let source = if note.is_empty() { citation.clone() } else { [citation, "; ", note].concat().into() };
        Ok((source, false))
    }

    /// Sets `key` as a command line does.
    pub(super) fn set(&mut self, dotted: &str, text: &str) -> Result<(), MachineError> {
        let wrong = |what: String| MachineError::new("--set", 0, dotted, what);
        let path: Vec<&str> = dotted.split('.').collect();
        match keys::find(&path) {
            Place::Leaf(slot) => {
                let raw = Raw::from_command_line(text);
                let value = slot.key().kind.read(&raw).map_err(wrong)?;
                let leaf = Leaf {
                    value,
                    text: raw.text().into_owned(),
                    source: "command line".into(),
                    assumed: false,
                    file: "--set".into(),
                    line: 0,
                };
                self.leaves.insert(slot, leaf);
                self.own = true;
                Ok(())
            }
            Place::Table(table) => {
                Err(wrong(format!("a table, not a value; it holds the keys {}", table.names().join(", "))))
            }
            Place::Nothing => {
                // Tell the first name that leads nowhere.
                let known = (1..path.len()).rev().find(|&n| !matches!(keys::find(&path[..n]), Place::Nothing));
                Err(wrong(unknown_key(&path[..known.unwrap_or(0) + 1])))
            }
        }
    }
}

/// The message for a path whose last name is unknown.
fn unknown_key(path: &[&str]) -> String {
    let Some((name, parents)) = path.split_last() else { return "unknown key".to_string() };
    let mut known = keys::below(parents);
    if parents.is_empty() {
        let of_files = ["name", "description", "include", "sources"];
        // Files have them here, so only a command line asks for one.
        if of_files.contains(name) {
            return format!("\"{name}\" can only stand in a file, not in --set");
        }
        known.extend(of_files);
    } else if *name == "source" && !matches!(keys::find(parents), Place::Leaf(_)) {
        return "\"source\" can only stand in a file, not in --set".to_string();
    } else if let Place::Leaf(_) = keys::find(parents) {
        return format!("unknown key \"{name}\"; {} is a value and holds no keys", parents.join("."));
    }
    format!("unknown key \"{name}\"; {}", suggestion(name, "keys", &known))
}

/// The entries of a table in the order in which they stand in the file, so that the first error is the topmost.
pub(crate) fn in_file_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t str, &'t Spanned<DeValue<'i>>)> {
    let mut items: Vec<_> = table.iter().map(|(key, item)| (key.span().start, &**key.get_ref(), item)).collect();
    items.sort_by_key(|&(start, ..)| start);
    items.into_iter().map(|(_, name, item)| (name, item)).collect()
}

fn raw<'t>(value: &'t DeValue) -> Raw<'t> {
    match value {
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Raw::Integer(number),
            Err(_) => Raw::Other("an integer of more than 64 bits"),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Raw::Real(number),
            Err(_) => Raw::Other("a number that cannot be read"),
        },
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::String(text) => Raw::Text(text),
        DeValue::Array(_) => Raw::Other("an array"),
        DeValue::Table(_) => Raw::Other("a table"),
        DeValue::Datetime(_) => Raw::Other("a date"),
    }
}

/// A file's text, to turn byte offsets into lines.
pub(crate) struct File<'t> {
    pub name: Arc<str>,
    pub text: &'t str,
    /// Where its lines but the first begin.
    lines: Vec<usize>,
}

impl<'t> File<'t> {
    pub fn new(name: String, text: &'t str) -> File<'t> {
        let lines = text.match_indices('\n').map(|(newline, _)| newline + 1).collect();
        File { name: name.into(), text, lines }
    }

    /// The line, from 1, of a byte offset.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|&start| start <= offset) + 1
    }

    /// Line and column, from 1, of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = line.checked_sub(2).map_or(0, |before| self.lines[before]);
        (line, self.text.get(start..offset).unwrap_or(&self.text[start..]).chars().count() + 1)
    }

    fn slice(&self, value: &Spanned<DeValue>) -> &str {
        self.text.get(value.span()).unwrap_or_default()
    }

    pub fn error(&self, at: &Spanned<DeValue>, key: &str, what: impl Into<String>) -> MachineError {
        MachineError::new(&self.name, self.line(at.span().start), key, what)
    }

    /// The text of a top-level key with its line.
    fn string<'v>(&self, root: &'v DeTable, key: &str) -> Result<Option<(&'v str, usize)>, MachineError> {
        match root.get(key) {
            None => Ok(None),
            Some(item) => match item.get_ref() {
                DeValue::String(text) => Ok(Some((text, self.line(item.span().start)))),
                _ => Err(self.error(item, key, "expected text")),
            },
        }
    }

    fn stem(&self) -> String {
        Path::new(&*self.name).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }
}
