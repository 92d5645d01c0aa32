//! The GNU assembler, for the integration tests.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// What GNU as 2.40 knows of the extensions here.
pub const MARCH: &str = "rv64gcv_zba_zbb_zbc_zbs_zbkb_zfh_zicbom_zicbop_zicboz_zihintpause_zawrs_svinval";

/// Where a program is linked to stand.
pub const BASE: u64 = 0x1_0000;

/// Assembles and links a source and returns the bytes of its text section.
///
/// # Errors
/// The assembler's messages.
pub fn assemble(source: &str) -> Result<Vec<u8>, String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("as-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    let path = |name: &str| directory.join(name);
    std::fs::write(path("a.s"), source).map_err(|error| error.to_string())?;
    let run = |command: &mut Command| {
        let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    };
    let result = run(Command::new("riscv64-linux-gnu-as")
        .arg(format!("-march={MARCH}"))
        .args(["-mno-csr-check", "-mno-relax"])
        .arg("-o")
        .arg(path("a.o"))
        .arg(path("a.s")))
    .and_then(|()| {
        run(Command::new("riscv64-linux-gnu-ld")
            .arg(format!("-Ttext={BASE:#x}"))
            .args(["-e", "0", "-o"])
            .arg(path("a.elf"))
            .arg(path("a.o")))
    })
    .and_then(|()| {
        run(Command::new("riscv64-linux-gnu-objcopy")
            .args(["-O", "binary", "-j", ".text"])
            .arg(path("a.elf"))
            .arg(path("a.bin")))
    })
    .and_then(|()| std::fs::read(path("a.bin")).map_err(|error| error.to_string()));
    // A directory that stays behind harms nobody.
    let _ = std::fs::remove_dir_all(&directory);
    result
}
