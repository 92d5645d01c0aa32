# SPDX-License-Identifier: MIT OR Apache-2.0
"""Trains the model of `rvtile demo` and writes `stories.bin` and `stories.tokenizer` beside the program.

Needs Python 3.11 or later and numpy. Every number is drawn from one seed; last bits depend on the machine's arithmetic.

    python train.py [--steps N] [--out FOLDER]
"""

import argparse
import itertools
import os
import pathlib
import struct
import time

# One thread gives the same sums on every run.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from network import CONTEXT, DIM, HEAD, HEADS, HIDDEN, KV_HEADS, LAYERS, VOCAB, init, loss
from stories import stories
from tokenizer import BEGIN, Tokenizer

SEED = 7
BATCH, RATE, WARM_UP, DECAY = 6, 3e-3, 100, 0.1


class AdamW:
    """Steps along the gradients, which are cut to norm 1; weight decay for matrices only."""

    def __init__(self, weights):
        self.weights, self.count = weights, 0
        self.first = {name: np.zeros_like(w) for name, w in weights.items()}
        self.second = {name: np.zeros_like(w) for name, w in weights.items()}

    def step(self, grads, rate):
        self.count += 1
        norm = np.sqrt(sum(float((g * g).sum()) for g in grads.values()))
        for name, w in self.weights.items():
            g, m, v = grads[name] * np.float32(min(1, 1 / (norm + 1e-6))), self.first[name], self.second[name]
            m += np.float32(0.1) * (g - m)
            v += np.float32(0.05) * (g * g - v)
            root = np.sqrt(v / np.float32(1 - 0.95**self.count)) + np.float32(1e-8)
            decay = 0 if "norm" in name else DECAY
            w -= np.float32(rate) * (m / np.float32(1 - 0.9**self.count) / root + np.float32(decay) * w)


def batches(tokenizer, source):
    """Windows of CONTEXT + 1 tokens out of stories one behind the other, each with its begin mark."""
    stream, need = [], BATCH * (CONTEXT + 1)
    while True:
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
        file.write(np.zeros(CONTEXT * HEAD, "<f4").tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent)
    args = parser.parse_args()

    tokenizer = Tokenizer.learn(itertools.islice(stories(SEED), 5000), VOCAB)
    tokenizer.write(args.out / "stories.tokenizer")
    train, held_out = batches(tokenizer, stories(SEED + 1)), batches(tokenizer, stories(SEED + 2))
    checks = [next(held_out) for _ in range(4)]
    weights = init(np.random.default_rng(SEED))
    print(sum(w.size for w in weights.values()), "parameters", flush=True)
    optimizer, started = AdamW(weights), time.process_time()
    for count in range(1, args.steps + 1):
        warm = min(1, count / WARM_UP)
        value, grads = loss(weights, next(train))
        optimizer.step(grads, RATE * warm * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * count / args.steps))))
        if count % 100 == 0 or count == args.steps:
            held = np.mean([loss(weights, check, gradients=False)[0] for check in checks])
            spent = time.process_time() - started
            print(f"step {count} loss {value:.3f} held-out {held:.3f} after {spent:.0f} s", flush=True)
            write(weights, args.out / "stories.bin")


if __name__ == "__main__":
    main()
