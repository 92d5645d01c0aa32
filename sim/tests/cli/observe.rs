//! What listeners make of a run.

use std::collections::HashMap;

use serde_json::Value;

use super::support::{Scratch, refused, rvtile, stderr, stdout};

/// A file of JSON in a directory.
fn json(scratch: &Scratch, name: &str) -> Value {
    serde_json::from_str(&scratch.read(name)).unwrap()
}

fn kernel(name: &str) -> String {
    format!("{}/../kernels/prebuilt/{name}.elf", env!("CARGO_MANIFEST_DIR"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn every_cycle_is_charged_to_one_instruction() {
    for (name, arguments, machine) in [
        ("softmax_f32", &["rvv", "4", "200"][..], "x280"),
        ("matmul_f32", &["rvv", "24", "40", "24"], "x390"),
        ("gemv_f32", &["scalar", "16", "16"], "x280-blackhole"),
    ] {
        let scratch = Scratch::new(name);
        let (run, annotate) = (scratch.path("run.json"), scratch.path("annotate.json"));
        let kernel = kernel(name);
        let program = [&[&kernel[..]], arguments].concat();
        let quiet = ["--quiet", "--machine", machine, "--json"];
        assert!(rvtile(&[&["run"], &quiet[..], &[&run], &program].concat()).status.success());
        assert!(rvtile(&[&["annotate"], &quiet[..], &[&annotate], &program].concat()).status.success());
        let (run, annotate) = (json(&scratch, "run.json"), json(&scratch, "annotate.json"));
        assert_eq!(annotate["cycles"], run["cycles"], "watching changes nothing");
        assert_eq!(annotate["instruction_count"], run["instructions"]);
        assert_eq!(annotate["ledger"], run["ledger"]);

        let instructions = annotate["instructions"].as_array().unwrap();
        let sum = |key: &str| instructions.iter().map(|line| number(&line[key])).sum::<u64>();
        assert_eq!(sum("cycles"), number(&run["cycles"]));
        assert_eq!(sum("executions"), number(&run["instructions"]));
        assert_eq!(sum("mispredicted"), number(&run["mispredicted"]));
        let mut causes: HashMap<&str, u64> = HashMap::new();
        let mut loops: HashMap<u64, u64> = HashMap::new();
        for line in instructions {
            let parts = line["ledger"].as_object().unwrap();
            assert_eq!(parts.values().map(number).sum::<u64>(), number(&line["cycles"]), "{line}");
            parts.iter().for_each(|(cause, cycles)| *causes.entry(cause).or_default() += number(cycles));
            if let Some(index) = line["loop"].as_u64() {
                *loops.entry(index).or_default() += number(&line["cycles"]);
            }
        }
        let ledger = run["ledger"].as_object().unwrap();
        assert_eq!(causes, ledger.iter().map(|(cause, cycles)| (cause.as_str(), number(cycles))).collect());
        for (index, found) in annotate["loops"].as_array().unwrap().iter().enumerate() {
            assert_eq!(loops.get(&(index as u64 + 1)).copied().unwrap_or(0), number(&found["cycles"]));
        }
    }
}

/// The number at the beginning of a line.
fn leading(line: &str) -> u64 {
    line.split_whitespace().next().unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn annotated_loops_and_the_rest_add_up() {
    let output = rvtile(&["annotate", "--top", "3", &kernel("matmul_f32"), "rvv", "48", "48", "48"]);
    assert!(output.status.success());
    let report = stdout(&output);
    let (_, rest) = report.split_once("Where all cycles go\n\n").unwrap();
    let mut rows: Vec<&str> = rest.lines().collect();
    let all = rows.pop().unwrap();
    assert!(
        all.ends_with("100.0 %  all") && report.contains(&format!("{} cycles", all.split_whitespace().next().unwrap()))
    );
    assert_eq!(rows.iter().map(|row| leading(row)).sum::<u64>(), leading(all));

    // The rows of a loop add up to what its heading says, which is what the last table says.
    let loops: Vec<&str> = report.split("\nLoop ").skip(1).collect();
    assert_eq!(loops.len(), 3);
    for (found, row) in loops.iter().zip(&rows) {
        let table = found.lines().skip_while(|line| !line.contains("charged to")).skip(1);
        let sum: u64 =
            table.take_while(|line| !line.is_empty()).filter(|line| !line.contains("loop")).map(leading).sum();
        assert_eq!(sum, leading(row), "{found}");
    }
    let kernel = loops.iter().find(|found| found.contains("gemm_f32_tile")).expect("the kernel's own loop");
    for word in ["vfmacc.vf", "vector-mac", " va ", " vl ", "iteration", "qqE", "entered"] {
        assert!(kernel.contains(word), "{word} in {kernel}");
    }
    assert!(report.lines().all(|line| line.len() < 160), "{report}");
}

#[test]
fn annotate_shows_source_lines() {
    let scratch = Scratch::new("source");
    let source = "
        int sum(int *a, int n) {
            int s = 0;
            for (int i = 0; i < n; i++)
                s += a[i] * a[i];
            return s;
        }
        int a[256];
        void _start(void) {
            register long a0 asm(\"a0\") = sum(a, 256), a7 asm(\"a7\") = 93;
            asm volatile(\"ecall\" : : \"r\"(a0), \"r\"(a7));
        }";
    scratch.file("sum.c", source);
    let program = scratch.program("sum.c", &["-g", "-fno-inline", "-march=rv64gc"]);
    let report = stdout(&rvtile(&["annotate", &program]));
    let row = report.lines().find(|line| line.ends_with("  sum.c:5")).unwrap_or_else(|| panic!("{report}"));
    assert!(row.contains(" 256 ") && row.contains("lw "), "{row}");
    let row = report.lines().find(|line| line.contains(" mulw ")).unwrap_or_else(|| panic!("{report}"));
    assert!(!row.contains("sum.c"), "the line is told once: {row}");
    assert!(report.contains("in 256 iterations of") && report.contains("in sum, 0x"), "{report}");
}

/// Checks the form of a log, and returns the number of instructions in it.
fn check_kanata(log: &str) -> usize {
    #[derive(Default)]
    struct Seen {
        open: HashMap<String, String>,
        stages: usize,
        retired: bool,
    }
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some("Kanata\t0004"));
    assert!(lines.next().unwrap().starts_with("C=\t"));
    let mut seen: Vec<Seen> = Vec::new();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[0] {
            // Cycles only go on.
            "C" => assert!(fields[1].parse::<u64>().unwrap() > 0, "{line}"),
            "I" => {
                assert_eq!((fields[1].parse(), fields.len()), (Ok(seen.len()), 4), "{line}");
                seen.push(Seen::default());
                continue;
            }
            command => {
                let instruction = &mut seen[fields[1].parse::<usize>().unwrap()];
                assert!(!instruction.retired, "{line}");
                match command {
                    "L" => assert!(matches!(fields[2], "0" | "1") && fields.len() == 4, "{line}"),
                    "S" => {
                        instruction.stages += 1;
                        let former = instruction.open.insert(fields[2].to_string(), fields[3].to_string());
                        assert_eq!(former, None, "{line}");
                    }
                    "E" => assert_eq!(instruction.open.remove(fields[2]).as_deref(), Some(fields[3]), "{line}"),
                    "R" => {
                        assert_eq!((fields[2], fields[3]), (fields[1], "0"));
                        instruction.retired = true;
                    }
                    _ => panic!("{line}"),
                }
            }
        }
    }
    assert!(
        seen.iter().all(|instruction| instruction.retired && instruction.stages > 0 && instruction.open.is_empty())
    );
    seen.len()
}

#[test]
fn logs_and_traces_are_well_formed_and_change_nothing() {
    let scratch = Scratch::new("traces");
    let kernel = kernel("softmax_f32");
    let program = [&kernel[..], "rvv", "2", "100"];
    let [plain, watched, kanata, trace] =
        ["plain.json", "watched.json", "log.kanata", "trace.json"].map(|name| scratch.path(name));
    assert!(rvtile(&[&["run", "--quiet", "--json", &plain], &program[..]].concat()).status.success());
    let files = ["run", "--quiet", "--json", &watched, "--kanata", &kanata, "--trace-event", &trace];
    assert!(rvtile(&[&files[..], &program].concat()).status.success());
    assert_eq!(scratch.names(), ["log.kanata", "plain.json", "trace.json", "watched.json"]);
    let (plain, watched) = (json(&scratch, "plain.json"), json(&scratch, "watched.json"));
    for key in ["cycles", "instructions", "ledger", "caches"] {
        assert_eq!(plain[key], watched[key], "{key}");
    }

    let log = scratch.read("log.kanata");
    assert_eq!(check_kanata(&log) as u64, number(&plain["instructions"]));
    for stage in ["F", "D", "Is", "Q", "X", "Wb"] {
        assert!(log.contains(&format!("\t0\t{stage}\n")), "{stage}");
    }
    assert!(log.contains("\t1\tfetch-miss\n"));

    let trace = json(&scratch, "trace.json");
    let mut tracks: HashMap<u64, String> = HashMap::new();
    let mut slices: HashMap<u64, Vec<(u64, u64)>> = HashMap::new();
    for event in trace["traceEvents"].as_array().unwrap() {
        match (event["ph"].as_str().unwrap(), event["name"].as_str().unwrap()) {
            ("M", "thread_name") => {
                tracks.insert(number(&event["tid"]), event["args"]["name"].as_str().unwrap().to_string());
            }
            ("X", _) => {
                assert!(event["args"]["cause"].is_string() && event["args"]["pc"].is_string(), "{event}");
                slices.entry(number(&event["tid"])).or_default().push((number(&event["ts"]), number(&event["dur"])));
            }
            ("C", "vector queue") => assert!(number(&event["args"]["entries"]) <= 64),
            ("M", _) => {}
            other => panic!("{other:?}"),
        }
    }
    let mut used = Vec::new();
    for (track, slices) in &mut slices {
        slices.sort_unstable();
        assert!(slices.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "{}", tracks[track]);
        used.push(tracks[track].as_str());
    }
    for track in [
        "pipe A",
        "pipe B",
        "head of the vector queue",
        "vector arithmetic sequencer 0",
        "vector load sequencer",
        "vector store sequencer",
        "memory port 0",
        "integer divider",
        "floating-point divider",
    ] {
        assert!(used.contains(&track), "{track} in {used:?}");
    }
    let total = |name: &str| {
        let (track, _) = tracks.iter().find(|(_, other)| *other == name).unwrap();
        slices[track].iter().map(|&(_, cycles)| cycles).sum::<u64>()
    };
    assert_eq!(total("ledger"), number(&plain["cycles"]));
    assert_eq!(total("pipe A") + total("pipe B"), number(&plain["instructions"]));
}

#[test]
fn windows_cut() {
    let scratch = Scratch::new("windows");
    let kernel = kernel("softmax_f32");
    let program = [&kernel[..], "rvv", "2", "64"];
    let [kanata, trace] = ["log", "trace"].map(|name| scratch.path(name));
    let run = |options: &[&str]| {
        let files = ["run", "--quiet", "--kanata", &kanata, "--trace-event", &trace];
        let output = rvtile(&[&files[..], options, &program].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    assert_eq!(run(&["--window-insts", "1000:1100"]), "");
    assert_eq!(check_kanata(&scratch.read("log")), 100);
    let issued = |trace: &Value| {
        let events = trace["traceEvents"].as_array().unwrap().iter();
        let pipes = events.filter(|event| event["ph"] == "X" && (event["tid"] == 2 || event["tid"] == 3));
        pipes.map(|event| number(&event["ts"])).collect::<Vec<u64>>()
    };
    assert_eq!(issued(&json(&scratch, "trace")).len(), 100);
    run(&["--window", "9000:9200"]);
    let within = issued(&json(&scratch, "trace"));
    assert!(within.len() > 50 && within.iter().all(|cycle| (9000..9200).contains(cycle)));
    assert_eq!(check_kanata(&scratch.read("log")), within.len());
    // A window behind the end is not silently empty.
    let notices = run(&["--window", "900000000:900000001"]);
    assert_eq!(notices.lines().filter(|line| line.contains("no instruction issued in the window")).count(), 2);
    assert_eq!(check_kanata(&scratch.read("log")), 0);
    assert!(issued(&json(&scratch, "trace")).is_empty());
}

#[test]
fn wrong_options_and_outputs_are_one_line() {
    let scratch = Scratch::new("wrong");
    let kernel = kernel("softmax_f32");
    let log = scratch.path("log");
    refused(&["run", "--window", "5", &kernel], &["--window", "start:end"]);
    refused(&["run", "--kanata", &log, "--window", "9:3", &kernel], &["after the start"]);
    refused(&["run", "--window", "1:2", &kernel], &["--kanata", "--trace-event"]);
    refused(&["run", "--kanata", &log, "--window", "1:2", "--window-insts", "1:2", &kernel], &["--window-insts"]);
    refused(&["run", "--functional", "--kanata", &log, &kernel], &["--kanata", "--functional"]);
    refused(&["run", "--functional", "--trace-event", &log, &kernel], &["--trace-event", "--functional"]);
    refused(&["run", "--kanata", &scratch.path("none/log"), &kernel], &["no directory"]);
    refused(&["annotate"], &["FILE"]);
    refused(&["annotate", "--top", "many", &kernel], &["many"]);
    refused(&["annotate", "/nonexistent/program"], &["no such file"]);
    refused(&["annotate", "--json", &scratch.path("none/x"), &kernel], &["no directory"]);
    assert!(scratch.names().is_empty());
    for option in ["--kanata", "--trace-event"] {
        let output = rvtile(&["run", "--quiet", option, "/dev/full", &kernel, "rvv", "2", "64"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("/dev/full"), "{}", stderr(&output));
    }
}
