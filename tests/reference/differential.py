"""What PyTorch gives for every case of differential_cases.py: values, gradients, derivatives of these.

python3 tests/reference/differential.py writes differential.jsonl beside itself, one case a line; arrays are
base64 of float64. Second and third derivatives are along fixed random directions.
"""

import json
import sys
import warnings
from pathlib import Path

import torch

from differential_cases import CASES
from torch_programs import FLOATS, cotangent, direction, encode, make_inputs, run


def derivatives(case, dtype, order):
    """Values, and for k = 1 … order the gradient of the (k−1)-th one's product with a direction."""
    name = case["name"]
    leaves, values = make_inputs(name, case["inputs"], dtype)
    outputs = run(case["steps"], values)[len(values):]
    floats = [x for x in leaves if x is not None and x.is_floating_point()]
    levels = []
    smooth = [(k, y) for k, y in enumerate(outputs) if y.requires_grad]
    total = sum((y.to(FLOATS[dtype]) * cotangent(name, k, y.shape, dtype)).sum() for k, y in smooth)
    for level in range(order if smooth else 0):
        if not total.requires_grad:
            gradients = [None] * len(floats)
        else:
            gradients = torch.autograd.grad(total, floats, create_graph=level + 1 < order, allow_unused=True)
        gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(floats, gradients)]
        levels.append([encode(g) for g in gradients])
        total = sum((g * direction(name, i, g.shape, dtype)).sum() for i, g in enumerate(gradients))
    step = case["steps"][-1]
    fixed = "dtype" in step["options"] or step["op"] == "oneHot"
    dtypes = [str(y.dtype).removeprefix("torch.") if fixed or y.dtype != FLOATS[dtype] else "float" for y in outputs]
    written = [{"dtype": d, "shape": list(y.shape), "data": encode(y)} for d, y in zip(dtypes, outputs)]
    return written, levels


def lines(case):
    """One line, or one for each precision where the expected values differ by more than rounding."""
    for dtype in ("float32", "float64") if case["each"] else ("float64",):
        outputs, levels = derivatives(case, dtype, case["order"])
        yield {
            "name": case["name"], "dtypes": [dtype] if case["each"] else ["float32", "float64"], "inputs": case["inputs"],
            "steps": case["steps"], "outputs": outputs, "derivatives": levels,
        }


def main():
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    text = ""
    for case in CASES:
        try:
            for line in lines(case):
                text += json.dumps(line, separators=(",", ":")) + "\n"
        except Exception as error:
            sys.exit(f"{case['name']}: {error}")
    path = Path(__file__).parent / "differential.jsonl"
    path.write_text(text)
    print(f"{len(CASES)} cases, {path.stat().st_size} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
