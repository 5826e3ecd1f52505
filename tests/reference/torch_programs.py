"""Small tensor programs in a language-neutral form, their inputs, and PyTorch as one of their interpreters.

A program is {"inputs": [...], "steps": [{"op", "args", "options"}]}: each step applies an operator, by
the name that methods/tensor exports, to earlier values (inputs first, then the outputs of the steps).
tests/exactness/programs.ts is the other interpreter; both make the same inputs from named streams.
"""

import base64
import math

import numpy as np
import torch
import torch.nn.functional as F

from philox import Stream

FLOATS = {"float32": torch.float32, "float64": torch.float64}
DTYPES = {**FLOATS, "int32": torch.int32, "int64": torch.int64, "bool": torch.bool}
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "-0": -0.0}


def number(v):
    return SPECIAL[v] if isinstance(v, str) else v


def uniform(stream, shape, low, high):
    u = (stream.words(int(np.prod(shape))) >> 8) / 16777216
    return (low + (high - low) * u).astype(np.float32).reshape(shape)


def leaf_shape(spec):
    """The shape of what is given, before the view makes `shape` of it."""
    shape, view = list(spec["shape"]), spec.get("view")
    if view == "transposed":
        return shape[::-1]
    if view == "expanded":
        return [1, *shape[1:]]
    if view == "strided":
        return [*shape[:-1], 2 * shape[-1]]
    return shape


def seen(x, spec):
    """The view: PyTorch gets a tensor that is not contiguous, the compiler a graph that it may fold."""
    view = spec.get("view")
    if view == "transposed":
        return x.permute(*reversed(range(x.dim())))
    if view == "expanded":
        return x.expand(spec["shape"])
    if view == "strided":
        return x[..., ::2]
    return x


def fill(name, i, spec):
    """The values of an input as a NumPy array of its leaf shape."""
    shape = leaf_shape(spec)
    stream = Stream(11, "exactness", name, i)
    if "values" in spec:
        return np.array([number(v) for v in spec["values"]]).reshape(shape)
    if "integers" in spec:
        return stream.integers(*spec["integers"], shape)
    if spec["dtype"] == "bool":
        return stream.bernoulli(0.5, shape)
    return uniform(stream, shape, *spec["uniform"])


def torch_dtype(name, dtype):
    return FLOATS[dtype] if name == "float" else DTYPES[name]


def make_inputs(name, inputs, dtype):
    """Leaves (None for plain numbers) and what the steps see."""
    leaves, values = [], []
    for i, spec in enumerate(inputs):
        if "number" in spec:
            leaves.append(None)
            values.append(torch.tensor(number(spec["number"]), dtype=torch_dtype(spec["dtype"], dtype)))
            continue
        with np.errstate(over="ignore"):
            x = torch.from_numpy(np.array(fill(name, i, spec), order="C")).to(torch_dtype(spec["dtype"], dtype))
        if x.is_floating_point():
            x.requires_grad_()
        leaves.append(x)
        values.append(seen(x, spec))
    return leaves, values


def cotangent(name, k, shape, dtype):
    return torch.from_numpy(uniform(Stream(11, "exactness", name, "cotangent", k), list(shape), -1, 1)).to(FLOATS[dtype])


def direction(name, i, shape, dtype):
    return torch.from_numpy(uniform(Stream(11, "exactness", name, "direction", i), list(shape), -1, 1)).to(FLOATS[dtype])


def run(steps, values):
    """All values: the inputs, then the outputs of the steps."""
    values = list(values)
    for step in steps:
        result = OPERATORS[step["op"]](*[values[a] for a in step["args"]], **step.get("options", {}))
        values.extend(result if isinstance(result, (list, tuple)) else [result])
    return values


def encode(x):
    """Base64 of little-endian float64, whatever the dtype."""
    return base64.b64encode(x.detach().to(torch.float64).contiguous().numpy(force=True).astype("<f8").tobytes()).decode()


# ---- operators whose call in PyTorch has another form ----

def axes_of(x, axes):
    if axes is None:
        return tuple(range(x.dim()))
    return tuple(axes) if isinstance(axes, list) else (axes,)


def reduction(f):
    def call(x, axes=None, keepDims=False):
        dims = axes_of(x, axes)
        # PyTorch reads no axes as all of them.
        return f(x, dims, keepDims) if dims else x + 0
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


def one_hot(indices, n, dtype="float32"):
    return (indices[..., None] == torch.arange(n)).to(DTYPES[dtype])


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
    "conv2d": lambda x, w, stride=1, padding=0, dilation=1: F.conv2d(x, w, None, stride, padding, dilation),
    "scan": recurrence,
}
