"""Random programs over the operators, and PyTorch's loss, gradients and curvature of each.

python3 tests/reference/random_programs.py                       writes random_programs.jsonl beside itself
python3 tests/reference/random_programs.py --first 5000 --count 200   prints as many, one a line

Program k comes from seed k alone. A step is kept if all its values are finite, not large and not near a place
where the operator is not smooth; a program is kept if float32 arithmetic is stable on it.
"""

import argparse
import json
import random
import warnings
from pathlib import Path

import torch

from torch_programs import FLOATS, OPERATORS, cotangent, direction, make_inputs, run

COMMITTED = 140
LARGE = 30.0
SMOOTH = ["neg", "exp", "square", "sin", "cos", "tanh", "sigmoid", "erf", "silu", "gelu", "atan", "softplus", "mish", "expm1", "asinh"]
POSITIVE = ["log", "sqrt", "rsqrt", "reciprocal", "log1p"]
KINKED = ["abs", "relu", "leakyRelu", "elu"]
BINARY = ["add", "sub", "mul", "maximum", "minimum"]
REDUCTIONS = ["sum", "mean", "variance", "logSumExp", "reduceMax", "reduceMin"]
MOVING = ["transpose", "reshape", "flip", "roll", "tril", "slice", "pad", "concat", "stack", "expandDims", "broadcastTo", "cumsum"]
LAYERS = ["softmax", "logSoftmax", "layerNorm", "rmsNorm", "matmul", "linear", "where", "take", "scan", "conv1d", "div", "pow", "split", "sort"]


def step(op, args, **options):
    return {"op": op, "args": args, "options": options}


def one(r, values, kind):
    """Steps that apply an operator of a kind to values chosen at random, or None if none fits."""
    k = len(values)
    floats = [j for j in range(k) if values[j].is_floating_point()]
    a = r.choice(floats if r.random() < 0.5 else floats[-3:])
    x = values[a]
    rank, shape = x.dim(), list(x.shape)
    same = [j for j in floats if list(values[j].shape) == shape]
    fits = [j for j in floats if broadcasts(values[j].shape, x.shape)]
    if kind == "smooth":
        return [step(r.choice(SMOOTH), [a])]
    if kind == "positive":
        return [step(r.choice(POSITIVE), [a])] if x.min() > 0.2 else None
    if kind == "kinked":
        return [step(r.choice(KINKED), [a])] if x.abs().min() > 1e-3 else None
    if kind == "binary":
        return [step(r.choice(BINARY), [a, r.choice(fits)])]
    if rank == 0:
        return None
    axis = r.randrange(rank)
    if kind == "reduction":
        axes = r.choice([axis, axis - rank, None, sorted(r.sample(range(rank), r.randint(1, rank)))])
        return [step(r.choice(REDUCTIONS), [a], **({} if axes is None else {"axes": axes}), keepDims=r.random() < 0.5)]
    op = r.choice(MOVING if kind == "moving" else LAYERS)
    if op == "transpose":
        return [step(op, [a], permutation=r.sample(range(rank), rank))]
    if op == "reshape":
        return [step(op, [a], shape=r.choice([[-1], [shape[0], -1], [1, *shape], [x.numel()]]))]
    if op == "flip":
        return [step(op, [a], axes=axis)]
    if op == "roll":
        return [step(op, [a], shift=r.randint(-2, 2), axis=axis)]
    if op == "tril":
        return [step(op, [a], offset=r.randint(-1, 1))] if rank > 1 else None
    if op == "slice":
        starts, ends = [0] * rank, [None] * rank
        starts[axis] = r.randint(-1, shape[axis] - 1)
        steps = [1] * rank
        if r.random() < 0.3:
            starts[axis], steps[axis] = None, r.choice([-1, 2])
        return [step(op, [a], starts=starts, ends=ends, steps=steps)]
    if op == "pad":
        return [step(op, [a], pads=[[r.randint(0, 1), r.randint(0, 1)] for _ in range(rank)], value=0.5)] if x.numel() < 40 else None
    if op in ("concat", "stack"):
        return [step(op, [a, *r.choices(same, k=r.randint(1, 2))], axis=axis)] if x.numel() < 30 else None
    if op == "expandDims":
        return [step(op, [a], axis=r.randint(0, rank))] if rank < 4 else None
    if op == "broadcastTo":
        return [step(op, [a], shape=[2, *shape])] if rank < 4 and x.numel() < 30 else None
    if op == "cumsum":
        return [step(op, [a], axis=axis, reverse=r.random() < 0.5)]
    if op in ("softmax", "logSoftmax"):
        return [step(op, [a], axis=axis - rank)]
    if op == "sort":
        return [step(op, [a], axis=axis)] if gaps(x, axis) > 1e-3 else None
    if op in ("layerNorm", "rmsNorm"):
        rows = [j for j in floats if list(values[j].shape) == shape[-1:]]
        if not rows or shape[-1] == 1:
            return None
        more = [r.choice(rows), r.choice(rows)] if op == "layerNorm" else [r.choice(rows)]
        return [step(op, [a, *more], epsilon=0.1)]
    if op == "matmul":
        if rank < 2:
            return None
        swapped = step("matrixTranspose", [a])
        order = [a, k] if r.random() < 0.5 else [k, a]
        return [swapped, step(op, order)]
    if op == "linear":
        right = [j for j in floats if values[j].dim() == 2 and values[j].shape[0] == shape[-1]]
        return [step("matmul", [a, r.choice(right)])] if right else None
    if op == "where":
        return [step("less", [a, r.choice(fits)]), step(op, [k, a, r.choice(same)])]
    if op == "take":
        return [step("iota", [], n=shape[axis]), step(op, [a, k], axis=axis)]
    if op == "scan":
        return [step("slice", [a], starts=[0], ends=[1]), step("reshape", [k], shape=shape[1:]), step(op, [k + 1, a])]
    if op == "conv1d":
        return [step(op, [a, a], padding=1)] if rank == 3 and shape[-1] < 4 else None
    if op == "div":
        down = [j for j in fits if values[j].abs().min() > 0.3]
        return [step(op, [a, r.choice(down)])] if down else None
    if op == "pow":
        return [step(op, [a, r.choice(fits)])] if x.min() > 0.3 and x.max() < 3 else None
    if op == "split":
        return [step(op, [a], sizes=[1, shape[axis] - 1], axis=axis)] if shape[axis] > 1 else None


def broadcasts(a, b):
    return all(x == y or x == 1 or y == 1 for x, y in zip(reversed(a), reversed(b))) and max(len(a), len(b)) <= 4


def gaps(x, axis):
    return torch.diff(torch.sort(x, axis).values, dim=axis).min().item() if x.shape[axis] > 1 else 1.0


def acceptable(steps, values, results):
    """Finite, not large, and each choice between elements decided clearly."""
    for y in results:
        if y.numel() == 0 or y.numel() > 120 or y.dim() > 4:
            return False
        if y.is_floating_point() and not (torch.isfinite(y).all() and y.abs().max() < LARGE):
            return False
    for s in steps:
        if s["op"] in ("maximum", "minimum", "less"):
            a, b = (values + results)[s["args"][0]], (values + results)[s["args"][1]]
            if s["args"][0] != s["args"][1] and (a - b).abs().min() < 1e-3:
                return False
    return True


def generate(seed):
    r = random.Random(f"program {seed}")
    dims = [r.randint(1, 4) for _ in range(3)]
    inputs = []
    for _ in range(r.randint(2, 4)):
        shape = [r.choice(dims) for _ in range(r.randint(0, 3))]
        spec = {"dtype": "float", "shape": shape, "uniform": r.choice([[-2, 2], [0.3, 2], [-1, 1]])}
        view = r.choice([None, None, None, "transposed", "expanded", "strided"])
        inputs.append({**spec, **({"view": view} if view and shape else {})})
    name = f"random {seed}"
    _, values = make_inputs(name, inputs, "float64")
    values = [x.detach() for x in values]
    steps, target = [], r.randint(4, 12)
    kinds = ["smooth", "smooth", "positive", "kinked", "binary", "binary", "reduction", "moving", "layers", "layers"]
    for _ in range(200):
        if len(steps) >= target:
            break
        proposed = one(r, values, r.choice(kinds))
        if proposed is None:
            continue
        try:
            results = run(proposed, values)[len(values):]
        except (RuntimeError, IndexError):
            continue
        if acceptable(proposed, values, results):
            steps += proposed
            values += [y.detach() for y in results]
    return {"name": name, "inputs": inputs, "steps": steps}


def measure(program, dtype):
    """The loss, and norm and probe of the first and second derivative in each input."""
    leaves, values = make_inputs(program["name"], program["inputs"], dtype)
    outputs = run(program["steps"], values)[len(values):]
    name = program["name"]
    total = sum((y * cotangent(name, k, y.shape, dtype)).sum() for k, y in enumerate(outputs) if y.dtype == FLOATS[dtype])
    numbers = [total.item()]
    for order in (1, 2):
        gradients = torch.autograd.grad(total, leaves, create_graph=order == 1, allow_unused=True) if total.requires_grad else [None] * len(leaves)
        gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, gradients)]
        probes = [(g * direction(name, i, g.shape, dtype)).sum() for i, g in enumerate(gradients)]
        for g, p in zip(gradients, probes):
            numbers += [g.norm().item(), p.item()]
        total = sum(probes)
    return numbers


def stable(exact, rough):
    return all(abs(a) < 1e4 and abs(a - b) <= 2e-5 * max(1.0, abs(a)) for a, b in zip(exact, rough))


def programs(first, count):
    """`count` programs from seeds `first`, first + 1, … that are stable in float32."""
    seed = first
    while count > 0:
        program = generate(seed)
        seed += 1
        if len(program["steps"]) < 3:
            continue
        exact = measure(program, "float64")
        if stable(exact, measure(program, "float32")):
            count -= 1
            yield {**program, "expected": exact}


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    line = lambda p: json.dumps(p, separators=(",", ":"))
    if options.first is not None:
        for program in programs(options.first, options.count):
            print(line(program), flush=True)
        return
    path = Path(__file__).parent / "random_programs.jsonl"
    path.write_text("".join(line(p) + "\n" for p in programs(0, COMMITTED)))
    print(f"{COMMITTED} programs, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
