"""Writes stats.json: what SciPy computes for the tests of methods/stats (python stats.py > stats.json)."""

import json

import numpy as np
from scipy import stats

rng = np.random.default_rng(20240917)
samples = {
    "mixed": [0.3, -0.1, 0.25, 0.4, -0.05, 0.12, 0.33],
    "small": [-0.5, -0.2, -0.9],
    "ties": [1.0, 1.0, -1.0, 2.0, 2.0, -3.0, 0.5, 0.5],
    "ten": [round(float(v), 6) for v in rng.normal(-0.5, 1.0, 10)],
    "shifted": [round(float(v), 6) for v in rng.normal(0.01, 0.02, 12)],
}
NAMES = {"two-sided": "two-sided", "less": "less", "greater": "greater"}


def one(values):
    x = np.array(values)
    t = {a: stats.ttest_1samp(x, 0, alternative=a) for a in NAMES}
    flips = {
        a: float(
            stats.permutation_test(
                (x,), np.mean, permutation_type="samples", alternative=a, n_resamples=np.inf
            ).pvalue
        )
        for a in NAMES
    }
    ranks = np.sign(x) * stats.rankdata(np.abs(x))
    wilcoxon = {
        a: float(
            stats.permutation_test(
                (ranks,), np.sum, permutation_type="samples", alternative=a, n_resamples=np.inf
            ).pvalue
        )
        for a in NAMES
    }
    interval = t["two-sided"].confidence_interval(0.95)
    margin = 0.3
    lower = stats.ttest_1samp(x, -margin, alternative="greater").pvalue
    upper = stats.ttest_1samp(x, margin, alternative="less").pvalue
    i, j = np.triu_indices(len(x))
    return {
        "values": values,
        "mean": float(x.mean()),
        "sd": float(x.std(ddof=1)),
        "t": float(t["two-sided"].statistic),
        "t_p": {a: float(t[a].pvalue) for a in NAMES},
        "interval": [float(interval.low), float(interval.high)],
        "sign_flip_p": flips,
        "wilcoxon_p": wilcoxon,
        "wilcoxon_statistic": float(ranks[ranks > 0].sum()),
        "tost_margin": margin,
        "tost": [float(lower), float(upper)],
        "hodges_lehmann": float(np.median((x[i] + x[j]) / 2)),
    }


p = [0.01, 0.04, 0.03, 0.005, 0.6]
order = np.argsort(p)
adjusted = np.minimum(1, np.maximum.accumulate((len(p) - np.arange(len(p))) * np.array(p)[order]))
holm = np.empty(len(p))
holm[order] = adjusted

x = [1.0, 2.0, 4.0, 8.0, 16.0]
y = [0.9, 2.2, 3.7, 8.4, 15.1]
# Rows are blocks. The second has ties, the third more conditions than are enumerated.
rng = np.random.default_rng(5)
pages = [
    (np.round(rng.normal(size=(6, 5)) + 0.5 * np.arange(5), 2)).tolist(),
    (np.round(rng.normal(size=(9, 4)) + 0.4 * np.arange(4), 0)).tolist(),
    (np.round(rng.normal(size=(12, 10)) + 0.1 * np.arange(10), 3)).tolist(),
]


def page(rows):
    method = "exact" if len(rows[0]) <= 8 and all(len(set(r)) == len(r) for r in rows) else "asymptotic"
    r = stats.page_trend_test(rows, method=method)
    return {"rows": rows, "L": float(r.statistic), "p": float(r.pvalue), "method": method}


def binomial(k, n, q):
    less, greater = (stats.binomtest(k, n, q, alternative=a).pvalue for a in ("less", "greater"))
    interval = stats.binomtest(k, n, q).proportion_ci(0.95, method="exact")
    return [k, n, q, float(less), float(greater), float(interval.low), float(interval.high)]


print(
    json.dumps(
        {
            "samples": {k: one(v) for k, v in samples.items()},
            "t_cdf": [
                [t, df, float(stats.t.cdf(t, df))]
                for df in (1, 2, 3.5, 7, 9, 30, 200)
                for t in (-25.0, -8.6, -2.0, -0.3, 0.0, 0.7, 3.1, 12.0)
            ],
            "t_quantile": [
                [q, df, float(stats.t.ppf(q, df))]
                for df in (1, 2, 7, 9, 19, 100)
                for q in (1e-4, 0.025, 0.05, 0.4, 0.5, 0.95, 0.975, 0.9999)
            ],
            "normal_cdf": [[z, float(stats.norm.cdf(z))] for z in (-6.0, -2.0, -0.4, 0.0, 0.9, 3.0)],
            "normal_quantile": [[q, float(stats.norm.ppf(q))] for q in (1e-4, 0.025, 0.5, 0.9, 0.975)],
            "page": [page(rows) for rows in pages],
            "binomial": [
                binomial(*c)
                for c in ((0, 12, 0.3), (12, 12, 0.3), (5, 12, 0.3), (988, 1000, 0.95), (3, 400, 0.05))
            ],
            "holm": {"p": p, "adjusted": [float(v) for v in holm]},
            "slope": {"x": x, "y": y, "value": float(stats.linregress(x, y).slope)},
            "quantile": [[q, float(np.quantile(y, q))] for q in (0, 0.025, 0.5, 0.8, 1)],
        },
        indent=1,
    )
)
