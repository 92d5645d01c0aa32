//! The vector register file: 32 registers of VLEN bits, stored one behind the other so that a group is a slice.

/// Largest supported VLEN in bytes.
const MAX_VLENB: usize = 512;

#[repr(C, align(64))]
struct Bytes([u8; 32 * MAX_VLENB]);

/// The vector registers.
pub struct VRegs {
    bytes: Box<Bytes>,
    vlenb_log2: u32,
}

impl VRegs {
    /// Registers of `vlen` bits, all zero.
    ///
    /// # Panics
    /// When `vlen` is not a power of two from 128 to 4096.
    pub fn new(vlen: u32) -> VRegs {
        assert!(vlen.is_power_of_two() && (128..=4096).contains(&vlen), "VLEN {vlen} is not supported");
        VRegs { bytes: Box::new(Bytes([0; 32 * MAX_VLENB])), vlenb_log2: vlen.trailing_zeros() - 3 }
    }

    /// Bytes in a register.
    #[inline(always)]
    pub fn vlenb(&self) -> usize {
        1 << self.vlenb_log2
    }

    /// Offset of register `reg` in the file.
    #[inline(always)]
    fn offset(&self, reg: u8) -> usize {
        (reg as usize & 31) << self.vlenb_log2
    }

    /// Start of register `reg`. Valid for the bytes up to the end of v31; 64-byte aligned when VLEN >= 512.
    #[inline(always)]
    pub fn ptr(&self, reg: u8) -> *const u8 {
        // SAFETY: the offset is one in the file: 31 << 9 at most, which `new` sees to. Every handler comes here.
        unsafe { self.bytes.0.as_ptr().add(self.offset(reg)) }
    }

    /// Start of register `reg`, for writing.
    #[inline(always)]
    pub fn ptr_mut(&mut self, reg: u8) -> *mut u8 {
        let offset = self.offset(reg);
        // SAFETY: as in `ptr`.
        unsafe { self.bytes.0.as_mut_ptr().add(offset) }
    }

    /// The bytes from the start of register `reg` to the end of v31.
    pub fn from(&self, reg: u8) -> &[u8] {
        &self.bytes.0[self.offset(reg)..32 << self.vlenb_log2]
    }

    /// The bytes from the start of register `reg` to the end of v31.
    pub fn from_mut(&mut self, reg: u8) -> &mut [u8] {
        let offset = self.offset(reg);
        &mut self.bytes.0[offset..32 << self.vlenb_log2]
    }

    /// All registers.
    pub fn all(&self) -> &[u8] {
        self.from(0)
    }

    /// Element `index` of the group that starts at `reg`.
    ///
    /// # Panics
    /// When the element lies beyond v31.
    #[inline(always)]
    pub fn get<T: super::Scalar>(&self, reg: u8, index: usize) -> T {
        let at = self.offset(reg) + index * size_of::<T>();
        T::from_le(&self.bytes.0[at..at + size_of::<T>()])
    }

    /// Sets element `index` of the group that starts at `reg`.
    ///
    /// # Panics
    /// When the element lies beyond v31.
    #[inline(always)]
    pub fn set<T: super::Scalar>(&mut self, reg: u8, index: usize, value: T) {
        let at = self.offset(reg) + index * size_of::<T>();
        value.to_le(&mut self.bytes.0[at..at + size_of::<T>()]);
    }

    /// Bit `index` of mask register `reg`.
    #[inline(always)]
    pub fn mask_bit(&self, reg: u8, index: usize) -> bool {
        self.bytes.0[self.offset(reg) + index / 8] >> (index % 8) & 1 == 1
    }

    /// Sets bit `index` of mask register `reg`.
    #[inline(always)]
    pub fn set_mask_bit(&mut self, reg: u8, index: usize, value: bool) {
        let at = self.offset(reg) + index / 8;
        let byte = &mut self.bytes.0[at];
        *byte = *byte & !(1 << (index % 8)) | u8::from(value) << (index % 8);
    }
}
