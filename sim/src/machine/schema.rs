//! A JSON schema of machine files, for editors and other programs.

use rvtile_isa::class::Class;
use serde_json::{Map, Value, json};

use super::keys::{self, CACHES, Key, Place};
use super::value::Kind;

/// The JSON schema (draft 2020-12) of a machine file. A file is an overlay: no key is required.
pub fn schema() -> Value {
    let mut properties = table_properties(&[]);
    let text = json!({ "type": "string" });
    for key in ["name", "description", "include"] {
        properties.insert(key.to_string(), text.clone());
    }
    properties.insert("sources".to_string(), json!({ "type": "object", "additionalProperties": text }));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rvtile machine",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": {
            "cache": table(&["memory", CACHES[0]]),
            "class": table(&["class", Class::ALL[0].name()]),
        },
    })
}

fn table(path: &[&str]) -> Value {
    let mut properties = table_properties(path);
    let doc = "tag of [sources], or assumed, of the values of this table that name no source themselves";
    properties.insert("source".to_string(), json!({ "type": "string", "description": doc }));
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The properties below `path`; caches and classes refer to one definition each.
fn table_properties(path: &[&str]) -> Map<String, Value> {
    let mut properties = Map::new();
    for name in keys::below(path) {
        let inner: Vec<&str> = path.iter().copied().chain([name]).collect();
        let schema = match keys::find(&inner) {
            Place::Leaf(slot) => leaf(slot.key()),
            _ if path == ["class"] => json!({ "$ref": "#/$defs/class" }),
            _ if path == ["memory"] && CACHES.contains(&name) => json!({ "$ref": "#/$defs/cache" }),
            _ => table(&inner),
        };
        properties.insert(name.to_string(), schema);
    }
    properties
}

fn leaf(key: &Key) -> Value {
    let plain = plain(key.kind);
    let unit = if key.unit.is_empty() { String::new() } else { format!(" [{}]", key.unit) };
    json!({
        "description": format!("{}{unit}: {}", key.doc, key.kind.allowed()),
        "anyOf": [
            plain,
            {
                "type": "object",
                "properties": { "value": plain, "source": { "type": "string" } },
                "required": ["value"],
                "additionalProperties": false,
            },
        ],
    })
}

fn plain(kind: Kind) -> Value {
    match kind {
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::PowerOfTwo { min, max } => {
            let powers: Vec<u64> = (0..63).map(|bit| 1 << bit).filter(|power| (min..=max).contains(power)).collect();
            json!({ "enum": powers })
        }
        Kind::Real { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Size { max } => json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": max },
            { "type": "string", "pattern": "^[0-9.]+ *(B|KiB|MiB|GiB)?$" },
        ] }),
        Kind::Duration => json!({ "type": "string", "pattern": "^[0-9.]+ *(ns|cycles)$" }),
        Kind::Rate => json!({ "type": "string", "pattern": "^([0-9.]+ *(GB/s|B/cycle)|unlimited)$" }),
        Kind::Formula => json!({ "type": ["number", "string"] }),
    }
}
