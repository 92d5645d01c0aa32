//! Single instructions on a hart with random registers.

use rvtile_isa::block::{Bad, Block};
use rvtile_isa::decode::Decoder;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::{Flow, Illegal};
use rvtile_isa::profile::Profile;
use rvtile_isa::vector::vtype::Vtype;

/// Where the instruction is; data lie in the page behind.
const CODE: u64 = 0x1000;
/// Bytes of memory, all of it readable, writable and executable.
const SIZE: u64 = 0x1_0000;

/// A hart, its decoder, and random numbers.
pub struct Bench {
    /// The hart.
    pub hart: Hart,
    decoder: Decoder,
    /// Random numbers.
    pub random: Random,
}

impl Bench {
    /// A hart of a profile.
    pub fn new(profile: &str, vlen: u32, level: Level) -> Bench {
        Bench::with(profile, vlen, level, false)
    }

    /// A hart of a profile that may set agnostic elements to ones.
    pub fn with(profile: &str, vlen: u32, level: Level, agnostic_ones: bool) -> Bench {
        let profile = Profile::by_name(profile).unwrap();
        let mut mem = Memory::new(SIZE).unwrap();
        mem.protect(0, SIZE, Perm::all()).unwrap();
        let mut hart = Hart::new(Config { vlen, isa: profile.isa(), agnostic_ones, level }, mem);
        hart.csr.mstatus |= 3 << 9 | 3 << 13 | 3 << 29;
        hart.log.on = true;
        Bench { hart, decoder: Decoder::for_profile(profile), random: Random(0x5eed) }
    }

    /// Sets vtype as vsetvli would, and vl.
    pub fn vset(&mut self, vtype: u64, vl: u32) {
        self.hart.vtype = Vtype::requested(vtype, self.hart.config().vlen, self.hart.config().isa);
        self.hart.vl = vl;
    }

    /// Random bytes in every vector register.
    pub fn scramble(&mut self) {
        let all = self.hart.v.from_mut(0);
        for byte in all.iter_mut() {
            *byte = self.random.word() as u8;
        }
    }

    /// Executes one instruction.
    pub fn run(&mut self, word: u32) -> Result<(), Illegal> {
        let h = &mut self.hart;
        h.mem.poke(CODE, &[word.to_le_bytes(), 0x0010_0073u32.to_le_bytes()].concat()).unwrap();
        h.pc = CODE;
        h.why = None;
        h.log.words.clear();
        let block = Block::translate(h, &self.decoder);
        if let Err(Bad::Illegal { why, .. }) = block.insts[0].inst {
            return Err(why);
        }
        let ran = block.run(h);
        if ran.retired == 0 {
            assert_eq!(ran.flow, Flow::Trap);
            return Err(h.why.unwrap_or(Illegal::Unknown));
        }
        Ok(())
    }
}

/// The levels to test: the portable one and the host's.
pub fn levels() -> Vec<Level> {
    let mut levels = vec![Level::Portable, Level::detect()];
    levels.dedup();
    levels
}

/// A small generator of pseudo-random numbers (xorshift64*), the same in every run.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.word() % end
    }

    /// A binary32 of a moderate or, now and then, special value.
    pub fn single(&mut self) -> u32 {
        match self.below(24) {
            0 => [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001][self.below(6) as usize],
            1 => self.word() as u32,
            _ => (self.word() as u32 & 0x807f_ffff) | (110 + self.below(40) as u32) << 23,
        }
    }
}
