//! The guide tells the truth: its file loads, and its tables name what there is. That its program runs is tested with the command line.

use super::*;

const PAGE: &str = include_str!("../../../../docs/add-an-instruction.md");

#[test]
fn the_file_of_the_guide_is_good() {
    let text = PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a file");
    assert!(text.lines().count() <= 40, "the guide promises a short file");
    let mut all = Extensions::default();
    all.add("my.toml", text).unwrap_or_else(|error| panic!("{error}"));
    let checked = check::check(&all);
    assert_eq!(checked.faults, 0, "{}", checked.text);
    let machine = all.on(Machine::load("x280", &[]).expect("x280").into()).expect("timing");
    let page = super::super::show::page(&all, &all.list[0], &machine);
    let shown = page.split("\n\n").filter(|part| PAGE.contains(part.trim_end()) && part.len() > 80).count();
    assert!(shown >= 2, "the guide shows what `ext show` prints:\n{page}");
}

#[test]
fn the_guide_names_every_operand_and_type() {
    for (operand, _) in super::super::parse::OPERANDS {
        assert!(PAGE.contains(operand.word()), "{}", operand.word());
    }
    for number in rvtile_isa::define::Number::ALL {
        assert!(PAGE.contains(number.name()), "{}", number.name());
    }
}
