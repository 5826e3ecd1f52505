"""Writes preference_bandits.json: logistic estimates by statsmodels and SciPy (python preference_bandits.py)."""

import json
import pathlib

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats

rng = np.random.default_rng(20231107)


def loss(theta, x, n, w):
    z = x @ theta
    return float(np.sum(n * np.logaddexp(0, z) - w * z) / n.sum())


def gradient(theta, x, n, w):
    p = 1 / (1 + np.exp(-(x @ theta)))
    return x.T @ (n * p - w) / n.sum()


def hessian(theta, x, n):
    p = 1 / (1 + np.exp(-(x @ theta)))
    return (x.T * (n * p * (1 - p))) @ x / n.sum()


def case(name, x, n, w, ball):
    """
    The estimate over ‖θ‖ ≤ ball: by statsmodels' GLM where that is inside the ball, else by SciPy's trust-constr,
    whose barrier leaves an error of 1e-6, polished by solving the Karush–Kuhn–Tucker equations with MINPACK.
    """
    d = x.shape[1]
    ball_constraint = optimize.NonlinearConstraint(
        lambda t: t @ t, -np.inf, ball**2, jac=lambda t: 2 * t[None], hess=lambda t, v: 2 * v[0] * np.eye(d)
    )
    found = optimize.minimize(
        loss,
        np.full(d, 0.01),
        (x, n, w),
        method="trust-constr",
        jac=gradient,
        hess=lambda t, x, n, w: hessian(t, x, n),
        constraints=[ball_constraint],
        options={"gtol": 1e-12, "xtol": 1e-14, "barrier_tol": 1e-14, "maxiter": 5000},
    )
    theta, source = found.x, "scipy trust-constr"
    if np.linalg.norm(theta) < ball - 1e-3:
        seen = n > 0
        glm = sm.GLM(np.c_[w, n - w][seen], x[seen], family=sm.families.Binomial())
        theta, source = glm.fit(tol=1e-14, maxiter=100).params, "statsmodels GLM"
    else:
        start = np.r_[theta, np.linalg.norm(gradient(theta, x, n, w)) / ball]
        kkt = optimize.root(
            lambda v: np.r_[gradient(v[:d], x, n, w) + v[d] * v[:d], v[:d] @ v[:d] - ball**2], start, tol=1e-14
        )
        assert kkt.x[d] > 0 and np.abs(kkt.fun).max() < 1e-12, (name, kkt)
        theta, source = kkt.x[:d], "scipy trust-constr, root"
    at = rng.normal(size=d)
    return {
        "name": name,
        "source": source,
        "differences": x.ravel().tolist(),
        "dimension": d,
        "counts": n.tolist(),
        "wins": w.tolist(),
        "ball": ball,
        "theta": [float(v) for v in theta],
        "at": at.tolist(),
        "loss": loss(at, x, n, w),
        "gradient": gradient(at, x, n, w).tolist(),
        "hessian": hessian(at, x, n).ravel().tolist(),
    }


def drawn(d, m, total, theta):
    x = rng.normal(size=(m, d)).round(3)
    n = rng.multinomial(total, np.full(m, 1 / m))
    w = rng.binomial(n, 1 / (1 + np.exp(-(x @ theta))))
    return x, n.astype(float), w.astype(float)


one = np.eye(4)
estimates = [
    case("two arms, interior", one, np.array([81.0, 77, 90, 72]), np.array([50.0, 44, 55, 41]), 2.0),
    case("two arms, separated: on the boundary", one, np.array([5.0, 4, 6, 5]), np.array([5.0, 2, 6, 3]), 2.0),
    case("five features", *drawn(5, 40, 800, np.array([0.5, -0.4, 0.3, 0.2, -0.6])), 4.0),
    case("five features, small ball", *drawn(5, 40, 800, np.array([0.5, -0.4, 0.3, 0.2, -0.6])), 0.5),
    case("unbalanced, trap", np.array([[0.0, 1], [1, 0]]), np.array([9999.0, 1]), np.array([5250.0, 1]), 2.0),
]
here = pathlib.Path(__file__).parent
# P(X = k) of binomials that the sampler is tested against, and what their tails hold.
binomials = [
    {"n": n, "p": p, "low": low, "probabilities": stats.binom.pmf(np.arange(low, high + 1), n, p).tolist()}
    for n, p, low, high in ((7, 0.3, 0, 7), (40, 0.6, 15, 33), (1000, 0.03, 15, 46), (5000, 0.5, 2430, 2570))
]
(here / "preference_bandits.json").write_text(json.dumps({"estimates": estimates, "binomials": binomials}, indent=1) + "\n")
