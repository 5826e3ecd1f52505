"""Small unigram vocabularies: a SentencePiece model file, and a tokenizer.json as DeBERTa's is converted to.

python tests/reference/unigram.py writes unigram.json beside itself (then: deno fmt tests/reference).
sentencepiece and tokenizers are needed.
"""

import base64
import io
import json
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from philox import Stream

STEMS = "train rank learn prun adapt budget matri weight layer token model read pair sens score word gener mean".split()
ENDS = ["", "s", "ing", "ed", "er", "ion", "able", "less", "ly"]
# The rules of a map of characters: ligatures, full width, one character to several, several to one, to a space.
RULES = {"ﬁ": "fi", "Ａ": "A", "ｂ": "b", "½": "1/2", "…": "...", "e\u0301": "\u00e9", "Ⅳ": "IV", "\u00a0": " ", "\t": " ", "\n": " "}
TEXTS = [
    "training ranks of learners", "  two  spaces\tand a tab \n", "Unknown: 中文 ζ zzz", "", " ", "a",
    "ﬁne Ａｂ ½ … Ⅳ café cafe\u0301 no\u00a0break", "[CLS] is text, and so is [SEP]; 3.14 (budget)ed's",
    "weightlessly generable matrions sensed", "emoji 🙂🙂 and ▁ itself", "x" * 40,
]
PAIRS = [["a budget of ranks", "words are pruned"], ["", "empty first"], ["training " * 12, "cut me " * 9]]


def corpus():
    draw = Stream(5, "unigram")
    lines = []
    for i in range(600):
        s = draw.child(i)
        n = int(s.child("n").integers(3, 12, [1])[0])
        stems, ends = (s.child(k).integers(0, m, [n]) for k, m in (("stem", len(STEMS)), ("end", len(ENDS))))
        lines.append(" ".join(STEMS[a] + ENDS[b] for a, b in zip(stems, ends)) + (" (1990)." if i % 3 else ", 3/2!"))
    return lines


def spm(directory):
    rules = directory / "rules.tsv"
    hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
    rules.write_text("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in RULES.items()))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, vocab_size=160, model_type="unigram", num_threads=1,
        normalization_rule_tsv=str(rules), pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]",
        eos_piece="[SEP]", unk_piece="[UNK]", minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return {"model": base64.b64encode(model.getvalue()).decode(),
            "ids": [" ".join(map(str, processor.encode(t))) for t in TEXTS]}


def converted():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.train_from_iterator(corpus(), trainers.UnigramTrainer(
        vocab_size=160, special_tokens=["[PAD]", "[CLS]", "[SEP]", "[UNK]"], unk_token="[UNK]", show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))])
    file = json.loads(tokenizer.to_str())
    texts = [t for t in TEXTS if "\n" not in t]
    plain = [tokenizer.encode(t, add_special_tokens=False) for t in texts]
    tokenizer.enable_truncation(20)
    tokenizer.enable_padding(length=20, pad_id=tokenizer.token_to_id("[PAD]"), pad_token="[PAD]")
    pairs = tokenizer.encode_batch([tuple(p) for p in PAIRS])
    return {"file": file, "texts": texts, "ids": [" ".join(map(str, e.ids)) for e in plain],
            "pairs": [{"ids": " ".join(map(str, e.ids)), "types": " ".join(map(str, e.type_ids)),
                       "mask": " ".join(map(str, e.attention_mask))} for e in pairs]}


def main():
    with tempfile.TemporaryDirectory() as directory:
        out = {"sentencepiece": sentencepiece.__version__, "tokenizers": tokenizers.__version__,
               "texts": TEXTS, "pairs": PAIRS, "spm": spm(Path(directory)), "converted": converted()}
    (Path(__file__).parent / "unigram.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
