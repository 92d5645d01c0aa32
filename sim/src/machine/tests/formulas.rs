//! Formulas against numbers computed by hand from the published tables.

use rvtile_isa::class::Class;

use super::super::{Formula, Inputs, Machine, Payload, Shape};
use super::load;

const PAYLOAD: Payload = Payload { vcop: 3, pd: 17, p2: 9 };

/// Cycles of a text with VLEN 512, DLEN 256, SEW 32, LMUL 2 (VLMAX 32), EEW 8, NF 3, `vl` 20 and that payload.
fn value(text: &str) -> u32 {
    let shape = Shape {
        vlen: 512,
        dlen: 256,
        sew: 32,
        eew: 8,
        lmul_eighths: 16,
        nf: 3,
        vl: 20,
        work: 5,
        tm: 16,
        tk: 4,
        payload: PAYLOAD,
    };
    Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).cycles(&Inputs::new(&shape))
}

#[test]
fn expressions() {
    let table = [
        ("7", 7),
        ("2.1", 3),
        ("2.1*10", 21),
        ("1 + 2*3", 7),
        ("(1 + 2)*3", 9),
        ("8 - 4 - 2", 2),
        ("16/4/2", 2),
        ("-2 + 5", 3),
        ("--3", 3),
        ("vl", 20),
        ("vlmax", 32),
        ("work", 5),
        ("sew + eew", 40),
        ("lmul", 2),
        ("vlen/dlen", 2),
        ("nf", 3),
        ("beats", 3),
        ("chime", 4),
        ("max(1, 2, vl)", 20),
        ("min(vl, 4, 9)", 4),
        ("ceil(vl/8)", 3),
        ("floor(vl/8)", 2),
        ("log2(vlmax)", 5),
        ("vl > 19", 1),
        ("vl < 20", 0),
        ("vl <= 20", 1),
        ("vl >= 21", 0),
        ("sew == 32", 1),
        ("sew != 32", 0),
        ("if(sew == 32, 5, 6)", 5),
        ("if(vl > vlmax, 1/0, 6)", 6),
        ("if(lmul >= 8, 9, if(lmul >= 1, 1, 0))", 1),
        ("if(vcop == 3, pd + p2, 1)", 26),
    ];
    for (text, cycles) in table {
        assert_eq!(value(text), cycles, "{text}");
    }
}

#[test]
fn constants_and_dependence() {
    let parse = |text| Formula::parse(text).expect("a formula");
    assert_eq!(parse("2*3 + 0.5").as_constant(), Some(7));
    assert_eq!(parse("chime").as_constant(), None);
    assert!(!parse("chime").depends_on_vl() && !parse("vlmax").depends_on_vl());
    assert!(parse("beats").depends_on_vl() && parse("6*vl - 5").depends_on_vl());
    assert_eq!(parse(" beats + 3").to_string(), " beats + 3");
}

#[test]
fn checks_find_what_has_no_meaning() {
    let check = |text| Formula::parse(text).expect("a formula").check(512, 256);
    assert_eq!(check("max(1, 6*vl - 5)"), Ok(()));
    let tail = "lmul=0.125 nf=1 vlen=512 dlen=256; bound it with max() or if()";
    assert_eq!(check("6*vl - 5"), Err(format!("\"6*vl - 5\" is negative at vl=0 sew=8 eew=8 {tail}")));
    assert_eq!(check("vl/vl"), Err(format!("\"vl/vl\" is not a number at vl=0 sew=8 eew=8 {tail}")));
    assert_eq!(check("max(1, vl/vl)"), Err(format!("\"max(1, vl/vl)\" is not a number at vl=0 sew=8 eew=8 {tail}")));
    assert_eq!(check("4/vl"), Err(format!("\"4/vl\" is more than 1000000000 cycles at vl=0 sew=8 eew=8 {tail}")));
    let at = "vl=0 sew=8 eew=8 lmul=1 nf=1 vlen=512 dlen=256 vcop=2; bound it with max() or if()";
    assert_eq!(check("1 - vcop"), Err(format!("\"1 - vcop\" is negative at {at}")));
    assert_eq!(check("1/0"), Err("\"1/0\" is more than 1000000000 cycles".to_string()));
    assert_eq!(check("0-1"), Err("\"0-1\" is negative".to_string()));
}

#[test]
fn wrong_texts_are_told_with_their_column() {
    let table = [
        ("", "column 1: expected a number, a variable, a function or '(', found the end"),
        ("beats +", "column 8: expected a number, a variable, a function or '(', found the end"),
        ("2 * * 3", "column 5: expected a number, a variable, a function or '(', found '*'"),
        ("(1 + 2", "column 7: expected ')', found the end"),
        ("1 + 2)", "column 6: a closing parenthesis without an opening one"),
        ("vl 3", "column 4: expected an operator or the end, found '3'"),
        ("1.2.3", "column 1: \"1.2.3\" is not a number"),
        ("2*beat", "column 3: unknown name \"beat\"; did you mean \"beats\"?"),
        ("1 + ceil(1, 2)", "column 5: ceil takes 1 arguments, found 2"),
        ("if(vl, 1)", "column 1: if takes 3 arguments, found 2"),
        ("max(vl)", "column 1: max takes 2 or more arguments, found 1"),
        ("max vl", "column 5: expected '(', found 'v'"),
        ("1 + é", "column 5: expected a number, a variable, a function or '(', found 'é'"),
    ];
    for (text, message) in table {
        assert_eq!(Formula::parse(text).expect_err(text).to_string(), message, "{text}");
    }
    let deep = "(".repeat(100);
    assert_eq!(Formula::parse(&deep).expect_err("deep").what, "nested too deeply");
    assert_eq!(Formula::parse(&"1+".repeat(300)).expect_err("long").what, "longer than 400 characters");
}

/// Occupancy and latency of a class at SEW, LMUL (in eighths), `vl` and NF; EEW is SEW.
fn timing(machine: &str, class: Class, sew: u32, lmul_eighths: u32, vl: u32, nf: u32) -> (u32, u32) {
    let machine = load(machine);
    let shape = Shape {
        vlen: machine.vector.vlen,
        dlen: machine.vector.dlen,
        sew,
        eew: sew,
        lmul_eighths,
        nf,
        vl,
        // The measured divisions had operands that cost nothing.
        work: if matches!(class, Class::VDiv | Class::VFpDiv) { 0 } else { vl },
        tm: 0,
        tk: 0,
        payload: Payload::default(),
    };
    let (timing, inputs) = (machine.class(class), Inputs::new(&shape));
    (timing.occupancy.cycles(&inputs), timing.latency.cycles(&inputs))
}

/// A file of the user's has all formulas of the machine checked; those of a built-in machine alone are not.
#[test]
fn formulas_of_the_builtin_machines_are_sound() {
    for name in Machine::builtin_names() {
        let text = format!("include = \"{name}\"");
        Machine::from_text("m.toml", &text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn silicon_throughput() {
    // Class, SEW, LMUL in eighths, vl, NF: cycles per instruction.
    let table = [
        (Class::VInt, 8, 1, 8, 1, 1),
        (Class::VInt, 32, 8, 16, 1, 2),
        (Class::VFma, 64, 64, 64, 1, 16),
        (Class::VFma, 32, 64, 1, 1, 1),
        (Class::VNarrow, 16, 8, 32, 1, 4),
        (Class::VNarrow, 8, 1, 8, 1, 1),
        (Class::VFpNarrow, 32, 32, 1, 1, 1),
        (Class::VMask, 8, 64, 512, 1, 2),
        (Class::VMask, 32, 8, 16, 1, 1),
        (Class::VMoveWhole, 8, 8, 1, 1, 2),
        (Class::VMoveWhole, 8, 8, 1, 8, 16),
        (Class::VGather, 8, 8, 64, 1, 68),
        (Class::VGather, 8, 8, 1, 1, 5),
        (Class::VCompress, 8, 1, 8, 1, 12),
        (Class::VReduce, 32, 8, 16, 1, 29),
        (Class::VReduce, 64, 8, 8, 1, 22),
        (Class::VReduce, 8, 64, 512, 1, 67),
        (Class::VReduce, 8, 64, 1, 1, 8),
        (Class::VFpReduce, 16, 64, 256, 1, 60),
        (Class::VFpReduce, 32, 4, 8, 1, 22),
        (Class::VReduceWiden, 8, 64, 512, 1, 76),
        (Class::VReduceWiden, 8, 32, 256, 1, 60),
        (Class::VReduceWiden, 8, 4, 32, 1, 36),
        (Class::VReduceWiden, 32, 64, 1, 1, 8),
        (Class::VFpReduceWiden, 32, 64, 128, 1, 62),
        (Class::VFpReduceOrdered, 32, 2, 8, 1, 43),
        (Class::VFpReduceOrdered, 32, 8, 1, 1, 1),
        (Class::VFpReduceOrdered, 16, 64, 256, 1, 1531),
        (Class::VDiv, 64, 8, 8, 1, 23),
        (Class::VDiv, 8, 64, 512, 1, 1031),
        (Class::VDiv, 8, 64, 1, 1, 12),
        (Class::VFpDiv, 64, 8, 8, 1, 19),
        (Class::VFpDiv, 16, 64, 256, 1, 391),
        (Class::VFpDiv, 64, 8, 1, 1, 10),
        (Class::VLoad, 32, 32, 64, 1, 8),
        (Class::VStore, 8, 8, 64, 1, 2),
        (Class::VStoreSegment2, 8, 8, 64, 2, 5),
        (Class::VStoreSegment, 8, 8, 64, 4, 64),
        (Class::VStoreStrided, 8, 8, 64, 1, 128),
        (Class::VLoadIndexed, 8, 8, 64, 1, 135),
    ];
    for (class, sew, lmul, vl, nf, cycles) in table {
        let (occupancy, _) = timing("x280", class, sew, lmul, vl, nf);
        assert_eq!(occupancy, cycles, "{class:?} e{sew} lmul {lmul}/8 vl {vl} nf {nf}");
    }
}

#[test]
fn silicon_latency() {
    assert_eq!(timing("x280", Class::VCompare, 8, 32, 256, 1).1, 11);
    // The second word of a mask comes later.
    assert_eq!(timing("x280", Class::VCompare, 8, 64, 512, 1).1, 27);
    assert_eq!(timing("x280", Class::VFma, 64, 8, 8, 1).1, 7);
    assert_eq!(timing("x280", Class::VToScalar, 32, 8, 16, 1), (3, 11));
    assert_eq!(timing("x280", Class::VMaskToScalar, 32, 8, 16, 1), (3, 11));
}

#[test]
fn vendor_model() {
    // As the published table of the compiler's model has it, whatever vl is.
    assert_eq!(timing("x280-mca19", Class::VInt, 32, 8, 1, 1), (2, 4));
    assert_eq!(timing("x280-mca19", Class::VReduce, 32, 8, 16, 1), (37, 37));
    assert_eq!(timing("x280-mca19", Class::VReduce, 64, 8, 8, 1), (32, 32));
    assert_eq!(timing("x280-mca19", Class::VReduce, 8, 64, 512, 1), (61, 61));
    assert_eq!(timing("x280-mca19", Class::VFpDiv, 32, 8, 16, 1), (112, 112));
    assert_eq!(timing("x280-mca19", Class::VGather, 8, 8, 64, 1), (64, 67));
    assert_eq!(timing("x280-mca19", Class::VLoadIndexed, 8, 64, 512, 1), (64, 67));
    assert_eq!(timing("x280-mca19", Class::VStoreSegment2, 8, 8, 64, 2), (4, 1));
    assert_eq!(timing("x280-mca19", Class::Vcix, 8, 64, 512, 1), (16, 160));
    assert_eq!(timing("x280-mca22", Class::VGather, 8, 8, 64, 1), (68, 39));
    assert_eq!(timing("x280-mca22", Class::VLoadIndexed, 8, 64, 512, 1), (512, 515));
    assert_eq!(timing("x280-mca22", Class::VDiv, 64, 8, 8, 1), (128, 128));
    assert_eq!(timing("x280-mca22", Class::VMul, 64, 8, 8, 1), (2, 8));
    assert_eq!(timing("x390", Class::VFma, 64, 8, 16, 1), (16, 23));
    assert_eq!(timing("x390", Class::VFma, 32, 8, 32, 1), (2, 7));
    assert_eq!(timing("x390", Class::VGather, 8, 8, 128, 1), (8, 7));
}
