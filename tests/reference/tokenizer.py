"""Token ids by the Python package `tokenizers`, from a tokenizer.json that this project learnt.

python3 tests/reference/tokenizer.py < tokenizer.json writes tokenizer_ids.json beside itself (then:
deno fmt tests/reference). The tokenizer.json is that of trainTokenizer(CORPUS, 150), with the corpus
of tests/methods/text/tokenizer_corpus.ts.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer

SENTENCES = [
    "grinning face",
    "face with tears of joy",
    "Piñata CAFÉ naïve",
    "woman's sandal!",
    "keycap #  1 * 2",
    "zebra xylophone",
    "rock 'n' roll, e-mail",
    "snow ☃ man",
    "",
    "a",
    "中文 button",
    "pre-\ttab\nline",
    "<3 100% +1",
]

tokenizer = Tokenizer.from_str(sys.stdin.read())
rows = []
for sentence in SENTENCES:
    ids = tokenizer.encode(sentence).ids
    decoded = tokenizer.decode(ids, skip_special_tokens=True)
    rows.append({"text": sentence, "ids": ids, "decoded": decoded})
Path(__file__).with_name("tokenizer_ids.json").write_text(json.dumps(rows, ensure_ascii=False))
