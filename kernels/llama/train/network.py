# SPDX-License-Identifier: MIT OR Apache-2.0
"""The network in numpy: its loss and, by hand, the gradient of every weight. Layers are stacked along the first axis of a weight."""

import numpy as np

DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB, CONTEXT = 96, 256, 5, 6, 2, 1024, 256
HEAD, GROUP = DIM // HEADS, HEADS // KV_HEADS
EPSILON = 1e-5


def init(rng):
    """Weights to begin with. The head is the embedding."""
    normal = lambda *shape, scale=0.02: rng.normal(0, scale, shape).astype(np.float32)
    deep = 0.02 / (2 * LAYERS) ** 0.5
    return {
        "embedding": normal(VOCAB, DIM),
        "attention_norm": np.ones((LAYERS, DIM), np.float32),
        "wq": normal(LAYERS, DIM, DIM),
        "wk": normal(LAYERS, KV_HEADS * HEAD, DIM),
        "wv": normal(LAYERS, KV_HEADS * HEAD, DIM),
        "wo": normal(LAYERS, DIM, DIM, scale=deep),
        "ffn_norm": np.ones((LAYERS, DIM), np.float32),
        "w1": normal(LAYERS, HIDDEN, DIM),
        "w2": normal(LAYERS, DIM, HIDDEN, scale=deep),
        "w3": normal(LAYERS, HIDDEN, DIM),
        "final_norm": np.ones(DIM, np.float32),
    }


class Norm:
    """RMSNorm and what its gradient needs."""

    def __init__(self, x, weight):
        self.x, self.weight = x, weight
        self.inverse = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(EPSILON))
        self.out = weight * (x * self.inverse)

    def back(self, d):
        """Gradients of input and weight."""
        scaled = d * self.weight
        mean = (scaled * self.x).mean(-1, keepdims=True)
        dx = self.inverse * (scaled - self.x * (self.inverse**2 * mean))
        return dx, (d * self.x * self.inverse).sum(0)


_angle = np.arange(CONTEXT)[:, None] * 10000.0 ** (-np.arange(0, HEAD, 2) / HEAD)
COSINE, SINE = np.cos(_angle).astype(np.float32), np.sin(_angle).astype(np.float32)


def rotate(x, length, sine):
    """Turns the pairs (2i, 2i + 1) of heads, ... x length x HEAD; the gradient turns back, by -sine."""
    cosine, sine = COSINE[:length], sine[:length]
    out = np.empty_like(x)
    a, b = x[..., 0::2], x[..., 1::2]
    out[..., 0::2] = a * cosine - b * sine
    out[..., 1::2] = b * cosine + a * sine
    return out


class Attention:
    """Causal attention; rows of q, k, v are batch x length."""

    def __init__(self, q, k, v, batch, length):
        self.shape = batch, length
        split = lambda x, group: x.reshape(batch, length, KV_HEADS, group, HEAD).transpose(0, 2, 3, 1, 4)
        self.q = rotate(split(q, GROUP), length, SINE) * np.float32(HEAD**-0.5)
        self.k = rotate(split(k, 1), length, SINE)
        self.v = np.ascontiguousarray(split(v, 1))
        p = self.q @ self.k.swapaxes(-1, -2)
        p += np.triu(np.full((length, length), -np.inf, np.float32), 1)
        p -= p.max(-1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(-1, keepdims=True)
        self.p = p
        self.out = self.join(p @ self.v)

    def join(self, x):
        batch, length = self.shape
        return x.transpose(0, 3, 1, 2, 4).reshape(batch * length, -1)

    def back(self, d):
        batch, length = self.shape
        d = d.reshape(batch, length, KV_HEADS, GROUP, HEAD).transpose(0, 2, 3, 1, 4)
        ds = d @ self.v.swapaxes(-1, -2)
        ds -= (ds * self.p).sum(-1, keepdims=True)
        ds *= self.p
        dq = rotate(ds @ self.k, length, -SINE) * np.float32(HEAD**-0.5)
        dk = rotate((ds.swapaxes(-1, -2) @ self.q).sum(2, keepdims=True), length, -SINE)
        dv = (self.p.swapaxes(-1, -2) @ d).sum(2, keepdims=True)
        return self.join(dq), self.join(dk), self.join(dv)


def loss(weights, tokens, gradients=True):
    """Mean negative log-likelihood of each next token in nats, and the gradient of each weight."""
    batch, length = tokens.shape[0], tokens.shape[1] - 1
    read, want = tokens[:, :-1].reshape(-1), tokens[:, 1:].reshape(-1)
    w = weights
    x, layers = w["embedding"][read], []
    for l in range(LAYERS):
        first = Norm(x, w["attention_norm"][l])
        attention = Attention(*(first.out @ w[name][l].T for name in ("wq", "wk", "wv")), batch, length)
        x = x + attention.out @ w["wo"][l].T
        second = Norm(x, w["ffn_norm"][l])
        gate, up = second.out @ w["w1"][l].T, second.out @ w["w3"][l].T
        sigmoid = 1 / (1 + np.exp(-gate))
        x = x + (gate * sigmoid * up) @ w["w2"][l].T
        layers.append((first, attention, second, gate, up, sigmoid))
    last = Norm(x, w["final_norm"])
    p = last.out @ w["embedding"].T
    p -= p.max(-1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(-1, keepdims=True)
    rows = np.arange(len(want))
    value = -np.log(p[rows, want]).mean()
    if not gradients:
        return value, None

    grads = {name: np.zeros_like(weight) for name, weight in w.items()}
    p[rows, want] -= 1
    p /= len(want)
    grads["embedding"] = p.T @ last.out
    dx, grads["final_norm"] = last.back(p @ w["embedding"])
    for l in reversed(range(LAYERS)):
        first, attention, second, gate, up, sigmoid = layers[l]
        silu = gate * sigmoid
        grads["w2"][l] = dx.T @ (silu * up)
        dh = dx @ w["w2"][l]
        dgate, dup = dh * up * (sigmoid + silu * (1 - sigmoid)), dh * silu
        grads["w1"][l], grads["w3"][l] = dgate.T @ second.out, dup.T @ second.out
        d, grads["ffn_norm"][l] = second.back(dgate @ w["w1"][l] + dup @ w["w3"][l])
        dx = dx + d
        grads["wo"][l] = dx.T @ attention.out
        parts = dict(zip(("wq", "wk", "wv"), attention.back(dx @ w["wo"][l])))
        for name, part in parts.items():
            grads[name][l] = part.T @ first.out
        d, grads["attention_norm"][l] = first.back(sum(part @ w[name][l] for name, part in parts.items()))
        dx = dx + d
    np.add.at(grads["embedding"], read, dx)
    return value, grads
