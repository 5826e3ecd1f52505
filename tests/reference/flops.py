"""python3 tests/reference/flops.py > tests/reference/flops.json: operation counts by PyTorch (pip install torch).

FlopCounterMode counts products and convolutions alone, two operations a multiplication and addition.
"""

import json

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count(run):
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


mlp = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
x = torch.randn(64, 784)
conv = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(784, 10)
)
images = torch.randn(2, 3, 16, 16)
print(
    json.dumps(
        {
            "mlpForward": count(lambda: mlp(x)),
            "mlpTraining": count(lambda: mlp(x).square().sum().backward()),
            "convForward": count(lambda: conv(images)),
            "mlpParameters": sum(p.numel() for p in mlp.parameters()),
            "convParameters": sum(p.numel() for p in conv.parameters()),
        },
        indent=2,
    )
)
