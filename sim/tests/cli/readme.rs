//! The README's output is what the program prints.

use super::support::printed;

#[test]
fn the_printed_table_is_the_program_s_own() {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```text\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let command = "bench --kernel matmul_f32 --kernel softmax_f32 --kernel attention_f32";
    assert!(readme.contains(&format!("`cargo run --release -- {command}` prints")));
    let arguments: Vec<&str> = command.split(' ').collect();
    assert_eq!(printed(&arguments).trim_end(), block.trim_end());
}
