"""The benchmark's peer: the same CoCa-mini training step in PyTorch eager, driven over stdin.

Each line of stdin is a JSON request: {"config", "batch", "threads", "seed"} sets a model up, {"steps": n}
takes n steps and answers {"seconds": s, "loss": l}. Attention is scaled_dot_product_attention and
the optimiser is the fused AdamW, which are PyTorch's fastest on a CPU.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "reference"))

import torch  # noqa: E402
from coca import batch_of, forward, init, losses, make_optimizer, warmup_cosine  # noqa: E402
from philox import Stream  # noqa: E402


class Peer:
    def __init__(self, config, batch, threads, seed):
        torch.set_num_threads(threads)
        self.config, self.step = config, 0
        self.params = init(Stream(seed, "bench", "params"), config)
        self.named, self.optimizer = make_optimizer(self.params, 0.05, fused=True)
        self.batches = [batch_of(Stream(seed, "bench", "batch", i), config, batch) for i in range(4)]
        self.rate = warmup_cosine(1e-3, 100, 1000, 1e-5)

    def take(self, steps):
        started = time.perf_counter()
        for _ in range(steps):
            images, tokens = self.batches[self.step % 4]
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(self.step)
            total = losses(self.params, forward(self.config, self.params, images, tokens), tokens)[2]
            self.optimizer.zero_grad()
            total.backward()
            torch.nn.utils.clip_grad_norm_(self.named, 1.0)
            self.optimizer.step()
            self.step += 1
        return {"seconds": time.perf_counter() - started, "loss": total.item()}


def main():
    print(json.dumps({"torch": torch.__version__}), flush=True)
    peer = None
    for line in sys.stdin:
        request = json.loads(line)
        if "steps" in request:
            answer = peer.take(request["steps"])
        else:
            peer, answer = Peer(**request), {"ready": True}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
