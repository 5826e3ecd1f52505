"""Singular values by LAPACK of matrices that a formula gives: tests/methods/losparse/leading_svd_test.ts.

    python tests/reference/singular_values.py > tests/reference/singular_values.json
"""

import json

import numpy as np


def matrix(m, n):
    i, j = np.meshgrid(np.arange(m), np.arange(n), indexing="ij")
    return np.sin(0.7 * i + 1.3 * j * j + 0.01 * i * j) / (1 + np.abs(i - j))


shapes = [(140, 200), (200, 140), (384, 130)]
out = []
for m, n in shapes:
    s = np.linalg.svd(matrix(m, n), compute_uv=False)
    out.append({"shape": [m, n], "s": [float(x) for x in s[:8]], "squares": float((s**2).sum())})
print(json.dumps({"numpy": np.__version__, "cases": out}, indent=1))
