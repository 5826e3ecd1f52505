"""AdaLoRA by Hugging Face PEFT on a small BertModel in float64, for the tests of methods/adalora.

python tests/reference/adalora_peft.py writes adalora_peft.json beside itself (then: deno fmt tests/reference).
torch, transformers and peft are needed. Scores, budgets, masks and losses are those of PEFT's own RankAllocator
and AdaLoraModel, read at each step.
"""

import json
from pathlib import Path

import peft
import torch
import torch.nn.functional as F
from peft import AdaLoraConfig, get_peft_model
from transformers import BertConfig, BertModel
from transformers.modeling_outputs import SequenceClassifierOutput

from compact import numbers
from philox import Stream

SEED = 11
STEPS, INITIAL_RANK, TARGET_RANK, ALPHA = 50, 3, 1, 6
WARMUP, COOLDOWN, EVERY, GAMMA = 5, 15, 3, 0.3
LR, DECAY, CLIP = 0.02, 0.01, 1.0
BATCH, LENGTH, CLASSES = 4, 5, 3
SIZES = dict(vocab_size=13, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
             max_position_embeddings=6, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu",
             hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager")
ADAPTED = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
KEPT_STEPS = [0, 1, 5, 6, 9, 10, 20, 33, 34]


def draw(name, shape, std):
    return torch.from_numpy(Stream(SEED, "peft", name).normal(list(shape), std)).double()


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = BertModel(BertConfig(**SIZES), add_pooling_layer=False)
        self.head = torch.nn.Linear(SIZES["hidden_size"], CLASSES)

    def forward(self, input_ids, labels):
        states = self.bert(input_ids=input_ids).last_hidden_state
        logits = self.head(states[:, 0])
        return SequenceClassifierOutput(loss=F.cross_entropy(logits, labels), logits=logits)


def classifier():
    model = Classifier().double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            is_scale = name.endswith("LayerNorm.weight")
            p.copy_(draw(name, p.shape, 0.1 if is_scale else 0.3) + (1.0 if is_scale else 0.0))
    return model


def main():
    config = AdaLoraConfig(
        init_r=INITIAL_RANK, target_r=TARGET_RANK, lora_alpha=ALPHA, lora_dropout=0.0, tinit=WARMUP, tfinal=COOLDOWN,
        deltaT=EVERY, total_step=STEPS, orth_reg_weight=GAMMA, beta1=0.85, beta2=0.85, target_modules=ADAPTED)
    model = get_peft_model(classifier(), config)
    tuner = model.base_model
    allocator = tuner.rankallocator
    for name, p in model.named_parameters():
        p.requires_grad = "lora_" in name or ".head." in name
    parts = {}
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name and p.requires_grad:
                short = name.removeprefix("base_model.model.bert.").replace(".default", "")
                parts[short] = p
                if "lora_E" not in name:
                    p.copy_(draw(short, p.shape, 0.02))
    modules = sorted({name.rsplit(".", 1)[0] for name in parts})
    rank_of = {module: parts[f"{module}.lora_E"].shape[0] for module in modules}
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=LR, weight_decay=DECAY)
    trace = {"loss": [], "task": [], "budget": [], "alive": [], "mask": [], "scores": {}}
    full = {short: next(n for n, q in tuner.model.named_parameters() if q is p) for short, p in parts.items()}

    def scores():
        """S of each triplet, module by module, by PEFT's own pieces."""
        out = []
        for module in modules:
            e, a, b = (full[f"{module}.lora_{x}"] for x in "EAB")
            element = allocator._element_score
            both = torch.cat([element(a).mean(1, keepdim=True), element(b).mean(0).view(-1, 1)], 1)
            out.append(allocator._combine_ipt(element(e), both))
        return torch.cat(out)

    for step in range(STEPS):
        ids = torch.from_numpy(Stream(SEED, "ids", step).integers(0, SIZES["vocab_size"], [BATCH, LENGTH])).long()
        labels = torch.from_numpy(Stream(SEED, "labels", step).integers(0, CLASSES, [BATCH])).long()
        # PeftModel.forward without a task type goes past AdaLoraModel.forward, which adds the penalty.
        output = tuner(input_ids=ids, labels=labels)
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], CLIP)
        optimizer.step()
        tuner.update_and_allocate(step)
        if step in KEPT_STEPS:
            trace["scores"][str(step)] = numbers(scores().detach(), 12)
        trace["loss"].append(output.loss.item())
        trace["task"].append(F.cross_entropy(output.logits, labels).item())
        trace["budget"].append(allocator.budget_schedule(step)[0])
        values = torch.cat([parts[f"{module}.lora_E"].flatten() for module in modules])
        trace["alive"].append(int((values != 0).sum()))
        trace["mask"].append("".join("1" if v != 0 else "0" for v in values))
        optimizer.zero_grad()

    out = {
        "peft": peft.__version__, "torch": torch.__version__,
        "settings": dict(steps=STEPS, initialRank=INITIAL_RANK, targetRank=TARGET_RANK, alpha=ALPHA, warmup=WARMUP,
                         cooldown=COOLDOWN, every=EVERY, gamma=GAMMA, lr=LR, weightDecay=DECAY, clip=CLIP,
                         batch=BATCH, length=LENGTH, classes=CLASSES),
        "modules": modules, "ranks": [rank_of[m] for m in modules],
        **{k: numbers(trace[k], 14) for k in ("loss", "task", "budget", "alive")},
        "masks": trace["mask"], "scores": trace["scores"],
        "final": {name: {"shape": list(p.shape), "values": numbers(p.detach(), 12)} for name, p in parts.items()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
