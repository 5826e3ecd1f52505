"""Heads of classification, regression and question answering by Hugging Face transformers: outputs, losses and
gradients in float64.

python tests/reference/task_heads.py writes task_heads.json beside itself (then: deno fmt tests/reference).
torch and transformers are needed.
"""

import json
from pathlib import Path

import torch
import transformers as t

from compact import sample
from philox import Stream

SIZES = dict(vocab_size=30, hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
             max_position_embeddings=32, hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
DEBERTA = dict(position_buckets=8, max_relative_positions=-1, relative_attention=True, norm_rel_ebd="layer_norm",
               share_att_key=True, position_biased_input=False, type_vocab_size=0, layer_norm_eps=1e-7,
               pos_att_type=["p2c", "c2p"], pooler_dropout=0.0, pooler_hidden_act="gelu")
BERT = dict(type_vocab_size=2, layer_norm_eps=1e-12, classifier_dropout=0.0)
LENGTHS = [7, 4, 6]


def case(form, goal):
    config = (t.DebertaV2Config(**SIZES, **DEBERTA) if form == "deberta" else t.BertConfig(**SIZES, **BERT))
    config.pooler_hidden_size = SIZES["hidden_size"]
    config.num_labels = {"classes": 3, "score": 1, "span": 2}[goal]
    name = "DebertaV2" if form == "deberta" else "Bert"
    model = getattr(t, f"{name}For{'QuestionAnswering' if goal == 'span' else 'SequenceClassification'}")(config)
    model = model.double().train()
    draw = lambda part, shape, std: torch.from_numpy(Stream(6, "heads", form, part).normal(shape, std)).double()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.copy_(draw(key, list(p.shape), 0.3))
    ids = torch.tensor(Stream(6, "heads", "ids").integers(1, SIZES["vocab_size"], [3, LENGTHS[0]]).tolist())
    mask = torch.tensor([[1] * k + [0] * (LENGTHS[0] - k) for k in LENGTHS])
    types = torch.tensor([[0, 0] + [1] * (k - 2) + [0] * (LENGTHS[0] - k) for k in LENGTHS])
    out = model(input_ids=ids, attention_mask=mask, token_type_ids=types)
    # Losses by torch: transformers takes DeBERTa's in float32, and those of spans over padding too, whose states
    # differ between implementations and mean nothing.
    f = torch.nn.functional
    if goal == "classes":
        outputs = out.logits
        loss = f.cross_entropy(outputs, torch.tensor([2, 0, 1]))
    elif goal == "score":
        outputs = out.logits.reshape(-1)
        loss = f.mse_loss(outputs, torch.tensor([0.5, 4.25, 3.0]).double())
    else:
        outputs = torch.stack([out.start_logits, out.end_logits], 1).masked_fill(mask[:, None] == 0, -1e4)
        start, end = torch.tensor([2, 0, 1]), torch.tensor([4, 0, 3])
        loss = (f.cross_entropy(outputs[:, 0], start) + f.cross_entropy(outputs[:, 1], end)) / 2
    loss.backward()
    heads = {key: sample(p.grad) for key, p in model.named_parameters()
             if ".encoder." not in key and "embeddings" not in key or key.endswith("layer.0.output.dense.weight")}
    return {"shapes": {key: list(p.shape) for key, p in model.named_parameters()}, "outputs": sample(outputs.detach()),
            "loss": loss.item(), "gradients": heads}


def main():
    torch.set_num_threads(1)
    out = {
        "torch": torch.__version__, "transformers": t.__version__, "lengths": LENGTHS,
        "configs": {"deberta": {"model_type": "deberta-v2", **SIZES, **DEBERTA}, "bert": {"model_type": "bert", **SIZES, **BERT}},
        "cases": {f"{form} {goal}": case(form, goal) for form in ("deberta", "bert") for goal in ("classes", "score", "span")},
    }
    (Path(__file__).parent / "task_heads.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
