//! The page about machine files tells the truth.

use super::super::{Machine, Var, keys};

const PAGE: &str = include_str!("../../../../docs/add-a-machine.md");

/// The blocks of the page that open with "```toml"; the first line of each is a comment with the file's name.
fn blocks() -> Vec<(String, String)> {
    let parts = PAGE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    parts
        .map(|text| {
            let name = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a file name");
            (name.to_string(), text.to_string())
        })
        .collect()
}

#[test]
fn every_block_loads() {
    let folder = std::env::temp_dir().join(format!("rvtile-docs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in blocks() {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let loaded: Vec<_> =
        blocks().into_iter().map(|(name, _)| Machine::load(&folder.join(name).display().to_string(), &[])).collect();
    std::fs::remove_dir_all(&folder).expect("removed");
    assert!(loaded.len() >= 3);
    for machine in loaded {
        let machine = machine.unwrap_or_else(|error| panic!("{error}"));
        assert!(!Machine::diff(&Machine::load("x280", &[]).expect("x280"), &machine).is_empty());
    }
}

#[test]
fn variables_and_sections_are_named() {
    for var in Var::ALL {
        assert!(PAGE.contains(&format!("`{}`", var.name())), "{}", var.name());
    }
    for section in keys::below(&[]) {
        assert!(PAGE.contains(&format!("`{section}`")), "{section}");
    }
}

#[test]
fn the_page_shows_the_messages_that_the_program_prints() {
    let fault = |body: &str| {
        let text = format!("include = \"x280\"\n{body}");
        Machine::from_text("wide.toml", &text, &[]).expect_err(body).to_string()
    };
    for message in [
        fault("[vector]\nvlan = { value = 1024, source = \"assumed\" }"),
        fault("[vector]\nvlen = { value = 1000, source = \"assumed\" }"),
        fault("[class]\nv-fma.latency = { value = \"beets + 3\", source = \"assumed\" }"),
    ] {
        assert!(PAGE.contains(&message), "{message}");
    }
}
