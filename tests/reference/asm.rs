//! The few instructions that the images need around the tested ones, as words.

/// Machine code being written.
#[derive(Clone, Default)]
pub struct Code {
    /// The bytes so far.
    pub bytes: Vec<u8>,
}

/// CSR numbers.
pub mod csr {
    pub const FCSR: u32 = 0x003;
    pub const VSTART: u32 = 0x008;
    pub const VCSR: u32 = 0x00f;
    pub const MSTATUS: u32 = 0x300;
    pub const MTVEC: u32 = 0x305;
    pub const MEPC: u32 = 0x341;
    pub const MCAUSE: u32 = 0x342;
    pub const MTVAL: u32 = 0x343;
    pub const VL: u32 = 0xc20;
    pub const VTYPE: u32 = 0xc21;
}

pub const NOP: u32 = 0x13;
pub const ECALL: u32 = 0x73;
pub const FENCE_I: u32 = 0x100f;

impl Code {
    pub fn word(&mut self, word: u32) {
        self.bytes.extend(word.to_le_bytes());
    }

    pub fn half(&mut self, half: u16) {
        self.bytes.extend(half.to_le_bytes());
    }

    fn i_type(&mut self, opcode: u32, funct3: u32, rd: u8, rs1: u8, imm: i64) {
        assert!((-2048..2048).contains(&imm), "the immediate {imm} does not fit");
        self.word((imm as u32) << 20 | u32::from(rs1) << 15 | funct3 << 12 | u32::from(rd) << 7 | opcode);
    }

    fn s_type(&mut self, opcode: u32, funct3: u32, rs2: u8, rs1: u8, imm: i64) {
        assert!((-2048..2048).contains(&imm), "the immediate {imm} does not fit");
        let imm = imm as u32;
        let registers = u32::from(rs2) << 20 | u32::from(rs1) << 15;
        self.word((imm >> 5 & 0x7f) << 25 | registers | funct3 << 12 | (imm & 31) << 7 | opcode);
    }

    pub fn addi(&mut self, rd: u8, rs1: u8, imm: i64) {
        self.i_type(0x13, 0, rd, rs1, imm);
    }

    pub fn ld(&mut self, rd: u8, rs1: u8, imm: i64) {
        self.i_type(0x03, 3, rd, rs1, imm);
    }

    pub fn sd(&mut self, rs2: u8, rs1: u8, imm: i64) {
        self.s_type(0x23, 3, rs2, rs1, imm);
    }

    pub fn fld(&mut self, fd: u8, rs1: u8, imm: i64) {
        self.i_type(0x07, 3, fd, rs1, imm);
    }

    pub fn fsd(&mut self, fs2: u8, rs1: u8, imm: i64) {
        self.s_type(0x27, 3, fs2, rs1, imm);
    }

    pub fn jalr(&mut self, rd: u8, rs1: u8, imm: i64) {
        self.i_type(0x67, 0, rd, rs1, imm);
    }

    pub fn auipc(&mut self, rd: u8) {
        self.word(u32::from(rd) << 7 | 0x17);
    }

    pub fn jal(&mut self, rd: u8, offset: i64) {
        self.word(jump_bits(offset) | u32::from(rd) << 7 | 0x6f);
    }

    /// A signed 32-bit constant; one or two instructions.
    pub fn li(&mut self, rd: u8, value: i64) {
        if (-2048..2048).contains(&value) {
            self.addi(rd, 0, value);
        } else {
            self.li_wide(rd, value);
        }
    }

    /// A signed 32-bit constant below 2^31 - 2^11; always two instructions.
    pub fn li_wide(&mut self, rd: u8, value: i64) {
        let low = (value << 52) >> 52;
        let high = value - low;
        assert!(i64::from(high as i32) == high, "{value:#x} needs more than two instructions");
        self.word(high as u32 | u32::from(rd) << 7 | 0x37);
        self.addi(rd, rd, low);
    }

    pub fn csrw(&mut self, csr: u32, rs1: u8) {
        self.word(csr << 20 | u32::from(rs1) << 15 | 1 << 12 | 0x73);
    }

    pub fn csrwi(&mut self, csr: u32, value: u8) {
        self.word(csr << 20 | u32::from(value) << 15 | 5 << 12 | 0x73);
    }

    pub fn csrs(&mut self, csr: u32, rs1: u8) {
        self.word(csr << 20 | u32::from(rs1) << 15 | 2 << 12 | 0x73);
    }

    pub fn csrr(&mut self, rd: u8, csr: u32) {
        self.word(csr << 20 | 2 << 12 | u32::from(rd) << 7 | 0x73);
    }

    pub fn vsetvli(&mut self, rd: u8, rs1: u8, vtype: u64) {
        self.word((vtype as u32) << 20 | u32::from(rs1) << 15 | 7 << 12 | u32::from(rd) << 7 | 0x57);
    }

    pub fn vsetivli(&mut self, rd: u8, avl: u8, vtype: u64) {
        self.word(3 << 30 | (vtype as u32) << 20 | u32::from(avl) << 15 | 7 << 12 | u32::from(rd) << 7 | 0x57);
    }

    pub fn vsetvl(&mut self, rd: u8, rs1: u8, rs2: u8) {
        let registers = u32::from(rs2) << 20 | u32::from(rs1) << 15 | u32::from(rd) << 7;
        self.word(0x40 << 25 | registers | 7 << 12 | 0x57);
    }

    /// `vl<regs>re64.v vd, (rs1)`.
    pub fn load_whole(&mut self, regs: u32, vd: u8, rs1: u8) {
        self.word((regs - 1) << 29 | 0x28 << 20 | u32::from(rs1) << 15 | 7 << 12 | u32::from(vd) << 7 | 0x07);
    }

    /// `vs8r.v vs3, (rs1)`.
    pub fn store_eight(&mut self, vs3: u8, rs1: u8) {
        self.word(7 << 29 | 0x28 << 20 | u32::from(rs1) << 15 | u32::from(vs3) << 7 | 0x27);
    }
}

/// Offset bits of a jal.
pub fn jump_bits(offset: i64) -> u32 {
    let at = |hi: u32, lo: u32| (offset as u32) >> lo & ((1 << (hi - lo + 1)) - 1);
    at(20, 20) << 31 | at(10, 1) << 21 | at(11, 11) << 20 | at(19, 12) << 12
}

/// Offset bits of a conditional branch.
pub fn branch_bits(offset: i64) -> u32 {
    let at = |hi: u32, lo: u32| (offset as u32) >> lo & ((1 << (hi - lo + 1)) - 1);
    at(12, 12) << 31 | at(10, 5) << 25 | at(4, 1) << 8 | at(11, 11) << 7
}

/// Offset bits of `c.j`.
pub fn short_jump_bits(offset: i64) -> u32 {
    let bit = |n: u32| (offset as u32) >> n & 1;
    bit(11) << 12
        | bit(4) << 11
        | bit(9) << 10
        | bit(8) << 9
        | bit(10) << 8
        | bit(6) << 7
        | bit(7) << 6
        | bit(3) << 5
        | bit(2) << 4
        | bit(1) << 3
        | bit(5) << 2
}

/// Offset bits of `c.beqz` and `c.bnez`.
pub fn short_branch_bits(offset: i64) -> u32 {
    let at = |hi: u32, lo: u32| (offset as u32) >> lo & ((1 << (hi - lo + 1)) - 1);
    at(8, 8) << 12 | at(4, 3) << 10 | at(7, 6) << 5 | at(2, 1) << 3 | at(5, 5) << 2
}
