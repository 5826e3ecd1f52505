"""GLUE's measures by scikit-learn and scipy, and small Parquet files by pyarrow.

python tests/reference/glue.py writes glue.json beside itself (then: deno fmt tests/reference).
scikit-learn, scipy and pyarrow are needed.
"""

import base64
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from philox import Stream


def measures():
    s = Stream(5, "glue")
    labels, guesses = (s.child(k).integers(0, 2, [60]).tolist() for k in ("labels", "guesses"))
    predicted = [a if i % 3 else b for i, (a, b) in enumerate(zip(labels, guesses))]
    # Rounded, so that ranks are tied.
    a, b = ([round(float(x), 1) for x in s.child(k).normal([40], 1.0)] for k in ("a", "b"))
    b = [round(x + y, 1) for x, y in zip(a, b)]
    return {"labels": labels, "predicted": predicted, "a": a, "b": b,
            "accuracy": accuracy_score(labels, predicted), "f1": f1_score(labels, predicted),
            "matthews": matthews_corrcoef(labels, predicted),
            "pearson": float(pearsonr(a, b)[0]), "spearman": float(spearmanr(a, b)[0])}


def parquet(columns, compression):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression=compression)
    return base64.b64encode(out.getvalue()).decode()


def main():
    n = [0, 1, 2]
    mnli = {"premise": ["A man eats.", "Café 中文", "\"Quoted\"\ttab"], "hypothesis": ["He eats.", "", "no"],
            "label": pa.array([0, 2, 1], pa.int64()), "idx": pa.array(n, pa.int32())}
    stsb = {"sentence1": ["a", "b", "c"], "sentence2": ["d", "e", "f"],
            "label": pa.array([5.0, 2.5, 0.0], pa.float32()), "idx": pa.array(n, pa.int32())}
    squad = {"id": ["q", "r"], "question": ["who?", "why?"], "context": ["A \U0001f642 man eats.", "b"],
             "answers": pa.array([{"text": ["man"], "answer_start": [4]}, {"text": [], "answer_start": []}],
                                 pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))]))}
    files = {"squad": parquet(squad, "snappy"), "mnli": parquet(mnli, "snappy"), "stsb": parquet(stsb, "none"),
             "wrong": parquet({**mnli, "label": pa.array([0, 3, 1], pa.int64())}, "snappy"),
             "zstd": parquet(mnli, "zstd")}
    (Path(__file__).parent / "glue.json").write_text(json.dumps({"measures": measures(), "parquet": files}, indent=1) + "\n")


if __name__ == "__main__":
    main()
