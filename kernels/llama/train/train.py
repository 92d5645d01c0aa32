# SPDX-License-Identifier: MIT OR Apache-2.0
"""Trains the model of `rvtile demo` and writes `stories.bin` and `stories.tokenizer` beside the program.

Needs Python 3.11 or later and `pip install jax`. Every number is drawn from one seed; last bits depend on the machine's arithmetic.

    python train.py [--steps N] [--out FOLDER]
"""

import argparse
import itertools
import os
import pathlib
import struct
import time

# One core gives the same sums on every run.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np

from stories import stories
from tokenizer import BEGIN, Tokenizer

SEED = 7
DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB, CONTEXT = 96, 256, 5, 6, 2, 1024, 256
HEAD = DIM // HEADS
BATCH, RATE, WARM_UP, DECAY = 6, 3e-3, 100, 0.1


def init(key):
    """Weights; layers are stacked along the first axis. The head is the embedding."""
    keys = iter(jax.random.split(key, 8))
    normal = lambda *shape, scale=0.02: scale * jax.random.normal(next(keys), shape, jnp.float32)
    deep = 0.02 / (2 * LAYERS) ** 0.5
    return {
        "embedding": normal(VOCAB, DIM),
        "attention_norm": jnp.ones((LAYERS, DIM)),
        "wq": normal(LAYERS, HEADS * HEAD, DIM),
        "wk": normal(LAYERS, KV_HEADS * HEAD, DIM),
        "wv": normal(LAYERS, KV_HEADS * HEAD, DIM),
        "wo": normal(LAYERS, DIM, HEADS * HEAD, scale=deep),
        "ffn_norm": jnp.ones((LAYERS, DIM)),
        "w1": normal(LAYERS, HIDDEN, DIM),
        "w2": normal(LAYERS, DIM, HIDDEN, scale=deep),
        "w3": normal(LAYERS, HIDDEN, DIM),
        "final_norm": jnp.ones(DIM),
    }


def rmsnorm(x, weight):
    return weight * x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-5)


def rope(x):
    """Rotates the pairs (2i, 2i + 1) of each head by position / 10000^(2i / HEAD)."""
    angle = jnp.arange(x.shape[1])[:, None] * 10000.0 ** (-jnp.arange(0, HEAD, 2) / HEAD)
    cosine, sine = jnp.cos(angle)[:, None], jnp.sin(angle)[:, None]
    a, b = x[..., 0::2], x[..., 1::2]
    return jnp.stack([a * cosine - b * sine, b * cosine + a * sine], -1).reshape(x.shape)


def logits(weights, tokens):
    batch, length = tokens.shape
    mask = jnp.where(jnp.tril(jnp.ones((length, length), bool)), 0, -jnp.inf)

    def layer(x, w):
        h = rmsnorm(x, w["attention_norm"])
        heads = lambda w, n: (h @ w.T).reshape(batch, length, n, HEAD)
        q, k, v = rope(heads(w["wq"], HEADS)), rope(heads(w["wk"], KV_HEADS)), heads(w["wv"], KV_HEADS)
        k, v = (jnp.repeat(t, HEADS // KV_HEADS, 2) for t in (k, v))
        scores = jnp.einsum("bihc,bjhc->bhij", q, k) / HEAD**0.5 + mask
        mixed = jnp.einsum("bhij,bjhc->bihc", jax.nn.softmax(scores), v)
        x = x + mixed.reshape(batch, length, -1) @ w["wo"].T
        h = rmsnorm(x, w["ffn_norm"])
        return x + (jax.nn.silu(h @ w["w1"].T) * (h @ w["w3"].T)) @ w["w2"].T, None

    layers = {name: w for name, w in weights.items() if name not in ("embedding", "final_norm")}
    x, _ = jax.lax.scan(layer, weights["embedding"][tokens], layers)
    return rmsnorm(x, weights["final_norm"]) @ weights["embedding"].T


def loss(weights, tokens):
    """Mean negative log-likelihood of each next token, in nats."""
    out = jax.nn.log_softmax(logits(weights, tokens[:, :-1]))
    return -jnp.take_along_axis(out, tokens[:, 1:, None], -1).mean()


def step(weights, moments, tokens, count, rate):
    """One step of AdamW, gradients cut to norm 1; weight decay for matrices only."""
    value, grads = jax.value_and_grad(loss)(weights, tokens)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(grads)))
    grads = jax.tree.map(lambda g: g * jnp.minimum(1, 1 / (norm + 1e-6)), grads)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], grads)
    second = jax.tree.map(lambda m, g: 0.95 * m + 0.05 * g * g, moments[1], grads)

    def update(name, w, m, v):
        move = m / (1 - 0.9**count) / (jnp.sqrt(v / (1 - 0.95**count)) + 1e-8)
        return w - rate * (move + (0 if "norm" in name else DECAY) * w)

    weights = {name: update(name, weights[name], first[name], second[name]) for name in weights}
    return weights, (first, second), value


def batches(tokenizer, source):
    """Windows of CONTEXT + 1 tokens out of stories one behind the other, each with its begin mark."""
    stream = []
    while True:
        need = BATCH * (CONTEXT + 1)
        while len(stream) < need:
            stream += [BEGIN] + tokenizer.encode(next(source))
        yield np.array(stream[:need]).reshape(BATCH, CONTEXT + 1)
        stream = stream[need:]


def write(weights, path):
    """The checkpoint: llama2.c's version 0. It has room for tables of RoPE that nobody reads any more."""
    order = "embedding attention_norm wq wk wv wo ffn_norm w1 w2 w3 final_norm".split()
    with open(path, "wb") as file:
        file.write(struct.pack("<7i", DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB, CONTEXT))
        for name in order:
            file.write(np.asarray(weights[name], "<f4").tobytes())
        file.write(np.zeros(2 * CONTEXT * HEAD // 2, "<f4").tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent)
    args = parser.parse_args()

    tokenizer = Tokenizer.learn(itertools.islice(stories(SEED), 5000), VOCAB)
    tokenizer.write(args.out / "stories.tokenizer")
    train, held_out = batches(tokenizer, stories(SEED + 1)), batches(tokenizer, stories(SEED + 2))
    checks = [next(held_out) for _ in range(4)]
    weights = init(jax.random.key(SEED))
    print(sum(w.size for w in weights.values()), "parameters", flush=True)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    moments = (zeros, zeros)
    run, measure = jax.jit(step), jax.jit(loss)
    started = time.time()
    for count in range(1, args.steps + 1):
        warm = min(1, count / WARM_UP)
        rate = RATE * warm * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * count / args.steps)))
        weights, moments, value = run(weights, moments, next(train), count, rate)
        if count % 100 == 0 or count == args.steps:
            held = np.mean([measure(weights, check) for check in checks])
            print(f"step {count} loss {value:.3f} held-out {held:.3f} after {time.time() - started:.0f} s", flush=True)
            write(weights, args.out / "stories.bin")


if __name__ == "__main__":
    main()
