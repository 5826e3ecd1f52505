"""Token ids by Hugging Face's BertTokenizer from a vocab.txt, in lower case and not.

python tests/reference/vocabulary.py writes vocabulary.json beside itself (then: deno fmt tests/reference).
transformers is needed.
"""

import json
import tempfile
from pathlib import Path

import transformers

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "The", "quick", "fox", "##es", "##s", "un", "##believ",
          "##able", "cafe", "Café", "ca", "##f", "##e", "##é", ",", ".", "'", "$", "-", "中", "文", "5", "##0", "a", "##b", "e", "n"]
TEXTS = ["The quick foxes.", "unbelievable, Café cafe CAFÉ", "中文 the", "  two   spaces\tand\na line ", "$50-5", "a\u00a0b a\u3000b",
         "a\u0000b a\u200db a\ufeffb", "the\u2028fox", "zzz", "[SEP] the [MASK]the", "", "e\u0301 é", "a" * 101, "\u000bthe\u000cfox\u0085the"]


def ids(lowercase):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(PIECES) + "\n")
        tokenizer = transformers.BertTokenizer.from_pretrained(folder, do_lower_case=lowercase)
        return [" ".join(map(str, tokenizer(text, add_special_tokens=False)["input_ids"])) for text in TEXTS]


out = {"transformers": transformers.__version__, "vocabulary": "\n".join(PIECES) + "\n", "texts": TEXTS, "lower": ids(True), "cased": ids(False)}
(Path(__file__).parent / "vocabulary.json").write_text(json.dumps(out, indent=1) + "\n")
