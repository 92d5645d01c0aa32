//! Extension files: what they mean, what they refuse, and that damaged ones do no harm.

mod docs;
mod errors;
mod fuzz;
mod meaning;

use rvtile_isa::asm::Assembler;
use rvtile_isa::block::{Bad, Block};
use rvtile_isa::decode::Decoder;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::profile::Profile;
use rvtile_isa::vector::vtype::Vtype;

use super::{Extensions, builtin_names, check};
use crate::machine::{Machine, Unit};

/// Where the instruction is; data lie behind.
const CODE: u64 = 0x1000;

/// A hart with extensions.
struct Bench {
    hart: Hart,
    decoder: Decoder,
    assembler: Assembler,
}

impl Bench {
    fn of(text: &str, level: Level) -> Bench {
        let mut extensions = Extensions::default();
        extensions.add("test.toml", text).unwrap_or_else(|error| panic!("{error}"));
        Bench::with(&extensions, "standard", level)
    }

    fn with(extensions: &Extensions, profile: &str, level: Level) -> Bench {
        let isa = Profile::by_name(profile).expect("a profile").isa();
        let mut mem = Memory::new(1 << 16).expect("memory");
        mem.protect(0, 1 << 16, Perm::all()).expect("memory");
        let mut hart = Hart::new(Config { vlen: 512, isa, agnostic_ones: false, level }, mem);
        hart.csr.mstatus |= 3 << 9 | 3 << 13;
        hart.matrix.own = extensions.state(512);
        hart.log.on = true;
        let decoder = extensions.decoder(isa).unwrap_or_else(|why| panic!("{why}"));
        let assembler = Assembler::new(&decoder);
        Bench { hart, decoder, assembler }
    }

    /// Sets SEW, LMUL (as a power of two) and vl.
    fn vset(&mut self, sew: u32, lmul: i32, vl: u32) {
        let bits = u64::from(sew.ilog2() - 3) << 3 | (lmul & 7) as u64;
        self.hart.vtype = Vtype::from_request(bits, 512);
        self.hart.vl = vl;
    }

    /// Executes one line of assembly; the text of the trap, if it traps.
    fn run(&mut self, line: &str) -> Result<(), String> {
        let word = self.assembler.word(line, CODE).unwrap_or_else(|error| panic!("{error}"));
        let h = &mut self.hart;
        h.mem.poke(CODE, &[word.to_le_bytes(), 0x0010_0073u32.to_le_bytes()].concat()).expect("code");
        (h.pc, h.why) = (CODE, None);
        h.log.words.clear();
        let block = Block::translate(h, &self.decoder);
        match block.insts[0].inst {
            Err(Bad::Illegal { why, .. }) => return Err(why.to_string()),
            Err(Bad::Fetch(_)) => panic!("no code"),
            Ok(inst) => assert_eq!(inst.text(CODE), line, "text and assembler agree"),
        }
        match block.run(h).retired {
            0 => Err(h.why.map_or_else(|| format!("{:?}", h.trap.cause), |why| why.to_string())),
            _ => Ok(()),
        }
    }

    fn broken(&mut self, line: &str, rule: &str) {
        match self.run(line) {
            Err(why) if why.contains(rule) => {}
            other => panic!("{line}: `{rule}` expected: {other:?}"),
        }
    }

    fn fill(&mut self, reg: u8, values: impl IntoIterator<Item = u8>) {
        self.hart.v.from_mut(reg).iter_mut().zip(values).for_each(|(to, from)| *to = from);
    }

    fn words(&self, reg: u8, count: usize) -> Vec<i32> {
        (0..count).map(|index| self.hart.v.get(reg, index)).collect()
    }
}

fn builtin(name: &str) -> Extensions {
    Extensions::load(&[name.to_string()]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_box_is_sound() {
    let names: Vec<String> = builtin_names().map(str::to_string).collect();
    let together = Extensions::load(&names).expect("all go together");
    let checked = check::check(&together);
    assert_eq!(checked.faults, 0, "{}", checked.text);
    assert!(checked.text.contains("takes words of `sf.vc.v.xv`"), "{}", checked.text);
    for machine in Machine::builtin_names() {
        let plain = Machine::load(machine, &[]).expect("a machine");
        let timed = together.on(plain.into()).unwrap_or_else(|error| panic!("{machine}: {error}"));
        let instructions: usize = together.list.iter().map(|extension| extension.rows.len()).sum();
        assert_eq!(timed.own.len(), instructions);
        for row in together.rows().into_iter().flatten() {
            assert!(timed.own_timing(row).is_some(), "{}", row.name);
        }
        for extension in &together.list {
            let page = super::show::page(&together, extension, &timed);
            assert!(extension.rows.iter().all(|row| page.contains(row.name)), "{page}");
        }
    }
}

#[test]
fn timing_is_that_of_the_file_and_else_of_the_class() {
    let extensions = builtin("int8-4x16x4");
    let machine = extensions.on(Machine::load("x280", &[]).expect("x280").into()).expect("timing");
    let row = |name: &str| extensions.rows().into_iter().flatten().find(|row| row.name == name).expect("a row");
    let mac = machine.timing(row("xt.mac"));
    assert_eq!((mac.unit, mac.coprocessor, mac.latency.as_constant()), (Unit::Coprocessor, 1, Some(12)));
    assert_eq!((machine.coprocessors[1].name.as_str(), machine.coprocessors[1].queue), ("mac", 4));
    let entry = machine.entry("instruction.xt.mac.latency").expect("an entry");
    assert_eq!((entry.value.as_str(), entry.assumed, entry.line), ("12", true, 25));
    let twin = builtin("int8-4x8x4");
    let machine = twin.on(Machine::load("x280", &[]).expect("x280").into()).expect("timing");
    let row = &twin.list[0].rows[0];
    assert_eq!(machine.timing(row), machine.class(row.class));
}

#[test]
fn a_trial_tells_that_a_script_fails() {
    let check = |kind: &str, script: &str| {
        let mut all = Extensions::default();
        let text = format!(
            "name = \"t\"\n[[instruction]]\nname = \"my.op\"\nencoding = \"vs2 vd 31..26=0x3f 25..25=1 19..12=0 6..0=0x0b\"\n\
             operands = \"vd, vs2\"\ntype = \"{kind}\"\nscript = \"{script}\"\n"
        );
        all.add("t.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        check::check(&all)
    };
    for kind in ["i8", "i32", "i64", "i"] {
        for (script, why) in [
            ("loop { }", "trial: its script failed at t.toml:7: it did not end"),
            ("vd[0] = nowhere", "trial: its script failed at t.toml:7: Variable not found: nowhere"),
        ] {
            let checked = check(kind, script);
            assert!(checked.faults == 1 && checked.text.contains(why), "{kind}: {}", checked.text);
        }
        let checked = check(kind, "vd[0] = vs2[0] + 1");
        assert_eq!(checked.faults, 0, "{kind}: {}", checked.text);
    }
    let checked = check("i", "if sew == 32 { nowhere() }");
    assert!(checked.faults == 1 && checked.text.contains("(SEW 32)"), "{}", checked.text);
}

#[test]
fn clashes_name_both_instructions() {
    let clash = |encoding: &str| {
        let mut all = Extensions::default();
        let text = format!(
            "name = \"t\"\n[[instruction]]\nname = \"my.add\"\nencoding = \"{encoding}\"\noperands = \"vd, vs2, vs1\"\n\
             type = \"i\"\nmap = \"vs2 + vs1\"\n"
        );
        all.add("t.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        (check::check(&all), all)
    };
    // vadd.vv itself, a part of it, and SpacemiT's space.
    for encoding in ["vs2 vs1 vd 31..26=0 25..25=1 14..12=0 6..0=0x57", "vs2 vs1 vd 31..25=0x71 14..12=3 6..0=0x2b"] {
        let (checked, all) = clash(encoding);
        assert!(checked.faults == 1 && checked.text.contains("`my.add` (extension t) and `"), "{}", checked.text);
        let standard = all.decoder(Profile::by_name("standard").expect("standard").isa());
        assert_eq!(standard.is_err(), encoding.contains("0x57"));
    }
    let (checked, _) = clash("vs2 vs1 vd 31..26=0x3f 25..25=1 14..12=0 6..0=0x0b");
    assert_eq!(checked.faults, 0, "{}", checked.text);
    let free = check::free(&builtin("int8-4x16x4"), Profile::by_name("sifive").expect("sifive"));
    assert!(free.contains("custom-1") && free.contains("14..12=0  0x03-0x3f"), "{free}");
}
