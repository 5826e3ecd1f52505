"""torch.optim, torch.optim.lr_scheduler and torch.amp.GradScaler, for the tests of methods/optim.

/opt/peers/bin/python tests/reference/optim.py writes optim.json beside itself (then: deno fmt tests/reference).
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

from compact import numbers
from philox import Stream

STEPS = 60
SHAPES = {"bias": [4], "deep.0.w": [2, 3], "w": [3, 2]}
KEEP = [0, 19, 59]


def draw(dtype, *name, std=1.0):
    shape = SHAPES[name[-1]]
    return torch.from_numpy(Stream(5, "optim", *name).normal(shape, std)).to(dtype)


def rate(step):
    return 0.05 * (1 + step % 7) / 7


def run(dtype, make, clip=None, gradient=None, scaler=None):
    """Parameters after the steps of KEEP; `gradient(step, path)` gives a factor."""
    params = {path: nn.Parameter(draw(dtype, "start", path)) for path in SHAPES}
    optimizer = make(params)
    base = [group["lr"] for group in optimizer.param_groups]
    kept = []
    for step in range(STEPS):
        for group, scale in zip(optimizer.param_groups, base):
            group["lr"] = rate(step) * scale
        for path, p in params.items():
            p.grad = draw(dtype, "gradient", step, path) * (gradient(step) if gradient else 1.0)
        if clip == "norm":
            nn.utils.clip_grad_norm_(params.values(), 2.0)
        if clip == "value":
            nn.utils.clip_grad_value_(params.values(), 0.5)
        optimizer.step()
        if step in KEEP:
            kept.append({path: numbers(p.detach(), 17) for path, p in params.items()})
    return kept


def every(kind, **options):
    return lambda params: kind([{"params": list(params.values()), "lr": 1.0}], foreach=False, **options)


def grouped(kind, bias, deep, **options):
    """`bias` and `deep` are the settings of groups of their own; the first matching group counts."""
    return lambda params: kind([
        {"params": [params["bias"]], "lr": 1.0, **bias},
        {"params": [params["deep.0.w"]], "lr": 1.0, **deep},
        {"params": [params["w"]], "lr": 1.0},
    ], foreach=False, **options)


CASES = {
    "sgd": every(torch.optim.SGD),
    "sgd l2": every(torch.optim.SGD, weight_decay=0.1),
    "momentum": every(torch.optim.SGD, momentum=0.9, weight_decay=0.01),
    "dampening": every(torch.optim.SGD, momentum=0.8, dampening=0.3),
    "nesterov": every(torch.optim.SGD, momentum=0.9, nesterov=True),
    "adam": every(torch.optim.Adam),
    "adam l2": every(torch.optim.Adam, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    "adamw": every(torch.optim.AdamW, weight_decay=0.1),
    "amsgrad": every(torch.optim.Adam, amsgrad=True, betas=(0.5, 0.6)),
    "adamw amsgrad": every(torch.optim.AdamW, amsgrad=True, betas=(0.5, 0.6), weight_decay=0.2),
    "rmsprop": every(torch.optim.RMSprop),
    "rmsprop centered": every(torch.optim.RMSprop, alpha=0.9, eps=1e-3, momentum=0.5, centered=True, weight_decay=0.05),
    "adagrad": every(torch.optim.Adagrad, initial_accumulator_value=0.1, lr_decay=0.02, weight_decay=0.05),
    "sgd groups": grouped(torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.0}, {"momentum": 0.5}, momentum=0.9, weight_decay=0.1),
    "adamw groups": grouped(torch.optim.AdamW, {"weight_decay": 0.0}, {"lr": 0.25, "betas": (0.7, 0.9)}, weight_decay=0.1),
}


def schedules():
    def rates(make, n=70, lr=0.4):
        p = nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([p], lr=lr)
        scheduler = make(optimizer)
        out = []
        for _ in range(n):
            out.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return numbers(out, 17)

    warm = lambda o: lr_scheduler.LinearLR(o, 0.1, 1.0, 20)
    return {
        "constant": rates(lambda o: lr_scheduler.ConstantLR(o, 1.0)),
        "linear": rates(warm),
        "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 50, 0.03), 51),
        "step": rates(lambda o: lr_scheduler.StepLR(o, 15, 0.3)),
        "milestones": rates(lambda o: lr_scheduler.MultiStepLR(o, [5, 30, 31], 0.5)),
        "exponential": rates(lambda o: lr_scheduler.ExponentialLR(o, 0.95)),
        "polynomial": rates(lambda o: lr_scheduler.PolynomialLR(o, 50, 2.0)),
        "oneCycle": rates(lambda o: lr_scheduler.OneCycleLR(o, 0.4, total_steps=60), 60),
        "oneCycle wide": rates(lambda o: lr_scheduler.OneCycleLR(o, 0.4, total_steps=60, pct_start=0.4, div_factor=10, final_div_factor=50), 60),
        "sequence": rates(lambda o: lr_scheduler.SequentialLR(o, [warm(o), lr_scheduler.CosineAnnealingLR(o, 40)], [20]), 61),
    }


def ema(dtype):
    model = nn.Linear(1, 1).to(dtype)
    model.w = nn.Parameter(draw(dtype, "start", "w"))
    average = AveragedModel(model, avg_fn=get_ema_avg_fn(0.9))
    average.update_parameters(model)
    out = []
    for step in range(STEPS):
        with torch.no_grad():
            model.w.copy_(draw(dtype, "gradient", step, "w"))
        average.update_parameters(model)
        if step in KEEP:
            out.append(numbers(average.module.w.detach(), 17))
    return out


BAD = {7: float("inf"), 8: float("nan"), 30: float("-inf")}


def scaling():
    """SGD on scaled gradients, some of them not finite."""
    p = nn.Parameter(draw(torch.float32, "start", "w"))
    optimizer = torch.optim.SGD([p], lr=0.05, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_factor=3.0, backoff_factor=0.25, growth_interval=5)
    scales, kept = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        gradient = draw(torch.float32, "gradient", step, "w")
        if step in BAD:
            gradient[1, 1] = BAD[step]
        scaler.scale((p * gradient).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
        if step in KEEP:
            kept.append(numbers(p.detach(), 12))
    return {"scales": numbers(scales, 12), "params": kept}


def main():
    torch.manual_seed(0)
    types = {"float64": torch.float64, "float32": torch.float32}
    out = {"torch": torch.__version__, "steps": STEPS, "keep": KEEP, "shapes": SHAPES}
    for name, dtype in types.items():
        out[name] = {case: run(dtype, make) for case, make in CASES.items()}
        out[name]["clip norm"] = run(dtype, CASES["momentum"], clip="norm")
        out[name]["clip value"] = run(dtype, CASES["adam"], clip="value")
        out["ema " + name] = ema(dtype)
    out["schedules"] = schedules()
    out["scaling"] = scaling()
    (Path(__file__).parent / "optim.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
