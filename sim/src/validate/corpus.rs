//! Instruction sequences with the cycles that a compiler's scheduling model gives them.
//!
//! A corpus is a directory of `NAME.s` files and of tables: `expected.csv` (`name,cycles_per_iter` and, when wanted,
//! `bottleneck`) for the machine under test, and `extra.csv` (`name,mca22_x280_cycles,mca22_x390_cycles`) for later
//! compilers. A sequence is plain text: one instruction a line, labels, comments. The vector type comes from vset*
//! instructions and from the comments `# LLVM-MCA-RISCV-LMUL M4` and `# LLVM-MCA-RISCV-SEW E32`.

use std::collections::BTreeMap;
use std::path::Path;

use rvtile_isa::asm::Assembler;
use rvtile_isa::decode::Decoder;
use rvtile_isa::profile::Profile;
use rvtile_isa::row::Props;
use rvtile_isa::vector::vtype::Vtype;
use serde::Deserialize;

use super::{Error, Group, Row, Table};
use crate::machine::Machine;
use crate::timing::mca::{self, KnownType, Line, Schedule};

/// Copies of a sequence that are scheduled: as many as the tables were made with.
const ITERATIONS: u64 = 200;

/// The machine of `expected.csv`.
pub const EXPECTED_MACHINE: &str = "x280-mca19";

/// Columns of `extra.csv` with the machines that they are of.
const EXTRA_MACHINES: [(&str, &str); 2] = [("mca22_x280_cycles", "x280-mca22"), ("mca22_x390_cycles", "x390-mca22")];

macro_rules! sequences {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../tests/data/corpus/", $name, ".s")))),*]
    };
}

/// The sequences that come with rvtile.
#[rustfmt::skip]
const SEQUENCES: &[(&str, &str)] = sequences![
    "001_int_add_chain" "002_int_add_indep" "003_int_pair_cross" "005_int_mul_indep" "006_int_mul_add_mix"
    "007_int_div64_shadow" "009_ld_use_add" "010_ld_pointer_chase" "011_ldst_copy4" "013_idx_sh2add_lw"
    "014_zbb_mix" "015_loop_min" "017_fp32_fma_chain" "018_fp32_fma_indep4" "019_fp64_fma_chain"
    "021_fp32_saxpy_scalar" "022_fp32_div_indep" "023_fp64_sqrt_shadow" "025_fp16_fma_chain" "026_st_stream"
    "027_amo_counter" "029_vle32_m1_x4" "030_vle32_m8" "031_vse32_m4" "033_copy_m2" "034_copy_m4_pipelined"
    "035_copy_m8_strip" "037_saxpy_m2" "038_saxpy_m4_strip" "039_saxpy_m8" "041_vadd_chain_m4" "042_vadd_indep_m1"
    "043_vadd_indep_mf2" "045_vfmacc_indep4_m1" "046_vfmacc_indep8_m1" "047_vfmacc_indep4_m2" "049_mm_f32_m1_r8"
    "050_mm_f32_m2_r4" "051_mm_f32_m4_r4" "053_mm_f32_m8_r2" "054_mm_f16_m1_r8" "055_mm_f16_m4_r4"
    "057_mm_f64_m1_r8" "058_mm_f64_m4_r7" "059_dot_i8_widen" "061_mm_i32_vmacc_m1_r4" "062_dot_i8_wredsum"
    "063_exp_poly_m1" "065_softmax_max_pass" "066_softmax_scale_pass" "067_rowmax_finish" "069_vfredusum_e32_m4"
    "070_vfredosum_e32_m1" "071_mask_relu_m1" "073_mask_logic_chain" "074_mask_to_scalar" "075_masked_vfadd_m2"
    "077_vrgather_e8_m4" "078_vrgather_vi_bcast" "079_vcompress_e32_m1" "081_vslide_tree" "082_vlse32_m1"
    "083_vsse32_m2" "085_vlseg4_e8" "086_vluxei32_m1" "087_vdiv_e32_m1" "089_requant_i32_i8" "090_widen_i8_i32"
    "091_vmv_xs_round_trip" "093_vset_toggle" "094_layernorm_pass" "095_gelu_poly_m2" "097_vec_scalar_overlap"
    "098_vcix_chain_m1" "099_vcix_indep_m1" "101_vlm_vsm" "102_memset_m8" "103_strlen_ff"
];

/// Sequences and tables.
pub struct Corpus {
    /// Name of the directory, for messages.
    place: String,
    sequences: BTreeMap<String, String>,
    expected: String,
    extra: Option<String>,
}

impl Corpus {
    /// The corpus that comes with rvtile.
    pub fn embedded() -> Corpus {
        Corpus {
            place: "corpus".to_string(),
            sequences: SEQUENCES.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
            expected: include_str!("../../../tests/data/corpus/expected.csv").to_string(),
            extra: Some(include_str!("../../../tests/data/corpus/extra.csv").to_string()),
        }
    }

    /// Reads a directory.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(dir: &Path) -> Result<Corpus, Error> {
        let place = dir.display().to_string();
        let failed = |file: &Path, error: std::io::Error| Error {
            file: file.display().to_string(),
            line: None,
            what: error.to_string(),
        };
        let text = |file: &Path| std::fs::read_to_string(file).map_err(|error| failed(file, error));
        let mut sequences = BTreeMap::new();
        for entry in std::fs::read_dir(dir).map_err(|error| failed(dir, error))? {
            let path = entry.map_err(|error| failed(dir, error))?.path();
            if path.extension().is_some_and(|extension| extension == "s")
                && let Some(name) = path.file_stem()
            {
                sequences.insert(name.to_string_lossy().into_owned(), text(&path)?);
            }
        }
        let extra = dir.join("extra.csv");
        let extra = if extra.exists() { Some(text(&extra)?) } else { None };
        Ok(Corpus { place, sequences, expected: text(&dir.join("expected.csv"))?, extra })
    }

    fn sequence(&self, name: &str) -> Result<&str, String> {
        self.sequences.get(name).map(String::as_str).ok_or_else(|| format!("there is no {}/{name}.s", self.place))
    }
}

#[derive(Deserialize)]
struct Expected {
    name: String,
    cycles_per_iter: f64,
    bottleneck: Option<String>,
}

/// Rows that could be compared, and what keeps the others from it.
pub struct Comparison {
    /// The group of the rows.
    pub group: Group,
    /// A line for each sequence that could not be scheduled.
    pub left_out: Vec<String>,
}

/// Schedules what `expected.csv` lists on `machine`.
///
/// # Errors
/// The first line that is wrong.
pub fn compare(corpus: &Corpus, machine: &Machine) -> Result<Comparison, Error> {
    let file = format!("{}/expected.csv", corpus.place);
    let table = Table { name: &file, text: &corpus.expected };
    let (mut rows, mut left_out) = (Vec::new(), Vec::new());
    let (mut named, mut agreed) = (0, 0);
    for (line, expected) in table.read::<Expected>()? {
        let text = corpus.sequence(&expected.name).map_err(|what| table.wrong(line, what))?;
        let (row, schedule) = match row(&expected.name, text, expected.cycles_per_iter, machine) {
            Ok(row) => row,
            Err(why) => {
                left_out.push(why);
                continue;
            }
        };
        rows.push(row);
        if let Some(bottleneck) = expected.bottleneck {
            named += 1;
            agreed += usize::from(bottleneck == schedule.bottleneck);
        }
    }
    let bottlenecks =
        if named > 0 { format!(" The bottleneck is the same in {agreed} of {named}.") } else { String::new() };
    Ok(Comparison { group: group("corpus", machine, rows, &bottlenecks), left_out })
}

/// Schedules what `extra.csv` lists, when there is one, on the machines of its columns with `overrides`.
///
/// # Errors
/// The first line that is wrong.
pub fn compare_extra(corpus: &Corpus, overrides: &[(String, String)]) -> Result<Vec<Comparison>, Error> {
    let Some(text) = &corpus.extra else { return Ok(Vec::new()) };
    let file = format!("{}/extra.csv", corpus.place);
    let table = Table { name: &file, text };
    let lines = table.read::<BTreeMap<String, String>>()?;
    let mut comparisons = Vec::new();
    for (column, name) in EXTRA_MACHINES {
        let machine = Machine::load(name, overrides).map_err(|error| Error {
            file: name.to_string(),
            line: None,
            what: error.to_string(),
        })?;
        let (mut rows, mut left_out) = (Vec::new(), Vec::new());
        for (line, values) in &lines {
            let wrong = |what: String| table.wrong(*line, what);
            let value = |key: &str| values.get(key).ok_or_else(|| wrong(format!("missing field `{key}`")));
            let cycles = value(column)?;
            let cycles = cycles.parse().map_err(|_| wrong(format!("`{cycles}` is no number of cycles")))?;
            let sequence = value("name")?;
            match row(sequence, corpus.sequence(sequence).map_err(wrong)?, cycles, &machine) {
                Ok((row, _)) => rows.push(row),
                Err(why) => left_out.push(why),
            }
        }
        let name = format!("corpus-{}", column.trim_end_matches("_cycles"));
        comparisons.push(Comparison { group: group(&name, &machine, rows, ""), left_out });
    }
    Ok(comparisons)
}

fn group(name: &str, machine: &Machine, rows: Vec<Row>, more: &str) -> Group {
    Group {
        name: name.to_string(),
        about: format!("Sequences scheduled as the vendor's compiler model does, {ITERATIONS} copies of each.{more}"),
        unit: "cycles per copy",
        machine: machine.name.clone(),
        rows,
    }
}

fn row(name: &str, text: &str, measured: f64, machine: &Machine) -> Result<(Row, Schedule), String> {
    let text = parse(text, machine.vector.vlen).map_err(|what| format!("{name}.s, {what}"))?;
    let vector = text.iter().any(|line| line.inst.row.props.contains(Props::VECTOR));
    let schedule = mca::schedule(&text, machine, ITERATIONS)
        .map_err(|row| format!("{name}.s: the compiler model has no timing for {}", row.name))?;
    let row = Row {
        name: name.to_string(),
        part: if vector { "vector" } else { "scalar" }.to_string(),
        measured,
        simulated: schedule.cycles_per_iteration(),
        reason: None,
    };
    Ok((row, schedule))
}

/// The instructions of a sequence, each with the vector type that is known there.
///
/// # Errors
/// The first line that is not understood.
pub fn parse(text: &str, vlen: u32) -> Result<Vec<Line>, String> {
    let decoder = Profile::by_name("sifive").map_or_else(Decoder::standard, Decoder::for_profile);
    let assembler = Assembler::new(&decoder);
    let code = || text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let labels: Vec<&str> = code().filter_map(|line| line.strip_suffix(':')).collect();
    let mut vtype = KnownType::default();
    let mut lines = Vec::new();
    for ((number, line), code) in (1..).zip(text.lines()).zip(code()) {
        let wrong = |what: String| format!("line {number}: {what}");
        if let Some(lmul) = line.trim().strip_prefix("# LLVM-MCA-RISCV-LMUL ") {
            vtype.lmul_eighths = Some(lmul_eighths(lmul.trim()).ok_or_else(|| wrong(format!("no LMUL `{lmul}`")))?);
        } else if let Some(sew) = line.trim().strip_prefix("# LLVM-MCA-RISCV-SEW ") {
            let width = sew.trim().strip_prefix('E').and_then(|bits| bits.parse().ok());
            let legal = width.filter(|bits| matches!(bits, 8 | 16 | 32 | 64));
            vtype.sew = Some(legal.ok_or_else(|| wrong(format!("no SEW `{sew}`")))?);
        }
        if code.is_empty() || code.ends_with(':') {
            continue;
        }
        if code.starts_with('.') {
            return Err(wrong(format!("directives are not understood: `{code}`")));
        }
        // Branches fall through: where they would go is of no account.
        let last = code.rsplit([',', ' ', '\t']).next().unwrap_or_default();
        let code = match labels.contains(&last) {
            true => format!("{}0", &code[..code.len() - last.len()]),
            false => code.to_string(),
        };
        let word = assembler.word(&code, 0).map_err(|error| wrong(error.to_string()))?;
        let inst = decoder.decode(word).map_err(|_| wrong(format!("`{code}` does not decode")))?;
        if inst.row.props.contains(Props::SETS_VTYPE) {
            let asked = Vtype::from_request(inst.imm as u64, vlen);
            if asked.ill() {
                return Err(wrong(format!("`{code}` asks for a vector type that there is not")));
            }
            vtype = KnownType { lmul_eighths: Some(1 << (asked.lmul_log2() + 3)), sew: Some(asked.sew()) };
        }
        lines.push(Line { inst, vtype });
    }
    if lines.is_empty() { Err("there is no instruction".to_string()) } else { Ok(lines) }
}

fn lmul_eighths(name: &str) -> Option<u32> {
    let names = ["MF8", "MF4", "MF2", "M1", "M2", "M4", "M8"];
    names.iter().position(|known| *known == name).map(|log2| 1 << log2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VLEN: u32 = 512;

    #[test]
    fn the_vector_type_follows_comments_and_vset() {
        let text = "# about\n# LLVM-MCA-RISCV-LMUL MF2\n\tvadd.vv v8, v9, v10 # sum\n# LLVM-MCA-RISCV-SEW E16\nloop:\n\
                    vadd.vv v8, v9, v10\nvsetvli t0, a0, e32, m4, ta, ma\nvadd.vv v8, v12, v16\nbnez a0, loop\n";
        let types: Vec<KnownType> = parse(text, VLEN).unwrap().iter().map(|line| line.vtype).collect();
        let known = |lmul, sew| KnownType { lmul_eighths: Some(lmul), sew };
        assert_eq!(types[..2], [known(4, None), known(4, Some(16))]);
        assert_eq!(types[3], known(32, Some(32)));
        assert_eq!(types.len(), 5);
    }

    #[test]
    fn wrong_lines_are_told() {
        let error = |text: &str| parse(text, VLEN).err().unwrap();
        assert_eq!(error("# nothing"), "there is no instruction");
        assert!(error("add a0, a0, a1\nfoo a0").starts_with("line 2: no instruction `foo`"));
        assert_eq!(error("# LLVM-MCA-RISCV-LMUL M3"), "line 1: no LMUL `M3`");
        assert_eq!(error("# LLVM-MCA-RISCV-SEW E12"), "line 1: no SEW `E12`");
        assert_eq!(error(".text"), "line 1: directives are not understood: `.text`");
    }

    /// Cycles of copies of a sequence, less the write-back behind the last.
    fn cycles(machine: &str, text: &str) -> f64 {
        let machine = Machine::load(machine, &[]).unwrap();
        let text = parse(&format!("# LLVM-MCA-RISCV-LMUL M4\n# LLVM-MCA-RISCV-SEW E32\n{text}"), VLEN).unwrap();
        mca::schedule(&text, &machine, ITERATIONS).map_err(|row| row.name).unwrap().cycles_per_iteration().round()
    }

    #[test]
    fn the_rules_hold_that_differ_between_releases() {
        let (old, new) = (EXPECTED_MACHINE, "x280-mca22");
        // Rounding instructions may issue beside the vset* in one release; in another they wait for its 3 cycles.
        let toggled = "vsetvli t0, zero, e32, m1, ta, ma\nvfmul.vv v8, v9, v10";
        assert_eq!((cycles(old, toggled), cycles(new, toggled)), (5.0, 8.0), "write-back is in order");
        // The mask of a merge: a compare at LMUL 4 has a latency of 11.
        let merged = "vmseq.vv v0, v8, v12\nvmerge.vvm v16, v8, v12, v0";
        assert!(cycles(old, merged) < cycles(new, merged));
        // A multiplication into itself: 4 or 8 cycles of latency; the unit is kept for 8 and one more.
        assert_eq!((cycles(old, "vmul.vv v8, v8, v9"), cycles(new, "vmul.vv v8, v8, v9")), (9.0, 9.0));
        // A carry out is no compare.
        let carry = "vmadc.vv v0, v8, v12\nvmand.mm v1, v0, v0\nvmand.mm v0, v1, v1";
        assert!(cycles(old, carry) < cycles(old, &carry.replace("vmadc.vv", "vmseq.vv")));
    }

    #[test]
    fn what_the_compiler_cannot_time_is_told() {
        let machine = Machine::load(EXPECTED_MACHINE, &[]).unwrap();
        let text = parse("fence rw, rw", VLEN).unwrap();
        assert_eq!(mca::schedule(&text, &machine, 1).unwrap_err().name, "fence");
    }
}
