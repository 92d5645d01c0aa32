//! Running the program, and what it prints.

use std::path::PathBuf;
use std::process::{Command, Output};

pub fn rvtile(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rvtile")).args(args).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What is printed when all is well.
pub fn printed(args: &[&str]) -> String {
    let output = rvtile(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

/// Exit code 2, nothing on stdout, one line on stderr with all of these words.
pub fn refused(args: &[&str], words: &[&str]) {
    let output = rvtile(args);
    let line = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {line}");
    assert_eq!(line.lines().count(), 1, "{args:?}: {line}");
    assert!(line.starts_with("rvtile: ") && !line.contains("panicked"), "{line}");
    assert!(words.iter().all(|word| line.contains(word)), "{words:?} in {line}");
    assert_eq!(stdout(&output), "", "{args:?}");
}

/// A directory of its own for a test, removed at its end.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Names of tests that run at the same time differ.
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("rvtile-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }

    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), contents).unwrap();
        self.path(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// The names of its files, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Builds a static program without a library from one of its files, whose name without the suffix it gets.
    pub fn program(&self, source: &str, options: &[&str]) -> String {
        let (name, _) = source.split_once('.').expect("a suffix");
        let built = Command::new("riscv64-linux-gnu-gcc")
            .args(["-O1", "-static", "-nostdlib", "-march=rv64gcv", "-o", name, source])
            .args(options)
            .current_dir(&self.0)
            .output()
            .expect("riscv64-linux-gnu-gcc");
        assert!(built.status.success(), "{}", stderr(&built));
        self.path(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
