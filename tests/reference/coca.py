"""CoCa-mini in PyTorch: the reference of methods/nn/coca.ts, and its peer in the benchmark.

python3 tests/reference/coca.py writes coca.json beside itself (then: deno fmt tests/reference). Weights, batches and dropout masks
come from the same named Philox streams on both sides, so that no array need be stored.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from philox import Stream

HERE = Path(__file__).parent
DEFAULTS = dict(image=32, channels=3, patch=8, heads=4, imageQueries=8, mlpRatio=4)


def stream_weights(stream, shape):
    return torch.from_numpy(stream.truncated_normal(shape, 0.02))


def init_linear(s, n_in, n_out):
    return {"w": stream_weights(s.child("w"), [n_in, n_out]), "b": torch.zeros(n_out)}


def init_norm(d):
    return {"scale": torch.ones(d), "bias": torch.zeros(d)}


def init_cross(s, d):
    return {"query": init_linear(s.child("query"), d, d),
            "keyValue": init_linear(s.child("keyValue"), d, 2 * d),
            "out": init_linear(s.child("out"), d, d)}


def init_block(s, d, ratio):
    return {
        "norm1": init_norm(d),
        "attention": {"qkv": init_linear(s.child("attention", "qkv"), d, 3 * d),
                      "out": init_linear(s.child("attention", "out"), d, d)},
        "norm2": init_norm(d),
        "mlp": {"up": init_linear(s.child("mlp", "up"), d, ratio * d),
                "down": init_linear(s.child("mlp", "down"), ratio * d, d)},
    }


def init_cross_block(s, d, ratio):
    return {**init_block(s, d, ratio), "normCross": init_norm(d), "cross": init_cross(s.child("cross"), d)}


def init(s, c):
    d, r = c["width"], c["mlpRatio"]
    patches, size = (c["image"] // c["patch"]) ** 2, c["channels"] * c["patch"] ** 2
    return {
        "image": {
            "patch": init_linear(s.child("image", "patch"), size, d),
            "position": stream_weights(s.child("image", "position"), [patches, d]),
            "blocks": [init_block(s.child("image", "blocks", i), d, r) for i in range(c["imageLayers"])],
            "norm": init_norm(d),
            "pooler": {
                "queries": stream_weights(s.child("image", "pooler", "queries"), [1 + c["imageQueries"], d]),
                "attention": init_cross(s.child("image", "pooler", "attention"), d),
                "norm": init_norm(d),
            },
            "project": stream_weights(s.child("image", "project"), [d, c["embed"]]),
        },
        "text": {
            "embedding": stream_weights(s.child("text", "embedding"), [c["vocab"], d]),
            "position": stream_weights(s.child("text", "position"), [c["textLength"], d]),
            "cls": stream_weights(s.child("text", "cls"), [d]),
            "blocks": [init_block(s.child("text", "blocks", i), d, r) for i in range(c["textLayers"])],
            "norm": init_norm(d),
            "project": stream_weights(s.child("text", "project"), [d, c["embed"]]),
        },
        "multimodal": {
            "blocks": [init_cross_block(s.child("multimodal", "blocks", i), d, r)
                       for i in range(c["multimodalLayers"])],
            "norm": init_norm(d),
            "logits": stream_weights(s.child("multimodal", "logits"), [d, c["vocab"]]),
        },
        "logitScale": torch.tensor(math.log(1 / 0.07)),
    }


def leaves(tree, path=""):
    """(path, tensor) in the compiler's order: keys sorted."""
    if isinstance(tree, torch.Tensor):
        yield path, tree
    elif isinstance(tree, list):
        for i, item in enumerate(tree):
            yield from leaves(item, f"{path}.{i}" if path else str(i))
    else:
        for key in sorted(tree):
            yield from leaves(tree[key], f"{path}.{key}" if path else key)


def linear(p, x):
    return F.linear(x, p["w"].t(), p["b"])


def norm(p, x):
    return F.layer_norm(x, x.shape[-1:], p["scale"], p["bias"], 1e-5)


def heads(x, h):
    return x.unflatten(-1, (h, -1)).transpose(1, 2)


def attend(q, k, v, h, mask=None):
    out = F.scaled_dot_product_attention(heads(q, h), heads(k, h), heads(v, h), attn_mask=mask)
    return out.transpose(1, 2).flatten(2)


def self_attention(p, x, h, mask=None):
    q, k, v = linear(p["qkv"], x).chunk(3, -1)
    return linear(p["out"], attend(q, k, v, h, mask))


def attention(p, q, context, h):
    k, v = linear(p["keyValue"], context).chunk(2, -1)
    q = linear(p["query"], q)
    return linear(p["out"], attend(q.expand(context.shape[0], -1, -1), k, v, h))


def mlp(p, x):
    return linear(p["down"], F.gelu(linear(p["up"], x)))


def block(p, x, h, mask=None, context=None, drop=None):
    d = lambda name, y: y if drop is None else y * drop[name]
    x = x + d("attention", self_attention(p["attention"], norm(p["norm1"], x), h, mask))
    if context is not None:
        x = x + d("cross", attention(p["cross"], norm(p["normCross"], x), context, h))
    return x + d("mlp", mlp(p["mlp"], norm(p["norm2"], x)))


def forward(c, p, images, tokens, drop=None):
    h, batch = c["heads"], images.shape[0]
    pick = lambda tower, i: None if drop is None else drop[tower][i]
    out = {"imageHidden": [], "textHidden": [], "multimodalHidden": []}
    im = p["image"]
    x = F.unfold(images, c["patch"], stride=c["patch"]).transpose(1, 2)
    x = linear(im["patch"], x) + im["position"]
    for i, b in enumerate(im["blocks"]):
        x = block(b, x, h, drop=pick("image", i))
        out["imageHidden"].append(x)
    pooled = attention(im["pooler"]["attention"], im["pooler"]["queries"][None], norm(im["norm"], x), h)
    pooled = norm(im["pooler"]["norm"], pooled)
    out["imageEmbedding"] = F.normalize(pooled[:, 0] @ im["project"], dim=-1)
    context = pooled[:, 1:]

    t = p["text"]
    length = tokens.shape[1]
    x = torch.cat([t["embedding"][tokens] + t["position"], t["cls"].expand(batch, 1, -1)], 1)
    visible = torch.ones(length + 1, length + 1, dtype=torch.bool).tril().expand(batch, 1, -1, -1).clone()
    visible[:, 0, -1, :-1] = tokens != 0
    for i, b in enumerate(t["blocks"]):
        x = block(b, x, h, visible, drop=pick("text", i))
        out["textHidden"].append(x)
    x = norm(t["norm"], x)
    out["textEmbedding"] = F.normalize(x[:, -1] @ t["project"], dim=-1)

    x = x[:, :-1]
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    for i, b in enumerate(p["multimodal"]["blocks"]):
        x = block(b, x, h, causal, context, pick("multimodal", i))
        out["multimodalHidden"].append(x)
    out["decoded"] = norm(p["multimodal"]["norm"], x)
    return out


def losses(p, out, tokens):
    scale = p["logitScale"].clamp(max=math.log(100)).exp()
    scores = scale * out["imageEmbedding"] @ out["textEmbedding"].t()
    labels = torch.arange(tokens.shape[0])
    contrastive = (F.cross_entropy(scores, labels) + F.cross_entropy(scores.t(), labels)) / 2
    logits = out["decoded"][:, :-1] @ p["multimodal"]["logits"]
    captioning = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=0)
    return contrastive, captioning, contrastive + 2 * captioning


def batch_of(s, c, size):
    """Images and captions of 5 to T tokens (ids from 1), padded with 0."""
    images = s.child("images").normal([size, c["channels"], c["image"], c["image"]], 0.5)
    tokens = s.child("tokens").integers(1, c["vocab"], [size, c["textLength"]])
    lengths = s.child("lengths").integers(5, c["textLength"] + 1, [size])
    tokens[np.arange(c["textLength"])[None] >= lengths[:, None]] = 0
    return torch.from_numpy(images), torch.from_numpy(tokens).long()


def dropout_masks(s, c, batch, rate):
    lengths = dict(image=(c["image"] // c["patch"]) ** 2, text=c["textLength"] + 1, multimodal=c["textLength"])
    def of(tower, i, branch):
        shape = [batch, lengths[tower], c["width"]]
        return torch.from_numpy(s.child(tower, i, branch).dropout_mask(rate, shape))
    return {tower: [{branch: of(tower, i, branch) for branch in
                     (("attention", "cross", "mlp") if tower == "multimodal" else ("attention", "mlp"))}
                    for i in range(c[tower + "Layers"])] for tower in lengths}


def warmup_cosine(peak, warmup, steps, floor):
    def rate(step):
        if step < warmup:
            return peak * (step + 1) / warmup
        return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
    return rate


def make_optimizer(params, decay, fused=False):
    named = [x.requires_grad_() for _, x in leaves(params)]
    return named, torch.optim.AdamW([
        {"params": [x for x in named if x.dim() >= 2], "weight_decay": decay},
        {"params": [x for x in named if x.dim() < 2], "weight_decay": 0.0},
    ], fused=fused)


def train(c, params, batches, steps, rate, decay, clip, masks=None):
    named, optimizer = make_optimizer(params, decay)
    curve = []
    for step in range(steps):
        images, tokens = batches[step % len(batches)]
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        out = forward(c, params, images, tokens, masks(step) if masks else None)
        contrastive, captioning, total = losses(params, out, tokens)
        optimizer.zero_grad()
        total.backward()
        norm_ = torch.nn.utils.clip_grad_norm_(named, clip)
        optimizer.step()
        curve.append([contrastive.item(), captioning.item(), total.item(), norm_.item()])
    return curve


def rounded(x, n=8):
    return [float(f"{v:.{n}g}") for v in np.asarray(x.detach(), np.float64).ravel()]


def sketch(x):
    """Mean square and eight evenly spread elements: enough to tell a wrong array from a right one."""
    flat = x.detach().double().ravel()
    at = [round(i * (flat.numel() - 1) / 7) for i in range(8)]
    return {"meanSquare": float(f"{(flat ** 2).mean().item():.9g}"), "at": at, "values": rounded(flat[at])}


def main():
    torch.manual_seed(0)
    torch.set_num_threads(2)
    c = dict(DEFAULTS, width=64, imageLayers=4, textLayers=2, multimodalLayers=4, vocab=200, textLength=12, embed=32)
    batch = 16
    data = [batch_of(Stream(11, "coca", "batch", i), c, batch) for i in range(4)]
    fresh = lambda: init(Stream(11, "coca", "params"), c)

    p = fresh()
    # Larger weights than at the start, so that attention is far from uniform and no gradient is so
    # small as to be rounding noise (float32 and float64 agree to 1e-5 of every array's largest).
    for path, x in leaves(p):
        if x.dim() >= 2:
            x *= 15
    weights = {path: sketch(x) for path, x in leaves(p)}
    for _, x in leaves(p):
        x.requires_grad_()
    out = forward(c, p, *data[0])
    contrastive, captioning, total = losses(p, out, data[0][1])
    total.backward()
    logits = out["decoded"] @ p["multimodal"]["logits"]
    reference = {
        "config": c, "batch": batch, "seed": 11, "torch": torch.__version__,
        "weights": {k: weights[k] for k in list(weights)[::17]},
        "forward": {
            **{k: [sketch(x) for x in out[k]] for k in ("imageHidden", "textHidden", "multimodalHidden")},
            **{k: sketch(out[k]) for k in ("imageEmbedding", "textEmbedding", "decoded")},
            "logits": sketch(logits),
            "losses": [contrastive.item(), captioning.item(), total.item()],
        },
        "gradients": {path: sketch(x.grad) for path, x in leaves(p)},
    }
    settings = dict(peak=1e-3, warmup=10, steps=100, floor=1e-5, decay=0.05, clip=1.0)
    rate = warmup_cosine(*(settings[k] for k in ("peak", "warmup", "steps", "floor")))
    reference["training"] = dict(
        settings, curve=train(c, fresh(), data, 100, rate, settings["decay"], settings["clip"]))
    masks = lambda step: dropout_masks(Stream(11, "coca", "dropout", step), c, batch, 0.1)
    reference["dropout"] = dict(
        settings, rate=0.1, curve=train(c, fresh(), data, 20, rate, settings["decay"], settings["clip"], masks))
    (HERE / "coca.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
