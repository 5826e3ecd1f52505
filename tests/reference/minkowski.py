"""Writes minkowski.json: the balance by SciPy's root finder, Matern kernels, fits by PyTorch, shapes by
NumPy, for the tests of methods/minkowski (python minkowski.py > minkowski.json)."""

import json

import numpy as np
import torch
from scipy.optimize import brentq
from scipy.special import gamma, kv


def balance(eigenvalues, s, n, radius=1.0):
    """The root of 2s L + log N(exp(-L)) = log n by bisection, without knowing that it is piecewise linear."""
    half = np.log(radius * np.sqrt(eigenvalues))

    def cells(fineness):
        return np.maximum(0, half + fineness).sum()

    fineness = brentq(lambda x: 2 * s * x + cells(x) - np.log(n), -20, 60, xtol=1e-14)
    step = 1e-6
    other = brentq(lambda x: 2 * s * x + cells(x) - np.log(n) - step, -20, 60, xtol=1e-15)
    return {"epsilon": np.exp(-fineness), "dimension": cells(fineness) / fineness,
            "logError": -2 * s * fineness, "localSlope": -2 * s * (other - fineness) / step}


def spectrum(kind, value, d):
    j = np.arange(d)
    return {"exponential": np.exp(-value * j), "polynomial": (j + 1.0) ** -value,
            "isotropic": np.ones(d)}[kind]


balances = [
    {"kind": kind, "value": value, "d": d, "s": s, "n": n, "radius": radius,
     **balance(spectrum(kind, value, d), s, n, radius)}
    for kind, value, d, s, n, radius in [
        ("exponential", 0.5, 256, 1, 1e3, 1), ("exponential", 1, 256, 1, 1e4, 1),
        ("exponential", 4, 16, 1, 250, 1), ("exponential", 1, 16, 2, 1e5, 1),
        ("exponential", 0.25, 16, 1.5, 8000, 2), ("polynomial", 2, 64, 1, 1e4, 1),
        ("polynomial", 8, 256, 0.5, 3000, 0.5), ("isotropic", 0, 8, 1, 1e4, 1),
    ]
]


def matern(r, nu, length):
    z = np.sqrt(2 * nu) * r / length
    return 2 ** (1 - nu) / gamma(nu) * z**nu * kv(nu, z)


kernels = [
    {"smoothness": nu, "lengthScale": length, "distance": r, "covariance": matern(r, nu, length)}
    for nu, length in [(0.5, 1), (1, 1), (1, 2), (2, 0.7)]
    for r in [0.1, 0.5, 1.0, 2.0]
]


def wave(shape, step, shift):
    """Numbers that the test makes in the same way: sin(step i + shift)."""
    return torch.sin(step * torch.arange(int(np.prod(shape)), dtype=torch.float64) + shift).reshape(shape)


def fits():
    """Two seeds, two members each, 3 checkpoints of 4 steps; float64, so that only ours rounds."""
    seeds, members, rows, d, width, batch = 2, 2, 10, 3, 5, 4
    checkpoints, interval = 3, 4
    x, y = wave((seeds * rows, d), 1.7, 0.3), wave((seeds * rows,), 2.3, 0.1)
    vx, vy = wave((seeds, 6, d), 0.9, 0.5), wave((seeds, 6), 1.1, 0.7)
    tx, ty = wave((seeds, 7, d), 1.3, 0.2), wave((seeds, 7), 0.6, 0.4)
    count = checkpoints * interval * seeds * members * batch
    order = (torch.arange(count) * 7 % rows).reshape(checkpoints, interval, seeds, members, batch)
    rates = 0.05 * (1 + wave((checkpoints, interval), 0.4, 0))
    shapes = [(d, width), (width,), (width, width), (width,), (width, 1), (1,)]
    out = {"validation": [], "training": [], "test": []}
    for s in range(seeds):
        for m in range(members):
            p = [(0.5 * wave((seeds, *shape), 0.8 + 0.1 * k, k)[s]).clone().requires_grad_()
                 for k, shape in enumerate(shapes)]

            def net(z):
                h = torch.relu(z @ p[0] + p[1])
                h = torch.relu(h @ p[2] + p[3])
                return (h @ p[4] + p[5]).reshape(-1)

            optimiser = torch.optim.Adam(p, lr=1)
            least, best = np.inf, None
            for c in range(checkpoints):
                losses = []
                for i in range(interval):
                    at = order[c, i, s, m] + s * rows
                    for group in optimiser.param_groups:
                        group["lr"] = float(rates[c, i])
                    optimiser.zero_grad()
                    loss = ((net(x[at]) - y[at]) ** 2).mean()
                    loss.backward()
                    optimiser.step()
                    losses.append(float(loss.detach()))
                with torch.no_grad():
                    error = float(((net(vx[s]) - vy[s]) ** 2).mean())
                    if error < least:
                        least, best = error, float(((net(tx[s]) - ty[s]) ** 2).mean())
                out["validation"].append(error)
                out["training"].append(float(np.mean(losses)))
            out["test"].append(best)
    return out


x = [5.5, 6.2, 6.9, 7.6, 8.3, 9.0]
y = [-0.4, -0.7, -1.0, -1.1, -1.4, -1.45]
i = np.arange(6)
matrix = np.cos(np.outer(i + 1, i + 2)) + np.cos(np.outer(i + 2, i + 1)) + np.diag(i)

print(json.dumps({
    "balances": balances,
    "kernels": kernels,
    "fits": fits(),
    "curvature": {"x": x, "y": y, "value": float(np.polyfit(x, y, 2)[0])},
    "eigen": {"d": 6, "matrix": matrix.ravel().tolist(),
              "values": np.linalg.eigvalsh(matrix)[::-1].tolist()},
}, indent=1))
