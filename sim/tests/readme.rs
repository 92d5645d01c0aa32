//! The README's output is what the program prints.

use std::process::Command;

#[test]
fn the_printed_table_is_the_program_s_own() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```text\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let command = "bench --kernel matmul_f32 --kernel softmax_f32 --kernel attention_f32";
    assert!(readme.contains(&format!("`cargo run --release -- {command}` prints")));
    let output = Command::new(env!("CARGO_BIN_EXE_rvtile")).args(command.split(' ')).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), block.trim_end());
}
