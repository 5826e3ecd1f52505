"""A safetensors file of every type that methods/tensor/safetensors.ts widens, written by torch.

/opt/peers/bin/python tests/reference/half.py writes half.json beside itself (then: deno fmt tests/reference).
"""

import base64
import json
from pathlib import Path

import torch
from safetensors.torch import save

VALUES = [0.0, -0.0, 1.0, -2.5, 1 / 3, 65504.0, 6e-8, -6.1e-5, 3.3895e38, 1e-40, float("inf"), float("-inf")]


def main():
    tensors = {
        "half": torch.tensor(VALUES).half(),
        "brain": torch.tensor(VALUES).bfloat16(),
        "byte": torch.tensor([-128, 0, 127], dtype=torch.int8),
        "short": torch.tensor([[-32768, 32767]], dtype=torch.int16),
        "unsigned": torch.tensor([0, 65535], dtype=torch.uint16),
        "wide": torch.tensor([0, 2**32 - 1], dtype=torch.uint32),
        "double": torch.tensor(1 / 3, dtype=torch.float64),
    }
    text = lambda x: x if abs(x) != float("inf") else str(x).replace("inf", "Infinity")
    values = {k: [text(v) for v in t.double().flatten().tolist()] for k, t in tensors.items()}
    out = {"file": base64.b64encode(save(tensors)).decode(), "values": values}
    (Path(__file__).parent / "half.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
