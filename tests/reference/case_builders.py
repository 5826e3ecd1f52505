"""How the cases of the differential tests are written: inputs, and families of operators of one kind.

A case is a program of one step. Numbers drawn here decide shapes only; values come from named streams.
"""

import random

R = random.Random(20260)
VIEWS = [None, "transposed", "expanded", "strided"]
# Every kind of float there is, in both precisions: the products of all pairs are tried too.
EXTREME = ["nan", "inf", "-inf", 0, "-0", 1, -1, 0.5, -2.5, 3, 88.5, -104, 3e38, -3e38, 2e-38, -1e-40]
FINITE = [0, "-0", 1, -1, 0.5, -2.5, 3, 20, -20, 80, -80]
CASES = []


def f(shape, low=-2.0, high=2.0, view=None):
    return {"dtype": "float", "shape": list(shape), "uniform": [low, high], **({"view": view} if view and shape else {})}


def i(shape, low, high, dtype="int64"):
    return {"dtype": dtype, "shape": list(shape), "integers": [low, high]}


def b(shape, view=None):
    return {"dtype": "bool", "shape": list(shape), **({"view": view} if view and shape else {})}


def v(values, shape=None, dtype="float"):
    return {"dtype": dtype, "shape": [len(values)] if shape is None else shape, "values": values}


def n(value, dtype="float"):
    return {"number": value, "dtype": dtype}


def case(op, inputs, note="", order=1, each=False, gradient=True, **options):
    """`order`: derivatives compared; `each`: expected values of each precision of its own (extremes)."""
    count = sum(c["steps"][0]["op"] == op for c in CASES)
    CASES.append({
        "name": f"{op} {count}" + (f": {note}" if note else ""), "inputs": inputs,
        "steps": [{"op": op, "args": list(range(len(inputs))), "options": options}],
        "order": order if gradient else 0, "each": each,
    })


def shape(rank, low=1, high=4):
    return [R.randint(low, high) for _ in range(rank)]


def view(shape):
    choice = R.choice(VIEWS)
    return None if choice == "expanded" and 0 in shape else choice


def unary(op, low=-2.0, high=2.0, extreme=True, order=3, **options):
    case(op, [f([3], low, high)], "vector", order=order, **options)
    case(op, [f([], low, high)], "scalar", **options)
    case(op, [f([2, 0, 3], low, high)], "empty", **options)
    for kind in VIEWS[1:]:
        case(op, [f(shape(R.randint(1, 4)), low, high, kind)], kind, order=2, **options)
    if extreme:
        case(op, [v(EXTREME)], "extreme", each=True, **options)


def pair(rank):
    """Two shapes that broadcast together."""
    a = shape(rank)
    c = [d if R.random() < 0.6 else 1 for d in a][R.randint(0, rank):]
    a = [d if R.random() < 0.7 or k < rank - len(c) else 1 for k, d in enumerate(a)]
    return (a, c) if R.random() < 0.5 else (c, a)


def binary(op, low=-2.0, high=2.0, low2=None, high2=None, extreme=True, gradient=True, order=3):
    low2, high2 = low if low2 is None else low2, high if high2 is None else high2
    case(op, [f([4], low, high), f([4], low2, high2)], "vectors", order=order, gradient=gradient)
    case(op, [f([], low, high), f([], low2, high2)], "scalars", gradient=gradient)
    case(op, [f([2, 3], low, high), n(1.25)], "number right", gradient=gradient)
    case(op, [n(1.75), f([2, 3], low2, high2)], "number left", gradient=gradient)
    case(op, [f([2, 0, 3], low, high), f([1, 3], low2, high2)], "empty", gradient=gradient)
    case(op, [f([1], low, high), f([0], low2, high2)], "one with none", gradient=gradient)
    for rank in (2, 3, 4, 4):
        a, c = pair(rank)
        case(op, [f(a, low, high, view(a)), f(c, low2, high2, view(c))], "broadcast", order=2, gradient=gradient)
    if extreme:
        case(op, [v(EXTREME, [16, 1]), v(EXTREME)], "extreme pairs", each=True, gradient=False)
        # Gradients of finite pairs: each element's own.
        if gradient:
            m = len(FINITE)
            case(op, [v([x for x in FINITE for _ in FINITE]), v(FINITE * m)], "finite pairs", each=True)


def reduction(op, order=3, extreme=True, empty=True, **options):
    case(op, [f([5])], "vector", order=order, **options)
    case(op, [f([])], "scalar", **options)
    case(op, [f([2, 3, 4])], "all", order=2, **options)
    case(op, [f([2, 3, 4])], "middle", axes=1, order=2, **options)
    case(op, [f([2, 3, 4])], "last kept", axes=-1, keepDims=True, order=2, **options)
    case(op, [f([2, 3, 1, 4])], "several", axes=[0, -2], **options)
    case(op, [f([3, 1, 2])], "size one", axes=1, **options)
    case(op, [f([3, 1, 1])], "size one kept", axes=[1, 2], keepDims=True, **options)
    for kind in VIEWS[1:]:
        case(op, [f([3, 4, 2], view=kind)], kind, axes=R.choice([0, 1, [0, 2], [1, 2]]), order=2, **options)
    case(op, [f([0, 3])], "empty result", axes=1, **options)
    if empty:
        case(op, [f([0, 3])], "empty axis", axes=0, **options)
        case(op, [f([2, 0])], "empty all", **options)
    if extreme:
        values = [1, "nan", 2, "inf", 1, 0, "-inf", 3, "inf", "inf", "-inf", 5, 3e38, 3e38, -1, "-0", "-0", "-0", "-inf", "-inf", "-inf"]
        case(op, [v(values, [7, 3])], "extreme", axes=1, each=True, **options)
    case(op, [v([2, 2, 1, 3, 3, 3, 1, 1, 1], [3, 3])], "ties", axes=1, **options)
