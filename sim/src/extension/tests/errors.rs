//! Every refusal tells file, line and key.

use super::*;
use crate::engine::{Engine, RunOptions};
use crate::env;
use crate::loader::Image;

const GOOD: &str = r#"name = "t"
[registers.acc]
count = 4
bytes = 64
[[instruction]]
name = "t.mac"
encoding = "vs2 vs1 td 31..26=1 25..25=1 14..12=0 6..0=0x0b"
operands = "td, vs1, vs2"
matmul = { m = 4, k = 16, n = 4, a = "i8", b = "i8", c = "i32" }
timing = { latency = 12, occupancy = "beats" }
"#;

fn refused(text: &str, words: &[&str]) {
    let error = match Extensions::default().add("t.toml", text) {
        Ok(()) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(words.iter().all(|word| error.contains(word)), "{words:?} in {error}");
}

#[test]
fn wrong_files() {
    Extensions::default().add("t.toml", GOOD).expect("the good file");
    let cases: &[(&str, &str, &[&str])] = &[
        ("name = \"t\"\n", "", &["t.toml:1", "missing name"]),
        ("name = \"t\"\n", "nane = \"t\"\n", &["t.toml:1: nane", "did you mean \"name\""]),
        ("count = 4", "count = 99", &["t.toml:3: registers.acc.count", "1 to 32"]),
        ("bytes = 64", "bytes = 1000000", &["t.toml:4: registers.acc.bytes", "32768"]),
        ("bytes = 64", "bytes = \"vlen*vl/0\"", &["t.toml:4: registers.acc.bytes"]),
        (
            "bytes = 64",
            "bytes = \"dlen/8\"",
            &[
                "t.toml:4: registers.acc.bytes: \"dlen/8\"",
                "same on every machine and cannot use dlen; it may use vlen",
            ],
        ),
        ("bytes = 64", "bytes = \"vlen/8 + vl\"", &["cannot use vl; it may use vlen"]),
        ("registers.acc", "registers.v", &["registers.v", "not x, f or v"]),
        ("\nname = \"t.mac\"", "\nname = \"T MAC\"", &["t.toml:6: instruction[1].name", "small letters"]),
        (
            "\nname = \"t.mac\"",
            "\nname = \"add\"",
            &["t.toml:6: instruction[1].name: add is an instruction of", "my.add"],
        ),
        ("\nname = \"t.mac\"", "\nname = \"vadd.vv\"", &["vadd.vv is an instruction of"]),
        ("\nname = \"t.mac\"", "\nname = \"smt.vmadot\"", &["smt.vmadot is an instruction of"]),
        ("\nname = \"t.mac\"", "\nname = \"amoadd.w.aq\"", &["amoadd.w.aq is an instruction of"]),
        ("\nname = \"t.mac\"", "\nname = \"mv\"", &["mv is a pseudo-instruction for addi already"]),
        ("\nname = \"t.mac\"", "\nname = \"rvtile.mask\"", &["names of rvtile's own macros already"]),
        ("31..26=1", "31..20=1", &["t.toml:7: instruction[1].encoding", "column 12", "given twice"]),
        ("31..26=1 ", "", &["t.toml:7", "neither fixed nor a field"]),
        ("6..0=0x0b", "6..0=0x0a", &["t.toml:7", "1..0=3"]),
        ("\"td, vs1, vs2\"", "\"td, vs1\"", &["t.toml:8: instruction[1].operands", "vs2"]),
        ("\"td, vs1, vs2\"", "\"td, vs1, vs2, rs1\"", &["t.toml:8", "rs1 has no field"]),
        ("\"td, vs1, vs2\"", "\"td, vs1, vs2, target\"", &["t.toml:8", "target cannot be"]),
        ("\"td, vs1, vs2\"", "\"td, vs1; vs2\"", &["t.toml:8", "commas"]),
        ("m = 4", "m = 4000000000", &["t.toml:9: instruction[1].matmul.m", "from 1 to 256"]),
        ("m = 4, k = 16", "m = 256, k = 256", &["t.toml:9", "65536 elements", "8192"]),
        ("m = 4, ", "", &["t.toml:9", "missing m"]),
        ("c = \"i32\"", "c = \"f32\"", &["t.toml:9: instruction[1].matmul.c", "all integers or all floating"]),
        ("a = \"i8\"", "a = \"int8\"", &["t.toml:9", "unknown type \"int8\""]),
        ("a = \"i8\"", "a = 8", &["t.toml:9", "expected text"]),
        (
            "latency = 12",
            "latency = \"beets\"",
            &["t.toml:10: instruction[1].timing.latency", "did you mean \"beats\""],
        ),
        ("latency = 12", "latancy = 12", &["t.toml:10", "did you mean \"latency\""]),
        ("latency = 12", "latency = \"occupancy\"", &[]),
        (
            "latency = 12, occupancy = \"beats\"",
            "latency = \"occupancy\", occupancy = \"latency + 1\"",
            &["t.toml:10: instruction[1].timing.latency", "formulas go round: latency -> occupancy -> latency"],
        ),
        ("latency = 12", "unit = \"mac\", latency = 12", &["t.toml:10", "unknown value \"mac\""]),
        ("timing =", "map = \"vs1\"\ntiming =", &["t.toml:10: instruction[1].map", "one meaning"]),
        ("timing =", "load = {}\ntiming =", &["reads registers"]),
        ("timing =", "type = \"i8\"\ntiming =", &["types go with map"]),
        ("matmul =", "# matmul =", &["what does it compute?"]),
        ("[registers.acc]\ncount = 4\nbytes = 64\n", "", &["no [registers.NAME]"]),
        ("[[instruction]]", "[instruction]", &["[[instruction]] tables"]),
        ("timing =", "[[instruction]]\nname = \"t.mac\"\ntiming =", &["encoding"]),
        ("timing = {", "timing = [", &["not TOML"]),
    ];
    for (from, to, words) in cases {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        if words.is_empty() {
            Extensions::default().add("t.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        } else {
            refused(&text, words);
        }
    }
    refused(&(GOOD.to_string() + &GOOD[GOOD.find("[[").expect("one")..]), &["t.toml:12", "instruction t.mac already"]);
}

#[test]
fn units_are_not_for_the_scalar_pipe() {
    let with = |timing: &str| {
        format!(
            "name = \"t\"\n[[instruction]]\nname = \"t.add\"\nencoding = \"rs2 rs1 rd 31..25=0 14..12=0 6..0=0x0b\"\n\
             operands = \"rd, rs1, rs2\"\nscript = \"rd = rs1 + rs2\"\ntiming = {{ latency = 3, {timing} }}\n"
        )
    };
    Extensions::default().add("t.toml", &with("pipe = \"B\"")).expect("good");
    for (timing, key) in [("unit = \"va\"", "unit"), ("occupancy = 2", "occupancy"), ("chains = true", "chains")] {
        refused(&with(timing), &["t.toml:7", &format!("timing.{key}"), "scalar pipe", "latency and pipe only"]);
    }
}

#[test]
fn wrong_expressions_and_scripts() {
    let with = |line: &str| {
        format!(
            "name = \"t\"\n[csrs.key]\nnumber = 0x800\n[[instruction]]\nname = \"t.map\"\n\
             encoding = \"vs2 vd 31..26=1 25..25=1 19..12=0 6..0=0x0b\"\noperands = \"vd, vs2\"\ntype = \"i32\"\n{line}\n"
        )
    };
    Extensions::default().add("t.toml", &with("map = \"if(vs2 > key, vs2 << 2, -vd & 0xff)\"")).expect("good");
    for (line, words) in [
        ("map = \"vs2 +\"", &["t.toml:9: instruction[1].map", "column 6", "the end"][..]),
        ("map = \"vs3\"", &["unknown name \"vs3\"; did you mean \"vs2\""]),
        ("map = \"((((((((((((((((((((((((((((vs2\"", &["nested too deeply"]),
        ("map = \"exp(vs2) & 1\"", &["one is for integers"]),
        ("map = \"vs2 & 1.5\"", &["are for integers"]),
        ("map = \"min(vs2)\"", &["expected ','"]),
        ("map = \"vs2 # 2\"", &["found '#'"]),
        ("map = \"vs2\"\nreduce = \"product\"", &["t.toml:10", "unknown value"]),
        ("script = \"\"\"\nlet x = 1;\nlet y = ;\n\"\"\"", &["t.toml:11: instruction[1].script"]),
        ("script = \"import \\\"x\\\" as y;\"", &["t.toml:9"]),
        ("map = \"vs2\"\nrounding = \"up\"", &["t.toml:10", "unknown value \"up\""]),
        ("map = \"vs2\"\ntypes = { vs1 = \"i8\" }", &["t.toml:10: instruction[1].types.vs1", "unknown key"]),
        ("map = \"vs2\"\nload = {}", &["needs rs1"]),
    ] {
        refused(&with(line), words);
    }
    let moves = |bytes: &str| {
        format!(
            "name = \"t\"\n[formulas]\nwide = \"dlen/8\"\n[[instruction]]\nname = \"t.load\"\n\
             encoding = \"rs1 vd 31..20=0 14..12=0 6..0=0x0b\"\noperands = \"vd, (rs1)\"\nload = {{ bytes = \"{bytes}\" }}\n"
        )
    };
    Extensions::default()
        .add("t.toml", &moves("max(1, vl*sew/8) + vlen/8 + vlmax*lmul"))
        .expect("the same on every machine");
    let known = "it may use vl, vlmax, sew, lmul, vlen";
    for (bytes, other) in [
        ("dlen/8", "dlen"),
        ("wide", "dlen"),
        ("beats", "beats"),
        ("16*chime", "chime"),
        ("tm", "tm"),
        ("vcop", "vcop"),
    ] {
        refused(&moves(bytes), &["t.toml:8: instruction[1].load.bytes", &format!("cannot use {other}; {known}")]);
    }
    let csr = |number: &str| format!("name = \"t\"\n[csrs.key]\nnumber = {number}\n");
    refused(&csr("0x300"), &["t.toml:3: csrs.key.number", "one of the machine"]);
    refused(&csr("0xc20"), &["one of the machine"]);
    refused(&csr("4096"), &["0 to 4095"]);
    refused(
        "name = \"t\"\n[formulas]\na = \"b\"\nb = \"c + 1\"\nc = \"a\"\n",
        &["t.toml:3: formulas.a", "a -> b -> c -> a"],
    );
    let doubling: String = (0..30).map(|i| format!("a{i} = \"a{} + a{}\"\n", i + 1, i + 1)).collect();
    refused(&format!("name = \"t\"\n[formulas]\n{doubling}a30 = 1\n"), &["too long with the formulas"]);
    for missing in ["nowhere/missing.toml", "int8-4x17x4"] {
        let error = Extensions::load(&[missing.to_string()]).err().expect("missing").to_string();
        assert!(error.contains(missing), "{error}");
    }
}

#[test]
fn formulas_must_make_sense_on_the_machine() {
    let text = GOOD.replace("latency = 12", "latency = \"16 - vl\"");
    let mut all = Extensions::default();
    all.add("t.toml", &text).expect("it parses");
    let error = all.on(Machine::load("x280", &[]).expect("x280").into()).expect_err("negative").to_string();
    assert!(error.starts_with("t.toml:10: instruction.t.mac.latency") && error.contains("negative"), "{error}");
}

#[test]
fn a_run_without_the_registers_of_a_definition_does_not_start() {
    let extensions = builtin("int8-4x16x4");
    let plain = std::sync::Arc::new(Machine::load("x280", &[]).expect("x280"));
    let timing = extensions.on(plain.clone()).expect("formulas");
    let bare = RunOptions { definitions: extensions.rows(), ..RunOptions::default() };
    let mut whole = RunOptions::default();
    extensions.apply(&mut whole, 512);
    let start = |machine, timed, options| {
        let kernel = rvtile_kernels::all()[0];
        let image = Image::parse(kernel.name(), kernel.elf().to_vec()).expect("an ELF file");
        Engine::new(image, machine, timed, options, env::Options::silent()).map(|_| ()).map_err(|why| why.to_string())
    };
    let without_state = start(&timing, true, &bare).expect_err("no state");
    assert!(without_state.contains("registers acc") && without_state.contains("RunOptions::state"), "{without_state}");
    let untimed = start(&plain, true, &whole).expect_err("no timing");
    assert!(untimed.contains("machine x280 does not time") && untimed.contains("Extensions::on"), "{untimed}");
    assert_eq!(start(&plain, false, &whole), Ok(()));
    assert_eq!(start(&timing, true, &whole), Ok(()));
}
