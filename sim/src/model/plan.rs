//! A plan: the kernel calls of a piece of a step, in order, on arrays of an arena.

use rvtile_isa::profile::Profile;
use rvtile_kernels::{DType, Kernel, find};

use super::arena::{Arena, Fill};
use super::ext::{Extension, Extensions};
use super::format::{Format, KvFormat};
use super::job::last_cache;
use crate::bench::peak_flop_per_cycle;
use crate::compare::Peak;
use crate::machine::Machine;

macro_rules! roles {
    ($($name:ident = $text:literal,)*) => {
        /// What a call is for; the rows of a breakdown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $(#[doc = $text] $name,)* }

        impl Role {
            /// Every role, in the order of a step.
            pub const ALL: &'static [Role] = &[$(Role::$name,)*];

            /// Its name in reports.
            pub const fn name(self) -> &'static str { match self { $(Role::$name => $text,)* } }
        }
    };
}

roles! {
    Embedding = "embedding",
    Norm = "norm",
    Convert = "quantise",
    Qkv = "qkv",
    Positions = "positions",
    KvStore = "kv-store",
    Attention = "attention",
    Out = "attention-out",
    FfnUp = "ffn-up",
    Activation = "activation",
    FfnDown = "ffn-down",
    Recurrence = "recurrence",
    Add = "add",
    Head = "head",
    Sampling = "sampling",
}

/// Calls of one kernel at one shape for one purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is for.
    pub role: Role,
    /// The kernel's name.
    pub kernel: &'static str,
    /// Its sizes.
    pub shape: String,
    /// The type that it computes in.
    pub dtype: DType,
    /// How often the plan calls it.
    pub calls: u64,
    /// Operations of all these calls (an FMA counts 2).
    pub flop: f64,
    /// Compulsory traffic of all these calls.
    pub bytes: f64,
    /// Of that, what lies in memory whatever the caches do: weights, keys and values.
    pub streamed: f64,
    /// Whether cores can share it: by rows of a matrix, by heads.
    pub split: bool,
}

impl Part {
    /// Whether its kernel uses an extension.
    pub fn extended(&self) -> bool {
        self.form().is_some()
    }

    /// Its kernel, if that uses an extension.
    fn form(&self) -> Option<&'static dyn Kernel> {
        find(self.kernel).filter(|kernel| kernel.profile() != "standard")
    }

    /// The most operations a cycle: of its kernel's multiply where an extension supplies it, else two for each lane.
    pub fn peak(&self, machine: &Machine) -> f64 {
        let peak = self.form().and_then(|kernel| {
            let isa = Profile::by_name(kernel.profile())?.isa();
            Peak::of(kernel.multiply()?, isa, machine).ok()
        });
        peak.map_or_else(|| peak_flop_per_cycle(machine, self.dtype), |peak| 2.0 * peak.rate())
    }
}

/// What one call costs by formula.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub dtype: DType,
    pub flop: u64,
    pub bytes: u64,
    pub streamed: u64,
    pub split: bool,
}

impl Work {
    /// Arithmetic on vectors that every core would repeat.
    pub fn vector(flop: u64, bytes: u64) -> Work {
        Work { dtype: DType::F32, flop, bytes, streamed: 0, split: false }
    }
}

/// One call as the program reads it.
pub(super) struct Call {
    /// Which pass of the plan it belongs to, and its part; calls of other passes are measured apart. `None`: not measured.
    pub region: Option<(usize, usize)>,
    pub routine: &'static str,
    pub args: Vec<u64>,
    pub float: f32,
}

/// Calls in order, the parts that they belong to, and their arrays.
pub(super) struct Plan {
    pub arena: Arena,
    pub calls: Vec<Call>,
    /// Of the first measured pass; the others repeat it.
    pub parts: Vec<Part>,
    /// What its products and attention use.
    pub ext: Extensions,
    /// Arrays that calls write, with their bytes, and how many of them are in use: the others were let go.
    written: (Vec<(u64, u64)>, usize),
    pass: Option<usize>,
    vlen: u64,
    /// Bytes of the last cache.
    cache: u64,
}

/// A vector of activations, and what it was already converted to.
#[derive(Clone, Copy)]
pub(super) struct Input {
    pub addr: u64,
    pub len: u64,
    pub converted: Option<(u64, u64)>,
}

impl Input {
    pub fn new(addr: u64, len: u64) -> Input {
        Input { addr, len, converted: None }
    }
}

impl Plan {
    pub fn new(machine: &Machine, ext: impl Into<Extensions>) -> Plan {
        Plan {
            arena: Arena::default(),
            calls: Vec::new(),
            parts: Vec::new(),
            ext: ext.into(),
            written: (Vec::new(), 0),
            pass: None,
            vlen: machine.vector.vlen.into(),
            cache: last_cache(machine),
        }
    }

    /// Calls from here on are measured as this pass, or not at all.
    pub fn pass(&mut self, pass: Option<usize>) {
        self.pass = pass;
    }

    /// Repeats the calls so far as these passes, on the same arrays.
    pub fn passes(&mut self, passes: &[Option<usize>]) {
        let once = std::mem::take(&mut self.calls);
        for pass in passes {
            self.calls.extend(once.iter().map(|call| {
                let region = call.region.and_then(|(_, part)| pass.map(|pass| (pass, part)));
                Call { region, routine: call.routine, args: call.args.clone(), float: call.float }
            }));
        }
    }

    /// Measures every pass as a whole: as its first part.
    pub fn whole(&mut self) {
        for call in &mut self.calls {
            call.region = call.region.map(|(pass, _)| (pass, 0));
        }
    }

    /// Rows of a panel, keys of a block of the cache.
    pub fn panel(&self) -> u64 {
        self.vlen / 4
    }

    /// How many arrays calls write, for [`Plan::let_go`].
    pub fn written(&self) -> usize {
        self.written.1
    }

    /// Arrays written since then are free: calls of the same sizes in the same order have them again, as layers of a program do.
    pub fn let_go(&mut self, written: usize) {
        self.written.1 = written;
    }

    /// An array that the program writes.
    pub fn array(&mut self, bytes: u64) -> u64 {
        let (arrays, used) = &mut self.written;
        if arrays.get(*used).is_none_or(|array| array.1 != bytes) {
            arrays.truncate(*used);
            arrays.push((self.arena.array(bytes, Fill::Zero), bytes));
        }
        *used += 1;
        arrays[*used - 1].0
    }

    /// An array of fp32 numbers that the program writes.
    pub fn buffer(&mut self, elements: u64) -> u64 {
        self.array(4 * elements)
    }

    /// An array of fp32 numbers near 1.
    pub fn vector(&mut self, elements: u64) -> u64 {
        self.arena.array(4 * elements, Fill::f32(1))
    }

    /// Adds a call.
    pub fn call(
        &mut self,
        (role, kernel, shape): (Role, &'static str, String),
        (routine, args, float): (&'static str, &[u64], f32),
        work: Work,
    ) {
        let same = |part: &Part| part.role == role && part.kernel == kernel && part.shape == shape;
        let region = self.pass.map(|pass| {
            let index = self.parts.iter().position(same).unwrap_or_else(|| {
                let Work { dtype, split, .. } = work;
                let shape = shape.clone();
                self.parts.push(Part {
                    role,
                    kernel,
                    shape,
                    dtype,
                    calls: 0,
                    flop: 0.0,
                    bytes: 0.0,
                    streamed: 0.0,
                    split,
                });
                self.parts.len() - 1
            });
            if pass == 0 {
                let part = &mut self.parts[index];
                part.calls += 1;
                part.flop += work.flop as f64;
                part.bytes += work.bytes as f64;
                part.streamed += work.streamed as f64;
            }
            (pass, index)
        });
        self.calls.push(Call { region, routine, args: args.to_vec(), float });
    }

    /// An array of fp32 numbers that calls which are measured apart would have written: it is written, not measured, so that what comes
    /// next finds it where they leave it.
    pub fn made(&mut self, elements: u64) -> u64 {
        let addr = self.buffer(elements);
        self.calls.push(Call { region: None, routine: "attn_fill", args: vec![addr, elements], float: 1.0 });
        addr
    }

    /// The same of a product with such a matrix, which leaves that in the caches too.
    pub fn multiplied(&mut self, format: Format, (m, n, k): (u64, u64, u64)) -> u64 {
        let y = self.made(m * n);
        self.read_matrix(format, n, k);
        y
    }

    /// Reads as many bytes as such a matrix has, not measured.
    pub fn read_matrix(&mut self, format: Format, n: u64, k: u64) {
        let bytes = format.matrix_bytes(n, k).min(2 * self.cache);
        let args = vec![bytes / 4, self.arena.array(bytes, Fill::Zero)];
        self.calls.push(Call { region: None, routine: "argmax_f32", args, float: 0.0 });
    }

    /// A call whose kernel is the routine itself.
    pub fn kernel(&mut self, role: Role, kernel: &'static str, shape: String, args: &[u64], float: f32, work: Work) {
        self.call((role, kernel, shape), (kernel, args, float), work);
    }

    /// y = a + b on n elements.
    pub fn add(&mut self, n: u64, a: u64, b: u64, y: u64) {
        self.kernel(Role::Add, "add_f32", n.to_string(), &[n, a, b, y], 0.0, Work::vector(n, 12 * n));
    }

    /// y = W x for one token, W fresh; x is converted as the format asks for. Returns y.
    pub fn gemv(&mut self, role: Role, format: Format, rows: u64, input: &mut Input) -> u64 {
        let columns = input.len;
        if self.ext.products != Extension::None {
            let (x, scales) = self.converted(format, input);
            return self.product(role, format, (1, rows, columns), (x, scales));
        }
        let y = self.buffer(rows);
        let weights = self.weights(format, rows, columns);
        let streamed = format.matrix_bytes(rows, columns);
        let bytes = streamed + 4 * (rows + columns);
        let work = Work { dtype: format.dtype(), flop: 2 * rows * columns, bytes, streamed, split: true };
        let (x, scales) = self.converted(format, input);
        let (kernel, routine, args) = match format {
            Format::F32 => ("gemv_f32", "gemv_f32", vec![rows, columns, weights, x, y]),
            Format::F16 => ("gemv_f16", "gemv_f16", vec![rows, columns, weights, x, y]),
            Format::Bf16 => ("gemv_bf16", "gemv_bf16", vec![rows, columns, weights, x, y]),
            Format::Int8 => {
                let row_scales = self.row_scales(rows, columns);
                ("gemv_i8", "model_gemv_i8", vec![rows, columns, weights, row_scales, x, scales, y])
            }
            Format::Q8_0 => ("gemv_q8_0", "gemv_q8_0", vec![rows, columns, weights, x, scales, y]),
            Format::Q4_0 => ("gemv_q4_0", "gemv_q4_0", vec![rows, columns, weights, x, scales, y]),
        };
        self.call((role, kernel, format!("{rows}x{columns}")), (routine, &args, 0.0), work);
        y
    }

    /// The scales of the rows of an int8 matrix: about 128 less than those of an fp32 one.
    fn row_scales(&mut self, rows: u64, columns: u64) -> u64 {
        self.arena.array(4 * rows, Fill::f32(columns << 14))
    }

    /// A matrix in the layout of the matrix-vector products.
    fn weights(&mut self, format: Format, rows: u64, columns: u64) -> u64 {
        let panel = self.panel();
        let (bytes, fill) = match format {
            Format::F32 => (4 * rows * columns, Fill::f32(columns)),
            Format::F16 => (2 * rows * columns, Fill::f16(columns)),
            Format::Bf16 => (4 * rows * columns.div_ceil(2), Fill::bf16(columns)),
            Format::Int8 => (rows * columns.next_multiple_of(32), Fill::bytes()),
            Format::Q8_0 => (format.matrix_bytes(rows, columns), Fill::panels(rows, columns, 32, panel)),
            Format::Q4_0 => (format.matrix_bytes(rows, columns), Fill::panels(rows, columns, 16, panel)),
        };
        self.arena.array(bytes, fill)
    }

    /// The vector as the products of this format want it, and its scales.
    fn converted(&mut self, format: Format, input: &mut Input) -> (u64, u64) {
        let n = input.len;
        if format == Format::F32 || format == Format::Bf16 && self.ext.products == Extension::None {
            return (input.addr, 0);
        }
        if let Some(done) = input.converted {
            return done;
        }
        let padded = n.next_multiple_of(32);
        let (x, scales) = (self.array(2 * padded), self.buffer(padded / 32));
        let (kernel, routine, args, flop): (_, _, &[u64], _) = match format {
            Format::F16 => ("convert_f16", "attn_to_f16", &[n, input.addr, 0, x], n),
            Format::Bf16 => ("convert_bf16", "model_to_bf16", &[n, input.addr, x], n),
            Format::Int8 => ("quantize_i8", "model_quantize_i8", &[n, input.addr, x, scales], 4 * n),
            _ => ("quantize_q8_0", "quantize_q8_0", &[n, input.addr, x, scales], 4 * n),
        };
        self.call((Role::Convert, kernel, n.to_string()), (routine, args, 1.0), Work::vector(flop, 6 * n));
        input.converted = Some((x, scales));
        (x, scales)
    }

    /// Y = X W^T for several tokens, W fresh; X is converted as the format asks for. Returns Y.
    pub fn matmul(&mut self, role: Role, format: Format, tokens: u64, rows: u64, input: &mut Input) -> u64 {
        let Input { addr, len: columns, .. } = *input;
        let x = *input.converted.get_or_insert_with(|| self.narrowed(format, tokens, columns, addr));
        let y = self.product(role, format, (tokens, rows, columns), x);
        self.widened(format, tokens * rows, y)
    }

    /// The rows of X as the products of this format want them, and their scales.
    pub fn narrowed(&mut self, format: Format, m: u64, k: u64, x: u64) -> (u64, u64) {
        let mut convert = |kernel, routine, n: u64, bytes: u64| {
            let y = self.array(bytes * n);
            let work = Work::vector(n, (4 + bytes) * n);
            let args: &[u64] = if bytes == 2 && format == Format::F16 { &[n, x, 0, y] } else { &[n, x, y] };
            self.call((Role::Convert, kernel, n.to_string()), (routine, args, 1.0), work);
            (y, 0)
        };
        match format {
            Format::F16 => convert("convert_f16", "attn_to_f16", m * k, 2),
            Format::Bf16 => convert("convert_bf16", "model_to_bf16", m * k, 2),
            Format::Int8 => {
                let stride = operand_bytes(format, k);
                let (y, scales) = (self.array(m * stride), self.buffer(m));
                for token in 0..m {
                    let args = [k, x + 4 * token * k, y + token * stride, scales + 4 * token];
                    let label = (Role::Convert, "quantize_i8", k.to_string());
                    self.call(label, ("model_quantize_i8", &args, 0.0), Work::vector(4 * k, 5 * k));
                }
                (y, scales)
            }
            _ => (x, 0),
        }
    }

    /// The product itself, X with its scales as [`Plan::narrowed`] gives them.
    pub fn product(&mut self, role: Role, format: Format, (m, n, k): (u64, u64, u64), x: (u64, u64)) -> u64 {
        let matrix = self.matrix(format, (m, n, k));
        self.multiply(role, format, (m, n, k), x, &matrix)
    }

    /// A matrix for products of several tokens, and of one with an extension.
    pub fn matrix(&mut self, format: Format, (m, n, k): (u64, u64, u64)) -> Matrix {
        if is_linear(format, self.ext.products) {
            return self.linear_matrix(format, (m, n, k));
        }
        let weights = if format.blocks() {
            self.weights(format, n, k)
        } else {
            let (bytes, fill) = match format {
                Format::F16 => (2, Fill::f16(k)),
                Format::Bf16 => (2, Fill::bf16(k)),
                _ => (4, Fill::f32(k)),
            };
            self.arena.array(bytes * k * n, fill)
        };
        // Above what any blocking of the library takes for its packed tiles.
        let scratch = self.array((4 << 20) + 400 * k);
        Matrix { weights, row_scales: 0, scratch }
    }

    /// The same for `linear()` of the kernel library, whose layout serves any number of rows.
    fn linear_matrix(&mut self, format: Format, (m, n, k): (u64, u64, u64)) -> Matrix {
        let int8 = format == Format::Int8;
        // Panels are filled up, and loads run beyond their end.
        // With IME a row has whole groups of four steps of up to 32 bytes.
        let packed_depth = operand_bytes(format, k).next_multiple_of(128);
        let bytes = n.next_multiple_of(self.panel()) * packed_depth + 8 * (64 + self.vlen);
        let weights = self.arena.array(bytes, if int8 { Fill::bytes() } else { Fill::bf16(k) });
        let row_scales = if int8 { self.row_scales(n, k) } else { 0 };
        let rows = self.ext.products.linear_group(self.vlen).min(m.next_multiple_of(16));
        let scratch = self.array((rows + 16) * (packed_depth + 4 * self.panel()) + 8 * self.vlen);
        Matrix { weights, row_scales, scratch }
    }

    /// The product with a given matrix.
    pub fn multiply(
        &mut self,
        role: Role,
        format: Format,
        (m, n, k): (u64, u64, u64),
        (x, scales): (u64, u64),
        &Matrix { weights, row_scales, scratch }: &Matrix,
    ) -> u64 {
        let y = self.buffer(m * n);
        let args = if is_linear(format, self.ext.products) {
            vec![self.words(&[m, k, n, x, operand_bytes(format, k), scales, weights, row_scales, y, scratch])]
        } else {
            vec![m, k, n, x, weights, y, scratch]
        };
        let (kernel, routine) = product_kernel(format, self.ext.products);
        self.call((role, kernel, format!("{m}x{k}x{n}")), (routine, &args, 0.0), product_work(format, m, k, n));
        y
    }

    /// The product as fp32.
    pub fn widened(&mut self, format: Format, elements: u64, raw: u64) -> u64 {
        if format != Format::F16 {
            return raw;
        }
        let y = self.buffer(elements);
        let label = (Role::Convert, "convert_f32", elements.to_string());
        let call = ("model_from_f16", &[elements, raw, y][..], 0.0);
        self.call(label, call, Work::vector(elements, 6 * elements));
        y
    }

    /// A cache of keys and values, filled; the address of its `struct kv_cache`.
    pub fn cache(&mut self, format: KvFormat, heads: u64, head_dim: u64, capacity: u64) -> Cache {
        let element = if format == KvFormat::F16 { 2 } else { 1 };
        let fill = || if format == KvFormat::F16 { Fill::f16(1) } else { Fill::bytes() };
        let k = self.arena.array(heads * capacity.next_multiple_of(self.panel()) * head_dim * element, fill());
        let v = self.arena.array(heads * capacity * head_dim * element, fill());
        let scales = [(); 2].map(|()| self.arena.array(4 * heads * capacity, Fill::f32(1 << 14)));
        let mut bytes = u64::from(format.code()).to_le_bytes().to_vec();
        for word in [heads, head_dim, capacity, k, v, scales[0], scales[1]] {
            bytes.extend(word.to_le_bytes());
        }
        let addr = self.arena.array(bytes.len() as u64, Fill::Bytes(bytes.clone()));
        Cache { addr, bytes, format, heads, head_dim, positions: capacity }
    }

    /// Attention of one token over a cache. Returns its output.
    pub fn attend(&mut self, cache: &Cache, heads: u64, q: u64, slopes: u64, bias: u64) -> u64 {
        let (d, n) = (cache.head_dim, cache.positions);
        let out = self.buffer(heads * d);
        let scratch = self.array(4 * (2 * d + 6 * n) + 64);
        let mut bytes = cache.bytes.clone();
        for word in [heads, n, q, slopes, bias, u64::from((1.0 / (d as f32).sqrt()).to_bits()), out, scratch] {
            bytes.extend(word.to_le_bytes());
        }
        let addr = self.arena.array(bytes.len() as u64, Fill::Bytes(bytes));
        let kernel = if cache.format == KvFormat::F16 { "attention_decode_f16" } else { "attention_decode_i8" };
        let shape = format!("{heads}x{}x{d}x{n}", cache.heads);
        let streamed = n * cache.format.bytes(cache.heads, d);
        let bytes = streamed + 8 * heads * d + if bias == 0 { 0 } else { 4 * heads * n };
        let work = Work { dtype: DType::F16, flop: 4 * heads * d * n, bytes, streamed, split: true };
        self.call((Role::Attention, kernel, shape), ("attention_decode", &[addr], 0.0), work);
        out
    }

    /// A structure of the program.
    pub fn words(&mut self, words: &[u64]) -> u64 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.arena.array(bytes.len() as u64, Fill::Bytes(bytes))
    }

    /// Stores the keys and values of a position.
    pub fn store(&mut self, cache: &Cache, position: u64, k: u64, v: u64) {
        let args = [cache.addr, position, k, v];
        let shape = format!("{}x{}", cache.heads, cache.head_dim);
        self.kernel(Role::KvStore, "kv_cache_store", shape, &args, 0.0, cache.store_work(1));
    }

    /// Stores those of the first positions, a prompt.
    pub fn store_prompt(&mut self, cache: &Cache, k: u64, v: u64) {
        let args = [cache.addr, 0, cache.positions, k, v];
        let shape = format!("{}x{}x{}", cache.positions, cache.heads, cache.head_dim);
        let work = cache.store_work(cache.positions);
        self.kernel(Role::KvStore, "kv_cache_store_many", shape, &args, 0.0, work);
    }
}

/// Kernel and routine of a product of several tokens.
pub(super) fn product_kernel(format: Format, ext: Extension) -> (&'static str, &'static str) {
    ext.product().unwrap_or(match format {
        Format::F32 => ("matmul_f32", "model_gemm_f32"),
        Format::F16 => ("matmul_f16", "model_gemm_f16"),
        Format::Bf16 => ("matmul_bf16", "model_gemm_bf16"),
        Format::Int8 => ("linear_i8", "model_linear_rvv"),
        Format::Q8_0 => ("matmul_q8_0", "matmul_q8_0"),
        Format::Q4_0 => ("matmul_q4_0", "matmul_q4_0"),
    })
}

/// Whether a product of several tokens is one of `linear()`.
pub(super) fn is_linear(format: Format, ext: Extension) -> bool {
    format == Format::Int8 || ext != Extension::None
}

/// Bytes of a row of X as products of several tokens want it.
pub(super) fn operand_bytes(format: Format, k: u64) -> u64 {
    match format {
        Format::Int8 => k.next_multiple_of(32),
        Format::F16 | Format::Bf16 => 2 * k,
        Format::F32 | Format::Q8_0 | Format::Q4_0 => 4 * k,
    }
}

/// What a product of several tokens costs by formula.
pub(super) fn product_work(format: Format, m: u64, k: u64, n: u64) -> Work {
    let streamed = format.matrix_bytes(n, k);
    let bytes = streamed + 4 * m * (n + k);
    Work { dtype: format.dtype(), flop: 2 * m * n * k, bytes, streamed, split: true }
}

/// A matrix, and the scratch memory of products with it.
pub(super) struct Matrix {
    weights: u64,
    row_scales: u64,
    scratch: u64,
}

/// A cache as the program knows it.
pub(super) struct Cache {
    addr: u64,
    bytes: Vec<u8>,
    format: KvFormat,
    heads: u64,
    head_dim: u64,
    positions: u64,
}

impl Cache {
    /// What storing so many positions costs by formula.
    fn store_work(&self, positions: u64) -> Work {
        let elements = positions * self.heads * self.head_dim;
        Work::vector(2 * elements, 8 * elements + positions * self.format.bytes(self.heads, self.head_dim))
    }
}
