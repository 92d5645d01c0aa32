//! What is implemented, from the instruction table: extensions, and instructions with their encodings.

use rvtile_isa::ext::Ext;
use rvtile_isa::row::Row;

use super::columns::{Align, lay_out};

/// Widest line of a table whose last column is prose.
const WIDTH: u16 = 120;

/// One line for each extension.
pub fn extensions(rows: &[&Row]) -> String {
    use Align::{Left, Right};
    let heads = [("extension", Left), ("instructions", Right), ("implies", Left), ("", Left)];
    let lines = Ext::NAMES.iter().zip(Ext::ABOUT).map(|(&(ext, name, implied), about)| {
        let own = rows.iter().filter(|row| row.ext.intersects(ext)).count();
        let own = if own == 0 { "-".to_string() } else { own.to_string() };
        vec![name.to_string(), own, names(implied).join(" "), (*about).to_string()]
    });
    format!(
        "{}\n{} instructions. An extension without any of its own (-) allows operands or widths of others' instructions,\n\
         or names a set. `rvtile isa EXTENSION` lists its instructions.\n",
        lay_out(&heads, lines, 0, Some(WIDTH)),
        rows.len()
    )
}

/// One line for each instruction.
pub fn instructions(rows: &[&Row]) -> String {
    use Align::Left;
    let heads = [("instruction", Left), ("operands", Left), ("bits", Left), ("mask", Left), ("extension", Left)];
    let lines = rows.iter().map(|row| {
        let digits = if row.encoding.is_compressed() { 4 } else { 8 };
        vec![
            row.name.to_string(),
            row.syntax.to_string(),
            format!("{:0digits$x}", row.encoding.bits),
            format!("{:0digits$x}", row.encoding.mask),
            names(row.ext).join(" or "),
        ]
    });
    lay_out(&heads, lines, 0, None)
}

/// An array with an object for each instruction.
pub fn json(rows: &[&Row]) -> serde_json::Value {
    rows.iter().map(|row| instruction(row)).collect()
}

fn instruction(row: &Row) -> serde_json::Value {
    serde_json::json!({
        "name": row.name,
        "operands": row.syntax,
        "bits": row.encoding.bits,
        "mask": row.encoding.mask,
        "length": if row.encoding.is_compressed() { 2 } else { 4 },
        "extensions": names(row.ext),
        "class": row.class.name(),
    })
}

fn names(set: Ext) -> Vec<&'static str> {
    Ext::NAMES.iter().filter(|(ext, _, _)| set.contains(*ext)).map(|&(_, name, _)| name).collect()
}
