//! The routines: what rvv-bench names, written anew from its descriptions.
//!
//! Arguments in a0 to a2 as in C. `LMUL` stands for the group multiplier of a variant. A routine ends with `ret`.

/// The benchmarks, and what arrays they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Benchmark {
    /// dest, src, n.
    Memcpy,
    /// dest, value, n.
    Memset,
    /// string.
    Strlen,
    /// string, n.
    Utf8Count,
}

impl Benchmark {
    /// The benchmark of a table's title, and whether its arrays are where an allocator puts them.
    pub fn by_title(title: &str) -> Option<(Benchmark, bool)> {
        let (name, aligned) = title.strip_suffix(" aligned").map_or((title, false), |name| (name, true));
        let benchmark = match name {
            "memcpy" => Benchmark::Memcpy,
            "memset" => Benchmark::Memset,
            "strlen" => Benchmark::Strlen,
            "utf8 count" | "utf8_count" => Benchmark::Utf8Count,
            _ => return None,
        };
        Some((benchmark, aligned))
    }

    /// Arrays of the given size.
    pub fn arrays(self) -> u64 {
        if self == Benchmark::Memcpy { 2 } else { 1 }
    }
}

/// The code of a variant; `None` of one that cannot be told from its name.
pub(super) fn code(benchmark: Benchmark, variant: &str) -> Option<String> {
    if variant == "scalar" {
        return Some(scalar(benchmark).to_string());
    }
    let (shape, lmul) = variant.strip_prefix("rvv_")?.rsplit_once('m').map(|(shape, lmul)| (shape, lmul.trim()))?;
    if !matches!(lmul, "1" | "2" | "4" | "8") {
        return None;
    }
    let shape = shape.trim_end_matches('_');
    let text = match benchmark {
        Benchmark::Memcpy | Benchmark::Memset | Benchmark::Utf8Count => stream(benchmark, shape)?,
        Benchmark::Strlen => strlen(shape)?,
    };
    Some(text.replace("LMUL", &format!("m{lmul}")))
}

/// Byte loops, as a compiler makes them of `while (n--)`.
fn scalar(benchmark: Benchmark) -> &'static str {
    match benchmark {
        Benchmark::Memcpy => {
            "mv a3,a0
             loop:
             lbu a4,0(a1)
             addi a2,a2,-1
             addi a1,a1,1
             sb a4,0(a3)
             addi a3,a3,1
             bnez a2,loop
             ret"
        }
        Benchmark::Memset => {
            "mv a3,a0
             loop:
             addi a2,a2,-1
             sb a1,0(a3)
             addi a3,a3,1
             bnez a2,loop
             ret"
        }
        Benchmark::Strlen => {
            "mv a1,a0
             loop:
             lbu a2,0(a1)
             addi a1,a1,1
             bnez a2,loop
             sub a0,a1,a0
             addi a0,a0,-1
             ret"
        }
        // A byte continues a character when its upper two bits are 10.
        Benchmark::Utf8Count => {
            "li a3,0
             loop:
             lbu a4,0(a0)
             addi a1,a1,-1
             addi a0,a0,1
             andi a4,a4,192
             xori a4,a4,128
             snez a4,a4
             add a3,a3,a4
             bnez a1,loop
             mv a0,a3
             ret"
        }
    }
}

/// What a benchmark does with vl elements at `src` and `dest`, before the pointers move and after.
struct Step {
    /// Before the loop.
    prepare: &'static str,
    body: &'static str,
    /// Moves the pointers by vl, which is in t0.
    advance: &'static str,
    finish: &'static str,
    /// The register with the pointer that alignment is about, and with the number of bytes left.
    pointer: &'static str,
    left: &'static str,
}

fn step(benchmark: Benchmark, shape: &str) -> Step {
    match benchmark {
        Benchmark::Memset => Step {
            prepare: "vsetvli t0,zero,e8,LMUL,ta,ma\nvmv.v.x v8,a1\nmv a3,a0",
            body: "vse8.v v8,(a3)",
            advance: "add a3,a3,t0",
            finish: "",
            pointer: "a3",
            left: "a2",
        },
        Benchmark::Utf8Count => Step {
            prepare: "li a3,0\nli a4,-65",
            body: "vle8.v v8,(a0)\nvmsgt.vx v16,v8,a4\nvcpop.m a5,v16\nadd a3,a3,a5",
            advance: "add a0,a0,t0",
            finish: "mv a0,a3",
            pointer: "a0",
            left: "a1",
        },
        _ => Step {
            prepare: "mv a3,a0",
            body: "vle8.v v8,(a1)\nadd a1,a1,t0\nvse8.v v8,(a3)",
            advance: "add a3,a3,t0",
            finish: "",
            pointer: if shape == "align_src" { "a1" } else { "a3" },
            left: "a2",
        },
    }
}

/// Loops over the bytes of arrays of known size.
fn stream(benchmark: Benchmark, shape: &str) -> Option<String> {
    let Step { prepare, body, advance, finish, pointer, left } = step(benchmark, shape);
    let text = match (benchmark, shape) {
        // vl from what is left, in each round.
        (_, "") => format!(
            "{prepare}
             loop:
             vsetvli t0,{left},e8,LMUL,ta,ma
             {body}
             sub {left},{left},t0
             {advance}
             bnez {left},loop
             {finish}
             ret"
        ),
        // The first round goes up to an aligned address.
        (Benchmark::Memcpy, "align_dest" | "align_src") | (Benchmark::Memset | Benchmark::Utf8Count, "align") => {
            let unit = if benchmark == Benchmark::Memcpy { "m1" } else { "LMUL" };
            format!(
                "{prepare}
                 vsetvli t0,zero,e8,{unit},ta,ma
                 bltu {left},t0,check
                 neg t1,{pointer}
                 addi t2,t0,-1
                 and t1,t1,t2
                 vsetvli t0,t1,e8,LMUL,ta,ma
                 loop:
                 {body}
                 sub {left},{left},t0
                 {advance}
                 check:
                 vsetvli t0,{left},e8,LMUL,ta,ma
                 bnez {left},loop
                 {finish}
                 ret"
            )
        }
        // Full groups up to an end address, then the rest; "128" never takes more than 16 bytes.
        (_, "tail") | (Benchmark::Memcpy | Benchmark::Utf8Count, "128") => {
            let request =
                if shape == "128" { "li t0,16\nvsetvli t0,t0,e8,LMUL,ta,ma" } else { "vsetvli t0,zero,e8,LMUL,ta,ma" };
            format!(
                "{prepare}
                 {request}
                 addi t3,t0,-1
                 and t3,{left},t3
                 sub {left},{left},t3
                 add t4,{pointer},{left}
                 loop:
                 {body}
                 {advance}
                 bltu {pointer},t4,loop
                 vsetvli t0,t3,e8,LMUL,ta,ma
                 {body}
                 {finish}
                 ret"
            )
        }
        _ => return None,
    };
    Some(text)
}

fn strlen(shape: &str) -> Option<String> {
    let text = match shape {
        // The load that may stop early says how far it came.
        "" => {
            "mv a3,a0
             loop:
             vsetvli t0,zero,e8,LMUL,ta,ma
             vle8ff.v v8,(a3)
             csrr t0,vl
             vmseq.vi v0,v8,0
             vfirst.m a2,v0
             add a3,a3,t0
             bltz a2,loop
             sub a3,a3,t0
             add a3,a3,a2
             sub a0,a3,a0
             ret"
        }
        // Plain loads, counting down to the end of the page.
        "page_aligned" => {
            "vsetvli t0,zero,e8,LMUL,ta,ma
             mv a3,a0
             lui t1,0xfffff
             or t1,t1,a0
             loop:
             vle8.v v8,(a3)
             vmseq.vi v16,v8,0
             vfirst.m a2,v16
             bgez a2,found
             add t1,t1,t0
             add a3,a3,t0
             bnez t1,loop
             j loop
             found:
             add a3,a3,a2
             sub a0,a3,a0
             ret"
        }
        _ => return None,
    };
    Some(text.to_string())
}
