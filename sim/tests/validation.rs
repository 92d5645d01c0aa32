//! The silicon tables against the model: a part of them, with the bars that the whole has to meet. Every program of a
//! validation also checks that its ledger adds up.

use std::sync::Arc;

use rvtile_sim::machine::Machine;
use rvtile_sim::validate::{Group, Table, instructions, loops};

fn machine() -> Arc<Machine> {
    Arc::new(Machine::load("x280-blackhole", &[]).unwrap())
}

/// The header and every `step`th line.
fn thinned(table: &Table<'_>, step: usize) -> String {
    let lines = table.text.lines().enumerate().filter(|(index, _)| index % step == 0).map(|(_, line)| line);
    lines.collect::<Vec<_>>().join("\n")
}

fn part<'a>(group: &'a Group, name: &str) -> rvtile_sim::validate::Statistics<'a> {
    group.parts().into_iter().find(|(part, _)| *part == name).unwrap().1
}

#[test]
fn instructions_take_the_measured_cycles() {
    // 37 divides no number of shapes of an instruction: all shapes come up.
    let text = thinned(&instructions::tables()[0], 37);
    let groups = instructions::compare(&[Table { name: "thinned", text: &text }], &machine()).unwrap();
    let all = groups[0].statistics().unwrap();
    assert!(all.rows > 350);
    assert!(all.median <= 0.005 && all.p95 <= 0.02, "median {}, 95th percentile {}", all.median, all.p95);
    for row in groups[0].rows.iter().filter(|row| row.error().abs() > 0.25) {
        assert!(row.reason.is_some(), "{}: {} for {}", row.name, row.simulated, row.measured);
    }
}

#[test]
fn operands_that_leave_nothing_to_do_are_fast() {
    let cycles = |line: &str| {
        let text = format!("instruction,vl,sew,lmul,cycles\n{line},1\n");
        let groups = instructions::compare(&[Table { name: "line", text: &text }], &machine()).unwrap();
        groups[0].rows[0].simulated.floor()
    };
    // Vector operands are zero, scalars are not. At LMUL 1 and SEW 32 there are 16 elements.
    assert_eq!(cycles("\"vdivu.vv v8,v16,v24\",max,32,m1"), 2.0 * 16.0 + 7.0);
    assert_eq!(cycles("\"vdivu.vx v8,v16,t0\",max,32,m1"), 2.0 * 16.0 + 7.0 + 4.0 * 26.0);
    assert_eq!(cycles("\"vfdiv.vv v8,v16,v24\",max,32,m1"), 1.5 * 16.0 + 7.0);
    // Offsets over the whole group: on the average half of its 16 beats are left, and the one that is begun.
    assert_eq!(cycles("\"vslidedown.vx v8,v16,t0\",max,32,m8"), 16.0);
    let up = cycles("\"vslideup.vx v8,v16,t0\",max,32,m4");
    assert!((3.0..=6.0).contains(&up), "{up}");
}

#[test]
fn loops_take_the_measured_cycles_at_every_level() {
    let texts: Vec<String> = loops::tables().iter().map(|table| thinned(table, 23)).collect();
    let tables: Vec<Table<'_>> = texts.iter().map(|text| Table { name: "thinned", text }).collect();
    let groups = loops::compare(&tables, &machine()).unwrap();
    let near = part(&groups[0], "L1/L2");
    assert!(near.rows > 50 && near.mean <= 0.12, "{} rows, mean {}", near.rows, near.mean);
    let all = groups[0].statistics().unwrap();
    assert!(all.mean <= 0.20, "mean {}", all.mean);
}

#[test]
fn the_knees_are_at_the_sizes_of_the_caches() {
    let cycles_per_kib = |bytes: u64| {
        let text = format!("benchmark,variant,bytes_n,value_per_cycle\nutf8 count,rvv_m8,{bytes},1\n");
        let groups = loops::compare(&[Table { name: "sizes", text: &text }], &machine()).unwrap();
        (groups[0].rows[0].simulated - instructions::COUNTER_CYCLES) / bytes as f64 * 1024.0
    };
    let [l1, l2, l3, memory] = [24 << 10, 80 << 10, 512 << 10, 12 << 20].map(cycles_per_kib);
    assert!(l1 * 1.05 < l2 && l2 * 1.1 < l3 && l3 * 5.0 < memory, "{l1} {l2} {l3} {memory}");
    // Deep inside a level the size does not matter.
    assert!((cycles_per_kib(12 << 10) / l1 - 1.0).abs() < 0.1);
    assert!((cycles_per_kib(16 << 20) / memory - 1.0).abs() < 0.1);
}

#[test]
fn more_hardware_is_faster_where_it_should_be() {
    let cycles = |line: &str, set: &[(&str, &str)]| {
        let set: Vec<_> = set.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let machine = Arc::new(Machine::load("x280-blackhole", &set).unwrap());
        let text = format!("instruction,vl,sew,lmul,cycles\n{line},1\n");
        let groups = instructions::compare(&[Table { name: "line", text: &text }], &machine).unwrap();
        groups[0].rows[0].simulated.round()
    };
    let add = "\"vadd.vv v8,v16,v24\",max,32,m4";
    assert_eq!(cycles(add, &[]), 8.0);
    assert_eq!(cycles(add, &[("vector.dlen", "512")]), 4.0, "twice the data path");
    assert_eq!(cycles(add, &[("vector.arithmetic_sequencers", "2")]), 4.0, "two sequencers");
    let gather = "\"vrgather.vv v8,v16,v24\",max,32,m4";
    assert_eq!(cycles(gather, &[]), cycles(gather, &[("vector.dlen", "512")]), "one element a cycle at any width");
}

/// Runs `rvtile validate` on a table of instructions.
fn validate(table: &str, arguments: &[&str]) -> std::process::Output {
    let path = std::env::temp_dir().join(format!("rvtile-{}-{}.csv", std::process::id(), table.len()));
    std::fs::write(&path, table).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rvtile"));
    let output = command.arg("validate").arg("--instructions").arg(&path).args(arguments).output().unwrap();
    std::fs::remove_file(&path).unwrap();
    output
}

#[test]
fn users_bring_their_own_measurements() {
    let table =
        "instruction,vl,sew,lmul,cycles\n\"vadd.vv v8,v16,v24\",max,32,m1,2.14\n\"vle32.v v8,(t0)\",max,32,m4,8.2\n";
    let output = validate(table, &["--machine", "x280", "--json"]);
    let groups: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let group = &groups[0];
    assert_eq!((&group["group"], &group["rows"]), (&"instructions".into(), &2.into()));
    for key in ["median_abs_error", "mean_abs_error", "p95_abs_error"] {
        assert!(group[key].as_f64().unwrap() < 0.01, "{key}: {group}");
    }
    assert!(group["worst"]["name"].is_string());

    let output = validate("instruction,vl,sew,lmul,cycles\n\"vadd.vq v8,v16,v24\",max,32,m1,2\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.ends_with(", line 2: no instruction `vadd.vq`\n"), "{message}");
}
