//! The network on the host in plain fp32: one loop after the other, sums in the order of their elements.

use super::checkpoint::Tensors;
use super::{Checkpoint, Sizes};

const EPSILON: f32 = 1e-5;

/// A network that has read some tokens.
pub struct Reference {
    sizes: Sizes,
    attention_norms: Vec<f32>,
    ffn_norms: Vec<f32>,
    final_norm: Vec<f32>,
    embedding: Vec<f32>,
    wq: Vec<f32>,
    wk: Vec<f32>,
    wv: Vec<f32>,
    wo: Vec<f32>,
    w1: Vec<f32>,
    w2: Vec<f32>,
    w3: Vec<f32>,
    head: Vec<f32>,
    /// Keys and values of the positions so far, by layer.
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
    position: usize,
}

impl Reference {
    /// At the beginning of a text. `None` if the checkpoint is not in fp32.
    pub fn new(checkpoint: &Checkpoint) -> Option<Reference> {
        let sizes = checkpoint.sizes;
        let Tensors { norms: [attention_norms, ffn_norms, final_norm], matrices } = checkpoint.tensors()?;
        let [embedding, wq, wk, wv, wo, w1, w2, w3, mut head] = matrices;
        if sizes.shared_head {
            head = embedding.clone();
        }
        let empty = vec![Vec::new(); sizes.layers];
        let (keys, values) = (empty.clone(), empty);
        Some(Reference {
            sizes,
            attention_norms,
            ffn_norms,
            final_norm,
            embedding,
            wq,
            wk,
            wv,
            wo,
            w1,
            w2,
            w3,
            head,
            keys,
            values,
            position: 0,
        })
    }

    /// Reads a token and returns the logits of the next.
    pub fn forward(&mut self, token: usize) -> Vec<f32> {
        let dim = self.sizes.dim;
        let mut x = self.embedding[token * dim..][..dim].to_vec();
        for layer in 0..self.sizes.layers {
            let mixed = self.attention(layer, &x);
            add(&mut x, &mixed);
            let changed = self.feed_forward(layer, &x);
            add(&mut x, &changed);
        }
        self.position += 1;
        product(&self.head, &rmsnorm(&x, &self.final_norm))
    }

    fn attention(&mut self, layer: usize, x: &[f32]) -> Vec<f32> {
        let Sizes { dim, heads, kv_heads, .. } = self.sizes;
        let (head_dim, kv_dim) = (self.sizes.head_dim(), self.sizes.kv_dim());
        let x = rmsnorm(x, &self.attention_norms[layer * dim..][..dim]);
        let mut q = product(&self.wq[layer * dim * dim..][..dim * dim], &x);
        let mut k = product(&self.wk[layer * kv_dim * dim..][..kv_dim * dim], &x);
        let v = product(&self.wv[layer * kv_dim * dim..][..kv_dim * dim], &x);
        q.chunks_exact_mut(head_dim).for_each(|head| rotate(head, self.position));
        k.chunks_exact_mut(head_dim).for_each(|head| rotate(head, self.position));
        self.keys[layer].extend(k);
        self.values[layer].extend(v);

        let mut mixed = vec![0.0; dim];
        for (h, (q, out)) in q.chunks_exact(head_dim).zip(mixed.chunks_exact_mut(head_dim)).enumerate() {
            let first = h / (heads / kv_heads) * head_dim;
            let rows = |all: &'_ [f32]| all.chunks_exact(kv_dim).map(|row| row[first..][..head_dim].to_vec()).collect();
            let (keys, values): (Vec<Vec<f32>>, Vec<Vec<f32>>) = (rows(&self.keys[layer]), rows(&self.values[layer]));
            let scores: Vec<f32> = keys.iter().map(|k| dot(q, k) / (head_dim as f32).sqrt()).collect();
            let largest = scores.iter().fold(f32::NEG_INFINITY, |max, x| max.max(*x));
            let weights: Vec<f32> = scores.iter().map(|x| (x - largest).exp()).collect();
            let total: f32 = weights.iter().sum();
            for (weight, v) in weights.iter().zip(&values) {
                out.iter_mut().zip(v).for_each(|(out, v)| *out += weight / total * v);
            }
        }
        product(&self.wo[layer * dim * dim..][..dim * dim], &mixed)
    }

    fn feed_forward(&self, layer: usize, x: &[f32]) -> Vec<f32> {
        let Sizes { dim, hidden, .. } = self.sizes;
        let matrix = |all: &'_ [f32], x: &[f32]| product(&all[layer * hidden * dim..][..hidden * dim], x);
        let x = rmsnorm(x, &self.ffn_norms[layer * dim..][..dim]);
        let (gate, up) = (matrix(&self.w1, &x), matrix(&self.w3, &x));
        let inner: Vec<f32> = gate.iter().zip(&up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect();
        matrix(&self.w2, &inner)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A row-major matrix times a vector.
fn product(matrix: &[f32], x: &[f32]) -> Vec<f32> {
    matrix.chunks_exact(x.len()).map(|row| dot(row, x)).collect()
}

fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

fn rmsnorm(x: &[f32], weight: &[f32]) -> Vec<f32> {
    let inverse = 1.0 / (dot(x, x) / x.len() as f32 + EPSILON).sqrt();
    x.iter().zip(weight).map(|(x, weight)| weight * (inverse * x)).collect()
}

/// Turns the pairs (2i, 2i + 1) of a head by position / 10000^(2i / head_dim).
fn rotate(head: &mut [f32], position: usize) {
    let head_dim = head.len() as f32;
    for (i, pair) in head.chunks_exact_mut(2).enumerate() {
        let angle = position as f32 / 10000f32.powf(2.0 * i as f32 / head_dim);
        let (sine, cosine) = angle.sin_cos();
        (pair[0], pair[1]) = (pair[0] * cosine - pair[1] * sine, pair[0] * sine + pair[1] * cosine);
    }
}
