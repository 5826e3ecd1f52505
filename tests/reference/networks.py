"""torch.nn's modules in float64, values and gradients, for the tests of methods/nn.

/opt/peers/bin/python tests/reference/networks.py writes networks.json beside itself (then: deno fmt tests/reference).
Weights and inputs come from named streams on both sides, so that only results are stored.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from compact import array, numbers, sample
from philox import Stream

torch.set_default_dtype(torch.float64)


def draw(case, name, shape, std=1.0):
    return torch.from_numpy(Stream(5, "networks", case, name).normal(list(shape), std)).double()


def case(name, module, inputs, forward=None, state=()):
    """Outputs, and gradients of their product with drawn cotangents, by inputs' and parameters' names."""
    given = {k: draw(name, k, shape).requires_grad_() for k, shape in inputs.items()}
    with torch.no_grad():
        for key, p in module.named_parameters():
            p.copy_(draw(name, key, p.shape, 0.4))
    outputs = (forward or (lambda m, **x: {"output": m(*x.values())}))(module, **given)
    value = sum((y * draw(name, "cotangent " + k, y.shape)).sum() for k, y in outputs.items())
    value.backward()
    grads = {k: p.grad for k, p in list(module.named_parameters()) + list(given.items())}
    return {
        "inputs": inputs,
        "outputs": {k: sample(y, 24) for k, y in outputs.items()},
        "gradients": {k: sample(g) for k, g in grads.items()},
        "state": {k: array(module.state_dict()[k], 12) for k in state},
    }


B, N, M, D, H = 2, 5, 3, 8, 2
LENGTHS, CONTEXT_LENGTHS = (5, 3), (2, 3)
padded = lambda lengths, n: torch.arange(n)[None] >= torch.tensor(lengths)[:, None]
causal = nn.Transformer.generate_square_subsequent_mask(N).double()


def transformer(kind, activation, norm_first):
    return kind(d_model=D, nhead=H, dim_feedforward=12, dropout=0.0, activation=activation, batch_first=True,
                norm_first=norm_first, layer_norm_eps=1e-6)


class Attention(nn.Module):
    """Self-attention with inverted dropout of its weights by a given mask."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(D, D) for _ in range(4))

    def forward(self, x):
        heads = lambda y: y.unflatten(-1, (H, -1)).transpose(1, 2)
        q, k, v = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(D // H)).softmax(-1)
        kept = torch.from_numpy(Stream(5, "networks", "dropout").dropout_mask(0.5, [B, H, N, N])).double()
        return self.out((weights * kept @ v).transpose(1, 2).flatten(2))


class Normed(nn.Module):
    """Two batches through batch normalisation: the second's values, the running statistics after both."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def run(self, x, y):
        self.train()
        self.norm(x)
        trained = self.norm(y)
        self.eval()
        return {"training": trained, "evaluation": self.norm(x)}


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.position = nn.Embedding(11, D), nn.Embedding(7, D)
        self.blocks = nn.ModuleList(transformer(nn.TransformerEncoderLayer, "gelu", True) for _ in range(2))
        self.norm = nn.LayerNorm(D, eps=1e-6)

    def scores(self, ids):
        x = self.token(ids) + self.position.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, src_mask=causal)
        return self.norm(x) @ self.token.weight.t()


class Basic(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Resnet(nn.Module):
    def __init__(self, channels=3, widths=(4, 6), blocks=2, classes=5):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        for i, width in enumerate(widths):
            before = widths[max(0, i - 1)]
            stage = [Basic(before if j == 0 else width, width, 2 if i > 0 and j == 0 else 1) for j in range(blocks)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*stage))
        self.stages = len(widths)
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(x.mean((2, 3)))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 4, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(16, 6), nn.Linear(6, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def recurrent(name, kind, **options):
    def forward(m, x, h, c=None):
        y, last = m(x, (h, c) if c is not None else h)
        return {"output": y, "h": last[0], "c": last[1]} if c is not None else {"output": y, "h": last}

    layers = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    states = ["h", "c"] if kind is nn.LSTM else ["h"]
    return case(name, kind(4, 3, batch_first=True, **options), {"x": [B, N, 4], **{s: [layers, B, 3] for s in states}}, forward)


def resnet():
    def forward(m, x):
        m.train()
        trained = m(x)
        m.eval()
        return {"training": trained, "evaluation": m(x)}

    module = Resnet()
    state = [k for k in module.state_dict() if "running" in k]
    return case("resnet", module, {"x": [3, 3, 6, 6]}, forward, state)


def decoder():
    ids = torch.from_numpy(Stream(5, "networks", "ids").integers(0, 11, [B, N])).long()

    def forward(m):
        scores = m.scores(ids)
        each = F.cross_entropy(scores[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        keep = ~padded(LENGTHS, N)[:, 1:].flatten()
        return {"scores": scores, "loss": each.mean(), "masked": each[keep].mean()}

    return case("decoder", Decoder(), {}, forward)


def initializers():
    orthogonal = {}
    for shape in ([5, 3], [3, 5], [2, 2, 3]):
        name = "x".join(map(str, shape))
        flat = Stream(5, "networks", "orthogonal", name).normal64(shape).reshape(shape[0], -1)
        wide = flat.shape[0] < flat.shape[1]
        q, r = np.linalg.qr(flat.T if wide else flat)
        q = q * np.sign(np.diag(r))
        orthogonal[name] = numbers(q.T if wide else q)
    x, conv = torch.empty(600, 400), torch.empty(80, 30, 3, 3)  # torch's [out, in]
    bound = lambda init, t, **options: init(t, **options).abs().max().item()
    fans = lambda t: list(nn.init._calculate_fan_in_and_fan_out(t))
    return {
        "orthogonal": orthogonal, "linearFans": fans(x), "convFans": fans(conv),
        "glorotLinear": bound(nn.init.xavier_uniform_, x), "glorotConv": bound(nn.init.xavier_uniform_, conv, gain=2.0),
        "heLinear": bound(nn.init.kaiming_uniform_, x, nonlinearity="relu"),
        "heConv": bound(nn.init.kaiming_uniform_, conv, nonlinearity="relu"),
        "heNormal": nn.init.kaiming_normal_(x, nonlinearity="relu").std().item(),
        "glorotNormal": nn.init.xavier_normal_(x).std().item(),
    }


def main():
    torch.manual_seed(0)
    key, memory = padded(LENGTHS, N), padded(CONTEXT_LENGTHS, M)
    encoder, cross = nn.TransformerEncoderLayer, nn.TransformerDecoderLayer
    sequences, context = {"x": [B, N, D]}, {"x": [B, N, D], "context": [B, M, D]}
    encode = lambda m, x: {"output": m(x, src_mask=causal, src_key_padding_mask=key)}
    decode = lambda m, x, context: {"output": m(x, context, tgt_mask=causal, memory_key_padding_mask=memory)}
    batch = ["norm.running_mean", "norm.running_var"]
    cases = {
        "post-norm block": case("post-norm block", transformer(encoder, "relu", False), sequences, encode),
        "pre-norm block": case("pre-norm block", transformer(encoder, lambda x: F.gelu(x, approximate="tanh"), True), sequences, encode),
        "post-norm cross block": case("post-norm cross block", transformer(cross, "gelu", False), context, decode),
        "pre-norm cross block": case("pre-norm cross block", transformer(cross, "gelu", True), context, decode),
        "attention dropout": case("attention dropout", Attention(), sequences),
        "rms norm": case("rms norm", nn.RMSNorm(D, eps=1e-6), {"input": [B, N, D]}),
        "group norm": case("group norm", nn.GroupNorm(2, 6), {"input": [B, 6, 3, 2]}),
        "batch norm 1d": case("batch norm 1d", Normed(nn.BatchNorm1d(4)), {"x": [5, 4], "y": [5, 4]}, Normed.run, batch),
        "batch norm 2d": case("batch norm 2d", Normed(nn.BatchNorm2d(3, momentum=0.3, eps=1e-3)), {"x": [2, 3, 2, 4], "y": [2, 3, 2, 4]}, Normed.run, batch),
        "lstm": recurrent("lstm", nn.LSTM),
        "lstm stacked": recurrent("lstm stacked", nn.LSTM, num_layers=2),
        "lstm both ways": recurrent("lstm both ways", nn.LSTM, bidirectional=True),
        "gru": recurrent("gru", nn.GRU),
        "gru both ways": recurrent("gru both ways", nn.GRU, bidirectional=True),
        "decoder": decoder(),
        "resnet": resnet(),
        "cnn": case("cnn", Cnn(), {"x": [3, 2, 8, 8]}, lambda m, x: {"output": m(x)}),
    }
    out = {"torch": torch.__version__, "cases": cases, "initializers": initializers()}
    (Path(__file__).parent / "networks.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
