"""Values and gradients of operators by PyTorch in float64, for the tests of methods/tensor/ops.

python3 tests/reference/operators.py writes operators.json beside itself (then: deno fmt tests/reference).
Each array is one string, "float64[2,3] 0.5 nan -0 …". Gradients are those of the sum of the outputs weighed by
((37 i + 11) mod 19 − 9) / 8 at flat index i. The functions of the same names are in operators_reference_test.ts.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
INF, NAN = float("inf"), float("nan")
cases = {}


def text(x):
    x = x.detach()
    def number(v):
        return "-0" if v == 0 and np.signbit(np.float64(v)) else f"{v:.12g}"
    kind = str(x.dtype).removeprefix("torch.")
    return f"{kind}[{','.join(map(str, x.shape))}] " + " ".join(number(float(v)) for v in x.numpy().ravel())


def weights(shape):
    i = torch.arange(int(np.prod(shape)))
    return (((37 * i + 11) % 19 - 9) / 8).reshape(shape)


def case(name, f, *inputs):
    xs = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    y = f(*xs)
    ys = list(y) if isinstance(y, (tuple, list)) else [y]
    out = {"inputs": [text(x) for x in xs], "outputs": [text(v) for v in ys]}
    smooth = [v for v in ys if v.is_floating_point() and v.requires_grad]
    floats = [x for x in xs if x.is_floating_point()]
    if smooth:
        total = sum((v * weights(v.shape)).sum() for v in smooth)
        grads = torch.autograd.grad(total, floats, allow_unused=True)
        out["gradients"] = [text(torch.zeros_like(x) if g is None else g) for x, g in zip(floats, grads)]
    assert name not in cases, name
    cases[name] = out


rng = np.random.default_rng(3)


def r(*shape, low=-1.5, high=1.5):
    return torch.from_numpy(np.round(rng.uniform(low, high, shape), 4))


def v(*values):
    return torch.tensor(values, dtype=torch.float64)


def ints(*values, dtype=torch.int64):
    return torch.tensor(values, dtype=dtype)


wide = v(-100, -30, -2.5, -1, -0.5, -1e-8, 1e-8, 0.3, 1, 2.5, 30, 80)
unit = v(-0.875, -0.5, -1e-6, 1e-6, 0.25, 0.9375)
special = v(-INF, -2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, INF, NAN)


def elementwise():
    case("tan", torch.tan, v(-1.5, -0.4, 1e-6, 0.7, 3))
    for name in ("asin", "acos", "atanh"):
        case(name, getattr(torch, name), unit)
    case("atan", torch.atan, torch.cat([wide, v(1e4)]))
    case("atan2", torch.atan2, v(1, 1, -1, -1, 0, 0, 2, -3, 0.5), v(1, -1, 1, -1, 2, -2, 1e-3, 0.1, 4))
    for name in ("sinh", "cosh", "asinh"):
        case(name, getattr(torch, name), v(-20, -3, -1e-5, 1e-5, 0.5, 5, 20))
    case("acosh", torch.acosh, v(1.0625, 1.5, 4, 1e4))
    case("log1p", torch.log1p, v(-0.9, -1e-8, -1e-20, 1e-20, 1e-8, 1e-3, 0.5, 1e6))
    case("expm1", torch.expm1, v(-100, -1, -1e-8, 1e-20, 1e-8, 1e-3, 0.5, 10, 80))
    case("softplus", lambda x: torch.logaddexp(x, torch.zeros_like(x)), torch.cat([wide, v(100)]))
    case("logSigmoid", F.logsigmoid, torch.cat([wide, v(100)]))
    case("elu", lambda x: F.elu(x, 1.3), wide)
    case("leakyRelu", lambda x: F.leaky_relu(x, 0.2), wide)
    case("selu", F.selu, wide)
    case("mish", F.mish, wide)
    case("hardtanh", lambda x: F.hardtanh(x, -0.5, 2.5), wide)
    case("relu", F.relu, wide)
    case("gelu", F.gelu, wide)
    case("silu", F.silu, wide)
    case("reciprocal", torch.reciprocal, v(-4, 0.5, 1e-3))
    case("fmod", torch.fmod, v(-7.5, 7.5, -7.5, 7.5, 1e6, 0.3), v(2, 2, -2, -2, 0.375, 5))
    case("remainder", torch.remainder, v(-7.5, 7.5, -7.5, 7.5, 1e6, 0.3, -6), v(2, 2, -2, -2, 0.375, -5, 3))
    case("remainder of integers", torch.remainder, ints(-7, 7, -7, 7, 6), ints(3, 3, -3, -3, 3))
    case("fmod of integers", torch.fmod, ints(-7, 7, -7, 7, 6), ints(3, 3, -3, -3, 3))
    case("floorDivide", lambda a, b: torch.floor_divide(a.detach(), b.detach()), v(-7.5, 7.5, -7.5), v(2, 2, -2))
    case("floorDivide of integers", torch.floor_divide, ints(-7, 7, -7, 7, 6), ints(3, 3, -3, -3, 3))
    case("quotient of integers", lambda a, b: torch.div(a, b, rounding_mode="trunc"),
         ints(-7, 7, -7, 7, 6), ints(3, 3, -3, -3, 3))


def specials():
    for name in ("ceil", "floor", "round", "trunc", "neg", "exp", "tanh", "sigmoid", "log1p", "expm1", "atan", "asinh", "sinh"):
        case(f"special {name}", lambda x, f=getattr(torch, name): f(x), special)
    for name in ("abs", "relu"):
        case(f"special {name}", lambda x, f=getattr(torch, name): f(x.detach()), special)
    case("special softplus", F.softplus, special)
    case("special logSigmoid", F.logsigmoid, special)
    # PyTorch's derivative at NaN depends on where in memory it lies.
    case("special elu", F.elu, special[:-1])
    case("special leakyRelu", F.leaky_relu, special)
    for name in ("isnan", "isinf", "isfinite"):
        case(f"special {name}", lambda x, f=getattr(torch, name): f(x), special)
    case("special notEqual", lambda x: x != x.detach().flip(0), special)
    case("logicalXor", torch.logical_xor, ints(0, 0, 1, 1, dtype=torch.bool), ints(0, 1, 0, 1, dtype=torch.bool))
    case("where of bools", torch.where, ints(0, 1, 1, dtype=torch.bool), ints(1, 1, 0, dtype=torch.bool),
         ints(1, 0, 1, dtype=torch.bool))
    case("special cumsum", lambda x: x.cumsum(0), v(1, INF, 2, NAN, 3))
    case("special sum", lambda x: x.sum(1), torch.stack([v(1, INF), v(INF, -INF), v(NAN, 0), v(-INF, 1)]))
    case("special logSumExp", lambda x: x.logsumexp(1), torch.stack([v(-INF, 1), v(1000, 1001), v(-1000, -999)]))
    case("cast to int32", lambda x: x.to(torch.int32), v(-2.7, -0.5, 0.5, 2.7, 1e6))
    case("cast to int64", lambda x: x.to(torch.int64), v(-2.7, -0.5, 0.5, 2.7, 1e9))
    case("cast to bool", lambda x: x.to(torch.bool), v(-2.7, -0.0, 0.0, 1e-30, NAN))
    case("integer arithmetic", lambda a, b: torch.stack([a + b, a - b, a * b, torch.maximum(a, b), torch.minimum(a, b),
                                                       -a, a.abs(), a.sign()]),
         ints(-7, 0, 5), ints(3, -2, 5))
    case("integer comparisons", lambda a, b: torch.stack([a == b, a < b, a <= b, a > b, a >= b]), ints(-7, 0, 5), ints(3, -2, 5))
    case("integer reductions", lambda a: torch.stack([a.sum(1), a.prod(1), a.amax(1), a.amin(1), a.argmax(1), a.argmin(1)]),
         ints([3, -4, 2], [5, 0, -7]))


def reductions():
    x = r(2, 3, 4)
    case("prod", lambda x: x.prod(1), x)
    case("prod with zeros", lambda x: x.prod(1), torch.stack([v(2, 0, 3), v(0, 0, 4), v(1, 2, 3)]))
    case("prod of all", lambda x: x.prod(), r(2, 3))
    case("max ties", lambda x: x.amax(1), torch.stack([v(2, 2, 1), v(0, -1, 0)]))
    case("min ties", lambda x: x.amin(1), torch.stack([v(2, 1, 1), v(0, 0, 0)]))
    case("any", lambda x: x.any(1), ints([0, 1], [0, 0], dtype=torch.bool))
    case("all", lambda x: x.all(1), ints([0, 1], [1, 1], dtype=torch.bool))
    case("argmin", lambda x: x.argmin(1), x)
    case("countNonZero", lambda x: (x != 0).sum(1).to(torch.int32), torch.stack([v(0, -0.0, 1), v(2, NAN, 0)]))
    zero = torch.stack([v(0, 0, 0), v(3, -4, 0)])
    for p in (1, 2, 3, INF, -1):
        y = zero if p > 0 else r(2, 3) + 3
        case(f"norm {p}", lambda x, p=p: torch.linalg.vector_norm(x, p, 1), y)
    case("norm over two axes", lambda x: torch.linalg.vector_norm(x, 2, (0, 2), keepdim=True), x)
    case("l2Normalize", lambda x: F.normalize(x, dim=1), zero)
    case("logSumExp", lambda x: x.logsumexp((0, 2)), x)
    case("std", lambda x: x.std(1, correction=0), x)
    case("std sample", lambda x: x.std((0, 2), correction=1), x)
    case("std of equals", lambda x: x.std(0, correction=1), v(2, 2, 2))
    case("size one", lambda x: (x.std(1, correction=0), x.prod(1), x.cumsum(1), x.sort(1)[0]), r(3, 1))


def orders():
    x = r(3, 5)
    for reverse in (False, True):
        for exclusive in (False, True):
            def total(x, f, fill):
                y = x.flip(1) if reverse else x
                if exclusive:
                    y = torch.cat([torch.full_like(y[:, :1], fill), y[:, :-1]], 1)
                y = f(y, 1)
                return y.flip(1) if reverse else y
            name = f"{'reverse ' if reverse else ''}{'exclusive ' if exclusive else ''}"
            case(f"{name}cumsum", lambda x: total(x, torch.cumsum, 0.0), x)
            case(f"{name}cumprod", lambda x: total(x, torch.cumprod, 1.0), x)
    case("cumprod with zeros", lambda x: x.cumprod(0), v(2, 0, 3, 0, 4))
    case("cumsum of integers", lambda x: x.cumsum(0), ints(3, -4, 2))
    ties = torch.stack([v(2, 1, 2, 0, 1), v(0, -0.5, INF, -INF, 3)])
    case("sort", lambda x: torch.sort(x, dim=1, stable=True), ties)
    case("sort descending", lambda x: torch.sort(x, dim=0, descending=True, stable=True), x)
    case("argsort", lambda x: torch.argsort(x, dim=1, descending=True, stable=True), ties)
    case("topK", lambda x: torch.topk(x, 2, 1), x)
    case("topK smallest", lambda x: torch.topk(x, 2, 0, largest=False), x)
    case("sort integers", lambda x: torch.sort(x, stable=True), ints(3, -4, 2, 3))


def arrangements():
    x = r(3, 4)
    case("flip", lambda x: x.flip(0, 1), x)
    case("roll", lambda x: torch.roll(x, (-5,), (1,)), x)
    case("roll flat", lambda x: torch.roll(x, 3), x)
    case("tile", lambda x: torch.tile(x, (2, 1, 3)), x)
    case("repeat", lambda x: torch.repeat_interleave(x, 3, 1), x)
    case("tril", lambda x: torch.tril(x, -1), r(2, 3, 4))
    case("triu", lambda x: torch.triu(x, 1), torch.cat([r(2, 4), torch.full((1, 4), NAN)]))
    case("diagonal", lambda x: torch.diagonal(x, -1, 0, 2), r(3, 2, 4))
    case("trace", torch.trace, r(4, 4))
    case("diagonalMatrix", lambda x: torch.diag_embed(x, 2), r(2, 3))
    case("linspace", lambda: torch.linspace(-1, 2, 7))
    case("arange", lambda: torch.arange(1, 2.05, 0.3))
    case("eye", lambda: torch.eye(2, 3))
    case("oneHot", lambda i: F.one_hot(i, 4).permute(0, 2, 1).to(torch.float64), ints([0, 3], [1, 1]))
    case("gatherND", lambda x, i: x[i[:, 0], i[:, 1]], r(3, 4, 2), ints([0, 1], [-1, 2], [0, 1]))
    case("scatter", lambda x, u: x.index_copy(1, ints(2, 0), u), r(2, 4), r(2, 2))
    case("putAlongAxis", lambda x, i, u: x.scatter(1, i, u), r(2, 3), ints([0, 2], [1, 0]), r(2, 2))
    case("scatterAdd repeated", lambda x, u: x.index_add(0, ints(1, 1, 0), u), r(2, 3), r(3, 3))
    case("scatterND", lambda x, i, u: x.index_put((i[:, 0], i[:, 1]), u), r(3, 4), ints([0, 1], [-1, 2]), r(2))
    case("scatterAddND", lambda x, i, u: x.index_put((i[:, 0],), u, accumulate=True), r(3, 4), ints([1], [1]), r(2, 4))
    case("dynamicSlice", lambda x: x[2:4, 1:3], r(4, 3))
    case("dynamicUpdateSlice", lambda x, u: torch.cat([x[:1], torch.cat([x[1:3, :1], u], 1), x[3:]]), r(4, 3), r(2, 2))


def einsums():
    for equation, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 4)),
        ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("i,j->ij", (3,), (4,)), ("ij->ji", (2, 3)), ("ij->", (2, 3)),
        ("ii->i", (3, 3)), ("ii", (3, 3)), ("ijj->i", (2, 3, 3)), ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
        ("i...->...", (2, 3, 2)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("a,b,c->cab", (2,), (3,), (2,)),
        ("ij,ij->i", (2, 3), (2, 3)), ("ij,kl->ik", (2, 3), (4, 2)), ("ij,j,ik->k", (2, 3), (3,), (2, 4)),
        ("ba,cb->ca", (3, 1), (2, 3)), ("i,i->", (4,), (4,)), ("bijk,kl->bijl", (2, 1, 3, 2), (2, 3)),
    ):
        case(f"einsum {equation}", lambda *x, e=equation: torch.einsum(e, *x), *(r(*s) for s in shapes))


def convolutions():
    case("conv1d", lambda x, w: F.conv1d(F.pad(x, (2, 0)), w, stride=2), r(2, 2, 7), r(3, 2, 3))
    case("conv1d same", lambda x, w: F.conv1d(x, w, padding="same", dilation=2), r(1, 2, 6), r(2, 2, 4))
    case("conv2d groups", lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
         r(2, 4, 5, 5), r(4, 2, 2, 3))
    case("conv2d depthwise", lambda x, w: F.conv2d(x, w, padding=1, groups=3), r(1, 3, 4, 3), r(6, 1, 3, 3))
    case("conv2d asymmetric", lambda x, w: F.conv2d(F.pad(x, (0, 2, 1, 0)), w), r(1, 2, 3, 4), r(2, 2, 2, 3))
    case("convTranspose1d", lambda x, w: F.conv_transpose1d(x, w, stride=3, padding=1, output_padding=2),
         r(2, 2, 4), r(2, 3, 3))
    case("convTranspose2d", lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=(1, 0), output_padding=1, dilation=(1, 2),
                                                            groups=2), r(1, 4, 3, 2), r(4, 2, 3, 2))
    tied = torch.tensor([[1.0, 1, 0, 2], [1, 0, 2, 2], [0, 0, -1, -1], [0, 0, -1, -3]]).reshape(1, 1, 4, 4)
    case("maxPool", lambda x: F.max_pool2d(x, 2), tied)
    case("maxPool overlapping", lambda x: F.max_pool2d(x, 3, 1, 1), tied)
    case("maxPool random", lambda x: F.max_pool2d(x, (2, 3), (1, 2), (1, 1)), r(2, 2, 5, 6))
    case("maxPool 1-D", lambda x: F.max_pool1d(x, 3, 2), r(2, 2, 7))
    case("averagePool", lambda x: F.avg_pool2d(x, 3, 2, 1), r(2, 2, 5, 6))
    case("averagePool uncounted", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), r(2, 2, 5, 6))
    case("averagePool 1-D", lambda x: F.avg_pool1d(x, 2), r(2, 2, 7))
    case("globalAveragePool", lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0], r(2, 3, 4, 2))


def normalizations():
    x, s, b = r(4, 6, 3), r(6), r(6)
    mean, var = r(6), r(6, low=0.5)

    def training(x, s, b, mean, var):
        m, v = mean.detach().clone(), var.detach().clone()
        return F.batch_norm(x, m, v, s, b, True, 0.2, 1e-3), m, v

    case("batchNorm", lambda x, s, b, m, v: F.batch_norm(x, m.detach(), v.detach(), s, b, False, 0.1, 1e-5),
         x, s, b, mean, var.abs())
    case("batchNormTraining", training, x, s, b, mean, var.abs())
    case("groupNorm", lambda x, s, b: F.group_norm(x, 3, s, b), x, s, b)
    case("instanceNorm", lambda x, s, b: F.instance_norm(x, None, None, s, b), x, s, b)
    case("rmsNorm", lambda x, s: F.rms_norm(x, (6,), s, 1e-5), r(3, 6), s)


def losses():
    x, y = r(3, 4, low=-3, high=3), r(3, 4)
    p = torch.sigmoid(y).detach().round(decimals=4)
    for reduction in ("mean", "sum", "none"):
        case(f"meanSquaredError {reduction}", lambda x, y: F.mse_loss(x, y, reduction=reduction), x, y)
        case(f"huber {reduction}", lambda x, y: F.huber_loss(x, y, reduction=reduction, delta=0.8), x, y)
    case("meanAbsoluteError", F.l1_loss, x, y)
    case("smoothL1", lambda x, y: F.smooth_l1_loss(x, y, beta=0.8), x, y)
    case("huber at the knee", lambda x, y: F.huber_loss(x, y, reduction="none"), v(1, -1, 0), v(0, 0, 0))
    case("binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits, x, p)
    extreme = v(-100, -20, 0, 20, 100)
    case("binaryCrossEntropy extreme", lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"),
         extreme, v(0, 1, 0.5, 0, 1))
    case("binaryCrossEntropy weighted", lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=v(1, 2, 3, 4)), x, p)
    case("klDivergence", lambda x, y: 9 * F.kl_div(F.log_softmax(x / 3, 1), F.log_softmax(y / 3, 1), log_target=True,
                                                   reduction="batchmean"), x, y)
    case("negativeLogLikelihood", lambda x, i: F.nll_loss(F.log_softmax(x, 1), i), x, ints(0, 3, 1))


for part in (elementwise, specials, reductions, orders, arrangements, einsums, convolutions, normalizations, losses):
    part()
(Path(__file__).parent / "operators.json").write_text(json.dumps(cases, indent=1) + "\n")
