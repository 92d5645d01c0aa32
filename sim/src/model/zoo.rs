//! The table of open models, and which ones cannot be in it.

use super::Architecture;
use super::config;

/// One line a model. Where each number is from: `docs/language-model.md`.
const TABLE: &str = include_str!("../../models/models.csv");

/// Models without a public architecture, by how their names begin, and what they are.
const CLOSED: &[(&str, &str)] = &[
    ("gpt-4", "OpenAI has not published its architecture"),
    ("gpt-3.5", "OpenAI has not published its architecture"),
    ("gpt3.5", "OpenAI has not published its architecture"),
    ("chatgpt", "OpenAI has not published its architecture"),
    ("claude", "Anthropic has not published its architecture"),
    ("palm", "Google has not published the sizes of this version"),
    ("bard", "Google has not published its architecture"),
    ("ernie", "Baidu has not published its architecture"),
    ("wenxin", "Baidu has not published its architecture"),
    ("dall-e", "it makes images, and its architecture is not public"),
    ("midjourney", "it makes images, and its architecture is not public"),
    ("stable-diffusion", "it makes images; language models only are modelled"),
];

/// All models of the table, in its order.
///
/// # Panics
/// Not unless the built-in table is broken; a test reads it.
pub fn all() -> Vec<Architecture> {
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    reader.deserialize().map(|row| row.expect("the built-in table is well-formed")).collect()
}

/// The model of that name, or of that TOML or JSON file.
///
/// # Errors
/// What is wrong, as one line.
pub fn load(name: &str) -> Result<Architecture, String> {
    let wanted = name.to_lowercase().replace([' ', '_'], "-");
    let models = all();
    let known = |model: &&Architecture| model.id == wanted || model.name.eq_ignore_ascii_case(name);
    if let Some(model) = models.iter().find(known) {
        return Ok(model.clone());
    }
    if name.ends_with(".toml") || name.ends_with(".json") {
        let text = std::fs::read_to_string(name).map_err(|error| format!("{name}: {error}"))?;
        return match name.ends_with(".toml") {
            true => Architecture::from_toml(name, &text),
            false => config::read(name, &text),
        };
    }
    if let Some((_, why)) = CLOSED.iter().find(|(start, _)| wanted.starts_with(start)) {
        return Err(format!("{name} cannot be modelled: {why}"));
    }
    let mut near: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    near.sort_by_key(|id| std::cmp::Reverse(common_start(id, &wanted)));
    Err(format!(
        "no model `{name}`: give a name of `rvtile model --list` (near: {}), a .toml file or a config.json",
        near[..3].join(", ")
    ))
}

fn common_start(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}
