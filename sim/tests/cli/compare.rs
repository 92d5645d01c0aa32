//! `rvtile compare`.

use std::process::{Command, Output};

use super::support::{self, Scratch, stderr, stdout};

fn compare(threads: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rvtile"));
    command.env("RAYON_NUM_THREADS", threads).arg("compare").args(args).output().unwrap()
}

fn refused(args: &[&str], words: &[&str]) {
    support::refused(&[&["compare"], args].concat(), words);
}

const SMALL: [&str; 2] = ["--shape", "40x64x48"];

#[test]
fn every_form_is_measured_in_any_order_alike() {
    let json = compare("1", &[&SMALL[..], &["--json"]].concat());
    assert!(json.status.success(), "{}", stderr(&json));
    assert_eq!(stdout(&json), stdout(&compare("4", &[&SMALL[..], &["--json"]].concat())));
    let object: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let columns = object["columns"].as_array().unwrap();
    let forms: Vec<&str> = columns.iter().map(|column| column["form"].as_str().unwrap()).collect();
    let expected = ["matmul_i8", "matmul_i8_dod", "matmul_i8_qoq", "matmul_i8_ime", "matmul_i8_xsfmm", "matmul_i8_zvt"];
    assert_eq!(forms, expected);
    for column in columns {
        let number = |key: &str| column[key].as_f64().unwrap_or_else(|| panic!("{key} of {column}"));
        assert_eq!(column["values_ok"], true);
        assert_eq!(number("macs"), 40.0 * 64.0 * 48.0);
        assert!((number("mac_per_cycle") - number("macs") / number("cycles")).abs() < 1e-9);
        assert!((number("fraction_of_peak") - number("mac_per_cycle") / number("peak_mac_per_cycle")).abs() < 1e-9);
        // A, B and C are moved at least once, and the code is neither nothing nor the whole program.
        assert!(number("moved_bytes") >= (40.0 * 64.0 + 64.0 * 48.0 + 4.0 * 40.0 * 48.0), "{column}");
        assert!((100.0..20000.0).contains(&number("code_bytes")), "{column}");
        assert!(number("port_share") > 0.0 && number("speedup") > 0.0);
        let ledger = column["ledger"].as_object().unwrap();
        assert_eq!(ledger.values().map(|cycles| cycles.as_f64().unwrap()).sum::<f64>(), number("cycles"));
    }
    let state = |index: usize| columns[index]["state_bytes"].as_u64().unwrap();
    assert_eq!((state(0), state(2), state(4)), (0, 0, 16 * 64 * 64), "tiles of 64 x 64 bytes at VLEN 512");
    assert_eq!(columns[0]["speedup"], 1.0);
}

#[test]
fn table_csv_and_page() {
    let scratch = Scratch::new("page");
    let page = scratch.path("c.html");
    let options = ["--machine", "x280", "--machine", "x390", "--form", "matmul_i8", "--form", "matmul_i8_qoq"];
    let sizes = ["--sizes", "16..32", "--html", &page];
    let output = compare("2", &[&SMALL[..], &options, &sizes].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for word in
        ["matmul_i8 40x64x48", "MAC/cycle", "% peak", "speed-up", "port %", "state", "Share of the peak by size"]
    {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(["16x16x16", "24x24x24", "32x32x32"].iter().all(|size| text.contains(size)), "{text}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.ends_with("</html>\n") && page.matches("<svg").count() == 2, "ledger bars and the plot");
    assert!(page.contains("matmul_i8_qoq x390") && page.contains("Where the cycles go"));
    let csv = stdout(&compare("2", &[&SMALL[..], &options, &["--csv"]].concat()));
    assert!(csv.starts_with("form,machine,shape,profile,cycles,"));
    assert_eq!(csv.lines().count(), 5);
}

#[test]
fn a_program_of_one_s_own_is_one_more_column() {
    let scratch = Scratch::new("program");
    let source = r#"
        #include "rvtile.h"
        void _start(void) {
            static volatile int x[64];
            rvtile_region_begin("mine");
            for (int i = 0; i < 64; i++) x[i] = i;
            rvtile_region_end("mine");
            register long a0 __asm__("a0") = 0, a7 __asm__("a7") = 93;
            __asm__ volatile("ecall" : : "r"(a0), "r"(a7));
        }"#;
    scratch.file("mine.c", source);
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/../kernels/runtime");
    let program = scratch.program("mine.c", &[include]);
    let elf = format!("{program} 1 2");
    let output = compare("2", &["--shape", "16x16x16", "--form", "matmul_i8", "--elf", &elf, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let column = &object["columns"][1];
    assert_eq!((&column["form"], &column["moved_bytes"]), (&program.as_str().into(), &256.into()));
    assert!(column["speedup"].as_f64().unwrap() > 0.0 && column["peak_mac_per_cycle"].is_null());
    // Runs of one file have their arguments in the name.
    let other = format!("{program} 3");
    let csv =
        stdout(&compare("2", &["--shape", "16x16x16", "--form", "matmul_i8", "--elf", &elf, "--elf", &other, "--csv"]));
    assert!(csv.contains(&format!("\n{elf},")) && csv.contains(&format!("\n{other},")), "{csv}");
}

#[test]
fn a_program_shows_what_its_problem_and_its_extension_have() {
    let scratch = Scratch::new("rows");
    let file = scratch.file(
        "rows.toml",
        r#"
        name = "rows"
        [[instruction]]
        name = "my.load"
        encoding = "rs1 rs2 vd 31..25=1 14..12=0 6..0=0x0b"
        operands = "vd, (rs1), rs2"
        load = { rows = 4, bytes = 16 }
        "#,
    );
    let source = r#"
        .globl _start
    _start:
        la s0, name
        la a0, data
        li a1, 32
        vsetvli t0, zero, e8, m1, ta, ma
        slti x0, s0, 1
        .insn r 0x0b, 0, 1, x8, a0, a1
        slti x0, s0, 2
        li a0, 0
        li a7, 93
        ecall
        .data
    name:   .asciz "mine"
        .balign 64
    data:   .zero 4096
    "#;
    scratch.file("mine.S", source);
    let program = scratch.program("mine.S", &["-Wl,--no-relax"]);
    let own = ["--profile", "sifive", "--ext", &file, "--elf", &program, "--json"];
    let column = |problem: &[&str]| {
        let output = compare("2", &[problem, &own].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        object["columns"].as_array().unwrap().last().unwrap().clone()
    };
    let product = column(&["--shape", "16x16x16", "--form", "matmul_i8"]);
    assert_eq!((&product["moved_bytes"], &product["macs"]), (&64.into(), &4096.into()), "four rows; {product}");
    let other = column(&["--problem", "softmax_f32", "--form", "softmax_f32"]);
    assert!(other["macs"].is_null() && other["mac_per_cycle"].is_null(), "a softmax is no product: {other}");
}

#[test]
fn a_comparison_with_a_form_that_failed_is_not_written() {
    let scratch = Scratch::new("incomplete");
    let json = scratch.path("c.json");
    let elf = ["--elf", "/nonexistent/program"];
    let options = ["--shape", "16x16x16", "--form", "matmul_i8", "--json", &json];
    let output = compare("1", &[&options[..], &elf].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("matmul_i8"), "what there is, is printed");
    assert!(stderr(&output).contains(&format!("{json}: not written")), "{}", stderr(&output));
    assert!(scratch.names().is_empty());
}

#[test]
fn machines_of_one_name_are_told_apart() {
    let scratch = Scratch::new("namesakes");
    let slow = "name = \"x280\"\ninclude = \"x280\"\n[vector]\ndlen = { value = 128, source = \"assumed\" }\n";
    let slow = scratch.file("slow.toml", slow);
    let form = ["--shape", "16x64x16", "--form", "matmul_i8", "--json"];
    let output = compare("2", &[&form[..], &["--machine", "x280", "--machine", &slow]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let [first, second] = [0, 1].map(|index| object["columns"][index].clone());
    assert_eq!((&first["speedup"], &second["speedup"]), (&1.0.into(), &1.0.into()));
    assert!(first["machine"] == "x280" && second["machine"].as_str().unwrap().contains("slow.toml"), "{second}");
    assert_ne!(first["cycles"], second["cycles"]);
}

#[test]
fn bad_options_are_one_line() {
    refused(&["--problem", "nosuch"], &["nosuch", "matmul_bf16", "matmul_i8", "softmax_f32"]);
    refused(&["--form", "nosuch"], &["nosuch", "matmul_i8_qoq"]);
    refused(&["--profile", "nosuch"], &["nosuch", "sifive", "spacemit"]);
    refused(&["--shape", "4x4"], &["3 dimensions"]);
    refused(&["--sizes", "9..3"], &["--sizes", "16..512"]);
    refused(&["--machine", "nosuch"], &["nosuch"]);
    refused(&["--elf", " "], &["--elf"]);
    refused(&["--json", "--csv"], &["stdout"]);
    let output = compare("1", &["--shape", "16x16x16", "--form", "matmul_i8", "--elf", "/nonexistent/program"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nonexistent/program") && stdout(&output).contains("matmul_i8"));
}
