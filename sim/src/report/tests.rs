//! Exporters on fixed measurements.

use rvtile_kernels::{Check, DType, Shape, Worst};

use super::{csv, html, json, table};
use crate::bench::Measurement;
use crate::machine::Machine;
use crate::timing::ledger::{Cause, Ledger};

fn machine() -> Machine {
    Machine::load("x280", &[]).unwrap()
}

fn measurement(kernel: &'static str, dims: &[u64], dtype: DType, cycles: u64) -> Measurement {
    let flop = 2 * dims.iter().product::<u64>();
    let mac = cycles * 3 / 4;
    let dram = cycles / 8;
    let ledger: Ledger =
        [(Cause::VectorMac, mac), (Cause::Dram, dram), (Cause::Issue, cycles - mac - dram)].into_iter().collect();
    let worst = Worst { index: 17, got: 1.5, want: 1.25, error: 0.25, bound: 0.5 };
    Measurement {
        kernel,
        shape: Shape(dims.to_vec()),
        dtype,
        machine: "x280".to_string(),
        clock_mhz: 1750.0,
        cycles,
        instructions: cycles / 2,
        flop,
        bytes: 4096,
        dram_bytes: 1024,
        peak_flop_per_cycle: if dtype == DType::I8 { 64.0 } else { 16.0 },
        dram_bytes_per_cycle: 14.6,
        check: Check { elements: 64, worst, ok: true },
        ledger,
        scalar_cycles: Some(cycles * 10),
    }
}

fn measurements() -> Vec<Measurement> {
    vec![
        measurement("matmul_f32", &[16, 16, 16], DType::F32, 1000),
        measurement("matmul_f32", &[32, 32, 32], DType::F32, 5001),
        measurement("matmul_i8", &[32, 32, 32], DType::I8, 2003),
        measurement("gemv_f32", &[64, 64], DType::F32, 1500),
    ]
}

fn wrong() -> Measurement {
    let mut wrong = measurement("softmax_f32", &[4, 64], DType::F32, 777);
    wrong.check.ok = false;
    wrong
}

#[test]
fn json_keys_are_stable_and_ledgers_add_up() {
    let text = json::render(&measurements());
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys = [
        "kernel",
        "shape",
        "dtype",
        "machine",
        "cycles",
        "instructions",
        "flop",
        "bytes",
        "peak_flop_per_cycle",
        "fraction_of_peak",
        "values_ok",
        "ledger",
    ];
    for row in rows.as_array().unwrap() {
        let row = row.as_object().unwrap();
        assert_eq!(row.len(), keys.len());
        assert!(keys.iter().all(|key| row.contains_key(*key)), "{row:?}");
        let ledger = row["ledger"].as_object().unwrap();
        let sum: u64 = ledger.values().map(|cycles| cycles.as_u64().unwrap()).sum();
        assert_eq!(Some(sum), row["cycles"].as_u64());
        assert!(ledger.keys().all(|name| Cause::ALL.iter().any(|cause| cause.name() == name)));
    }
    // In the text the keys stand in this order.
    let places: Vec<usize> = keys.iter().map(|key| text.find(&format!("\"{key}\"")).unwrap()).collect();
    assert!(places.is_sorted());
    assert_eq!(rows[0]["shape"], "16x16x16");
    assert_eq!(rows[0]["fraction_of_peak"], 8192.0 / 1000.0 / 16.0);
    assert_eq!(json::render(&[]), "[]\n");
}

#[test]
fn wrong_values_have_no_throughput_anywhere() {
    let (machine, list) = (machine(), [wrong()]);
    let row = &serde_json::from_str::<serde_json::Value>(&json::render(&list)).unwrap()[0];
    assert_eq!((&row["values_ok"], &row["fraction_of_peak"]), (&false.into(), &serde_json::Value::Null));
    assert_eq!((&row["worst"]["index"], &row["worst"]["got"]), (&17.into(), &1.5.into()));
    let gflops = super::number::quantity(list[0].gflops());
    for text in [table::render(&machine, &list), html::render(&machine, &list)] {
        assert!(text.contains("wrong values: element 17 of 64 is 1.5, should be 1.25"), "{text}");
        assert!(!text.contains(&format!(" {gflops} ")) && !text.contains(&format!(">{gflops}<")), "{text}");
    }
    let text = csv::render(&list);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let row = reader.deserialize::<std::collections::HashMap<String, String>>().next().unwrap().unwrap();
    for empty in ["fraction_of_peak", "gflop_per_second", "bytes_per_cycle", "speedup"] {
        assert_eq!(row[empty], "", "{empty}");
    }
    assert_eq!(row["values_ok"], "false");
}

#[test]
fn csv_has_a_column_for_each_cause() {
    let list = measurements();
    let text = csv::render(&list);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
    assert_eq!(&header[..5], ["kernel", "shape", "dtype", "machine", "cycles"]);
    assert_eq!(header.iter().filter(|name| name.starts_with("ledger.")).count(), Cause::ALL.len());
    for (record, m) in reader.records().map(Result::unwrap).zip(&list) {
        assert_eq!(record.len(), header.len());
        let field = |name: &str| &record[header.iter().position(|head| head == name).unwrap()];
        assert_eq!(field("cycles"), m.cycles.to_string());
        assert_eq!(field("ledger.vector-mac"), m.ledger.get(Cause::VectorMac).to_string());
        assert_eq!(field("speedup"), "10");
        let sum: u64 = Cause::ALL.iter().map(|c| field(&format!("ledger.{}", c.name())).parse::<u64>().unwrap()).sum();
        assert_eq!(sum, m.cycles);
    }
}

#[test]
fn the_table_fits_a_terminal() {
    let mut list = measurements();
    list.push(measurement("attention_f32", &[1024, 1024, 128, 1], DType::F32, 1_234_567_890));
    let text = table::render(&machine(), &list);
    let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
    assert!(widest.chars().count() <= 132, "{} columns: {widest}", widest.chars().count());
    assert!(text.contains("10.0x") && text.contains("vector-mac") && text.contains("14.3"), "{text}");
    assert!(text.lines().all(|line| line == line.trim_end()));
}

/// Tags are closed in the order in which they were opened. Returns the text without them.
fn well_formed(html: &str) -> String {
    let body = html.strip_prefix("<!DOCTYPE html>").unwrap_or(html);
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), body);
    while let Some(start) = rest.find('<') {
        text += &rest[..start];
        text.push(' ');
        let end = start + rest[start..].find('>').expect("a tag that ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag.split([' ', '/', '\n']).find(|word| !word.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !tag.ends_with('/') && name != "meta" {
            open.push(name);
        }
        if name == "style" && !tag.starts_with('/') {
            rest = &rest[rest.find("</style>").unwrap()..];
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    text
}

#[test]
fn the_page_is_whole_and_stands_alone() {
    let (machine, list) = (machine(), measurements());
    let page = html::render(&machine, &list);
    let text = well_formed(&page);
    for m in &list {
        for number in [m.cycles, m.instructions].map(super::number::count) {
            assert!(text.contains(&number), "{number}");
        }
        for number in [m.gflops(), m.bytes_per_cycle(), m.intensity()].map(super::number::quantity) {
            assert!(text.contains(&number), "{number}");
        }
        for (cause, cycles) in m.ledger.entries() {
            assert!(text.contains(&super::number::count(cycles)), "{}", cause.name());
        }
        assert!(page.contains(&format!(">{} {}</text>", m.kernel, m.shape)));
    }
    for entry in &machine.entries {
        assert!(text.contains(&entry.key), "{}", entry.key);
    }
    assert!(!page.contains("://"), "nothing from elsewhere");
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("url(") && !page.contains("<script"));
}

#[test]
fn the_parts_of_a_bar_fill_it() {
    let page = html::render(&machine(), &measurements()[1..2]);
    let widths = page.split("<rect class=\"part\"").skip(1).map(|part| {
        let start = part.find("width=\"").unwrap() + 7;
        part[start..start + part[start..].find('"').unwrap()].parse::<f64>().unwrap()
    });
    let sum: f64 = widths.sum();
    assert!((sum - 774.0).abs() < 0.05, "{sum}");
}

#[test]
fn pictures_survive_extreme_machines() {
    let settings = [("memory.dram.read", "unlimited"), ("vector.port_bytes", "1024"), ("core.clock_mhz", "1")];
    let settings: Vec<_> = settings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let odd = Machine::load("x280", &settings).unwrap();
    for list in [measurements(), Vec::new(), vec![wrong()]] {
        for machine in [&odd, &machine()] {
            let picture = html::roofline(machine, &list);
            well_formed(&picture);
            assert!(picture.starts_with("<svg xmlns="));
            assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
            well_formed(&html::render(machine, &list));
        }
    }
}

#[test]
fn text_is_escaped() {
    let mut machine = machine();
    machine.name = "<b>\"&'".to_string();
    machine.description = "a < b".to_string();
    let page = html::render(&machine, &measurements());
    well_formed(&page);
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;&quot;&amp;&#39;") && page.contains("a &lt; b"));
    well_formed(&html::roofline(&machine, &[]));
}
