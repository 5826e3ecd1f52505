"""PyTorch's side of finetuning.ts: a BERT of Hugging Face's transformers with PEFT's LoRA and AdaLoRA, and LoSparse.

LoSparse is written from the paper's equations as its authors' code runs them: eager, with masks by torch.kthvalue.
"""

import math

import peft
import torch
import torch.nn.functional as F
import transformers
from transformers import BertConfig, BertModel
from transformers.modeling_outputs import SequenceClassifierOutput

from philox import Stream

VERSIONS = f"transformers {transformers.__version__}, PEFT {peft.__version__}"
SEED, VOCAB, WIDTH, HIDDEN, LAYERS, BATCH, LENGTH, CLASSES, RANK, LR = 3, 30522, 384, 1536, 6, 16, 64, 2, 8, 1e-4
STEPS, WARMUP, COOLDOWN, EVERY = 1000, 2, 300, 10
MAPS = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense"}
OURS = {"query": "attention.query", "key": "attention.key", "value": "attention.value", "out": "attention.out",
        "up": "mlp.up", "down": "mlp.down"}


def draw(shape, *name, std=0.02):
    return torch.from_numpy(Stream(SEED, "bench", *name).normal(list(shape), std))


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = BertModel(BertConfig(
            vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=12,
            intermediate_size=HIDDEN, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0), add_pooling_layer=False)
        self.head = torch.nn.Linear(WIDTH, CLASSES)
        with torch.no_grad():
            e = self.bert.embeddings
            for name, p in (("token", e.word_embeddings), ("position", e.position_embeddings),
                            ("type", e.token_type_embeddings)):
                p.weight.copy_(draw(p.weight.shape, "bert", name))
            for i, layer in enumerate(self.bert.encoder.layer):
                for name, path in MAPS.items():
                    m = layer.get_submodule(path)
                    m.weight.copy_(draw(m.weight.T.shape, "bert", f"{i}.{name}").T)
                    m.bias.zero_()
            self.head.weight.copy_(draw((WIDTH, CLASSES), "head").T)
            self.head.bias.zero_()

    def forward(self, input_ids, attention_mask, labels):
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        kept = attention_mask.unsqueeze(-1).to(states.dtype)
        logits = self.head((states * kept).sum(1) / kept.sum(1))
        return SequenceClassifierOutput(loss=F.cross_entropy(logits, labels), logits=logits)


def batches():
    for i in range(4):
        s = Stream(SEED, "bench", "texts", i)
        mask = torch.ones(BATCH, LENGTH, dtype=torch.long)
        mask[::4, LENGTH // 2:] = 0
        yield dict(input_ids=torch.from_numpy(s.child("ids").integers(0, VOCAB, [BATCH, LENGTH])).long(),
                   attention_mask=mask,
                   labels=torch.from_numpy(s.child("labels").integers(0, CLASSES, [BATCH])).long())


def path_of(module):
    """encoder.layer.3.output.dense as our blocks.3.mlp.down."""
    layer, rest = module.split("encoder.layer.")[1].split(".", 1)
    rest = rest.removesuffix(".default")
    name = next(n for n, path in MAPS.items() if path == rest)
    return f"blocks.{layer}.{OURS[name]}"


class Adapted:
    """PEFT's LoRA or AdaLoRA; the head is trained beside it."""

    def __init__(self, adaptive):
        common = dict(lora_dropout=0.0, target_modules=list(MAPS.values()))
        if adaptive:
            rank = RANK * 3 // 2
            config = peft.AdaLoraConfig(init_r=rank, target_r=RANK, lora_alpha=2 * rank, tinit=WARMUP, tfinal=COOLDOWN,
                                        deltaT=EVERY, total_step=STEPS, orth_reg_weight=0.1, **common)
        else:
            config = peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, **common)
        model = peft.get_peft_model(Classifier(), config)
        # PeftModel.forward without a task type goes past AdaLoraModel.forward, which adds the penalty.
        self.model, self.adaptive, self.t = model.base_model if adaptive else model, adaptive, 0
        self.leaves = []
        for name, p in model.named_parameters():
            p.requires_grad = "lora_" in name or ".head." in name
            if p.requires_grad:
                self.leaves.append(p)
        with torch.no_grad():
            for name, p in model.named_parameters():
                if "lora_" not in name:
                    continue
                module, part = name.split(".lora_")
                module = path_of(module)
                if adaptive and part[0] in "AB":
                    child = "q" if part[0] == "A" else "p"
                    p.copy_(draw(p.T.shape, "svd", module, child).T)
                elif not adaptive and part[0] == "A":
                    bound = 1 / math.sqrt(p.shape[1])
                    drawn = Stream(SEED, "bench", "lora", module, "a").uniform(list(p.T.shape))
                    p.copy_(torch.from_numpy(drawn).T * 2 * bound - bound)
        self.optimizer = torch.optim.AdamW(self.leaves, lr=LR, weight_decay=0.0, fused=True)

    def step(self, batch):
        loss = self.model(**batch)
        logits, loss = loss.logits, loss.loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.leaves, 1.0)
        self.optimizer.step()
        if self.adaptive:
            self.model.update_and_allocate(self.t)
        self.optimizer.zero_grad()
        self.t += 1
        return F.cross_entropy(logits.detach(), batch["labels"])


class SparseLinear(torch.nn.Module):
    """y = L(R x) + S x + b."""

    def __init__(self, base, path):
        super().__init__()
        outputs, inputs = base.weight.shape
        rank = math.ceil(0.05 * outputs * inputs / (outputs + inputs))
        self.sparse, self.bias = base.weight, base.bias
        self.right = torch.nn.Parameter(draw((inputs, rank), "lowRanks", path, "left").T.contiguous())
        self.left = torch.nn.Parameter(draw((rank, outputs), "lowRanks", path, "right").T.contiguous())

    def forward(self, x):
        return F.linear(F.linear(x, self.right), self.left) + F.linear(x, self.sparse, self.bias)


class Losparse:
    def __init__(self):
        self.model, self.t = Classifier(), 0
        self.maps = []
        for i, layer in enumerate(self.model.bert.encoder.layer):
            for path in MAPS.values():
                parent, _, name = path.rpartition(".")
                map_ = SparseLinear(layer.get_submodule(path), path_of(f"encoder.layer.{i}.{path}"))
                setattr(layer.get_submodule(parent) if parent else layer, name, map_)
                self.maps.append(map_)
        self.importance = [torch.zeros_like(m.sparse) for m in self.maps]
        self.window = [torch.zeros_like(m.sparse) for m in self.maps]
        self.leaves = list(self.model.parameters())
        self.optimizer = torch.optim.AdamW(self.leaves, lr=LR, weight_decay=0.0, fused=True)

    def step(self, batch):
        loss = self.model(**batch).loss
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.prune()
        self.optimizer.zero_grad()
        self.t += 1
        return loss.detach()

    def prune(self):
        place = self.t % EVERY
        for m, average, window in zip(self.maps, self.importance, self.window):
            now = (m.sparse * m.sparse.grad).abs_()
            if place == 0:
                average.mul_(0.85).add_(window, alpha=0.15)
                window.copy_(now)
            else:
                window.mul_(place / (place + 1)).add_(now, alpha=1 / (place + 1))
        if self.t <= WARMUP or place != 0:
            return
        progress = (self.t - WARMUP) / (STEPS - WARMUP - COOLDOWN)
        share = 0.15 + 0.85 * (1 - progress) ** 3
        scores = [a.mean(1, keepdim=True).expand_as(a) for a in self.importance]
        flat = torch.cat([s.reshape(-1) for s in scores])
        threshold = torch.kthvalue(flat, max(1, int(flat.numel() * (1 - share)))).values
        for m, s in zip(self.maps, scores):
            m.sparse.masked_fill_(s < threshold, 0.0)


CASES = {"lora": lambda: Adapted(False), "adalora": lambda: Adapted(True), "losparse": Losparse}
