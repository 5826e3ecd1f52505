"""Values of torch.func's transformations and their compositions, for the tests of vmap, jvp, hessian and the rest.

python3 tests/reference/transforms.py writes transforms.json beside itself (then: deno fmt tests/reference).
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(7)


def draw(*shape):
    return torch.randn(*shape, generator=generator).mul(1e4).round().div(1e4)


def array(x):
    return {"shape": list(x.shape), "values": [float(f"{v:.15g}") for v in np.asarray(x.detach()).ravel()]}


def tree(x):
    if isinstance(x, torch.Tensor):
        return array(x)
    if isinstance(x, dict):
        return {k: tree(v) for k, v in x.items()}
    return [tree(v) for v in x]


SEEDS, ITEMS = 3, 5
params = {"b": draw(4), "v": draw(4, 2), "w": draw(3, 4)}
many = {k: draw(SEEDS, *v.shape) for k, v in params.items()}
direction = {k: draw(*v.shape) for k, v in params.items()}
second = {k: draw(*v.shape) for k, v in params.items()}
x, y, u = draw(ITEMS, 3), draw(ITEMS, 2), draw(3)


def net(p, x):
    return torch.tanh(x @ p["w"] + p["b"]) @ p["v"]


def loss(p, x, y):
    return torch.logsumexp(net(p, x) - y, -1) + ((net(p, x) - y) ** 2).mean()


def total(p, x, y):
    return vmap(loss, (None, 0, 0))(p, x, y).mean()


def inner(a, b):
    return sum((a[k] * b[k]).sum() for k in a)


def hvp(p, v):
    return jvp(grad(lambda p: total(p, x, y)), (p,), (v,))[1]


def energy(p, x):
    """A scalar of an input, whose slope is a force."""
    return net(p, x).sin().sum()


def force_loss(p, x):
    """A loss of first and second derivatives in x: its gradient in p is of third order."""
    force = grad(energy, argnums=1)(p, x)
    curvature = jacfwd(grad(energy, argnums=1), argnums=1)(p, x).diagonal().sum()
    return (force**2).sum() + curvature


def train(p, x, y):
    losses = []
    for _ in range(4):
        losses.append(total(p, x, y))
        g = grad(total)(p, x, y)
        p = {k: p[k] - 0.1 * g[k] for k in p}
    return p, torch.stack(losses)


def branch(x):
    return torch.where(x.sum() < 0, x.sin().sum(), (x**3).sum())


def main():
    cases = {
        "perExampleGradients": vmap(grad(loss), (None, 0, 0))(params, x, y),
        "ensemble": vmap(grad(total), (0, None, None))(many, x, y),
        "ensembleOfExamples": vmap(vmap(grad(loss), (None, 0, 0)), (0, None, None))(many, x, y),
        "gradientOfVmap": grad(lambda p: (vmap(net, (None, 0))(p, x) ** 3).sum())(params),
        "jvp": jvp(lambda p: vmap(net, (None, 0))(p, x), (params,), (direction,))[1],
        "vjp": vjp(lambda p: vmap(net, (None, 0))(p, x), params)[1](y)[0],
        "hessianVectorProduct": hvp(params, direction),
        "thirdDerivative": grad(lambda p: inner(hvp(p, direction), second))(params),
        "jacobianReverse": jacrev(net)(params, x[0]),
        "jacobianForward": jacfwd(net, argnums=1)(params, x[0]),
        "hessian": hessian(energy, argnums=1)(params, x[0]),
        "hessians": vmap(hessian(energy, argnums=1), (None, 0))(params, x),
        "parameterHessian": hessian(lambda p: total(p, x, y))(params),
        "thirdOrderTensor": jacfwd(jacrev(jacfwd(lambda u: energy(params, u))))(u),
        "forceMatching": grad(lambda p: vmap(force_loss, (None, 0))(p, x).mean())(params),
        "training": train(params, x, y),
        "trainingOfSeeds": vmap(train, (0, None, None))(many, x, y),
        "throughTraining": grad(lambda p: total(train(p, x, y)[0], x, y))(params),
        "alongTraining": jvp(lambda p: train(p, x, y)[1], (params,), (direction,))[1],
        "branches": vmap(grad(branch))(x),
        "branchHessians": vmap(hessian(branch))(x),
    }
    inputs = {"params": params, "many": many, "direction": direction, "second": second, "x": x, "y": y, "u": u}
    out = {"inputs": tree(inputs), "cases": tree(cases)}
    (Path(__file__).parent / "transforms.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
