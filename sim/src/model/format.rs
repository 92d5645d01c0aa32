//! How weights and caches are stored.

use clap::ValueEnum;
use rvtile_kernels::DType;

/// Format of the weight matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Format {
    /// IEEE single precision
    F32,
    /// IEEE half precision
    F16,
    /// The upper half of single precision
    Bf16,
    /// 8 bits with a scale a row
    Int8,
    /// Blocks of 32 with an fp16 scale, 8 bits a weight
    #[value(name = "q8_0")]
    Q8_0,
    /// Blocks of 32 with an fp16 scale, 4 bits a weight
    #[value(name = "q4_0")]
    Q4_0,
}

impl Format {
    /// All of them, widest first.
    pub const ALL: [Format; 6] = [Format::F32, Format::F16, Format::Bf16, Format::Int8, Format::Q8_0, Format::Q4_0];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::F32 => "f32",
            Format::F16 => "f16",
            Format::Bf16 => "bf16",
            Format::Int8 => "int8",
            Format::Q8_0 => "q8_0",
            Format::Q4_0 => "q4_0",
        }
    }

    /// Bytes of a matrix as it is stored, scales included.
    pub fn matrix_bytes(self, rows: u64, columns: u64) -> u64 {
        let blocks = columns.div_ceil(32);
        rows * match self {
            Format::F32 => 4 * columns,
            Format::F16 => 2 * columns,
            Format::Bf16 => 4 * columns.div_ceil(2),
            Format::Int8 => 32 * blocks + 4,
            Format::Q8_0 => 34 * blocks,
            Format::Q4_0 => 18 * blocks,
        }
    }

    /// The type that products are made in: what the compute roof is taken from.
    pub fn dtype(self) -> DType {
        match self {
            Format::F32 | Format::Bf16 => DType::F32,
            Format::F16 => DType::F16,
            Format::Int8 | Format::Q8_0 | Format::Q4_0 => DType::I8,
        }
    }

    /// Whether weights stand in blocks, for which there is a product of several tokens on the same layout.
    pub fn blocks(self) -> bool {
        matches!(self, Format::Q8_0 | Format::Q4_0)
    }
}

/// Format of cached keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum KvFormat {
    /// IEEE half precision
    F16,
    /// 8 bits with a scale for each head and position
    Int8,
}

impl KvFormat {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            KvFormat::F16 => "f16",
            KvFormat::Int8 => "int8",
        }
    }

    /// Bytes of the keys and values of `heads` heads at one position.
    pub fn bytes(self, heads: u64, head_dim: u64) -> u64 {
        2 * heads
            * match self {
                KvFormat::F16 => 2 * head_dim,
                KvFormat::Int8 => head_dim + 4,
            }
    }

    /// `enum kv_format` of the kernel library.
    pub(super) fn code(self) -> u32 {
        match self {
            KvFormat::F16 => 1,
            KvFormat::Int8 => 2,
        }
    }
}
