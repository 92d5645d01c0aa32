//! The arrays of a kernel program, as its manifest `rvtile_arrays` describes them in guest memory.

use crate::bounds::f16_to_f64;

/// Symbol of the manifest in a kernel ELF: entries of seven 64-bit words, ended by one whose name pointer is null.
pub const MANIFEST_SYMBOL: &str = "rvtile_arrays";

/// name pointer, type-name pointer, data pointer, four dimensions: 7 little-endian 64-bit words.
const ENTRY_BYTES: u64 = 56;
const MAX_ENTRIES: u64 = 256;
const MAX_NAME: usize = 64;
/// Far above every kernel's arrays; a manifest that asks for more is damaged.
const MAX_ARRAY_BYTES: u64 = 1 << 36;

/// Type of the elements of an array in guest memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of IEEE single precision.
    Bf16,
    /// 8-bit signed integer.
    I8,
    /// 32-bit signed integer.
    I32,
}

impl ElementType {
    /// The name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            ElementType::F32 => "f32",
            ElementType::F16 => "f16",
            ElementType::Bf16 => "bf16",
            ElementType::I8 => "i8",
            ElementType::I32 => "i32",
        }
    }

    /// Size of an element in bytes.
    pub fn bytes(self) -> u64 {
        match self {
            ElementType::F32 | ElementType::I32 => 4,
            ElementType::F16 | ElementType::Bf16 => 2,
            ElementType::I8 => 1,
        }
    }

    /// The type of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::F32, Self::F16, Self::Bf16, Self::I8, Self::I32].into_iter().find(|t| t.name() == name)
    }
}

/// Sizes of an array, outermost first (row-major).
pub type Dims = Vec<u64>;

/// One array: what the manifest says, and its bytes (little-endian elements).
#[derive(Clone, Debug)]
pub struct Array {
    /// Name by which the kernel's check asks for it.
    pub name: String,
    /// Type of its elements.
    pub dtype: ElementType,
    /// Sizes, outermost first.
    pub dims: Dims,
    /// Contents.
    pub data: Vec<u8>,
}

/// The arrays of one run.
#[derive(Clone, Debug, Default)]
pub struct Arrays(Vec<Array>);

impl Arrays {
    /// Arrays that came another way than through guest memory.
    pub fn new(arrays: Vec<Array>) -> Result<Self, String> {
        for array in &arrays {
            let expected = array.dims.iter().product::<u64>() * array.dtype.bytes();
            if array.data.len() as u64 != expected {
                return Err(format!("array `{}` has {} bytes, expected {expected}", array.name, array.data.len()));
            }
        }
        Ok(Arrays(arrays))
    }

    /// Follows the manifest at guest address `manifest` (the value of the symbol [`MANIFEST_SYMBOL`]); `read(address,
    /// length)` gives guest memory, or `None` where nothing is mapped.
    pub fn read(manifest: u64, mut read: impl FnMut(u64, u64) -> Option<Vec<u8>>) -> Result<Self, String> {
        let mut arrays = Vec::new();
        for index in 0..MAX_ENTRIES {
            let at = manifest.wrapping_add(index * ENTRY_BYTES);
            let entry = read(at, ENTRY_BYTES)
                .filter(|bytes| bytes.len() as u64 == ENTRY_BYTES)
                .ok_or_else(|| format!("manifest entry {index} at {at:#x} is not readable"))?;
            let words: Vec<u64> = entry.chunks_exact(8).map(|w| u64::from_le_bytes(w.try_into().unwrap())).collect();
            if words[0] == 0 {
                return Ok(Arrays(arrays));
            }
            let name = c_string(words[0], &mut read).map_err(|e| format!("name of array {index}: {e}"))?;
            let dtype = c_string(words[1], &mut read).map_err(|e| format!("type of array `{name}`: {e}"))?;
            let dtype =
                ElementType::parse(&dtype).ok_or_else(|| format!("array `{name}` has unknown type `{dtype}`"))?;
            let dims: Dims = words[3..].iter().copied().take_while(|dim| *dim != 0).collect();
            let bytes = dims
                .iter()
                .try_fold(dtype.bytes(), |n, dim| n.checked_mul(*dim))
                .filter(|bytes| *bytes <= MAX_ARRAY_BYTES && !dims.is_empty())
                .ok_or_else(|| format!("array `{name}` has impossible sizes {dims:?}"))?;
            let data = read(words[2], bytes)
                .filter(|data| data.len() as u64 == bytes)
                .ok_or_else(|| format!("array `{name}`: {bytes} bytes at {:#x} are not readable", words[2]))?;
            arrays.push(Array { name, dtype, dims, data });
        }
        Err(format!("the manifest at {manifest:#x} has no end within {MAX_ENTRIES} entries"))
    }

    /// All of them, in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = &Array> {
        self.0.iter()
    }

    /// The array of that name, if it has the expected type and sizes.
    pub fn get(&self, name: &str, dtype: ElementType, dims: &[u64]) -> Result<&Array, String> {
        let array = self.0.iter().find(|array| array.name == name).ok_or_else(|| self.missing(name))?;
        if array.dtype != dtype || array.dims != dims {
            return Err(format!(
                "array `{name}` is {} {:?}, expected {} {dims:?}",
                array.dtype.name(),
                array.dims,
                dtype.name()
            ));
        }
        Ok(array)
    }

    /// The place of that array in the manifest, which is the number of its input stream.
    pub fn stream(&self, name: &str) -> Result<u64, String> {
        let place = self.0.iter().position(|array| array.name == name);
        place.map(|place| place as u64).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> String {
        let names: Vec<&str> = self.0.iter().map(|array| array.name.as_str()).collect();
        format!("no array `{name}` (there are: {})", names.join(", "))
    }

    /// An fp32 array.
    pub fn f32(&self, name: &str, dims: &[u64]) -> Result<Vec<f32>, String> {
        let data = &self.get(name, ElementType::F32, dims)?.data;
        Ok(data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect())
    }

    /// An fp16 array, as bits.
    pub fn f16(&self, name: &str, dims: &[u64]) -> Result<Vec<u16>, String> {
        let data = &self.get(name, ElementType::F16, dims)?.data;
        Ok(data.chunks_exact(2).map(|b| u16::from_le_bytes(b.try_into().unwrap())).collect())
    }

    /// The values of an fp16 or bf16 array.
    pub fn halves(&self, name: &str, dims: &[u64]) -> Result<Vec<f64>, String> {
        let of = |bits: u16| f64::from(f32::from_bits(u32::from(bits) << 16));
        match self.get(name, ElementType::Bf16, dims) {
            Ok(array) => {
                Ok(array.data.chunks_exact(2).map(|b| of(u16::from_le_bytes(b.try_into().unwrap()))).collect())
            }
            Err(_) => Ok(self.f16(name, dims)?.into_iter().map(f16_to_f64).collect()),
        }
    }

    /// An int8 array.
    pub fn i8(&self, name: &str, dims: &[u64]) -> Result<Vec<i8>, String> {
        Ok(self.get(name, ElementType::I8, dims)?.data.iter().map(|b| *b as i8).collect())
    }

    /// An int32 array.
    pub fn i32(&self, name: &str, dims: &[u64]) -> Result<Vec<i32>, String> {
        let data = &self.get(name, ElementType::I32, dims)?.data;
        Ok(data.chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect())
    }
}

/// The NUL-terminated text at a guest address, byte by byte: it may end directly before an unmapped page.
fn c_string(address: u64, read: &mut impl FnMut(u64, u64) -> Option<Vec<u8>>) -> Result<String, String> {
    let mut text = Vec::new();
    while text.len() <= MAX_NAME {
        let at = address.wrapping_add(text.len() as u64);
        match read(at, 1).as_deref() {
            Some([0]) => return String::from_utf8(text).map_err(|_| format!("the text at {address:#x} is not UTF-8")),
            Some([byte]) => text.push(*byte),
            _ => return Err(format!("{at:#x} is not readable")),
        }
    }
    Err(format!("the text at {address:#x} is longer than {MAX_NAME} bytes"))
}
