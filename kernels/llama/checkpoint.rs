//! Checkpoints of llama2.c on the host: checking, reading, quantising. `model.c` tells the layouts.

use crate::quant::BLOCK;

const MAGIC: u32 = 0x616b_3432;
/// Bytes of the head of a version 2 file.
const HEAD: usize = 256;

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Elements of the stream.
    pub dim: usize,
    /// Elements within a feed-forward part.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads, a divisor of the query heads.
    pub kv_heads: usize,
    /// Tokens.
    pub vocabulary: usize,
    /// Positions.
    pub context: usize,
    /// Whether the head is the embedding.
    pub shared_head: bool,
}

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Version 0.
    F32,
    /// Version 2: int8 with one scale for each group of a row.
    Int8 {
        /// Weights in a group.
        group: usize,
    },
}

/// A checkpoint whose sizes and length are right.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint<'a> {
    /// The network.
    pub sizes: Sizes,
    /// Its weights.
    pub format: Format,
    data: &'a [u8],
}

/// Weights as numbers.
pub(super) struct Tensors {
    /// Attention norms and ffn norms of all layers, and the final norm.
    pub norms: [Vec<f32>; 3],
    /// The nine [matrices](Sizes::matrices), each with all its layers.
    pub matrices: [Vec<f32>; 9],
}

impl Sizes {
    /// The seven numbers of a head, in their order.
    fn read(numbers: [i32; 7], shared_head: bool) -> Result<Sizes, String> {
        let [dim, hidden, layers, heads, kv_heads, vocabulary, context] = numbers;
        let names = ["dim", "hidden size", "layers", "heads", "key heads", "vocabulary", "context"];
        let most = [65536, 262_144, 1024, 1024, 1024, 1_048_576, 1_048_576];
        for ((name, number), most) in names.into_iter().zip(numbers).zip(most) {
            let least = if name == "vocabulary" { 4 } else { 1 };
            if !(least..=most).contains(&number) {
                return Err(format!("no checkpoint of llama2.c: {name} is {number}, not from {least} to {most}"));
            }
        }
        if dim % heads != 0 || heads % kv_heads != 0 || dim / heads % 2 != 0 {
            return Err(format!(
                "dim {dim}, {heads} heads, {kv_heads} key heads: dim must be heads times an even number, and heads a \
                 multiple of key heads"
            ));
        }
        let [dim, hidden, layers, heads] = [dim, hidden, layers, heads].map(|n| n as usize);
        let [kv_heads, vocabulary, context] = [kv_heads, vocabulary, context].map(|n| n as usize);
        Ok(Sizes { dim, hidden, layers, heads, kv_heads, vocabulary, context, shared_head })
    }

    /// Elements of a head.
    pub fn head_dim(&self) -> usize {
        self.dim / self.heads
    }

    /// Elements of all key heads.
    pub fn kv_dim(&self) -> usize {
        self.kv_heads * self.head_dim()
    }

    /// Parameters, each counted once.
    pub fn parameters(&self) -> usize {
        let matrices: usize = self.matrices().iter().map(|(count, rows, cols)| count * rows * cols).sum();
        matrices + self.norms()
    }

    /// Weights of all norms.
    fn norms(&self) -> usize {
        (2 * self.layers + 1) * self.dim
    }

    /// How many, rows and columns of embedding, wq, wk, wv, wo, w1, w2, w3, and of the head if it is not the embedding.
    fn matrices(&self) -> [(usize, usize, usize); 9] {
        let Sizes { dim, hidden, layers, vocabulary, .. } = *self;
        let kv = self.kv_dim();
        [
            (1, vocabulary, dim),
            (layers, dim, dim),
            (layers, kv, dim),
            (layers, kv, dim),
            (layers, dim, dim),
            (layers, hidden, dim),
            (layers, dim, hidden),
            (layers, hidden, dim),
            (usize::from(!self.shared_head), vocabulary, dim),
        ]
    }
}

impl<'a> Checkpoint<'a> {
    /// Looks at a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(data: &'a [u8]) -> Result<Checkpoint<'a>, String> {
        let number = |index: usize| -> Result<i32, String> {
            let bytes = data.get(4 * index..4 * index + 4).ok_or("no checkpoint: shorter than its head")?;
            Ok(i32::from_le_bytes(bytes.try_into().map_err(|_| "four bytes")?))
        };
        let seven = |from: usize| -> Result<[i32; 7], String> {
            let mut numbers = [0; 7];
            for (i, place) in numbers.iter_mut().enumerate() {
                *place = number(from + i)?;
            }
            Ok(numbers)
        };
        let (sizes, format, length) = if number(0)? as u32 == MAGIC {
            if number(1)? != 2 {
                return Err(format!("a checkpoint of version {}: versions 0 and 2 can be read", number(1)?));
            }
            let head = data.get(..HEAD).ok_or("no checkpoint: shorter than its head")?;
            let sizes = Sizes::read(seven(2)?, head[36] != 0)?;
            let group = u32::from_le_bytes([head[37], head[38], head[39], head[40]]) as usize;
            if group == 0 || [group % BLOCK, sizes.dim % group, sizes.hidden % group] != [0; 3] {
                return Err(format!(
                    "groups of {group}: they must be a multiple of 32 and a divisor of dim {} and hidden size {}",
                    sizes.dim, sizes.hidden
                ));
            }
            let quantized = sizes.parameters() - sizes.norms();
            (sizes, Format::Int8 { group }, HEAD + 4 * sizes.norms() + quantized + quantized / group * 4)
        } else {
            let mut numbers = seven(0)?;
            let shared = numbers[5] > 0;
            numbers[5] = numbers[5].saturating_abs();
            let sizes = Sizes::read(numbers, shared)?;
            (sizes, Format::F32, 28 + 4 * (sizes.parameters() + sizes.context * sizes.head_dim()))
        };
        if data.len() < length {
            return Err(format!("{} bytes, but its head announces {length}: it was cut off", data.len()));
        }
        Ok(Checkpoint { sizes, format, data: &data[..length] })
    }

    /// The bytes, without what may stand behind them.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The weights of an fp32 checkpoint; `None` if they are quantised.
    pub(super) fn tensors(&self) -> Option<Tensors> {
        if self.format != Format::F32 {
            return None;
        }
        let sizes = &self.sizes;
        let mut floats = self.data[28..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let mut take = |n: usize| floats.by_ref().take(n).collect::<Vec<f32>>();
        let lengths = sizes.matrices().map(|(count, rows, cols)| count * rows * cols);
        let mut matrices = [const { Vec::new() }; 9];
        let norms = sizes.layers * sizes.dim;
        matrices[0] = take(lengths[0]);
        let attention_norms = take(norms);
        for i in 1..5 {
            matrices[i] = take(lengths[i]);
        }
        let ffn_norms = take(norms);
        for i in 5..8 {
            matrices[i] = take(lengths[i]);
        }
        let final_norm = take(sizes.dim);
        take(sizes.context * sizes.head_dim());
        matrices[8] = take(lengths[8]);
        Some(Tensors { norms: [attention_norms, ffn_norms, final_norm], matrices })
    }

    /// The int8 form in groups of 32; the file itself if it has that form. Scales are rounded to fp16 first, so that the
    /// kernels, which keep them so, lose nothing more.
    ///
    /// # Errors
    /// When dim or hidden size is no multiple of 32.
    pub fn quantized(&self) -> Result<Vec<u8>, String> {
        let Some(Tensors { norms, matrices }) = self.tensors() else { return Ok(self.data.to_vec()) };
        let sizes = &self.sizes;
        for (name, size) in [("dim", sizes.dim), ("hidden size", sizes.hidden)] {
            if size % BLOCK != 0 {
                return Err(format!("{name} {size} is no multiple of 32: there is no int8 form"));
            }
        }
        let mut out = Vec::new();
        out.extend(MAGIC.to_le_bytes());
        let Sizes { dim, hidden, layers, heads, kv_heads, vocabulary, context, shared_head } = *sizes;
        for number in [2, dim, hidden, layers, heads, kv_heads, vocabulary, context] {
            out.extend((number as u32).to_le_bytes());
        }
        out.push(u8::from(shared_head));
        out.extend((BLOCK as u32).to_le_bytes());
        out.resize(HEAD, 0);
        out.extend(norms.iter().flatten().flat_map(|x| x.to_le_bytes()));
        for (tensor, (_, rows, cols)) in matrices.iter().zip(sizes.matrices()) {
            for layer in tensor.chunks_exact(rows * cols) {
                let (mut weights, mut scales) = (Vec::new(), Vec::new());
                for group in layer.chunks_exact(BLOCK) {
                    let largest = group.iter().fold(0.0f32, |max, x| max.max(x.abs()));
                    let scale = to_f16(largest / 127.0);
                    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
                    weights
                        .extend(group.iter().map(|x| (x * inverse).round_ties_even().clamp(-127.0, 127.0) as i8 as u8));
                    scales.extend(scale.to_le_bytes());
                }
                out.extend(weights);
                out.extend(scales);
            }
        }
        Ok(out)
    }
}

/// A number of at least 0 rounded to fp16, ties to even; too large ones become the largest.
fn to_f16(x: f32) -> f32 {
    // The unit of the last place: 10 bits of fraction, at least 2^-24.
    let exponent = (x.to_bits() >> 23) as i32 - 127;
    let unit = 2.0f32.powi(exponent.max(-14) - 10);
    ((x / unit).round_ties_even() * unit).min(65504.0)
}

/// Looks at a tokenizer file for so many tokens. What stands behind them does not matter.
///
/// # Errors
/// What is wrong with it.
pub fn check_tokenizer(data: &[u8], vocabulary: usize) -> Result<(), String> {
    let number = |at: usize| -> Option<usize> {
        let bytes = data.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let longest = number(0).unwrap_or(0);
    if !(1..=4096).contains(&longest) {
        return Err("no tokenizer of llama2.c: the longest piece is not from 1 to 4096 bytes".to_string());
    }
    let mut at = 4;
    for token in 0..vocabulary {
        let short = || format!("ends at token {token}, but the model has {vocabulary}: is it another model's?");
        let length = number(at + 4).ok_or_else(short)?;
        if length > longest {
            return Err(format!("token {token} has {length} bytes, but the longest is said to have {longest}"));
        }
        at += 8 + length;
        if at > data.len() {
            return Err(short());
        }
    }
    Ok(())
}
