"""PyTorch's call for each operator that methods/tensor exports, by name, with the options as JSON has them."""

import math

import torch
import torch.nn.functional as F

FLOATS = {"float32": torch.float32, "float64": torch.float64}
DTYPES = {**FLOATS, "int32": torch.int32, "int64": torch.int64, "bool": torch.bool}
# Numbers as JSON can hold them.
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "-0": -0.0}


def number(v):
    return SPECIAL[v] if isinstance(v, str) else v


# ---- operators whose call in PyTorch has another form ----

def axes_of(x, axes):
    if axes is None:
        return tuple(range(x.dim()))
    return tuple(axes) if isinstance(axes, list) else (axes,)


def reduction(f):
    def call(x, axes=None, keepDims=False):
        dims = axes_of(x, axes)
        # PyTorch reads no axes as all of them.
        return f(x, dims, keepDims) if dims else f(x.unsqueeze(-1), (-1,), False)
    return call


def variance(x, axes=None, keepDims=False):
    dims = axes_of(x, axes)
    return torch.var(x, dims, correction=0, keepdim=keepDims)


def sliced(x, starts, ends, steps=()):
    for axis, size in enumerate(x.shape):
        at = lambda values: values[axis] if axis < len(values) else None
        where = range(*slice(at(starts), at(ends), at(steps)).indices(size))
        x = x.index_select(axis, torch.tensor(list(where), dtype=torch.int64))
    return x


def take(x, indices, axis=0):
    size = x.shape[axis]
    at = torch.where(indices < 0, indices + size, indices).long()
    axis %= x.dim()
    y = x.index_select(axis, at.reshape(-1))
    return y.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1:]))


def squeeze(x, axes=None):
    return x.squeeze() if axes is None else x.squeeze(axes_of(x, axes))


def cross_entropy(logits, labels, mask=None):
    rows, y = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1).long()
    if mask is None:
        return F.cross_entropy(rows, y)
    keep = mask.reshape(-1).to(rows.dtype)
    losses = F.cross_entropy(rows, y, reduction="none")
    return (losses * keep).sum() / torch.clamp(keep.sum(), min=1)


def layer_norm(x, scale, bias, epsilon=1e-5, axis=-1):
    if x.dim() > 1:
        return F.layer_norm(x, x.shape[axis:], scale, bias, epsilon)
    # Third derivatives are taken of vectors; those of PyTorch's own layer norm are wrong (differences say so).
    centred = x - x.mean()
    return centred * torch.rsqrt((centred * centred).mean() + epsilon) * scale + bias


def one_hot(indices, n, dtype="float32", axis=-1):
    return (indices[..., None] == torch.arange(n)).movedim(-1, axis).to(DTYPES[dtype])


def same_kind(f):
    """Integer division truncates in ONNX; floats divide."""
    return lambda a, b: f(a, b) if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def recurrence(init, xs):
    """c ← tanh(c·w + x), y = c·x: what scan() is given in tests/exactness/operators.ts."""
    carry, ys = init, []
    for x in xs:
        carry = torch.tanh(carry * 0.9 + x)
        ys.append(carry * x)
    return [carry, torch.stack(ys)]


def padded(x, pads, value=0):
    flat = [n for pair in reversed(pads) for n in pair]
    return F.pad(x, flat, value=number(value))


def along_axis(f):
    """A scan along one axis, perhaps from the end, perhaps without the element itself."""
    def call(x, axis, reverse=False, exclusive=False):
        y = x.flip(axis) if reverse else x
        if exclusive:
            start = torch.zeros_like if f is torch.cumsum else torch.ones_like
            y = torch.cat([start(y.narrow(axis, 0, 1)), y.narrow(axis, 0, y.shape[axis] - 1)], axis)
        y = f(y, axis)
        return y.flip(axis) if reverse else y
    return call


def product_over(x, axes=None, keepDims=False):
    for axis in sorted((a % x.dim() for a in axes_of(x, axes)), reverse=True):
        x = torch.prod(x, axis, keepdim=keepDims)
    return x


def norm(x, axes=None, p=2, keepDims=False):
    return torch.linalg.vector_norm(x, number(p), axes_of(x, axes) or None, keepdim=keepDims)


def sort(x, axis=-1, descending=False):
    return torch.sort(x, dim=axis, descending=descending, stable=True).values


def scatter_slices(x, indices, updates, axis=0):
    at = torch.where(indices < 0, indices + x.shape[axis], indices).long()
    return x.index_copy(axis, at, updates)


def cells(x, indices):
    """Tuples of positions over the first axes, counted from the front."""
    sizes = torch.tensor(x.shape[:indices.shape[-1]])
    return tuple(torch.where(indices < 0, indices + sizes, indices).long().unbind(-1))


def dynamic_slice(x, *starts, sizes):
    for axis, (start, size) in enumerate(zip(starts, sizes)):
        x = x.narrow(axis, clamped(x, axis, start, size), size)
    return x


def clamped(x, axis, start, size):
    start = int(start) + (x.shape[axis] if start < 0 else 0)
    return max(0, min(start, x.shape[axis] - size))


def dynamic_update(x, updates, *starts):
    where = tuple(
        torch.arange(clamped(x, axis, start, size), clamped(x, axis, start, size) + size).reshape([-1] + [1] * (x.dim() - 1 - axis))
        for axis, (start, size) in enumerate(zip(starts, updates.shape)))
    return x.index_put(where, updates)


def margins(padding, size, window, stride, dilation):
    """Zeros before and after each axis."""
    if padding == "valid":
        padding = 0
    if isinstance(padding, int):
        padding = [padding] * len(size)
    if padding == "same":
        totals = [max(0, (-(-n // s) - 1) * s + d * (w - 1) + 1 - n) for n, w, s, d in zip(size, window, stride, dilation)]
        return [(t // 2, t - t // 2) for t in totals]
    return [(p, p) if isinstance(p, int) else tuple(p) for p in padding]


def each(value, rank):
    return [value] * rank if isinstance(value, int) else list(value)


def convolution(f, rank):
    def call(x, w, stride=1, padding=0, dilation=1, groups=1):
        stride, dilation = each(stride, rank), each(dilation, rank)
        pads = margins(padding, x.shape[2:], w.shape[2:], stride, dilation)
        x = F.pad(x, [n for pair in reversed(pads) for n in pair])
        return f(x, w, None, stride, 0, dilation, groups)
    return call


def transposed(f):
    return lambda x, w, stride=1, padding=0, outputPadding=0, dilation=1, groups=1: f(
        x, w, None, stride, padding, outputPadding, groups, dilation)


def pooling(kind):
    def call(x, size, stride=None, padding=0, countIncludePad=True):
        f = getattr(F, f"{kind}_pool{x.dim() - 2}d")
        return f(x, size, stride, padding, **({} if kind == "max" else {"count_include_pad": countIncludePad}))
    return call


def batch_norm(x, scale, bias, mean, variance, epsilon=1e-5):
    # PyTorch's own has no derivative in the statistics.
    wide = [t.reshape([-1] + [1] * (x.dim() - 2)) for t in (scale, bias, mean, variance)]
    return (x - wide[2]) / torch.sqrt(wide[3] + epsilon) * wide[0] + wide[1]


def batch_norm_training(x, scale, bias, mean, variance, epsilon=1e-5, momentum=0.1):
    m, v = mean.detach().clone(), variance.detach().clone()
    return [F.batch_norm(x, m, v, scale, bias, True, momentum, epsilon), m, v]


def group_norm(x, scale, bias, groups, epsilon=1e-5):
    return F.group_norm(x, groups, scale, bias, epsilon)


def kl_divergence(x, target, reduction="mean", temperature=1):
    p, q = F.log_softmax(target / temperature, -1), F.log_softmax(x / temperature, -1)
    rows = F.kl_div(q, p, reduction="none", log_target=True).sum(-1) * temperature ** 2
    return {"mean": rows.mean, "sum": rows.sum, "none": lambda: rows}[reduction]()


def negative_log_likelihood(p, labels, reduction="mean"):
    y = F.nll_loss(p.reshape(-1, p.shape[-1]), labels.reshape(-1).long(), reduction=reduction)
    return y.reshape(labels.shape) if reduction == "none" else y


def binary_cross_entropy(x, y, reduction="mean", positiveWeight=None):
    weight = None if positiveWeight is None else torch.tensor(positiveWeight, dtype=x.dtype)
    return F.binary_cross_entropy_with_logits(x, y, reduction=reduction, pos_weight=weight)


OPERATORS = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": same_kind(torch.div), "pow": torch.pow,
    "maximum": torch.maximum, "minimum": torch.minimum,
    "neg": torch.neg, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
    "square": torch.square, "abs": torch.abs, "sign": torch.sign, "floor": torch.floor,
    "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "erf": torch.erf,
    "relu": torch.relu, "silu": F.silu,
    "gelu": lambda x, form="erf": F.gelu(x, approximate="tanh" if form == "tanh" else "none"),
    "clip": lambda x, low, high: torch.clamp(x, low, high),
    "equal": torch.eq, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt, "greaterEqual": torch.ge,
    "logicalAnd": torch.logical_and, "logicalOr": torch.logical_or, "logicalNot": torch.logical_not,
    "where": torch.where, "cast": lambda x, dtype: x.to(DTYPES[dtype]),
    "stopGradient": lambda x: x.detach() * x,
    "sum": reduction(lambda x, d, k: torch.sum(x, d, keepdim=k, dtype=x.dtype)),
    "mean": reduction(lambda x, d, k: torch.mean(x, d, keepdim=k)), "variance": variance,
    "reduceMax": reduction(lambda x, d, k: torch.amax(x, d, keepdim=k)),
    "reduceMin": reduction(lambda x, d, k: torch.amin(x, d, keepdim=k)),
    "argmax": lambda x, axis=-1: torch.argmax(x, axis),
    "reshape": lambda x, shape: x.reshape(shape), "broadcastTo": lambda x, shape: x.expand(shape),
    "transpose": lambda x, permutation=None: x.permute(permutation or list(reversed(range(x.dim())))),
    "expandDims": lambda x, axis: x.unsqueeze(axis), "squeeze": squeeze,
    "matmul": torch.matmul, "matrixTranspose": lambda x: x.mT,
    "concat": lambda *xs, axis=0: torch.cat(xs, axis), "stack": lambda *xs, axis=0: torch.stack(xs, axis),
    "split": lambda x, sizes, axis=0: torch.split(x, sizes, axis), "slice": sliced, "pad": padded,
    "ravel": lambda *xs: torch.cat([x.reshape(-1) for x in xs]),
    "iota": lambda n, dtype="int64": torch.arange(n, dtype=DTYPES[dtype]), "oneHot": one_hot, "take": take,
    "takeAlongAxis": lambda x, i, axis: torch.gather(x, axis, torch.where(i < 0, i + x.shape[axis], i).long()),
    "addAlongAxis": lambda x, i, u, axis: torch.scatter_add(x, axis, torch.where(i < 0, i + x.shape[axis], i).long(), u),
    "scatterAdd": lambda x, i, u, axis=0: torch.index_add(x, axis, torch.where(i < 0, i + x.shape[axis], i).long(), u),
    "softmax": lambda x, axis=-1: torch.softmax(x, axis),
    "logSoftmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    "logSumExp": reduction(lambda x, d, k: torch.logsumexp(x, d, keepdim=k)),
    "layerNorm": layer_norm,
    "crossEntropy": cross_entropy,
    "scan": recurrence,
    "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc, "fmod": torch.fmod, "remainder": torch.remainder,
    "floorDivide": lambda a, b: torch.div(a, b, rounding_mode="floor"), "reciprocal": torch.reciprocal,
    "isNaN": torch.isnan, "isInf": torch.isinf, "isFinite": torch.isfinite,
    **{name: getattr(torch, name) for name in (
        "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cosh", "expm1", "log1p", "sinh", "tan")},
    "elu": lambda x, alpha=1.0: F.elu(x, alpha), "leakyRelu": lambda x, slope=0.01: F.leaky_relu(x, slope),
    "selu": F.selu, "mish": F.mish, "logSigmoid": F.logsigmoid,
    # PyTorch's own becomes x beyond a threshold of 20.
    "softplus": lambda x: F.softplus(x, threshold=800), "hardtanh": lambda x, low=-1.0, high=1.0: F.hardtanh(x, low, high),
    "logicalXor": torch.logical_xor, "notEqual": torch.ne,
    "any": reduction(lambda x, d, k: torch.any(x, d, keepdim=k)), "all": reduction(lambda x, d, k: torch.all(x, d, keepdim=k)),
    "argmin": lambda x, axis=-1: torch.argmin(x, axis), "prod": product_over,
    "countNonZero": reduction(lambda x, d, k: torch.sum(x != 0, d, keepdim=k, dtype=torch.int32)),
    "std": lambda x, axes=None, keepDims=False, correction=0: torch.std(x, axes_of(x, axes), correction=correction, keepdim=keepDims),
    "norm": norm, "l2Normalize": lambda x, axes=-1, epsilon=1e-12: F.normalize(x, dim=axes, eps=epsilon),
    "cumsum": along_axis(torch.cumsum), "cumprod": along_axis(torch.cumprod), "sort": sort,
    "argsort": lambda x, axis=-1, descending=False: torch.argsort(x, dim=axis, descending=descending, stable=True),
    "topK": lambda x, k, axis=-1, largest=True: list(torch.topk(x, k, axis, largest)),
    "arange": lambda start, stop, step=1, dtype="float32": torch.arange(start, stop, step, dtype=DTYPES[dtype]),
    "linspace": lambda start, stop, count, dtype="float32": torch.linspace(start, stop, count, dtype=DTYPES[dtype]),
    "eye": lambda rows, columns, dtype="float32": torch.eye(rows, columns, dtype=DTYPES[dtype]),
    "diagonal": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2),
    "trace": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "diagonalMatrix": lambda x, offset=0: torch.diag_embed(x, offset), "flip": lambda x, axes=None: torch.flip(x, axes_of(x, axes)),
    "repeat": lambda x, count, axis: torch.repeat_interleave(x, count, axis), "roll": lambda x, shift, axis=None: torch.roll(x, shift, axis),
    "tile": lambda x, counts: torch.tile(x, counts), "tril": lambda x, offset=0: torch.tril(x, offset),
    "triu": lambda x, offset=0: torch.triu(x, offset),
    "putAlongAxis": lambda x, i, u, axis: torch.scatter(x, axis, torch.where(i < 0, i + x.shape[axis], i).long(), u),
    "scatter": scatter_slices, "gatherND": lambda x, i: x[cells(x, i)],
    "scatterND": lambda x, i, u: x.index_put(cells(x, i), u), "scatterAddND": lambda x, i, u: x.index_put(cells(x, i), u, accumulate=True),
    "dynamicSlice": dynamic_slice, "dynamicUpdateSlice": dynamic_update,
    "conv1d": convolution(F.conv1d, 1), "conv2d": convolution(F.conv2d, 2),
    "convTranspose1d": transposed(F.conv_transpose1d), "convTranspose2d": transposed(F.conv_transpose2d),
    "maxPool": pooling("max"), "averagePool": pooling("avg"),
    "globalAveragePool": lambda x, keepDims=False: x.mean(tuple(range(2, x.dim())), keepdim=keepDims),
    "batchNorm": batch_norm,
    "batchNormTraining": batch_norm_training, "groupNorm": group_norm,
    "instanceNorm": lambda x, s, b, epsilon=1e-5: F.instance_norm(x, None, None, s, b, eps=epsilon),
    "rmsNorm": lambda x, s, epsilon=1e-5, axis=-1: F.rms_norm(x, x.shape[axis:], s, epsilon),
    "meanSquaredError": F.mse_loss, "meanAbsoluteError": F.l1_loss,
    "huber": lambda x, y, reduction="mean", delta=1.0: F.huber_loss(x, y, reduction=reduction, delta=delta),
    "smoothL1": lambda x, y, reduction="mean", beta=1.0: F.smooth_l1_loss(x, y, reduction=reduction, beta=beta),
    "binaryCrossEntropyWithLogits": binary_cross_entropy, "klDivergence": kl_divergence,
    "negativeLogLikelihood": negative_log_likelihood, "einsum": lambda *xs, equation: torch.einsum(equation, *xs),
}
