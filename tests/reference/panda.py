"""Writes panda.json: what Clarabel and HiGHS (through SciPy) give for the programmes of methods/panda.

    pip install numpy scipy clarabel
    python panda.py > panda.json
"""

import json

import clarabel
import numpy as np
from scipy import optimize, sparse, stats

rng = np.random.default_rng(302)


def moments(x0, x1):
    """Means, Σ̂ over n0 + n1, and σ̂_max."""
    n = len(x0) + len(x1)
    c0, c1 = x0 - x0.mean(0), x1 - x1.mean(0)
    sigma = (c0.T @ c0 + c1.T @ c1) / n
    return x1.mean(0) - x0.mean(0), sigma, np.sqrt(sigma.diagonal().max())


def panda(mu, sigma, slack, c):
    """Programme (5) over (β, w, τ) as a conic programme with a quadratic objective."""
    p = len(mu)
    values, vectors = np.linalg.eigh(sigma)
    root = (np.sqrt(np.clip(values, 0, None)) * vectors).T
    eye, zero = np.eye(p), np.zeros((p, p))
    one = slack * np.ones((p, 1))
    none = np.zeros((p, 1))
    a = np.vstack([
        np.hstack([eye, -eye, none]),
        np.hstack([-eye, -eye, none]),
        np.hstack([sigma, zero, -one]),
        np.hstack([-sigma, zero, -one]),
        np.hstack([np.zeros((1, 2 * p)), [[-1.0]]]),
        np.hstack([-root, zero, none]),
    ])
    b = np.concatenate([np.zeros(2 * p), mu + slack, slack - mu, np.zeros(1 + p)])
    quadratic = np.zeros((2 * p + 1, 2 * p + 1))
    quadratic[-1, -1] = 2 * c
    linear = np.concatenate([np.zeros(p), np.ones(p), [0.0]])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    cones = [clarabel.NonnegativeConeT(4 * p), clarabel.SecondOrderConeT(p + 1)]
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(quadratic)), linear, sparse.csc_matrix(a), b, cones, settings
    )
    found = solver.solve()
    x = np.array(found.x)
    return {"beta": x[:p].tolist(), "tau": x[-1], "objective": found.obj_val}


def linear_programme(mu, sigma, slack, weights):
    """min ‖β‖₁ subject to |Σ̂β − μ̂| ≤ slack (weights′β + 1)."""
    p = len(mu)
    upper, lower = sigma - slack * weights, -sigma - slack * weights
    found = optimize.linprog(
        np.ones(2 * p),
        A_ub=np.vstack([np.hstack([upper, -upper]), np.hstack([lower, -lower])]),
        b_ub=np.concatenate([mu + slack, slack - mu]),
        method="highs",
    )
    assert found.status == 0, found.message
    beta = found.x[:p] - found.x[p:]
    return {"beta": beta.tolist(), "objective": found.fun}


def case(name, n, p, scale, lambdas):
    factor = np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))))
    shift = np.zeros(p)
    shift[:3] = [1.2, -0.8, 0.5]
    x0 = np.round(scale * (rng.normal(size=(n, p)) @ factor.T), 4)
    x1 = np.round(scale * (rng.normal(size=(n, p)) @ factor.T + shift), 4)
    mu, sigma, sigma_max = moments(x0, x1)
    rate = np.sqrt(np.log(p) / n)
    points = []
    for tilde in lambdas:
        slack = tilde * rate * sigma_max
        f = sigma_max * rate
        first = linear_programme(mu, sigma, f, tilde * rate * mu)
        gain = abs(mu @ np.array(first["beta"]))
        points.append({
            "lambda": tilde,
            "panda": {str(c): panda(mu, sigma, slack, c) for c in (0.1, 20.0)},
            "lpd": linear_programme(mu, sigma, slack, np.zeros(p)),
            "adalda_gain": gain,
            "adalda": linear_programme(mu, sigma, f * np.sqrt(tilde * rate * gain + 1), np.zeros(p)),
        })
    return {
        "name": name,
        "x0": x0.tolist(),
        "x1": x1.tolist(),
        "sigma_max": sigma_max,
        "eigenvalues": np.linalg.eigvalsh(sigma / sigma_max**2).tolist(),
        "points": points,
    }


def risk_case():
    p = 5
    a = rng.normal(size=(p, p))
    sigma = a @ a.T + np.eye(p)
    beta, estimate, midpoint = rng.normal(size=p), rng.normal(size=p), rng.normal(size=p)
    mu = sigma @ beta
    spread = np.sqrt(estimate @ sigma @ estimate)
    return {
        "sigma": sigma.tolist(),
        "beta": beta.tolist(),
        "estimate": estimate.tolist(),
        "midpoint": midpoint.tolist(),
        "risk": (stats.norm.cdf(-estimate @ midpoint / spread)
                 + stats.norm.cdf(estimate @ (midpoint - mu) / spread)) / 2,
        "auc": stats.norm.cdf(estimate @ mu / spread / np.sqrt(2)),
    }


def delta_of_model_e(p):
    sigma = 0.9 ** np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    beta = 0.75 ** np.arange(1, p + 1)
    return float(np.sqrt(beta @ sigma @ beta))


print(json.dumps({
    "cases": [
        case("full rank", 25, 8, 1.0, [3.0, 1.5, 0.8, 0.4, 0.2]),
        case("another unit", 25, 8, 50.0, [1.5, 0.6]),
        case("fewer observations than coordinates", 6, 16, 1.0, [1.6, 1.0, 0.7]),
    ],
    "risk": risk_case(),
    "delta_e_400": delta_of_model_e(400),
}, indent=1))
