"""Further cases: rounding, trigonometry, rearrangement, scatter, running sums, norms, windows, losses."""

from case_builders import EXTREME, R, VIEWS, b, binary, case, f, i, n, reduction, unary, v, view


def elementwise():
    for op in ("ceil", "round", "trunc", "atan", "sinh", "cosh", "asinh", "expm1", "softplus", "logSigmoid", "elu", "selu", "mish", "leakyRelu"):
        unary(op)
    unary("tan", -1.2, 1.2)
    for op in ("asin", "acos", "atanh"):
        unary(op, -0.9, 0.9)
    unary("acosh", 1.25, 4)
    unary("log1p", -0.5, 3)
    unary("reciprocal", 0.5, 2)
    case("round", [v([0.5, 1.5, 2.5, -0.5, -1.5, -2.5])], "halves")
    case("expm1", [v([1e-8, -1e-6, 1e-4, 1e-20])], "tiny", each=True)
    case("log1p", [v([1e-8, -1e-6, 1e-4, 1e-20])], "tiny", each=True)
    case("elu", [f([5])], "alpha", order=3, alpha=0.3)
    case("leakyRelu", [f([5])], "slope", order=2, slope=0.3)
    for kind in VIEWS:
        case("hardtanh", [f([3, 4], -3, 3, kind)], kind or "default", order=2)
        for op in ("isNaN", "isInf", "isFinite"):
            case(op, [f([2, 3], view=kind)], kind or "matrix")
    case("hardtanh", [f([6], -3, 3)], "limits", low=-0.5, high=2)
    for op in ("isNaN", "isInf", "isFinite"):
        case(op, [v(EXTREME)], "extreme", each=True)
        case(op, [f([0])], "empty")
    for op in ("fmod", "remainder"):
        binary(op, -5, 5, 0.5, 2, extreme=False, order=2)
        case(op, [v([7, -7, 7, -7, 6, -6, 0.75]), v([2, 2, -2, -2, 3, -3, 0.25])], "signs", gradient=False)
    for dtype in ("int32", "int64"):
        for op in ("remainder", "floorDivide"):
            case(op, [v([7, -7, 7, -7, 6, -6, 0], dtype=dtype), v([2, 2, -2, -2, 3, -3, 5], dtype=dtype)], dtype)
    binary("floorDivide", -5, 5, 0.5, 2, extreme=False, gradient=False)
    binary("atan2", extreme=False)
    case("atan2", [v([1, -1, 0, "inf", "-inf", 1, -1, 0, 2, "nan"]), v([0, 0, 1, 1, 1, "inf", "-inf", -1, -2, 1])], "axes", each=True, gradient=False)
    case("logicalXor", [b([3, 4]), b([4])], "broadcast")
    case("logicalXor", [b([3, 1], "expanded"), b([2], "strided")], "views")
    case("logicalXor", [b([0, 4]), b([4])], "empty")
    binary("notEqual", gradient=False)
    case("notEqual", [b([3, 2]), b([2])], "bool")
    case("notEqual", [i([4, 1], -2, 3), i([3], -2, 3)], "int64")


def reductions():
    for op in ("any", "all"):
        for axes in (0, -1, [0, 2], None):
            case(op, [b([2, 3, 2])], f"over {axes}", **({} if axes is None else {"axes": axes}))
        case(op, [b([2, 3], "expanded")], "kept", axes=1, keepDims=True)
        case(op, [b([0, 3])], "empty axis", axes=0)
        case(op, [b([0, 3])], "empty result", axes=1)
        case(op, [b([])], "scalar")
    reduction("countNonZero", order=1, extreme=False)
    case("countNonZero", [i([3, 4], -1, 2)], "int64", axes=1)
    case("countNonZero", [v([0, "-0", "nan", "inf", 1, 0], [2, 3])], "extreme", axes=1)
    for kind in VIEWS:
        case("argmin", [f([3, 4], view=kind)], kind or "last")
    case("argmin", [v([1, 3, 1, 2, 2, 2, "-inf", 0, "inf", "-0", 0, "-0"], [4, 3])], "ties", axis=1)
    case("prod", [f([4])], "vector", order=3)
    case("prod", [f([2, 3, 2])], "all", order=2)
    case("prod", [f([2, 3, 2], view="transposed")], "middle", order=2, axes=1)
    case("prod", [f([2, 3, 2], view="strided")], "several kept", axes=[0, 2], keepDims=True)
    case("prod", [v([2, 0, 3, 0, 0, 5, 1, 2, 3], [3, 3])], "zeros", axes=1, order=2)
    case("prod", [f([0, 3])], "empty axis", axes=0)
    case("prod", [i([2, 3], 1, 5)], "int64", axes=1)
    for correction in (0, 1):
        case("std", [f([5])], "vector", order=3, correction=correction)
        case("std", [f([3, 4, 2], view="transposed")], "several", order=2, axes=[0, 1], keepDims=True, correction=correction)
    for p in (1, 2, 3, "inf", 1.5):
        case("norm", [f([5])], f"{p} vector", order=2, **({"p": p}))
        case("norm", [f([2, 3, 2], view="transposed")], f"{p} several", axes=[0, 2], p=p)
    case("norm", [v([0, 0, 3, 4], [2, 2])], "zero", axes=1)
    case("norm", [f([2, 3])], "kept", order=2, axes=-1, keepDims=True)
    for kind in VIEWS:
        case("l2Normalize", [f([3, 4], view=kind)], kind or "rows", order=2)
    case("l2Normalize", [v([0, 0, 3, 4], [2, 2])], "zero", gradient=False)


def arrangement():
    for kind in VIEWS:
        for op, options in (
            ("flip", {"axes": 1}), ("roll", {"shift": 2, "axis": 1}), ("tile", {"counts": [2, 1]}), ("repeat", {"count": 2, "axis": 0}),
            ("tril", {}), ("triu", {"offset": 1}), ("diagonal", {}), ("trace", {}), ("diagonalMatrix", {}),
        ):
            case(op, [f([3, 4], view=kind)], kind or "matrix", order=2, **options)
    case("flip", [f([2, 3, 2])], "all")
    case("flip", [f([0, 3])], "empty", axes=0)
    case("flip", [i([4], -5, 5)], "int64")
    case("roll", [f([2, 3])], "flat", shift=-2)
    case("roll", [f([3])], "beyond", shift=7, axis=0)
    case("tile", [f([2, 3])], "more axes", counts=[2, 1, 2])
    case("tile", [f([2, 2, 3])], "fewer counts", counts=[2])
    case("tile", [b([3])], "bool", counts=[2])
    case("repeat", [f([2, 1, 3])], "size one", count=3, axis=1)
    case("repeat", [i([3], -5, 5)], "int64", count=2, axis=0)
    for offset in (-1, 2):
        case("tril", [f([2, 3, 3])], f"offset {offset}", offset=offset)
        case("triu", [f([2, 4, 3])], f"offset {offset}", offset=offset)
        case("diagonal", [f([4, 4])], f"offset {offset}", offset=offset)
        case("diagonalMatrix", [f([3])], f"offset {offset}", offset=offset)
    case("diagonal", [f([2, 3, 4])], "other axes", axis1=-2, axis2=-1)
    case("trace", [f([2, 3, 4])], "other axes", offset=1, axis1=-2, axis2=-1)
    case("arange", [], "float", start=-1, stop=2, step=0.75, dtype="float32")
    case("arange", [], "down", start=5, stop=0, step=-2, dtype="int64")
    case("arange", [], "none", start=0, stop=0, dtype="int64")
    case("linspace", [], "five", start=-1, stop=2, count=5, dtype="float32")
    case("linspace", [], "one", start=-1, stop=2, count=1, dtype="float64")
    case("eye", [], "square", rows=3, columns=3, dtype="float32")
    case("eye", [], "wide", rows=2, columns=4, dtype="int64")


def ordering():
    for op in ("cumsum", "cumprod"):
        for kind in VIEWS:
            case(op, [f([3, 4], view=kind)], kind or "plain", order=2, axis=1)
        for reverse in (False, True):
            for exclusive in (False, True):
                case(op, [f([3, 2, 2])], f"reverse {reverse}, exclusive {exclusive}", order=2, axis=0, reverse=reverse, exclusive=exclusive)
        case(op, [f([2, 1])], "size one", axis=1)
        case(op, [f([2, 0])], "empty", axis=1)
        case(op, [i([2, 4], -3, 4)], "int64", axis=1)
    case("cumprod", [v([2, 0, 3, 4, 0, 0, 5, 1], [2, 4])], "zeros", order=2, axis=1)
    case("cumsum", [v([1, "nan", 2, "inf", 1, "-inf"], [2, 3])], "extreme", each=True, axis=1)
    for kind in VIEWS:
        for descending in (False, True):
            case("sort", [f([3, 4], view=kind)], f"{kind or 'plain'} descending {descending}", order=2, descending=descending)
            case("argsort", [f([3, 4], view=kind)], f"{kind or 'plain'} descending {descending}", axis=0, descending=descending)
        case("topK", [f([3, 5], view=kind)], kind or "plain", order=2, k=2)
    case("sort", [i([2, 5], -9, 9)], "int64", axis=1)
    case("sort", [v([1, "inf", "-inf", 0, 3])], "infinities", each=True)
    case("argsort", [v([2, 1, 2, 1, 2, 1, 1, 2])], "ties")
    case("argsort", [v([2, 1, 2, 1, 2, 1, 1, 2])], "ties descending", descending=True)
    case("topK", [f([5, 3])], "smallest", order=2, k=3, axis=0, largest=False)
    case("topK", [i([6], -50, 50)], "int64", k=2)


def scattering():
    for dtype in ("int32", "int64"):
        case("putAlongAxis", [f([2, 4]), v([3, 0, 1, 2], [2, 2], dtype), f([2, 2])], dtype, order=2, axis=1)
        case("putAlongAxis", [f([3, 2], view="transposed"), v([0, -1], [1, 2], dtype), f([1, 2])], f"{dtype} negative", axis=0)
        case("scatter", [f([4, 3]), v([3, 1], dtype=dtype), f([2, 3], view="strided")], dtype, order=2)
        case("scatter", [f([2, 4]), v([-1, 1], dtype=dtype), f([2, 2])], f"{dtype} axis 1", axis=1)
        case("gatherND", [f([3, 4]), v([0, 1, 2, -1, 0, 1], [3, 2], dtype)], dtype, order=2)
        case("gatherND", [f([3, 4, 2], view="transposed"), v([2, 0, -3], [3, 1], dtype)], f"{dtype} slices")
        case("scatterND", [f([3, 4]), v([0, 1, 2, -1], [2, 2], dtype), f([2])], dtype, order=2)
        case("scatterAddND", [f([3, 4]), v([0, 1, 2, -1, 0, 1], [3, 2], dtype), f([3])], dtype, order=2)
        case("scatterAddND", [f([3, 2]), v([2, 0, 2], [3, 1], dtype), f([3, 2])], f"{dtype} slices")
        case("dynamicSlice", [f([4, 5]), v([1], [], dtype), v([-2], [], dtype)], dtype, order=2, sizes=[2, 2])
        case("dynamicSlice", [f([4, 5], view="transposed"), v([9], [], dtype), v([-9], [], dtype)], f"{dtype} clamped", sizes=[2, 3])
        case("dynamicUpdateSlice", [f([4, 5]), f([2, 2]), v([1], [], dtype), v([4], [], dtype)], dtype, order=2)
    case("gatherND", [f([3, 4]), i([2, 2, 1], 0, 3)], "many")
    case("putAlongAxis", [f([2, 3]), i([2, 0], 0, 3), f([2, 0])], "no index", axis=1)


def windows():
    def random_convolution(rank, transposed):
        stride, dilation = [R.randint(1, 3) for _ in range(rank)], [R.randint(1, 2) for _ in range(rank)]
        kernel, groups = [R.randint(1, 3) for _ in range(rank)], R.choice([1, 1, 2])
        padding = [R.randint(0, (d * (k - 1)) // 2) for d, k in zip(dilation, kernel)]
        size = [R.randint(d * (k - 1) + 1, 6) for d, k in zip(dilation, kernel)]
        ins, outs = groups * R.randint(1, 2), groups * R.randint(1, 2)
        weights = [ins, outs // groups, *kernel] if transposed else [outs, ins // groups, *kernel]
        options = {"outputPadding": [R.randint(0, s - 1) for s in stride]} if transposed else {}
        op = f"conv{'Transpose' if transposed else ''}{rank}d"
        case(op, [f([R.randint(1, 2), ins, *size], view=view(size)), f(weights)], f"random, {groups} groups",
             order=2, stride=stride, padding=padding, dilation=dilation, groups=groups, **options)
    for rank in (1, 2):
        for _ in range(6):
            random_convolution(rank, False)
            random_convolution(rank, True)
    case("conv1d", [f([2, 2, 5]), f([3, 2, 2])], "plain", order=3)
    case("convTranspose1d", [f([2, 2, 4]), f([2, 3, 2])], "plain", order=3)
    case("convTranspose2d", [f([1, 2, 3, 3]), f([2, 1, 2, 2])], "plain", order=3)
    case("conv2d", [f([1, 4, 3, 3]), f([4, 1, 2, 2])], "depthwise", order=2, groups=4)
    for padding in ("same", "valid", [[1, 0], 2]):
        case("conv2d", [f([1, 1, 5, 4]), f([2, 1, 2, 3])], f"padding {padding}", order=2, stride=2, padding=padding)
    case("conv1d", [f([1, 1, 5]), f([2, 1, 2])], "same", padding="same")
    for op in ("maxPool", "averagePool"):
        case(op, [f([1, 2, 6])], "1-D", order=2, size=2)
        case(op, [f([2, 2, 5, 6], view="transposed")], "2-D", order=2, size=[2, 3])
        case(op, [f([1, 1, 5, 5], view="strided")], "overlapping", order=2, size=3, stride=2, padding=1)
        case(op, [f([1, 2, 4, 4])], "stride one", size=2, stride=1)
    case("averagePool", [f([1, 1, 5, 5])], "margin uncounted", order=2, size=3, stride=2, padding=1, countIncludePad=False)
    case("maxPool", [v([1, 1, 2, 2, 0, 2, 1, 1], [1, 1, 8])], "ties", size=4)
    for kind in VIEWS:
        case("globalAveragePool", [f([2, 3, 2, 2], view=kind)], kind or "plain", order=2)
    case("globalAveragePool", [f([2, 3, 4])], "kept", keepDims=True)


def normalising():
    for kind in VIEWS:
        case("batchNorm", [f([2, 3, 4], view=kind), f([3]), f([3]), f([3]), f([3], 0.5, 2)], kind or "plain", order=2)
        case("batchNormTraining", [f([3, 2, 2], view=kind), f([2]), f([2]), f([2]), f([2], 0.5, 2)], kind or "plain", order=1, momentum=0.3, epsilon=0.1)
        case("groupNorm", [f([2, 4, 3], view=kind), f([4]), f([4])], kind or "plain", order=2, groups=2, epsilon=0.1)
        case("instanceNorm", [f([2, 3, 4], view=kind), f([3]), f([3])], kind or "plain", order=2, epsilon=0.1)
        case("rmsNorm", [f([3, 4], view=kind), f([4])], kind or "plain", order=2)
    case("batchNorm", [f([2, 3]), f([3]), f([3]), f([3]), f([3], 0.5, 2)], "rows")
    case("groupNorm", [f([1, 4, 2, 2]), f([4]), f([4])], "images", groups=4)
    case("rmsNorm", [f([2, 2, 3]), f([2, 3])], "two axes", axis=1, epsilon=0.1)
    case("rmsNorm", [f([4]), f([4])], "vector", order=3)


def losses():
    for op in ("meanSquaredError", "meanAbsoluteError", "huber", "smoothL1", "klDivergence"):
        for reduction in ("mean", "sum", "none"):
            case(op, [f([3, 4], view=view([3, 4])), f([3, 4], view=view([3, 4]))], reduction, order=2, reduction=reduction)
        case(op, [f([4]), f([4])], "vector", order=3)
    case("huber", [f([5], -4, 4), f([5])], "delta", delta=0.5)
    case("smoothL1", [f([5], -4, 4), f([5])], "beta", beta=0.5)
    case("klDivergence", [f([3, 4]), f([3, 4])], "temperature", order=2, temperature=2.5)
    for reduction in ("mean", "sum", "none"):
        case("binaryCrossEntropyWithLogits", [f([3, 4], -5, 5), f([3, 4], 0, 1)], reduction, order=2, reduction=reduction)
        case("negativeLogLikelihood", [f([3, 4], -3, 0), i([3], 0, 4)], reduction, order=2, reduction=reduction)
    case("binaryCrossEntropyWithLogits", [f([6], -5, 5), f([6], 0, 1)], "weight", order=2, positiveWeight=2.5)
    case("binaryCrossEntropyWithLogits", [v([1000, -1000, 0, 80]), v([1, 0, 0.5, 0])], "large", each=True)
    case("negativeLogLikelihood", [f([2, 3, 4], -3, 0), i([2, 3], 0, 4, "int32")], "int32")


def products():
    for equation, shapes in (
        ("ij,jk->ik", [[2, 3], [3, 2]]), ("bij,bjk->bik", [[2, 2, 3], [2, 3, 2]]), ("i,j->ij", [[3], [2]]), ("i,i->", [[4], [4]]),
        ("ij->ji", [[2, 3]]), ("ij->i", [[2, 3]]), ("ii->i", [[3, 3]]), ("ii", [[3, 3]]), ("ij,kj", [[2, 3], [2, 3]]),
        ("...ij,...jk->...ik", [[2, 1, 2, 3], [3, 3, 2]]), ("bhqd,bhkd->bhqk", [[1, 2, 2, 3], [1, 2, 3, 3]]),
        ("ij,jk,kl->il", [[2, 3], [3, 2], [2, 2]]), ("abc,cd->abd", [[2, 1, 3], [3, 2]]), ("ij,ij->ij", [[2, 3], [2, 3]]),
        ("ij,j->i", [[2, 3], [3]]), ("ij,i->j", [[2, 3], [2]]), ("bi,bj->bij", [[2, 2], [2, 3]]),
    ):
        case("einsum", [f(s, view=view(s)) for s in shapes], equation, order=2, equation=equation)
    case("einsum", [f([0, 3]), f([3, 2])], "empty", equation="ij,jk->ik")


def add():
    elementwise(), reductions(), arrangement(), ordering(), scattering(), windows(), normalising(), losses(), products()
