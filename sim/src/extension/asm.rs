//! Extension instructions for assemblers and compilers that do not know them: an include for the GNU assembler, and a C header.

use std::fmt::Write;

use rvtile_isa::disasm::{F_NAMES, X_NAMES};
use rvtile_isa::encoding::Field;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::Row;

use super::Extension;

/// Where the bits of an operand begin.
fn shift(operand: Operand) -> u32 {
    match operand {
        Operand::Rs1 | Operand::Fs1 | Operand::Vs1 | Operand::Ts1 | Operand::Imm => 15,
        Operand::Rs2 | Operand::Fs2 | Operand::Vs2 | Operand::Ts2 | Operand::Payload2 => 20,
        Operand::VcOp => 26,
        Operand::Vm => 25,
        _ => 7,
    }
}

/// The greatest value of an operand that is a number.
fn most(row: &Row, operand: Operand) -> u32 {
    match operand {
        Operand::VcOp if row.encoding.has(Field::VcOpF) => 1,
        Operand::VcOp => 3,
        _ => 31,
    }
}

/// The registers that an operand names, as symbols are called; `None`: it is a number.
fn family(row: &Row, operand: Operand) -> Option<String> {
    match operand {
        Operand::Rd | Operand::Rs1 | Operand::Rs2 => Some("x".to_string()),
        Operand::Fd | Operand::Fs1 | Operand::Fs2 => Some("f".to_string()),
        Operand::Vd | Operand::Vs1 | Operand::Vs2 | Operand::Vs3 => Some("v".to_string()),
        _ => row.definition()?.bank(operand).map(|bank| bank.name.to_string()),
    }
}

/// Whether the operand stands in parentheses: an address.
fn is_address(row: &Row, operand: Operand) -> bool {
    let place = row.operands.places().find(|(known, _)| *known == operand);
    place.is_some_and(|(_, place)| row.syntax[..place.start].ends_with('('))
}

/// An include for the GNU assembler (2.38 and later): a macro for each instruction, with the names of registers as operands.
pub fn include(extension: &Extension) -> String {
    let mut text = format!("# Instructions of {} for the GNU assembler; made by `rvtile ext asm`.\n\n", extension.name);
    let _ = writeln!(text, ".ifndef .Lrvtile_have_{0}\n.set .Lrvtile_have_{0}, 1", symbol(&extension.name));
    text += NAMES;
    let (x, f) = (X_NAMES.join(","), F_NAMES.join(","));
    let numbers: Vec<String> = (0..32).map(|number| number.to_string()).collect();
    let numbers = numbers.join(",");
    let numbered: Vec<String> = (0..32).map(|number| format!("x{number}")).collect();
    for (mark, with) in
        [("@NUMBERS", &numbers), ("@X", &x), ("@F", &f), ("@BASES", &format!("{x},fp,{}", numbered.join(",")))]
    {
        text = text.replace(mark, with);
    }
    for registers in &extension.registers {
        let name = registers.bank.name;
        let numbers: Vec<String> = (0..registers.bank.count).map(|number| number.to_string()).collect();
        let _ = writeln!(text, ".irp n,{}\n.set .Lrvtile_{name}_{name}\\n, \\n\n.endr", numbers.join(","));
    }
    for row in extension.rows {
        text.push('\n');
        text += &instruction(row);
    }
    text + ".endif\n"
}

/// A name in letters that symbols and C names can have.
fn symbol(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Symbols for the numbers of registers, and the macro that takes an address with or without parentheses.
const NAMES: &str = "\
.ifndef .Lrvtile_x_x0
.irp n,@NUMBERS
.set .Lrvtile_x_x\\n, \\n
.set .Lrvtile_f_f\\n, \\n
.set .Lrvtile_v_v\\n, \\n
.endr
.set .Lrvtile_x_fp, 8
.set .Lrvtile_n, 0
.irp name,@X
.set .Lrvtile_x_\\name, .Lrvtile_n
.set .Lrvtile_n, .Lrvtile_n + 1
.endr
.set .Lrvtile_n, 0
.irp name,@F
.set .Lrvtile_f_\\name, .Lrvtile_n
.set .Lrvtile_n, .Lrvtile_n + 1
.endr
.macro rvtile.address operand:req
.set .Lrvtile_base, -1
.irp name,@BASES
.ifc \\operand,(\\name)
.set .Lrvtile_base, .Lrvtile_x_\\name
.endif
.ifc \\operand,\\name
.set .Lrvtile_base, .Lrvtile_x_\\name
.endif
.endr
.if .Lrvtile_base < 0
.error \"\\operand is no address: expected a register such as (a0)\"
.endif
.endm
.macro rvtile.mask operand
.set .Lrvtile_vm, 1
.ifnb \\operand
.set .Lrvtile_vm, 0
.ifnc \\operand,v0.t
.error \"\\operand is no mask: expected v0.t or nothing\"
.endif
.endif
.endm
.endif
";

fn instruction(row: &Row) -> String {
    let parameters: Vec<String> = row
        .operands
        .iter()
        .map(|operand| match operand {
            Operand::Vm => "vm".to_string(),
            _ => format!("{}:req", operand.word()),
        })
        .collect();
    let mut text = format!(".macro {} {}\n", row.name, parameters.join(", "));
    let mut sum = format!("0x{:08x}", row.encoding.bits);
    for operand in row.operands.iter() {
        let (word, shift) = (operand.word(), shift(operand));
        if operand == Operand::Vm {
            text += "rvtile.mask \\vm\n";
            let _ = write!(sum, " | .Lrvtile_vm << {shift}");
        } else if is_address(row, operand) {
            let _ = writeln!(text, "rvtile.address \\{word}");
            let _ = write!(sum, " | .Lrvtile_base << {shift}");
        } else if let Some(family) = family(row, operand) {
            let _ = write!(sum, " | .Lrvtile_{family}_\\{word} << {shift}");
        } else {
            let _ = write!(sum, " | ((\\{word}) & {}) << {shift}", most(row, operand));
        }
    }
    let _ = writeln!(text, ".insn {sum}\n.endm");
    text
}

/// A header for C and C++ (GCC and Clang): a macro for each instruction. Vector and own registers are numbers that are constant, integer and
/// floating-point operands expressions; a result is the macro's value.
pub fn header(extension: &Extension) -> String {
    let guard = symbol(&extension.name).to_ascii_uppercase();
    let mut text = format!(
        "/* Instructions of {} for C and C++; made by `rvtile ext header`.\n   Vector and own registers are given as constant numbers: 8 is v8. \
         Compilers do not know that they are used:\n   keep vector code of the compiler away from them. */\n\
         #ifndef RVTILE_{guard}_H\n#define RVTILE_{guard}_H\n",
        extension.name
    );
    for row in extension.rows {
        text.push('\n');
        text += &function(row);
    }
    text + "\n#endif\n"
}

fn function(row: &Row) -> String {
    let result = row.operands.iter().find(|operand| matches!(operand, Operand::Rd | Operand::Fd));
    let parameters: Vec<&str> =
        row.operands.iter().filter(|operand| Some(*operand) != result).map(Operand::word).collect();
    // The three places of registers, each a register or a number that has its form.
    let mut places = [7, 15, 20].map(|at| format!("x{}", row.encoding.bits >> at & 31));
    let mut upper = format!("0x{:x}", row.encoding.bits >> 25);
    let mut inputs = Vec::new();
    for operand in row.operands.iter() {
        let word = operand.word();
        if Some(operand) == result {
            places[0] = "%[result]".to_string();
            continue;
        }
        let (form, input) = match operand {
            Operand::Rs1 | Operand::Rs2 => (format!("%[{word}_]"), format!("[{word}_] \"r\"({word})")),
            Operand::Fs1 | Operand::Fs2 => (format!("%[{word}_]"), format!("[{word}_] \"f\"({word})")),
            Operand::VcOp => {
                let _ = write!(upper, " + %[{word}_]");
                (String::new(), format!("[{word}_] \"i\"((({word}) & {}) << 1)", most(row, operand)))
            }
            Operand::Vm => {
                let _ = write!(upper, " + %[{word}_]");
                (String::new(), format!("[{word}_] \"i\"(({word}) & 1)"))
            }
            _ => (format!("x%[{word}_]"), format!("[{word}_] \"i\"(({word}) & 31)")),
        };
        match shift(operand) {
            7 => places[0] = form,
            15 => places[1] = form,
            20 => places[2] = form,
            _ => {}
        }
        inputs.push(input);
    }
    let [rd, rs1, rs2] = places;
    let (opcode, funct3) = (row.encoding.bits & 127, row.encoding.bits >> 12 & 7);
    let code = format!("\".insn r 0x{opcode:x}, {funct3}, {upper}, {rd}, {rs1}, {rs2}\"");
    let name: String = row.name.replace('.', "_");
    let inputs = inputs.join(", ");
    let head = format!("/* {} {}{} */\n#define {name}({})", row.name, row.syntax, vm_note(row), parameters.join(", "));
    match result {
        Some(operand) => {
            let (kind, class) = if operand == Operand::Rd { ("unsigned long", "r") } else { ("double", "f") };
            format!(
                "{head} \\\n  ({{ {kind} rvtile_result_; \\\n     __asm__ volatile({code} : [result] \"={class}\"(rvtile_result_) : {inputs} : \"memory\"); \\\n     \
                 rvtile_result_; }})\n"
            )
        }
        None => format!("{head} \\\n  __asm__ volatile({code} : : {inputs} : \"memory\")\n"),
    }
}

fn vm_note(row: &Row) -> &'static str {
    if row.operands.has(Operand::Vm) { "; vm: 1 unmasked, 0 under v0" } else { "" }
}
