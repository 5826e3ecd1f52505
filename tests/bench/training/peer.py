"""PyTorch's side of the training benchmark: the models of models.ts and encoder.ts, driven over stdin.

Each line of stdin is a JSON request. {"case", "threads", "compile"} sets a model up (with compile, its loss
goes through torch.compile) and answers {"ready", "compileSeconds"}; {"steps": n} takes n steps and answers
{"seconds", "cpu", "loss", "peak"}. Weights and batches come from the same named streams as ours, so that the losses
can be compared. The optimisers are the fused ones where PyTorch has them, its fastest on a CPU.
"""

import json
import math
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "reference"))

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import coca  # noqa: E402
from philox import Stream  # noqa: E402

SEED = 3


def weights(s, shape, inputs):
    return torch.from_numpy(s.truncated_normal(shape, math.sqrt(2 / inputs)))


def dense_init(s, n_in, n_out):
    return {"w": weights(s, [n_in, n_out], n_in), "b": torch.zeros(n_out)}


def dense(p, x):
    return torch.addmm(p["b"], x, p["w"])


def labelled(shape, classes):
    for i in range(4):
        s = Stream(SEED, "bench", "batch", i)
        yield (torch.from_numpy(s.child("x").normal(shape)),
               torch.from_numpy(s.child("y").integers(0, classes, [shape[0]])).long())


def mlp():
    s = Stream(SEED, "bench", "mlp")
    p = {"first": dense_init(s.child("first"), 784, 512), "second": dense_init(s.child("second"), 512, 10)}
    loss = lambda x, y: F.cross_entropy(dense(p["second"], F.relu(dense(p["first"], x))), y)
    return p, loss, list(labelled([64, 784], 10)), lambda ps: torch.optim.SGD(ps, 0.01, fused=True)


def cnn():
    s = Stream(SEED, "bench", "cnn")
    p = {"conv1": {"w": weights(s.child("conv1"), [16, 1, 3, 3], 9), "b": torch.zeros(16)},
         "conv2": {"w": weights(s.child("conv2"), [32, 16, 3, 3], 144), "b": torch.zeros(32)},
         "head": dense_init(s.child("head"), 32 * 49, 10)}
    layer = lambda q, x: F.max_pool2d(F.relu(F.conv2d(x, q["w"], q["b"], padding=1)), 2)
    loss = lambda x, y: F.cross_entropy(dense(p["head"], layer(p["conv2"], layer(p["conv1"], x)).flatten(1)), y)
    return p, loss, list(labelled([64, 1, 28, 28], 10)), lambda ps: torch.optim.SGD(ps, 0.01, fused=True)


def resnet():
    s = Stream(SEED, "bench", "resnet")
    norm_init = lambda n: {"scale": torch.ones(n), "bias": torch.zeros(n)}
    widths, strides = [16, 16, 32, 32, 64, 64], [1, 1, 2, 1, 2, 1]
    p = {"stem": weights(s.child("stem"), [16, 3, 3, 3], 27), "norm": norm_init(16), "blocks": [],
         "head": dense_init(s.child("head"), 64, 10)}
    for i, width in enumerate(widths):
        n, at = ([16] + widths)[i], s.child("block", i)
        p["blocks"].append({
            "conv1": weights(at.child("conv1"), [width, n, 3, 3], 9 * n), "norm1": norm_init(width),
            "conv2": weights(at.child("conv2"), [width, width, 3, 3], 9 * width), "norm2": norm_init(width),
            "skip": [] if n == width else [weights(at.child("skip"), [width, n, 1, 1], n)]})
    norm = lambda q, x: F.batch_norm(x, None, None, q["scale"], q["bias"], training=True)

    def loss(x, y):
        h = F.relu(norm(p["norm"], F.conv2d(x, p["stem"], padding=1)))
        for q, stride in zip(p["blocks"], strides):
            z = F.relu(norm(q["norm1"], F.conv2d(h, q["conv1"], stride=stride, padding=1)))
            z = norm(q["norm2"], F.conv2d(z, q["conv2"], padding=1))
            h = F.relu(z + (F.conv2d(h, q["skip"][0], stride=stride) if q["skip"] else h))
        return F.cross_entropy(dense(p["head"], h.mean([2, 3])), y)

    sgd = lambda ps: torch.optim.SGD(ps, 0.05, momentum=0.9, fused=True)
    return p, loss, list(labelled([32, 3, 32, 32], 10)), sgd


def encoder():
    s = Stream(SEED, "bench", "encoder")
    p = [coca.init_block(s.child(i), 384, 4) for i in range(6)]

    def loss(x, y):
        for q in p:
            x = coca.block(q, x, 12)
        return F.mse_loss(x, y)

    shape = [16, 64, 384]
    streams = [Stream(SEED, "bench", "batch", i) for i in range(4)]
    batches = [tuple(torch.from_numpy(b.child(n).normal(shape)) for n in "xy") for b in streams]
    return p, loss, batches, lambda ps: torch.optim.AdamW(ps, 1e-3, weight_decay=0.01, fused=True)


def coca_mini(batch, **sizes):
    c = {**coca.DEFAULTS, "vocab": 1500, "textLength": 12, **sizes}
    p = coca.init(Stream(SEED, "bench", "params"), c)
    loss = lambda images, tokens: coca.losses(p, coca.forward(c, p, images, tokens), tokens)[2]
    batches = [coca.batch_of(Stream(SEED, "bench", "batch", i), c, batch) for i in range(4)]
    return p, loss, batches, lambda _: coca.make_optimizer(p, 0.05, fused=True)[1]


def teacher():
    return coca_mini(64, width=64, imageLayers=4, textLayers=2, multimodalLayers=4, embed=64)


def student():
    return coca_mini(32, width=32, imageLayers=2, textLayers=1, multimodalLayers=2, embed=32)


CASES = {f.__name__: f for f in (mlp, cnn, teacher, student, encoder, resnet)}
FINE_TUNING = ("lora", "adalora", "losparse")


class FineTuningPeer:
    """Hugging Face's models, which are needed for these cases only."""

    def __init__(self, case, threads, compile=False, **_):
        import peer_finetuning
        torch.set_num_threads(threads)
        self.method, self.batches, self.step = peer_finetuning.CASES[case](), list(peer_finetuning.batches()), 0
        started = time.perf_counter()
        if compile:
            self.method.model.compile()
        self.ready = {"ready": True, "compileSeconds": time.perf_counter() - started}

    def advance(self):
        value = self.method.step(self.batches[self.step % 4])
        self.step += 1
        return value


class Peer:
    def __init__(self, case, threads, compile=False, **_):
        torch.set_num_threads(threads)
        params, loss, self.batches, make = CASES[case]()
        leaves = [p.requires_grad_() for _, p in coca.leaves(params)]
        self.optimizer, self.step, self.leaves = make(leaves), 0, leaves
        self.coca = case in ("teacher", "student")
        self.rate = coca.warmup_cosine(1e-3, 100, 1000, 1e-5)
        started = time.perf_counter()
        self.loss = torch.compile(loss) if compile else loss
        if compile:
            self.loss(*self.batches[0]).backward()
            self.optimizer.zero_grad()
        self.ready = {"ready": True, "compileSeconds": time.perf_counter() - started}

    def advance(self):
        self.optimizer.zero_grad()
        value = self.loss(*self.batches[self.step % 4])
        value.backward()
        if self.coca:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(self.step)
            torch.nn.utils.clip_grad_norm_(self.leaves, 1.0)
        self.optimizer.step()
        self.step += 1
        return value


def take(peer, steps):
    started, cpu = time.perf_counter(), time.process_time()
    for _ in range(steps):
        value = peer.advance()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    # Not with a child's: torch.compile's compiler is not needed to train.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "cpu": cpu, "loss": value.item(), "peak": peak}


def main():
    print(json.dumps({"torch": torch.__version__}), flush=True)
    peer = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "case" in request:
                kind = FineTuningPeer if request["case"] in FINE_TUNING else Peer
                peer = kind(**request)
                answer = peer.ready
            else:
                answer = take(peer, request["steps"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
