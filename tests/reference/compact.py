"""How the reference scripts write arrays: the numbers as one line of text."""

import numpy as np


def numbers(x, digits=10):
    return " ".join(f"{v:.{digits}g}" for v in np.asarray(x, np.float64).ravel())


def array(x, digits=10):
    x = x.detach().numpy() if hasattr(x, "detach") else np.asarray(x)
    return {"shape": list(x.shape), "values": numbers(x, digits)}


def sample(x, count=8, digits=12):
    """Shape, mean square, and evenly spread elements: enough to tell a wrong array from a right one."""
    x = np.asarray(x.detach().numpy() if hasattr(x, "detach") else x, np.float64)
    flat = x.ravel()
    at = np.unique(np.round(np.linspace(0, flat.size - 1, count)).astype(int))
    return {"shape": list(x.shape), "meanSquare": float(f"{(flat ** 2).mean():.12g}"),
            "at": numbers(at), "values": numbers(flat[at], digits)}
