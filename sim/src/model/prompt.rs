//! The calls of a layer's attention over a prompt.

use std::ops::Range;

use rvtile_kernels::{Shape, find};

use super::architecture::Positions;
use super::layer::Layer;
use super::plan::{Plan, Role, Work};

/// Queries, keys and values of all heads and tokens, and what attention makes of them: arrays of rows, one a token.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    q: u64,
    k: u64,
    v: u64,
    pub out: u64,
    scratch: u64,
    /// Biases by distance, a row a head; or 0.
    relative: u64,
}

/// How queries see keys.
struct Sight {
    /// The kernel without an extension, and its last size.
    kernel: (&'static str, u64),
    causal: u64,
    prefix: u64,
    biased: bool,
}

impl Layer<'_> {
    fn sight(&self) -> Sight {
        let (tokens, plain) =
            (self.setup.tokens, Sight { kernel: ("attention_f32", 1), causal: 1, prefix: 0, biased: false });
        match self.model.positions {
            Positions::Alibi => Sight { kernel: ("attention_alibi_f32", 0), biased: true, ..plain },
            Positions::T5 => Sight { kernel: ("attention_t5_f32", 0), causal: 0, biased: true, ..plain },
            _ if self.model.prefix => Sight { kernel: ("attention_prefix_f32", tokens), prefix: tokens, ..plain },
            _ => plain,
        }
    }

    /// The arrays around attention over these queries, keys and values.
    pub fn heads(&self, plan: &mut Plan, [q, k, v]: [u64; 3]) -> Heads {
        let (tokens, heads) = (self.setup.tokens, self.model.heads);
        let relative = if self.sight().biased { plan.buffer(heads * (2 * tokens - 1)) } else { 0 };
        // Above what any form of the routine takes.
        let (keys, d, lanes) =
            (tokens.next_multiple_of(128), self.model.head_dim.next_multiple_of(16) + 16, plan.panel());
        let scratch = plan.array(12 * keys * d + lanes * (2 * d + 512) + 64 * (keys + d) + (16 << 12));
        let out = plan.buffer(tokens * self.model.query_width());
        Heads { q, k, v, out, scratch, relative }
    }

    /// Attention of some heads, each where it lies in the rows.
    pub fn attend_prompt(&self, plan: &mut Plan, arrays: &Heads, heads: Range<u64>) {
        let (model, tokens, d) = (self.model, self.setup.tokens, self.model.head_dim);
        let Sight { kernel: (plain, option), causal, prefix, .. } = self.sight();
        let kernel = find(plan.ext.attention_form(plain)).expect("a kernel of the suite");
        let shape = Shape(vec![tokens, tokens, d, option]);
        let work = Work {
            dtype: kernel.dtype(),
            flop: kernel.flop(&shape),
            bytes: kernel.bytes(&shape),
            streamed: 0,
            split: true,
        };
        let (wide, narrow) = (model.query_width(), model.kv_width());
        for head in heads {
            let (own, shared) = (4 * d * head, 4 * d * (head * model.kv_heads / model.heads));
            let relative = if arrays.relative == 0 { 0 } else { arrays.relative + 4 * head * (2 * tokens - 1) };
            let Heads { q, k, v, out, scratch, .. } = *arrays;
            // `struct attention` of the kernel library.
            let addr = plan.words(&[
                tokens,
                tokens,
                d,
                causal,
                prefix,
                relative,
                q + own,
                k + shared,
                v + shared,
                out + own,
                wide,
                narrow,
                wide,
                scratch,
            ]);
            let routine = plan.ext.attention_routine();
            plan.call((Role::Attention, kernel.name(), shape.to_string()), (routine, &[addr], 0.0), work);
        }
    }
}
