"""The cases of the differential tests: for each operator, shapes, views, options and values."""

import differential_cases_more
from case_builders import CASES, EXTREME, R, VIEWS, b, binary, case, f, i, n, reduction, unary, v, view


def elementwise():
    for op in ("neg", "exp", "square", "abs", "sign", "floor", "sin", "cos", "tanh", "sigmoid", "erf", "relu", "silu", "gelu"):
        unary(op)
    unary("gelu", form="tanh")
    for op in ("log", "sqrt", "rsqrt"):
        unary(op, 0.25, 4.0)
    for op in ("neg", "abs", "sign"):
        case(op, [i([2, 3], -5, 6, "int32")], "int32")
        case(op, [i([2, 3], -5, 6)], "int64")
    for kind in VIEWS:
        case("clip", [f([3, 4], -3, 3, kind)], kind or "matrix", order=2, low=-1.5, high=0.75)
    case("clip", [v(EXTREME)], "extreme", each=True, low=-50, high=2.25)
    case("clip", [f([0])], "empty", low=0, high=1)
    for op in ("add", "sub", "mul", "maximum", "minimum"):
        binary(op)
        for dtype in ("int32", "int64"):
            case(op, [i([2, 1], -9, 9, dtype), i([3], -9, 9, dtype)], dtype)
            case(op, [i([3], -9, 9, dtype), n(4, dtype)], f"{dtype} number")
    binary("div", low2=0.5, high2=2)
    for dtype in ("int32", "int64"):
        case("div", [v([7, -7, 7, -7, 0], dtype=dtype), v([2, 2, -2, -2, 3], dtype=dtype)], dtype)
    binary("pow", 0.25, 3, -2, 2)
    for exponent in (0, 1, 2, 3, 4, 0.5, -0.5, -1, -2, 1.5, 2.5):
        case("pow", [f([5], 0.25, 3), n(exponent)], f"to the {exponent}", order=3)
    for exponent in (0, 1, 2, 3, 4, -1, -2, 0.5, 1.5):
        case("pow", [v([-2, -1, "-0", 0, 1, 3, "inf", "-inf", "nan"]), n(exponent)], f"extreme to the {exponent}", each=True)
    for a in (0, 1, -1, 2):
        for op in ("add", "sub", "mul", "div"):
            case(op, [f([2, 2]), n(a)], f"by {a}", order=2) if (op, a) != ("div", 0) else None
            case(op, [n(a), f([2, 2], 0.5, 2)], f"{a} by", order=2)
    case("mul", [v(EXTREME), n(0)], "extreme by 0", each=True)
    case("add", [v(EXTREME), n(0)], "extreme and 0", each=True)
    case("div", [v(EXTREME), n(0)], "extreme by 0", each=True, gradient=False)
    case("div", [v(EXTREME), n(3)], "extreme by 3", each=True)


def logic():
    for op in ("equal", "less", "lessEqual", "greater", "greaterEqual"):
        binary(op, gradient=False)
        for dtype in ("int32", "int64"):
            case(op, [i([4, 1], -2, 3, dtype), i([3], -2, 3, dtype)], dtype)
    case("equal", [b([3, 2]), b([2])], "bool")
    for op in ("logicalAnd", "logicalOr"):
        case(op, [b([3, 4]), b([4])], "broadcast")
        case(op, [b([3, 1], "expanded"), b([2], "strided")], "views")
        case(op, [b([0, 4]), b([4])], "empty")
        case(op, [b([]), b([])], "scalars")
    for kind in VIEWS:
        case("logicalNot", [b([2, 3], kind)], kind or "matrix")
    case("logicalNot", [b([0])], "empty")
    case("where", [b([3]), f([3]), f([3])], "vectors", order=2)
    case("where", [b([2, 1]), f([3]), f([1, 3])], "broadcast", order=2)
    case("where", [b([4, 3], "expanded"), f([4, 3], view="expanded"), f([3], view="strided")], "views", order=2)
    case("where", [b([]), f([2, 2], view="expanded"), f([2, 2], view="transposed")], "scalar condition")
    case("where", [b([3]), f([3]), n(-1.5)], "number")
    case("where", [b([0]), f([1]), f([])], "empty")
    case("where", [b([16]), v(EXTREME), v(EXTREME[::-1])], "extreme", each=True)
    case("where", [b([4]), i([4], -5, 5), i([], -5, 5)], "int64")
    # Out of int32's range and from NaN, conversion is undefined in both.
    for dtype in ("float32", "float64", "int32", "int64", "bool"):
        case("cast", [f([2, 3], -9, 9, "transposed")], f"float to {dtype}", each=True, dtype=dtype)
        case("cast", [i([5], -3, 3, "int32")], f"int32 to {dtype}", each=True, dtype=dtype)
        case("cast", [i([5], -3, 3)], f"int64 to {dtype}", each=True, dtype=dtype)
        case("cast", [b([5])], f"bool to {dtype}", each=True, dtype=dtype)
    for dtype in ("float32", "float64", "bool"):
        case("cast", [v([*EXTREME, 1e39])], f"extreme to {dtype}", each=True, gradient=False, dtype=dtype)
    case("stopGradient", [f([3, 2])], "product", order=2)


def reductions():
    reduction("sum")
    reduction("mean", empty=True)
    case("variance", [f([5])], "vector", order=3)
    case("variance", [f([3, 4, 2], view="transposed")], "middle", axes=1, order=2)
    case("variance", [f([3, 4, 2], view="expanded")], "kept", axes=[0, 2], keepDims=True, order=2)
    case("variance", [f([3, 1])], "size one", axes=1, order=2)
    case("variance", [f([4, 3], 1000, 1001)], "far from zero", axes=0)
    # The gradient at ∞ is ∞ − ∞ or ∞ by the order of operations.
    case("variance", [v([1, "nan", 2, "inf", 1, 0], [3, 2])], "extreme", axes=1, each=True, gradient=False)
    for op in ("reduceMax", "reduceMin"):
        reduction(op, order=2, empty=False)
        for dtype in ("int32", "int64"):
            case(op, [i([3, 4], -9, 9, dtype)], dtype, axes=1)
    for dtype in ("int32", "int64"):
        case("sum", [i([3, 4], -9, 9, dtype)], dtype, axes=0)
    for kind in VIEWS:
        case("argmax", [f([3, 4], view=kind)], kind or "last")
        case("argmax", [f([3, 4, 2], view=kind)], kind or "first", axis=0)
    case("argmax", [v([1, 3, 3, 2, 2, 2, "-inf", 0, "inf", "-0", 0, "-0"], [4, 3])], "ties", axis=1)
    case("argmax", [f([0, 3])], "empty", axis=1)
    case("argmax", [i([3, 4], -9, 9, "int32")], "int32", axis=1)


def structure():
    for kind in VIEWS:
        case("reshape", [f([2, 3, 4], view=kind)], kind or "plain", order=2, shape=[4, -1])
        case("transpose", [f([2, 3, 4], view=kind)], kind or "plain", order=2, permutation=[1, 2, 0])
        case("transpose", [f([2, 3], view=kind)], kind or "default")
        case("broadcastTo", [f([3, 1], view=kind)], kind or "plain", order=2, shape=[2, 3, 4])
        case("matrixTranspose", [f([2, 3, 4], view=kind)], kind or "plain")
        case("expandDims", [f([2, 3], view=kind)], kind or "plain", axis=-1)
    case("reshape", [f([])], "scalar", shape=[1, 1])
    case("reshape", [f([2, 0])], "empty", shape=[0, 5])
    case("reshape", [i([6], -5, 5)], "int64", shape=[3, 2])
    case("transpose", [f([2, 0, 3])], "empty", permutation=[2, 0, 1])
    case("transpose", [f([])], "scalar")
    case("transpose", [f([1, 4, 1, 2])], "size one", permutation=[3, 2, 1, 0])
    case("broadcastTo", [f([])], "scalar", shape=[2, 2])
    case("broadcastTo", [f([1])], "to none", shape=[2, 0])
    case("broadcastTo", [b([2, 1])], "bool", shape=[2, 3])
    case("expandDims", [f([0])], "empty", axis=0)
    case("squeeze", [f([1, 3, 1])], "all")
    case("squeeze", [f([1, 3, 1])], "one", axes=-1)
    case("squeeze", [f([1, 0, 1])], "empty", axes=[0, 2])
    case("ravel", [f([2, 3]), f([]), f([4], view="strided")], "three", order=2)
    case("ravel", [f([0, 3]), f([2])], "one empty")
    case("iota", [], "int64", n=5)
    case("iota", [], "float", n=4, dtype="float32")
    case("iota", [], "none", n=0)


def cutting():
    for kind in VIEWS:
        case("concat", [f([2, 3], view=kind), f([2, 1]), f([2, 3], view=kind)], kind or "plain", order=2, axis=1)
        case("stack", [f([2, 3], view=kind), f([2, 3], view=kind)], kind or "plain", order=2, axis=1)
        case("split", [f([3, 5], view=kind)], kind or "plain", order=2, sizes=[1, 3, 1], axis=-1)
        case("slice", [f([4, 5], view=kind)], kind or "plain", order=2, starts=[1, -4], ends=[3, None])
        case("slice", [f([4, 5], view=kind)], f"{kind or 'plain'} steps", order=2, starts=[None, None], ends=[None, 1], steps=[2, -1])
        case("pad", [f([2, 3], view=kind)], kind or "plain", order=2, pads=[[1, 0], [0, 2]], value=0.5)
    case("concat", [f([0, 2]), f([3, 2])], "one empty")
    case("concat", [f([0, 2]), f([0, 2])], "both empty", axis=1)
    case("concat", [f([3])], "alone")
    case("concat", [i([2], -5, 5), i([3], -5, 5)], "int64")
    case("concat", [b([2]), b([3])], "bool")
    case("concat", [f([1, 2]) for _ in range(33)], "33 parts")
    case("stack", [f([]), f([])], "scalars")
    case("stack", [f([0]), f([0])], "empty")
    case("split", [f([2, 3])], "with an empty part", sizes=[1, 0, 2], axis=1)
    case("split", [f([35, 1])], "35 parts", sizes=[1] * 35)
    case("split", [f([4])], "whole", sizes=[4])
    case("slice", [f([5])], "clamped", starts=[-9], ends=[9])
    case("slice", [i([4, 2], -5, 5)], "int64", starts=[1], ends=[3])
    case("slice", [f([0, 3])], "of nothing along another axis", starts=[0, 1], ends=[0, 2])
    case("slice", [f([5])], "nothing", starts=[2], ends=[2])
    case("slice", [f([5])], "nothing backwards", starts=[1], ends=[3], steps=[-1])
    case("pad", [f([])], "scalar", pads=[])
    case("pad", [f([0, 2])], "empty", pads=[[1, 1], [0, 0]], value=-1)
    case("pad", [f([2])], "infinite", pads=[[1, 1]], value="-inf")
    case("pad", [i([3], -5, 5)], "int64", pads=[[1, 2]], value=7)
    case("pad", [i([3], -5, 5, "int32")], "int32", pads=[[0, 2]], value=-7)


def indexing():
    for dtype in ("int32", "int64"):
        case("take", [f([4, 3]), i([5], -4, 4, dtype)], dtype, order=2)
        case("take", [f([4, 3], view="transposed"), i([2, 2], 0, 3, dtype)], f"{dtype} axis 1", order=2, axis=1)
        case("takeAlongAxis", [f([3, 4]), i([3, 2], 0, 4, dtype)], dtype, order=2, axis=1)
        case("takeAlongAxis", [f([3, 4], view="transposed"), i([6, 4], -3, 3, dtype)], f"{dtype} negative", order=2, axis=0)
        case("addAlongAxis", [f([3, 4]), i([3, 5], 0, 4, dtype), f([3, 5])], dtype, order=2, axis=1)
        case("addAlongAxis", [f([4, 3], view="expanded"), i([6, 3], -4, 4, dtype), f([6, 3])], f"{dtype} negative", axis=0)
        case("scatterAdd", [f([4, 3]), i([6], 0, 4, dtype), f([6, 3], view="strided")], dtype, order=2)
        case("scatterAdd", [f([2, 4, 3]), i([5], -4, 4, dtype), f([2, 5, 3])], f"{dtype} axis 1", order=2, axis=1)
        case("oneHot", [i([2, 3], 0, 4, dtype)], dtype, n=4)
        case("oneHot", [i([4], -3, 6, dtype)], f"{dtype} outside", n=4, dtype="float64")
    case("take", [f([4]), i([], 0, 4)], "scalar index")
    case("take", [f([4, 2]), i([0], 0, 4)], "no index")
    case("take", [f([4, 0]), i([3], 0, 4)], "empty rows")
    case("take", [i([4], -5, 5), i([3], 0, 4)], "of int64")
    case("take", [b([4]), i([3], 0, 4)], "of bool")
    case("take", [f([3, 2, 2]), i([2], 0, 2)], "last axis", axis=-1)
    case("takeAlongAxis", [f([2, 3]), i([2, 0], 0, 3)], "no index", axis=1)
    case("takeAlongAxis", [f([5]), i([3], 0, 5)], "vector", axis=-1)
    case("addAlongAxis", [f([2, 3]), i([2, 0], 0, 3), f([2, 0])], "no index", axis=1)
    case("scatterAdd", [f([3, 2]), i([0], 0, 3), f([0, 2])], "no index")
    case("scatterAdd", [f([3]), i([4], 0, 3), f([4])], "vector")
    case("scatterAdd", [f([3, 0]), i([4], 0, 3), f([4, 0])], "empty rows")
    case("oneHot", [i([0], 0, 4)], "empty", n=3)
    case("oneHot", [i([], 0, 3)], "scalar", n=3, dtype="int32")


def layers():
    for op in ("softmax", "logSoftmax"):
        for kind in VIEWS:
            case(op, [f([3, 4], view=kind)], kind or "last", order=2)
        case(op, [f([3])], "vector", order=3)
        case(op, [f([2, 3, 2])], "middle", axis=1, order=2)
        case(op, [f([3, 1])], "size one")
        case(op, [f([0, 3])], "empty")
        case(op, [v([1000, 1001, -1000, "-inf", 0, 2, 3e38, 3e38, -3e38, -80, -90, -200], [4, 3])], "large", each=True)
        case(op, [v(["nan", 0, 1, "inf", 0, 1, "-inf", "-inf", "-inf"], [3, 3])], "extreme", each=True)
    reduction("logSumExp", extreme=False)
    case("logSumExp", [v([1000, 1001, -1000, "-inf", 0, 2, -3e38, -80, -90], [3, 3])], "large", axes=1, each=True)
    case("logSumExp", [v(["nan", 0, 1, "inf", 0, 1, "-inf", "-inf", "-inf", "inf", "-inf", 0], [4, 3])], "extreme", axes=1, each=True)
    for kind in VIEWS:
        case("layerNorm", [f([3, 4], view=kind), f([4]), f([4])], kind or "rows", order=2)
        case("layerNorm", [f([2, 3, 4], view=kind), f([3, 4]), f([3, 4])], f"{kind or 'plain'} two axes", order=2, axis=1, epsilon=0.01)
    case("layerNorm", [f([4]), f([4]), f([4])], "vector", order=3, epsilon=0.1)
    case("layerNorm", [f([3, 1]), f([1]), f([1])], "size one", epsilon=1)
    case("layerNorm", [f([0, 3]), f([3]), f([3])], "empty")
    case("layerNorm", [v([5, 5, 5, 1000, 1001, 1002], [2, 3]), f([3]), f([3])], "constant row")
    case("layerNorm", [v([1, "nan", 2, 3, 4, "inf"], [2, 3]), f([3]), f([3])], "extreme", each=True, gradient=False)
    for dtype in ("int32", "int64"):
        case("crossEntropy", [f([2, 3, 4]), i([2, 3], 0, 4, dtype)], dtype, order=2)
        case("crossEntropy", [f([5, 3], view="transposed"), i([5], 0, 3, dtype), b([5])], f"{dtype} mask", order=2)
    case("crossEntropy", [f([3]), i([], 0, 3)], "one", order=3)
    case("crossEntropy", [f([2, 3]), i([2], 0, 3), v([0, 0])], "nothing counts")
    case("crossEntropy", [v([1000, 0, -1000, 80, -90, 3], [2, 3]), v([2, 1], dtype="int64")], "large", each=True)
    case("crossEntropy", [v(["-inf", 0, 1, 2, "-inf", 3], [2, 3]), v([1, 0], dtype="int64")], "masked logits", each=True)


def products():
    def product(a, c, note, order=2, views=(None, None)):
        case("matmul", [f(a, view=views[0]), f(c, view=views[1])], note, order=order)
    product([3], [3], "dot", order=3)
    product([2, 3], [3, 4], "matrices", order=3)
    product([3], [3, 4], "row")
    product([2, 3], [3], "column")
    product([2, 2, 3], [3, 4], "rows")
    product([3], [2, 3, 4], "row, batch")
    product([2, 4, 3], [3], "batch, column")
    product([4, 3], [2, 3, 2], "matrix, batch")
    product([2, 3, 4], [2, 4, 2], "batches")
    product([2, 1, 3, 2], [3, 2, 4], "broadcast batches")
    product([1, 1], [1, 1], "size one")
    for views in (("transposed", None), (None, "transposed"), ("transposed", "transposed"), ("expanded", "strided"), ("strided", "expanded")):
        product([3, 4], [4, 2], f"{views[0]} {views[1]}", views=views)
        product([2, 3, 4], [2, 4, 2], f"batches {views[0]} {views[1]}", views=views)
    product([0, 3], [3, 2], "no rows", order=1)
    product([2, 3], [3, 0], "no columns", order=1)
    product([2, 0], [0, 3], "empty inner", order=1)
    product([2, 3, 0], [2, 0, 2], "empty inner, batches", order=1)
    product([0, 2, 3], [0, 3, 2], "no batch", order=1)
    case("matmul", [v([1, "inf", 0, "nan", 2, 3], [2, 3]), v([0, 1, 1, 2, 1, 0], [3, 2])], "extreme", each=True)
    case("conv2d", [f([2, 2, 4, 5]), f([3, 2, 2, 3])], "plain", order=3)
    for k in range(10):
        stride, padding, dilation = ([R.randint(1, 3), R.randint(1, 3)], [R.randint(0, 2), R.randint(0, 2)], [R.randint(1, 2), R.randint(1, 2)])
        kernel = [R.randint(1, 3), R.randint(1, 3)]
        size = [R.randint(dilation[a] * (kernel[a] - 1) + 1, 6) for a in (0, 1)]
        channels = R.randint(1, 2)
        case("conv2d", [f([R.randint(1, 2), channels, *size], view=view(size)), f([R.randint(1, 3), channels, *kernel])], "random",
             order=2, stride=stride, padding=padding, dilation=dilation)
    case("conv2d", [f([1, 2, 3, 3]), f([1, 2, 1, 1])], "size one kernel", padding=1)
    case("conv2d", [f([0, 2, 3, 3]), f([1, 2, 2, 2])], "no images", gradient=False)
    case("scan", [f([3]), f([4, 3])], "recurrence", order=3)
    case("scan", [f([]), f([1])], "one step", order=2)
    case("scan", [f([2, 2], view="transposed"), f([3, 2, 2], view="strided")], "views", order=2)


elementwise(), logic(), reductions(), structure(), cutting(), indexing(), layers(), products()
differential_cases_more.add()
