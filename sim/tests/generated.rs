//! Host code does what the interpreter does, bit for bit: registers, flags, memory, exceptions, the access log, counts.

use std::sync::Arc;

use rvtile_isa::block::{Block, Ran};
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::Flow;
use rvtile_isa::row::{Props, Row};
use rvtile_kernels::{Variant, find};
use rvtile_sim::engine::{End, Engine, RunOptions};
use rvtile_sim::env;
use rvtile_sim::generate::Generator;
use rvtile_sim::loader::Image;
use rvtile_sim::machine::Machine;

const CODE: u64 = 0x1000;
const WINDOW: u64 = 0x1_0000;
const WINDOW_SIZE: u64 = 0x2000;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 32) as usize % n
    }

    /// An integer with interesting edges, or an address in or near the window, aligned or not.
    fn integer(&mut self) -> u64 {
        const EDGES: [u64; 8] = [0, 1, u64::MAX, 31, 0x7fff_ffff, 0x8000_0000, 1 << 63, u64::MAX >> 1];
        match self.below(4) {
            0 => EDGES[self.below(EDGES.len())],
            1 => self.next(),
            2 => WINDOW + 0x1000 + self.below(0x400) as u64 * 8,
            _ => WINDOW + self.below(WINDOW_SIZE as usize) as u64,
        }
    }

    /// A register with a single, boxed or not, or a double; special values among them.
    fn float(&mut self) -> u64 {
        const SINGLES: [u32; 8] = [0, 0x8000_0000, 0x7f80_0000, 0x7f80_0001, 0x7fc0_1234, 0x3f80_0000, 1, 0xcf00_0000];
        const DOUBLES: [u64; 8] =
            [0, 1 << 63, 0x7ff << 52, 0x7ff << 52 | 1, 0x7ff8_0000_0000_0001, 0x3ff << 52, 1, 0xc3e << 52];
        match self.below(6) {
            0 => u64::MAX << 32 | u64::from(SINGLES[self.below(8)]),
            1 => u64::from(SINGLES[self.below(8)]),
            2 => DOUBLES[self.below(8)],
            3 => (self.below(2000) as f64 / 7.0 - 100.0).to_bits(),
            4 => u64::MAX << 32 | u64::from((self.below(2000) as f32 / 7.0 - 100.0).to_bits()),
            _ => self.next(),
        }
    }

    /// A word of a row; sources are often the same registers, so that results are used.
    fn word(&mut self, row: &Row) -> u32 {
        let few = |random: &mut Random| random.below(6) as u32;
        let random = self.next() as u32 & 0xfe00_7000
            | few(self) << 7
            | few(self) << 15
            | few(self) << 20
            | (self.below(8) as u32) << 28;
        // Rounding modes are to nearest or dynamic more often than not.
        let random = if self.below(2) == 0 { random & !0x7000 } else { random };
        row.encoding.bits | random & !row.encoding.mask
    }
}

fn hart(random: &mut Random, words: &[u32], log: bool) -> Hart {
    let mut memory = Memory::new(1 << 20).unwrap();
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    memory.poke(CODE, &code).unwrap();
    memory.protect(CODE, 4096, Perm::R | Perm::X).unwrap();
    memory.protect(WINDOW, WINDOW_SIZE, Perm::R | Perm::W).unwrap();
    for at in (0..WINDOW_SIZE).step_by(8) {
        memory.poke(WINDOW + at, &random.float().to_le_bytes()).unwrap();
    }
    let config = Config { vlen: 128, isa: Ext::everything(), agnostic_ones: false, level: Level::Portable };
    let mut hart = Hart::new(config, memory);
    hart.csr.dirty_fs();
    hart.pc = CODE;
    hart.frm = random.below(6) as u8 % 5;
    hart.log.on = log;
    (1..32).for_each(|register| hart.x[register] = random.integer());
    (0..32).for_each(|register| hart.f[register] = random.float());
    hart
}

/// Runs the block at the hart's pc and says all that is left, the pages that were used kept warm.
fn outcome(hart: &mut Hart, decoder: &Decoder, generator: Option<&mut Generator>) -> (Ran, String) {
    let block = Block::translate(hart, decoder);
    if let Some(generator) = generator {
        // SAFETY: the block goes before the generator does.
        assert!(unsafe { generator.generate(&[&block], true, hart.log.on) });
    }
    let ran = block.run(hart);
    let trap = (ran.flow == Flow::Trap).then_some(hart.trap);
    let state = format!(
        "{ran:?} pc {:x} x {:x?} f {:x?} flags {:?} log {:x?} trap {trap:x?} reserved {:x?} memory {:x}",
        hart.pc,
        &hart.x[1..32],
        &hart.f[..32],
        hart.fflags,
        hart.log.words,
        hart.reservation,
        checksum(hart.mem.peek(WINDOW, WINDOW_SIZE).unwrap()),
    );
    (ran, state)
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn blocks_of_all_scalar_instructions() {
    let Some(mut generator) = Generator::new() else { return };
    let decoder = Decoder::standard();
    let scalar = |row: &&&Row| !row.encoding.is_compressed() && !row.props.contains(Props::VECTOR);
    let rows: Vec<&Row> = decoder.rows().iter().filter(scalar).copied().collect();
    let mut random = Random(5);
    let mut whole = 0;
    for round in 0..4 {
        for first in &rows {
            // The row in question, and others around it; more often than not those that go on.
            let mut words = vec![random.word(first)];
            for _ in 0..random.below(8) {
                let row = rows[random.below(rows.len())];
                words.insert(random.below(words.len() + 1), random.word(row));
            }
            words.push(0x73);
            let (seed, log) = (random.next(), round % 2 == 1);
            let mut plain = hart(&mut Random(seed), &words, log);
            let mut other = hart(&mut Random(seed), &words, log);
            // The first run finds the pages, the second finds them in the tables.
            for _ in 0..2 {
                let (ran, expected) = outcome(&mut plain, &decoder, None);
                let (_, got) = outcome(&mut other, &decoder, Some(&mut generator));
                assert_eq!(got, expected, "{} in {words:08x?}, seed {seed}", first.name);
                whole += u64::from(ran.retired > 1);
                for hart in [&mut plain, &mut other] {
                    hart.pc = CODE;
                    hart.log.words.clear();
                }
            }
        }
    }
    assert!(whole > rows.len() as u64, "{whole} runs of more than one instruction are too few");
}

/// What a run leaves: how it ended, counts, registers, cycles.
fn run(kernel: &str, shape: &str, timed: bool, generated: bool, limit: u64) -> String {
    let kernel = find(kernel).unwrap();
    let image = Image::parse(kernel.name(), kernel.elf().to_vec()).unwrap();
    let args = kernel.args(Variant::Scalar, &shape.parse().unwrap());
    let machine = Arc::new(Machine::load("x280", &[]).unwrap());
    let options = RunOptions { generated, max_instructions: limit, ..RunOptions::default() };
    let environment = env::Options { args, ..env::Options::silent() };
    let mut engine = Engine::new(image, &machine, timed, &options, environment).unwrap();
    let end = engine.run();
    assert!(matches!(end, End::Exit(0) | End::Limit), "{end:?}");
    let cycles = engine.timing().map(|core| core.ledger().total());
    let hart = &engine.hart;
    let (x, f) = (&hart.x[1..32], &hart.f[..32]);
    format!(
        "{end:?} {} {:?} pc {:x} x {x:x?} f {f:x?} {:?} {cycles:?}",
        engine.instructions(),
        engine.mix(),
        hart.pc,
        hart.fflags
    )
}

#[test]
fn programs() {
    for (kernel, shape) in [("matmul_f32", "48x48x48"), ("softmax_f32", "16x512"), ("matmul_i8", "48x64x48")] {
        for timed in [false, true] {
            for limit in [u64::MAX, 1_234_567] {
                let expected = run(kernel, shape, timed, false, limit);
                assert_eq!(run(kernel, shape, timed, true, limit), expected, "{kernel}, timed {timed}, limit {limit}");
            }
        }
    }
}
