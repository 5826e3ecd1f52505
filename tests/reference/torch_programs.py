"""Small tensor programs in a language-neutral form, their inputs, and PyTorch as one of their interpreters.

A program is {"inputs": [...], "steps": [{"op", "args", "options"}]}: each step applies an operator, by
the name that methods/tensor exports, to earlier values (inputs first, then the outputs of the steps).
tests/exactness/programs.ts is the other interpreter; both make the same inputs from named streams.
"""

import base64

import numpy as np
import torch

from philox import Stream
from torch_operators import DTYPES, FLOATS, OPERATORS, number

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
