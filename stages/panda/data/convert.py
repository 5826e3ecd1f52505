"""Writes leukemia.csv.gz and srbct.csv.gz from two Debian 12 packages; not part of the pipeline.

    apt-get download r-cran-nmf r-bioc-impute
    dpkg -x r-cran-nmf_*.deb x; dpkg -x r-bioc-impute_*.deb x
    pip install numpy rdata
    python convert.py x

A file has one line for each sample: its name, its class, then the genes; empty where a value is missing.
"""

import gzip
import sys
from pathlib import Path

import numpy as np
import rdata
from rdata.parser import RObject, RObjectType

sys.setrecursionlimit(100_000)
library = Path(sys.argv[1]) / "usr/lib/R/site-library"


def integer_matrices(node, seen):
    """All integer matrices below `node`; an ExpressionSet keeps its own in an environment."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, RObject):
        if node.info.type == RObjectType.INT and node.attributes is not None and len(node.value) > 10_000:
            yield node
        for part in (node.attributes, node.tag, node.value, node.referenced_object):
            yield from integer_matrices(part, seen)
    elif isinstance(node, (list, tuple)):
        for part in node:
            yield from integer_matrices(part, seen)
    elif hasattr(node, "__dict__"):
        for part in vars(node).values():
            yield from integer_matrices(part, seen)


def write(name, samples, classes, genes, rows):
    lines = [",".join(["sample", "class", *genes])]
    lines += [",".join([s, c, *row]) for s, c, row in zip(samples, classes, rows)]
    with open(Path(__file__).parent / name, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
            packed.write(("\n".join(lines) + "\n").encode())


parsed = rdata.parser.parse_file(library / "NMF/data/esGolub.rda")
(matrix,) = integer_matrices(parsed.object, set())
attributes = rdata.conversion.convert(matrix.attributes)
genes, samples = (list(map(str, names)) for names in attributes["dimnames"])
values = np.asarray(matrix.value).reshape(len(samples), len(genes))
assert values.shape == (38, 5000)
write("leukemia.csv.gz", samples, [s[:3] for s in samples], genes, values.astype(str))

table = rdata.read_rda(library / "impute/data/khanmiss.rda")["khanmiss"]
classes = [str(c) for c in table.iloc[0, 2:]]
genes = [f"g{i}" for i in range(1, len(table))]
numbers = table.iloc[1:, 2:].astype(object).to_numpy().astype(float).T
assert numbers.shape == (63, 2308) and np.isnan(numbers).sum() == 1282
rows = [["" if np.isnan(v) else f"{v:.4f}" for v in row] for row in numbers]
write("srbct.csv.gz", [f"s{i}" for i in range(1, 64)], classes, genes, rows)
