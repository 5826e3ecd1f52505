"""ConvResNeXts in PyTorch, path by path, and scikit-learn's kernel methods, for tests/methods/convresnext.

python3 tests/reference/convresnext.py writes convresnext.json beside itself (then: deno fmt tests/reference).
Needs torch and scikit-learn.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_ridge import KernelRidge

from compact import array, numbers, sample
from philox import Stream

torch.set_default_dtype(torch.float64)
N_POINTS = 5


def normal(name, shape, std=1.0):
    return torch.from_numpy(Stream(5, "convresnext", name).normal(shape, std)).double()


def network(kernels, out, x):
    """kernels [N, L, M, w_in, w_out, K], out [D, w], x [n, D]; one convolution at a time."""
    blocks, layers, paths, width, _, taps = kernels.shape
    n, positions = x.shape
    z = torch.cat([x[:, None], torch.ones(n, 1, positions), torch.zeros(n, width - 2, positions)], 1)
    for b in range(blocks):
        total = z
        for m in range(paths):
            h = z
            for l in range(layers):
                h = F.conv1d(F.pad(h, (0, taps - 1)), kernels[b, l, m].transpose(0, 1))
                if l < layers - 1:
                    h = F.relu(h)
            total = total + h
        z = total
    return torch.einsum("ncd,dc->n", z, out)


def case(D, w, L, K, M, N):
    kernels = normal("kernels", [N, L, M, w, w, K], 0.4).requires_grad_()
    out = normal("out", [D, w], 0.4).requires_grad_()
    x, y = normal("x", [N_POINTS, D]), normal("y", [N_POINTS])
    f = network(kernels, out, x)
    result = {"architecture": dict(D=D, w=w, L=L, K=K, M=M, N=N), "f": numbers(f.detach())}
    for risk in ("squared", "logistic"):
        if risk == "squared":
            value = F.mse_loss(f, y)
        else:
            value = F.binary_cross_entropy_with_logits(f, (y > 0).double())
        loss = value + 0.03 * kernels.square().sum() + 0.02 * out.square().sum()
        gradients = torch.autograd.grad(loss, [kernels, out], retain_graph=True)
        result[risk] = {
            "loss": loss.item(), "kernels": sample(gradients[0], 12), "out": sample(gradients[1], 12)}
    return result


def resnet(D, w, L, K, N):
    """ConvResNet: blocks of one path, written with torch's own modules."""
    kernels, out, x = normal("kernels", [N, L, 1, w, w, K], 0.4), normal("out", [D, w], 0.4), normal("x", [N_POINTS, D])
    z = torch.cat([x[:, None], torch.ones(N_POINTS, 1, D), torch.zeros(N_POINTS, w - 2, D)], 1)
    for b in range(N):
        block = []
        for l in range(L):
            convolution = torch.nn.Conv1d(w, w, K, bias=False)
            convolution.weight.data = kernels[b, l, 0].transpose(0, 1).clone()
            block += [torch.nn.ConstantPad1d((0, K - 1), 0.0), convolution] + ([torch.nn.ReLU()] if l < L - 1 else [])
        z = z + torch.nn.Sequential(*block)(z)
    f = torch.einsum("ncd,dc->n", z, out)
    return {"architecture": dict(D=D, w=w, L=L, K=K, M=1, N=N), "f": numbers(f.detach())}


def convolution():
    z, kernels = normal("z", [2, 19, 3]), normal("one kernel", [3, 4, 6])
    y = F.conv1d(F.pad(z.transpose(1, 2), (0, 5)), kernels.transpose(0, 1)).transpose(1, 2)
    return {"y": array(y)}


def kernel_methods():
    D, n = 4, 30
    x, y = normal("points", [n, D]).numpy(), normal("responses", [n]).numpy()
    new = normal("new points", [7, D]).numpy()
    mean, out = y.mean(), {}
    width, ridge = 1.7, 0.3
    for name in ("rbf", "matern"):
        shape = RBF(width) if name == "rbf" else Matern(width, nu=1.5)
        variance = (y - mean) @ np.linalg.solve(shape(x) + ridge * np.eye(n), y - mean) / n
        process = GaussianProcessRegressor(
            ConstantKernel(variance) * shape + WhiteKernel(variance * ridge), optimizer=None, alpha=0.0)
        process.fit(x, y - mean)
        best = GaussianProcessRegressor(
            ConstantKernel(1.0, (1e-6, 1e6)) * type(shape)(length_scale_bounds=(1e-3, 1e4))
            + WhiteKernel(1.0, (1e-6, 1e6)), alpha=0.0, n_restarts_optimizer=30, random_state=0).fit(x, y - mean)
        out[name] = {
            "width": width, "ridge": ridge,
            "predictions": numbers(process.predict(new) + mean, 13),
            "negativeLogEvidence": -process.log_marginal_likelihood_value_ / n,
            "bestNegativeLogEvidence": -best.log_marginal_likelihood_value_ / n,
        }
    ridge_regression = KernelRidge(kernel="rbf", gamma=1 / (2 * width**2), alpha=ridge).fit(x, y - mean)
    out["rbf"]["ridgePredictions"] = numbers(ridge_regression.predict(new) + mean, 13)
    return out


def main():
    out = {
        "convolution": convolution(),
        "networks": [case(3, 4, 3, 6, 3, 2), case(8, 3, 4, 3, 2, 1), case(19, 4, 2, 6, 2, 2)],
        "resnet": resnet(11, 4, 3, 4, 3),
        "kernels": kernel_methods(),
    }
    (Path(__file__).parent / "convresnext.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
