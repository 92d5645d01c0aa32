//! Regions that a program marks: what they cost, each summed over all its executions.

use rvtile_isa::hart::Hart;

use crate::timing::Core;
use crate::timing::ledger::Ledger;

/// A region of the program, summed over its executions.
#[derive(Clone, Debug)]
pub struct Region {
    /// The name that the program gave it.
    pub name: String,
    /// How often it was executed.
    pub executions: u64,
    /// Instructions, the end marker excluded.
    pub instructions: u64,
    /// Cycles; 0 without timing.
    pub cycles: u64,
    /// Cycles by cause: they add up to `cycles`.
    pub ledger: Ledger,
    /// Bytes moved to and from memory behind the caches.
    pub dram_bytes: u64,
}

struct Open {
    name: String,
    instructions: u64,
    at: Now,
}

/// The state of the timing model at a marker. Both markers drain the core before they issue, and the ledger is
/// charged up to the present cycle.
#[derive(Default)]
struct Now {
    cycle: u64,
    ledger: Ledger,
    dram_bytes: u64,
}

impl Now {
    fn of(timing: Option<&Core>) -> Now {
        timing.map_or(Now::default(), |core| Now {
            cycle: core.cycle(),
            ledger: *core.ledger(),
            dram_bytes: core.counters().memory.dram_bytes,
        })
    }
}

#[derive(Default)]
pub(super) struct Regions {
    open: Vec<Open>,
    ended: Vec<Region>,
    /// Names of ends without a begin, each once.
    unbegun: Vec<String>,
}

/// Names are cut here: a marker with a wrong pointer must not print memory.
const MAX_NAME: u64 = 64;

/// So many ends without a begin are kept: names from a wrong pointer have no end.
const MAX_UNBEGUN: usize = 8;

impl Regions {
    pub fn ended(&self) -> &[Region] {
        &self.ended
    }

    pub fn begin(&mut self, hart: &Hart, name: u64, instructions: u64, timing: Option<&Core>) {
        self.open.push(Open { name: read_name(hart, name), instructions, at: Now::of(timing) });
    }

    /// What is wrong with the marks up to now, in words, a line for each name.
    pub fn unbalanced(&self) -> Vec<String> {
        let mut open: Vec<String> = Vec::new();
        for name in self.open.iter().map(|open| &open.name) {
            let line = format!("region `{name}` was begun and not ended");
            if !open.contains(&line) {
                open.push(line);
            }
        }
        let unbegun = self.unbegun.iter().map(|name| format!("end of region `{name}` without a begin"));
        open.into_iter().chain(unbegun).collect()
    }

    /// Ends the innermost open region of this name; an end without a begin is only noted.
    pub fn end(&mut self, hart: &Hart, name: u64, instructions: u64, timing: Option<&Core>) {
        let name = read_name(hart, name);
        let Some(place) = self.open.iter().rposition(|open| open.name == name) else {
            if self.unbegun.len() < MAX_UNBEGUN && !self.unbegun.contains(&name) {
                self.unbegun.push(name);
            }
            return;
        };
        let open = self.open.remove(place);
        let now = Now::of(timing);
        let region = match self.ended.iter().position(|region| region.name == name) {
            Some(index) => &mut self.ended[index],
            None => {
                let ledger = Ledger::default();
                self.ended.push(Region { name, executions: 0, instructions: 0, cycles: 0, ledger, dram_bytes: 0 });
                let last = self.ended.len() - 1;
                &mut self.ended[last]
            }
        };
        region.executions += 1;
        // The end marker itself has retired.
        region.instructions += instructions - open.instructions - 1;
        region.cycles += now.cycle - open.at.cycle;
        region.ledger.add(&now.ledger.since(&open.at.ledger));
        region.dram_bytes += now.dram_bytes - open.at.dram_bytes;
    }
}

fn read_name(hart: &Hart, addr: u64) -> String {
    let bytes: Vec<u8> = (0..MAX_NAME)
        .map_while(|offset| hart.mem.slice(addr.wrapping_add(offset), 1).ok().map(|byte| byte[0]))
        .take_while(|&byte| byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
