"""LoSparse on a small perceptron in float64, written from the equations, for the tests of methods/losparse.

python3 tests/reference/losparse.py writes losparse.json beside itself (then: deno fmt tests/reference). The split,
the windows, the threshold and AdamW are numpy; only gradients are torch's. Weights are [out, in], as in torch.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch

from compact import numbers
from philox import Stream

SEED = 13
WIDTHS = [6, 10, 8, 4]
STEPS, WARMUP, COOLDOWN, EVERY = 40, 6, 12, 4
RATIO, FINAL = 0.3, 0.35
BETA1, LR, DECAY, BATCH = 0.85, 0.01, 0.02, 12


def draw(*name, shape, std=1.0):
    return Stream(SEED, *name).normal(list(shape), std).astype(np.float64)


def split(w):
    """W = L R + S with L, R from the truncated decomposition; [out, in]."""
    d1, d2 = w.shape
    rank = math.ceil(RATIO * d1 * d2 / (d1 + d2))
    u, s, vt = np.linalg.svd(w, full_matrices=False)
    root = np.sqrt(s[:rank])
    left, right = u[:, :rank] * root, root[:, None] * vt[:rank]
    return left, right, w - left @ right, s


def remaining(t):
    """Share p_t of the entries of S that remains, and whether to cut at this step."""
    if t <= WARMUP:
        return 1.0, False
    if t > STEPS - COOLDOWN:
        return FINAL, True
    progress = (t - WARMUP) / (STEPS - WARMUP - COOLDOWN)
    return FINAL + (1 - FINAL) * (1 - progress) ** 3, t % EVERY == 0


def forward(p, x):
    """Rectified layers, the last one linear; y = L(R x) + S x + b."""
    h = x
    for i in range(len(WIDTHS) - 1):
        y = h @ p[f"r{i}"].T @ p[f"l{i}"].T + h @ p[f"s{i}"].T + p[f"b{i}"]
        h = torch.relu(y) if i < len(WIDTHS) - 2 else y
    return h


def main():
    layers = range(len(WIDTHS) - 1)
    params, spectra = {}, []
    for i in layers:
        w = draw("w", i, shape=[WIDTHS[i + 1], WIDTHS[i]], std=0.6)
        params[f"l{i}"], params[f"r{i}"], params[f"s{i}"], s = split(w)
        params[f"b{i}"] = draw("b", i, shape=[WIDTHS[i + 1]], std=0.1)
        spectra.append(s)
    start = {k: v.copy() for k, v in params.items()}
    m = {k: np.zeros_like(v) for k, v in params.items()}
    v = {k: np.zeros_like(p) for k, p in params.items()}
    window = {i: np.zeros_like(params[f"s{i}"]) for i in layers}
    average = {i: np.zeros_like(params[f"s{i}"]) for i in layers}
    entries = sum(params[f"s{i}"].size for i in layers)
    losses, masks, scores, kept = [], [], {}, []
    for t in range(STEPS):
        x, y = draw("x", t, shape=[BATCH, WIDTHS[0]]), draw("y", t, shape=[BATCH, WIDTHS[-1]])
        tensors = {k: torch.tensor(p, requires_grad=True) for k, p in params.items()}
        loss = ((forward(tensors, torch.tensor(x)) - torch.tensor(y)) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        g = {k: p.grad.numpy() for k, p in tensors.items()}
        for k in params:
            m[k] = 0.9 * m[k] + 0.1 * g[k]
            v[k] = 0.999 * v[k] + 0.001 * g[k] ** 2
            hat = m[k] / (1 - 0.9 ** (t + 1)), v[k] / (1 - 0.999 ** (t + 1))
            params[k] = params[k] * (1 - LR * DECAY) - LR * hat[0] / (np.sqrt(hat[1]) + 1e-8)
        place = t % EVERY
        for i in layers:
            sensitivity = np.abs(params[f"s{i}"] * g[f"s{i}"])
            if place == 0:
                average[i] = BETA1 * average[i] + (1 - BETA1) * window[i]
                window[i] = sensitivity
            else:
                window[i] = (window[i] * place + sensitivity) / (place + 1)
        rows = [average[i].mean(1) for i in layers]
        share, cut = remaining(t)
        if cut:
            every = np.concatenate([np.repeat(r, params[f"s{i}"].shape[1]) for i, r in zip(layers, rows)])
            k = int(entries * (1 - share))
            threshold = np.sort(every)[k - 1]
            for i in layers:
                params[f"s{i}"] = np.where((rows[i] < threshold)[:, None], 0.0, params[f"s{i}"])
        if t in (0, 4, 8, 9, 12, 20, 27, 28, 30, 35, 39):
            scores[str(t)] = numbers(np.concatenate(rows), 12)
        alive = [np.any(params[f"s{i}"] != 0, axis=1) for i in layers]
        masks.append("".join("1" if a else "0" for a in np.concatenate(alive)))
        kept.append(sum(int(a.sum()) * params[f"s{i}"].shape[1] for i, a in zip(layers, alive)))
    out = {
        "settings": dict(widths=WIDTHS, steps=STEPS, warmup=WARMUP, cooldown=COOLDOWN, every=EVERY, ratio=RATIO,
                         final=FINAL, beta1=BETA1, lr=LR, weightDecay=DECAY, batch=BATCH),
        "entries": entries,
        "singularValues": [numbers(s, 15) for s in spectra],
        "products": [numbers(start[f"l{i}"] @ start[f"r{i}"], 12) for i in layers],
        "ranks": [start[f"l{i}"].shape[1] for i in layers],
        "loss": numbers(losses, 14), "scores": scores, "masks": masks, "kept": numbers(kept),
        "residuals": [numbers(params[f"s{i}"], 12) for i in layers],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
