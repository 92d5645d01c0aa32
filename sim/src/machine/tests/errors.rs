//! Every kind of fault with its exact message.

use super::super::Machine;
use super::set;

/// The message for `body` in `m.toml`, below a line that includes the X280.
fn fault(body: &str) -> String {
    whole(&format!("include = \"x280\"\n{body}"))
}

fn whole(text: &str) -> String {
    Machine::from_text("m.toml", text, &[]).expect_err(text).to_string()
}

fn set_fault(key: &str, value: &str) -> String {
    Machine::load("x280", &set(&[(key, value)])).expect_err(key).to_string()
}

#[track_caller]
fn assert_faults(table: &[(&str, &str)]) {
    for (body, message) in table {
        assert_eq!(fault(body), *message, "{body}");
    }
}

#[test]
fn unknown_keys() {
    assert_faults(&[
        (
            "[vector]\nvlan = { value = 512, source = \"TT\" }",
            "m.toml:3: vector.vlan: unknown key \"vlan\"; did you mean \"vlen\"?",
        ),
        (
            "[vektor]\nvlen = { value = 512, source = \"TT\" }",
            "m.toml:2: vektor: unknown key \"vektor\"; did you mean \"vector\"?",
        ),
        (
            "[memory.dram]\nrefresh_interval = 1",
            "m.toml:3: memory.dram.refresh_interval: unknown key \"refresh_interval\"; known keys: latency, read, write",
        ),
        ("[class.v-mull]\nunit = \"va\"", "m.toml:2: class.v-mull: unknown key \"v-mull\"; did you mean \"v-mul\"?"),
        (
            "[vector]\nvlen = { value = 512, sauce = \"TT\" }",
            "m.toml:3: vector.vlen: only value and source may stand here, found \"sauce\"",
        ),
    ]);
}

#[test]
fn wrong_types_and_ranges() {
    assert_faults(&[
        (
            "[vector]\nvlen = { value = \"512\", source = \"TT\" }",
            "m.toml:3: vector.vlen: expected a power of two from 128 to 4096, found the text \"512\"",
        ),
        (
            "[vector]\nvlen = { value = 500, source = \"TT\" }",
            "m.toml:3: vector.vlen: expected a power of two from 128 to 4096, found 500",
        ),
        (
            "[core]\nissue_width = { value = 3, source = \"TT\" }",
            "m.toml:3: core.issue_width: expected an integer from 1 to 2, found 3",
        ),
        (
            "[core]\nissue_width = { value = -1, source = \"TT\" }",
            "m.toml:3: core.issue_width: expected an integer from 1 to 2, found -1",
        ),
        (
            "[core]\nissue_width = { value = [2], source = \"TT\" }",
            "m.toml:3: core.issue_width: expected an integer from 1 to 2, found an array",
        ),
        (
            "[core]\nclock_mhz = { value = nan, source = \"TT\" }",
            "m.toml:3: core.clock_mhz: expected a number from 1 to 10000, found NaN",
        ),
        (
            "[vector]\nchaining = { value = 1, source = \"TT\" }",
            "m.toml:3: vector.chaining: expected true or false, found 1",
        ),
        (
            "[vector]\nmemory_port = { value = \"shard\", source = \"TT\" }",
            "m.toml:3: vector.memory_port: unknown value \"shard\"; did you mean \"shared\"?",
        ),
        (
            "[class.alu]\npipe = { value = \"vector pipe\", source = \"TT\" }",
            "m.toml:3: class.alu.pipe: unknown value \"vector pipe\"; known values: A, B, AB, none",
        ),
        (
            "[memory.l2]\nsize = { value = \"128 KB\", source = \"TT\" }",
            "m.toml:3: memory.l2.size: expected bytes from 0 to 17179869184, or text such as \"32 KiB\", found the text \"128 KB\"",
        ),
        (
            "[memory.dram]\nlatency = { value = 100, source = \"TT\" }",
            "m.toml:3: memory.dram.latency: expected a time such as \"100 ns\" or \"175 cycles\", found 100",
        ),
        (
            "[memory.dram]\nread = { value = \"fast\", source = \"TT\" }",
            "m.toml:3: memory.dram.read: expected a bandwidth such as \"25.6 GB/s\", \"8 B/cycle\" or \"unlimited\", found the text \"fast\"",
        ),
        ("vector = 5", "m.toml:2: vector: expected a table"),
        ("name = 5", "m.toml:2: name: expected text"),
    ]);
}

#[test]
fn rules_between_keys() {
    assert_faults(&[
        (
            "[core.predictor]\nhistory_bits = { value = 13, source = \"TT\" }",
            "m.toml:3: core.predictor.history_bits: 13 is not allowed: at most 12 with 4096 entries",
        ),
        (
            "[memory.l2]\nsize = { value = \"100 KiB\", source = \"TT\" }",
            "m.toml:3: memory.l2.size: 100 KiB is not allowed: a power of two times 8 ways of 64 bytes",
        ),
        (
            "[memory.l3]\nsize = { value = \"16 GiB\", source = \"TT\" }\nline = { value = 8, source = \"TT\" }",
            "m.toml:3: memory.l3.size: 16 GiB is not allowed: it has 2147483648 lines of 8 bytes, and a cache has at most \
             268435456: make it smaller, or its lines longer",
        ),
        (
            "[memory.l2]\nline = { value = 128, source = \"TT\" }",
            "m.toml:3: memory.l2.line: 128 is not allowed: 64, as memory.l1d.line: one line size",
        ),
        (
            "[memory.prefetcher]\ninitial_distance = { value = 30, source = \"TT\" }",
            "m.toml:3: memory.prefetcher.initial_distance: 30 is not allowed: at most memory.prefetcher.max_distance, 24",
        ),
    ]);
}

#[test]
fn units_of_the_other_pipe() {
    let vector = "is a vector class, which keeps one of va, va1, vl, vs, mm, cop";
    let scalar = "is a scalar class, which keeps one of none, int-div, fp-div";
    for (class, unit, allowed) in [
        ("v-fma", "int-div", vector),
        ("v-fma", "none", vector),
        ("m-load", "fp-div", vector),
        ("alu", "va", scalar),
        ("vset", "va1", scalar),
        ("m-config", "mm", scalar),
    ] {
        let key = format!("class.{class}.unit");
        assert_eq!(set_fault(&key, unit), format!("--set: {key}: {unit} is not allowed: {class} {allowed}"));
    }
    for (class, unit) in [("v-fma", "mm"), ("m-store", "mm"), ("v-load", "cop"), ("alu", "int-div"), ("vset", "none")] {
        let key = format!("class.{class}.unit");
        Machine::load("x280", &set(&[(&key, unit)])).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn sources() {
    assert_faults(&[
        (
            "[vector]\nvlen = 512",
            "m.toml:3: vector.vlen: no source; write { value = 512, source = \"...\" } with a tag of [sources] or \"assumed: why\"",
        ),
        (
            "[vector]\nvlen = { value = 512 }",
            "m.toml:3: vector.vlen: no source; write { value = 512, source = \"...\" } with a tag of [sources] or \"assumed: why\"",
        ),
        (
            "[vector]\nvlen = { source = \"TT\" }",
            "m.toml:3: vector.vlen: no value; expected a power of two from 128 to 4096",
        ),
        (
            "[vector]\nvlen = { value = 512, source = \"manual\" }\n[sources]\nmanuals = \"The manual\"",
            "m.toml:3: vector.vlen: unknown source \"manual\"; did you mean \"manuals\"?",
        ),
        (
            "[vector]\nvlen = { value = 512, source = \"a friend told me so\" }",
            "m.toml:3: vector.vlen: unknown source \"a friend told me so\"; known sources: CLOCK, HW, L2PF, LLVM, PATENT, PUBLIC, T19, T22, TT, assumed",
        ),
        (
            "[vector]\nvlen = { value = 512, source = 7 }",
            "m.toml:3: vector.vlen: the source must be text: a tag of [sources] or \"assumed: why\"",
        ),
        ("[sources]\nmine = 7", "m.toml:3: sources.mine: expected a citation as text"),
        ("[sources]\nassumed = \"x\"", "m.toml:3: sources.assumed: a tag holds no ':' and is not \"assumed\""),
    ]);
}

#[test]
fn formulas() {
    assert_faults(&[
        (
            "[class.v-fma]\nlatency = { value = \"beets + 3\", source = \"TT\" }",
            "m.toml:3: class.v-fma.latency: column 1 of the formula \"beets + 3\": unknown name \"beets\"; did you mean \"beats\"?",
        ),
        (
            "[class.v-fma]\n\nlatency = { value = \"beats + \", source = \"TT\" }",
            "m.toml:4: class.v-fma.latency: column 9 of the formula \"beats + \": expected a number, a variable, a function or '(', found the end",
        ),
        (
            "[class.v-fma]\nlatency = { value = \"6*vl - 5\", source = \"TT\" }",
            "m.toml:3: class.v-fma.latency: \"6*vl - 5\" is negative at vl=0 sew=8 eew=8 lmul=0.125 nf=1 vlen=512 dlen=256; bound it with max() or if()",
        ),
        (
            "[class.v-fma]\nlatency = { value = true, source = \"TT\" }",
            "m.toml:3: class.v-fma.latency: expected a number of cycles or a formula such as \"beats + 3\", found true",
        ),
    ]);
}

#[test]
fn missing_parts() {
    assert_eq!(
        whole("name = \"empty\""),
        "m.toml: core.predictor.kind: missing (branch predictor): expected one of \"perfect\", \"none\", \"static\", \
         \"bimodal\", \"gshare\""
    );
    let without = |start: &str| -> String {
        let lines = super::super::builtin::text("x280").lines().filter(|line| !line.starts_with(start));
        lines.map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(
        whole(&without("fp-move =")),
        "m.toml: class.fp-move: missing: every timing class needs pipe, unit, latency and occupancy"
    );
    assert_eq!(
        whole(&without("queue_depth =")),
        "m.toml: vector.queue_depth: missing (vector command queue; 0: issue waits for the sequencer): expected an \
         integer from 0 to 1024"
    );
}

#[test]
fn toml_itself() {
    assert_eq!(fault("[vector\nvlen = 1"), "m.toml:2:8: not TOML: unclosed table, expected `]`");
    assert_eq!(fault("[vector]\nvlen = = 1").split(": not TOML").next(), Some("m.toml:3:8"));
    assert_eq!(fault("name = \"a\"\nname = \"b\""), "m.toml:3:1: not TOML: duplicate key");
}

#[test]
fn includes() {
    assert_eq!(
        whole("include = \"x28\""),
        "m.toml:1: include: no built-in machine \"x28\"; did you mean \"x280\"? (a file's name ends in .toml)"
    );
    assert_eq!(
        whole("\ninclude = \"nowhere/base.toml\""),
        "m.toml:2: include: cannot read nowhere/base.toml: No such file or directory (os error 2)"
    );
    assert_eq!(whole("include = \"m.toml\""), "m.toml:1: include: includes go round: m.toml -> m.toml");

    let folder = std::env::temp_dir().join(format!("rvtile-include-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).display().to_string();
    std::fs::write(path("a.toml"), "include = \"b.toml\"").expect("a file");
    std::fs::write(path("b.toml"), "# Round.\ninclude = \"./a.toml\"").expect("a file");
    std::fs::write(path("c.toml"), "include = \"x280\"\nname = \"mine\"").expect("a file");
    std::fs::write(path("d.toml"), "include = \"c.toml\"\n[vector]\nvlen = { value = 256, source = \"HW: no\" }")
        .expect("a file");
    let round = Machine::load(&path("a.toml"), &[]).expect_err("a cycle").to_string();
    let derived = Machine::load(&path("d.toml"), &[]);
    let (a, b) = (path("a.toml"), path("b.toml"));
    let again = folder.join("./a.toml").display().to_string();
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(round, format!("{b}:2: include: includes go round: {a} -> {b} -> {again}"));
    let derived = derived.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((derived.name.as_str(), derived.vector.vlen), ("d", 256));
}

#[test]
fn names_and_overrides() {
    assert_eq!(
        Machine::load("x820", &[]).expect_err("a slip").to_string(),
        "x820: no built-in machine \"x820\"; did you mean \"x280\"? (a file's name ends in .toml)"
    );
    assert_eq!(
        Machine::load("no/such.toml", &[]).expect_err("no file").to_string(),
        "no/such.toml: cannot read it: No such file or directory (os error 2)"
    );
    let table = [
        ("vector.vlen", "500", "--set: vector.vlen: expected a power of two from 128 to 4096, found 500"),
        ("vector.vlan", "512", "--set: vector.vlan: unknown key \"vlan\"; did you mean \"vlen\"?"),
        (
            "memory.l3.size",
            "512GiB",
            "--set: memory.l3.size: expected bytes from 0 to 17179869184, or text such as \"32 KiB\", found the text \"512GiB\"",
        ),
        ("vectro.vlen", "512", "--set: vectro.vlen: unknown key \"vectro\"; did you mean \"vector\"?"),
        ("memory.dram", "1", "--set: memory.dram: a table, not a value; it holds the keys latency, read, write"),
        (
            "vector.vlen.value",
            "512",
            "--set: vector.vlen.value: unknown key \"value\"; vector.vlen is a value and holds no keys",
        ),
        (
            "class.v-fma.latency",
            "vl +",
            "--set: class.v-fma.latency: column 5 of the formula \"vl +\": expected a number, a variable, a function or \
             '(', found the end",
        ),
    ];
    for (key, value, message) in table {
        assert_eq!(set_fault(key, value), message);
    }
}
