"""Cross-entropy with its options by PyTorch in float64: values, gradients and gradients of gradients.

/opt/peers/bin/python tests/reference/cross_entropy.py writes cross_entropy.json beside itself (then: deno fmt
tests/reference). Arrays are strings, "float64[2,3] 0.5 nan -0 …". Gradients are those of the sum of the output
weighed by ((37 i + 11) mod 19 − 9) / 8 at flat index i; `second` is the gradient of the sum of the first gradient
weighed by ((53 i + 7) mod 17 − 8) / 8. Options have the names of methods/tensor/ops/loss.ts.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

rng = np.random.default_rng(11)
cases = {}


def text(x):
    kind = str(x.dtype).removeprefix("torch.")
    return f"{kind}[{','.join(map(str, x.shape))}] " + " ".join(f"{v:.12g}" for v in x.detach().numpy().ravel())


def weighed(x, factor, shift, period, middle):
    i = torch.arange(x.numel())
    return (x * (((factor * i + shift) % period - middle) / 8).reshape(x.shape)).sum()


def case(name, logits, labels, **options):
    x = logits.clone().requires_grad_()
    soft = labels.is_floating_point()
    t = labels.clone().requires_grad_() if soft else labels
    moved = lambda y: y.movedim(options.get("axis", -1), 1)  # where PyTorch wants the classes
    out = F.cross_entropy(
        moved(x), moved(t) if soft else t,
        weight=None if "weights" not in options else torch.tensor(options["weights"], dtype=torch.float64),
        ignore_index=options.get("ignore", -100), reduction=options.get("reduction", "mean"),
        label_smoothing=options.get("labelSmoothing", 0.0))
    inputs = [x, t] if soft else [x]
    gradients = torch.autograd.grad(weighed(out, 37, 11, 19, 9), inputs, create_graph=True)
    second = torch.autograd.grad(weighed(gradients[0], 53, 7, 17, 8), [x])
    cases[name] = {"logits": text(logits), "labels": text(labels), "options": options, "output": text(out),
                   "gradients": [text(g) for g in gradients], "second": text(second[0])}


def r(*shape, low=-3.0, high=3.0):
    return torch.from_numpy(np.round(rng.uniform(low, high, shape), 3))


x, y = r(5, 4), torch.tensor([3, 0, 2, 0, 1])
some = torch.tensor([3, -100, 2, -100, 1])
weights = [0.2, 1.5, 0.0, 0.7]
p = torch.softmax(r(5, 4), 1).round(decimals=3)
case("no option", x, y)
for reduction in ("sum", "none"):
    case(f"reduction {reduction}", x, y, reduction=reduction)
for reduction in ("mean", "sum", "none"):
    rest = {} if reduction == "mean" else {"reduction": reduction}
    case(f"smoothing {reduction}", x, y, labelSmoothing=0.1, **rest)
    case(f"weights {reduction}", x, y, weights=weights, **rest)
    case(f"ignore {reduction}", x, some, ignore=-100, **rest)
    case(f"weights, smoothing {reduction}", x, y, weights=weights, labelSmoothing=0.3, **rest)
    case(f"weights, smoothing, ignore {reduction}", x, some, weights=weights, labelSmoothing=0.3, ignore=-100, **rest)
    case(f"probabilities {reduction}", x, p, **rest)
    case(f"probabilities, weights, smoothing {reduction}", x, p, weights=weights, labelSmoothing=0.2, **rest)
case("ignored class", x, y, ignore=0)
case("weights of which one counts is 0", x[:2], torch.tensor([2, 1]), weights=weights)
case("smoothing 1", x, y, labelSmoothing=1.0)
case("classes on axis 1", r(2, 4, 3), torch.tensor([[3, 0, 1], [2, 2, 0]]), axis=1, weights=weights)
case("axis 1, all options", r(2, 4, 3), torch.tensor([[3, -1, 1], [2, 2, -1]]),
     axis=1, weights=weights, labelSmoothing=0.1, ignore=-1, reduction="none")
case("two axes before the classes", r(2, 3, 4), torch.tensor([[3, 0, 1], [2, 2, 0]]))
case("large logits", torch.tensor([[1000.0, -1000, 0], [-2000, 0, 1]], dtype=torch.float64), torch.tensor([1, 2]),
     labelSmoothing=0.1)
(Path(__file__).parent / "cross_entropy.json").write_text(json.dumps(cases, indent=1) + "\n")
