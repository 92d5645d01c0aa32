//! `rvtile isa`: what is implemented, from the instruction table.

use std::process::ExitCode;

use rvtile_isa::ext::Ext;
use rvtile_isa::row::Row;
use rvtile_isa::{matrix, table};

use super::{Failure, files};
use crate::report;

#[derive(clap::Args)]
pub(super) struct Args {
    /// List the instructions of these extensions
    #[arg(value_name = "EXTENSION")]
    extensions: Vec<String>,
    /// Print a JSON array of the instructions
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let standard = table::standard();
    let families = standard.iter().copied().chain(matrix::FAMILIES.iter().map(|family| family.rows));
    let chosen = args.extensions.iter().try_fold(Ext::empty(), |set, name| {
        let ext = Ext::by_name(&name.to_ascii_lowercase());
        ext.map(|ext| set | ext).ok_or_else(|| {
            Failure::refused(format!("{name}: no extension of this name; `rvtile isa` lists what there is"))
        })
    })?;
    let wanted = |row: &&Row| chosen.is_empty() || row.ext.intersects(chosen);
    let rows: Vec<&Row> = families.flatten().filter(wanted).collect();
    let text = match (args.json, chosen.is_empty()) {
        (true, _) => report::json::value(&report::isa::json(&rows)),
        (false, true) => report::isa::extensions(&rows),
        (false, false) => report::isa::instructions(&rows),
    };
    files::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
