//! Plain text in columns.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// How the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Where a table has a limited width, its second column is wrapped beyond this: formulas are long.
const WIDEST_VALUE: u16 = 34;

/// Lays out rows under headings; every line ends with a newline and without spaces. `width` is the most that a line
/// may take, where a last column of prose is to be wrapped.
pub(super) fn lay_out(
    heads: &[(&str, Align)],
    rows: impl IntoIterator<Item = Vec<String>>,
    indent: usize,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).add_rows(rows);
    if heads.iter().any(|(head, _)| !head.is_empty()) {
        table.set_header(heads.iter().map(|(head, _)| *head));
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for (index, (_, align)) in heads.iter().enumerate() {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((if index == 0 { indent as u16 } else { 0 }, 2));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
        if width.is_some() && index + 1 < heads.len() {
            column.set_constraint(if index == 1 {
                ColumnConstraint::UpperBoundary(Width::Fixed(WIDEST_VALUE))
            } else {
                ColumnConstraint::ContentWidth
            });
        }
    }
    table.lines().map(|line| line.trim_end().to_string() + "\n").collect()
}
