"""Values of torch.nn's own layers and of torch.optim.AdamW, for the tests of methods/nn and optim.

python3 tests/reference/layers.py writes layers.json beside itself (then: deno fmt tests/reference).
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from philox import Stream

B, N, M, D, H = 2, 5, 3, 8, 2


def array(x):
    return {"shape": list(x.shape), "values": [float(f"{v:.9g}") for v in np.asarray(x.detach(), np.float64).ravel()]}


def normal(name, shape, std=1.0):
    return torch.from_numpy(Stream(5, "layers", name).normal(shape, std))


def fill(module):
    """Every parameter from the stream of its own name, so that biases and scales are not trivial."""
    with torch.no_grad():
        for name, p in module.named_parameters():
            p.copy_(normal(name, list(p.shape), 0.4))
    return {name: array(p) for name, p in module.named_parameters()}


def case(module, *inputs, **options):
    inputs = [x.clone().requires_grad_() for x in inputs]
    parameters = fill(module)
    y = module(*inputs, **options)
    y = y[0] if isinstance(y, tuple) else y
    weight = normal("cotangent", list(y.shape))
    (y * weight).sum().backward()
    return {
        "parameters": parameters, "output": array(y), "inputGradients": [array(x.grad) for x in inputs],
        "gradients": {name: array(p.grad) for name, p in module.named_parameters()},
    }


def adamw():
    n = 12
    start = torch.cat([normal("adamw", [n])])
    # Three segments: decayed, decayed and sometimes masked, never decayed.
    parts = [nn.Parameter(start[a:b].clone()) for a, b in ((0, 5), (5, 8), (8, 12))]
    optimizer = torch.optim.AdamW(
        [{"params": parts[:2], "weight_decay": 0.1}, {"params": parts[2:], "weight_decay": 0.0}],
        lr=0.0, betas=(0.8, 0.95), eps=1e-6)
    steps = []
    for i in range(12):
        gradient = normal(f"gradient {i}", [n], 3.0 if i % 4 == 0 else 0.3)
        mask = [1, 0 if i < 3 or i in (5, 6) else 1, 1]
        for part, keep, piece in zip(parts, mask, gradient.split([5, 3, 4])):
            part.grad = piece.clone() if keep else None
        used = [p for p in parts if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(used, 2.0)
        lr = 0.05 * (i + 1) / 12
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
        steps.append({"lr": lr, "mask": mask, "norm": norm.item(), "params": array(torch.cat([p.data for p in parts]))["values"]})
    return steps


def main():
    torch.manual_seed(0)
    x, context = normal("x", [B, N, D]), normal("context", [B, M, D])
    causal = nn.Transformer.generate_square_subsequent_mask(N)
    attention = lambda: nn.MultiheadAttention(D, H, batch_first=True)
    options = dict(d_model=D, nhead=H, dim_feedforward=4 * D, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)

    class Self(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = attention()

        def forward(self, x):
            return self.inner(x, x, x, attn_mask=causal, need_weights=False)[0]

    class Cross(Self):
        def forward(self, x, context):
            return self.inner(x, context, context, need_weights=False)[0]

    out = {
        "linear": case(nn.Linear(D, 3), x),
        "layerNorm": case(nn.LayerNorm(D), x),
        "selfAttention": case(Self(), x),
        "attention": case(Cross(), x, context),
        "block": case(nn.TransformerEncoderLayer(**options), x, src_mask=causal),
        "crossBlock": case(nn.TransformerDecoderLayer(**options), x, context, tgt_mask=causal),
        "adamw": adamw(),
    }
    for value in out.values():
        if isinstance(value, dict):
            del value["parameters"]
    (Path(__file__).parent / "layers.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
