"""DeBERTa (version 3's choices) by Hugging Face transformers: states, gradients in float64, log buckets.

python tests/reference/deberta.py writes deberta.json beside itself (then: deno fmt tests/reference).
torch and transformers are needed.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import DebertaV2Config, DebertaV2Model
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

from compact import numbers, sample
from philox import Stream

# transformers has √(scores · size) in float32 even in a float64 model: sizes are such that it is whole.
SMALL = dict(vocab_size=40, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40,
             max_position_embeddings=64, position_buckets=8, max_relative_positions=-1, relative_attention=True,
             norm_rel_ebd="layer_norm", share_att_key=True, position_biased_input=False, type_vocab_size=0,
             layer_norm_eps=1e-7, hidden_act="gelu")
# Within the linear half of the buckets, into the logarithmic half, and beyond the last bucket.
CASES = {
    "short": dict(hidden_size=24, pos_att_type="p2c|c2p", lengths=[4, 2, 1]),
    "long": dict(hidden_size=24, pos_att_type="p2c|c2p", lengths=[80, 41, 3]),
    "content": dict(hidden_size=16, pos_att_type="c2p", lengths=[9, 5, 2]),
    "place": dict(hidden_size=16, pos_att_type="p2c", lengths=[9, 5, 2]),
}


def case(name, hidden_size, pos_att_type, lengths):
    config = DebertaV2Config(**SMALL, hidden_size=hidden_size, pos_att_type=pos_att_type.split("|"), hidden_dropout_prob=0.0,
                             attention_probs_dropout_prob=0.0)
    model = DebertaV2Model(config).double()
    draw = lambda part, shape, std: torch.from_numpy(Stream(5, "deberta", part).normal(shape, std)).double()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.copy_(draw(key, list(p.shape), 0.4))
    n = lengths[0]
    # Id 0 is padding, whose embedding transformers gives no gradient.
    ids = torch.tensor(Stream(5, "deberta", name, "ids").integers(1, SMALL["vocab_size"], [3, n]).tolist())
    mask = torch.tensor([[1] * k + [0] * (n - k) for k in lengths])
    out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    # States of padding differ between implementations, and mean nothing.
    real = [h * mask.unsqueeze(-1) for h in out.hidden_states]
    value = (real[-1] * draw(name + " last", list(real[-1].shape), 1.0)).sum()
    value.backward()
    return {"hidden_size": hidden_size, "pos_att_type": pos_att_type, "lengths": lengths, "value": value.item(),
            "hidden": [sample(h, 32) for h in real],
            "gradients": {key: sample(p.grad) for key, p in model.named_parameters()}}


def main():
    torch.set_num_threads(1)
    distances = torch.arange(0, 701)
    out = {
        "torch": torch.__version__, "transformers": transformers.__version__,
        "config": {"model_type": "deberta-v2", **SMALL},
        "buckets": {"buckets": 256, "positions": 512, "values": numbers(make_log_bucket_position(distances, 256, 512))},
        "cases": {name: case(name, **given) for name, given in CASES.items()},
    }
    (Path(__file__).parent / "deberta.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
