//! HTIF: commands that a program stores in the word `tohost`.

use super::Told;
use crate::env::Action;
use crate::env::errno::{Errno, encode};
use crate::env::files::{At, Files};
use crate::env::guest;
use crate::env::transfer;
use rvtile_isa::hart::Hart;
use rvtile_isa::memory::Memory;

const PAYLOAD: u64 = (1 << 48) - 1;
const CONSOLE: u64 = 1;

/// The interface's two words.
pub(super) struct Htif {
    tohost: u64,
    fromhost: Option<u64>,
    /// What `tohost` held when last looked at. A command counts when it is seen twice: some programs store it as two
    /// 32-bit halves, and a block may end between them.
    seen: u64,
}

impl Htif {
    pub fn new(tohost: u64, fromhost: Option<u64>) -> Htif {
        Htif { tohost, fromhost, seen: 0 }
    }

    /// Address of the word that takes commands.
    pub fn tohost(&self) -> u64 {
        self.tohost
    }

    #[inline]
    pub fn poll(&mut self, hart: &mut Hart, files: &mut Files, told: &mut Told) -> Action {
        let Ok(bytes) = hart.mem.peek(self.tohost, 8) else { return Action::Continue };
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        let command = u64::from_le_bytes(word);
        if command == 0 {
            return Action::Continue;
        }
        self.command(hart, files, told, command)
    }

    #[cold]
    fn command(&mut self, hart: &mut Hart, files: &mut Files, told: &mut Told, command: u64) -> Action {
        if command != self.seen {
            self.seen = command;
            return Action::Continue;
        }
        self.seen = 0;
        put(&mut hart.mem, self.tohost, 0);
        let payload = command & PAYLOAD;
        match (command >> 56, command >> 48 & 0xff) {
            (0, 0) if payload & 1 != 0 => return exit(payload >> 1),
            (0, 0) => return self.system_call(hart, files, told, payload),
            (CONSOLE, 1) => {
                // As with a terminal, nobody learns that nobody listens.
                let _ = files.console(&[payload as u8]);
            }
            (CONSOLE, 0) => match files.console_byte() {
                Some(byte) => self.answer(hart, CONSOLE << 56 | 0x100 | u64::from(byte)),
                None if told.first("console", 0) => files.notice("the program waits for input, which has ended"),
                None => {}
            },
            (device, number) => {
                if told.first("HTIF device", device << 8 | number) {
                    files.notice(&format!("HTIF device {device} has no command {number} here; it is ignored"));
                }
            }
        }
        Action::Continue
    }

    fn answer(&self, hart: &mut Hart, value: u64) {
        if let Some(fromhost) = self.fromhost {
            put(&mut hart.mem, fromhost, value);
        }
    }

    fn system_call(&self, hart: &mut Hart, files: &mut Files, told: &mut Told, block: u64) -> Action {
        let mut words = [0; 8];
        for (index, word) in words.iter_mut().enumerate() {
            match guest::read_u64(&hart.mem, block + 8 * index as u64) {
                Ok(value) => *word = value,
                Err(_) => {
                    files.notice(&format!("HTIF: the command 0x{block:x} is no address of a system call"));
                    return Action::Fatal;
                }
            }
        }
        let [number, args @ ..] = words;
        if number == 93 {
            return exit(args[0]);
        }
        let result = serve(&mut hart.mem, files, number, args);
        if result == Err(Errno::ENOSYS) && told.first("HTIF call", number) {
            files.notice(&format!("HTIF system call {number} is not there; it gives ENOSYS"));
        }
        put(&mut hart.mem, block, encode(result));
        self.answer(hart, 1);
        Action::Continue
    }
}

/// The status as a process has it; what does not fit must not become 0.
fn exit(status: u64) -> Action {
    Action::Exit(i32::try_from(status as i64).unwrap_or(i32::MAX))
}

/// Precondition of loading: the word is in memory; a program that has it elsewhere gets no answers.
fn put(mem: &mut Memory, addr: u64, word: u64) {
    let _ = mem.poke(addr, &word.to_le_bytes());
}

/// The calls of Linux in the form that a proxy kernel sends them: paths come with their length (and its NUL).
fn serve(mem: &mut Memory, files: &mut Files, number: u64, args: [u64; 7]) -> Result<u64, Errno> {
    let [a, b, c, d, ..] = args;
    let fd = a as i32;
    match number {
        46 => files.truncate(fd, b).map(|()| 0),
        56 => {
            let path = mem.slice(b, c)?;
            let path = path.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
            let at = if fd == -100 { At::Cwd } else { At::Fd(fd) };
            files.open(at, &path, d as u32).map(|fd| fd as u64)
        }
        57 => files.close(fd).map(|()| 0),
        62 => files.seek(fd, b as i64, c as u32),
        63 => transfer::read(files, mem, fd, b, c),
        64 => transfer::write(files, mem, fd, b, c),
        67 | 68 => transfer::at_offset(files, mem, number == 68, [a, b, c, d, 0, 0]),
        80 => files.stat(fd)?.record().put(mem, b).map(|()| 0),
        _ => Err(Errno::ENOSYS),
    }
}
