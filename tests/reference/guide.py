"""python3 tests/reference/guide.py: runs the Python blocks of methods/docs/guide.md (pip install torch safetensors jax optax).

Each block is run by itself; the numbers that it prints must be those in the comments behind its prints.
Blocks of JAX are left out where it is not installed. Then every name of PyTorch, JAX, Flax and Optax in the
tables of operators, layers and optimisers must exist.
"""

import contextlib
import importlib.util
import io
import math
import pathlib
import re
import sys

docs = pathlib.Path(__file__).parent / "../../methods/docs"
number = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
has_jax = importlib.util.find_spec("jax") is not None
failed = 0

page = (docs / "guide.md").read_text()
for block in re.finditer(r"^```python\n(.*?)^```", page, re.S | re.M):
    code = block.group(1)
    line = page[: block.start()].count("\n") + 1
    if "import jax" in code and not has_jax:
        print(f"guide.md:{line}: left out, no jax")
        continue
    wanted = [float(x) for c in re.findall(r"print\(.*\)  # (.*)", code) for x in number.findall(c)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, f"guide.md:{line}", "exec"), {})
    text = re.sub(r"(grad_fn=<\w+>|dtype=\w+)", "", out.getvalue())
    got = [float(x) for x in number.findall(text)]
    same = len(got) == len(wanted) and all(math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-4) for a, b in zip(got, wanted))
    failed += not same
    print(f"guide.md:{line}: {'ok' if same else f'prints {got}, the page says {wanted}'}")

import torch  # noqa: E402  (after the blocks, which must import it themselves)

modules = {"torch": torch}
if has_jax:
    import jax
    import jax.numpy as jnp

    modules |= {"jax": jax, "jnp": jnp, "lax": jax.lax}
for library in ("flax.nnx", "optax"):
    if has_jax and importlib.util.find_spec(library.split(".")[0]) is not None:
        importlib.import_module(library)
        modules[library.split(".")[0]] = sys.modules[library.split(".")[0]]
pages = [page for page in (docs / "operators.md", docs / "layers_and_optimisers.md") if page.exists()]
for page, row in [(page, row) for page in pages for row in page.read_text().splitlines()]:
    cells = [c.strip() for c in row.split("|")[1:-1]]
    for name in re.findall(r"`((?:torch|jax|jnp|lax|flax|optax)\.[\w.]+)`", " ".join(cells[1:3])):
        root, *path = name.split(".")
        value = modules.get(root)
        if value is None:
            continue
        try:
            for part in path:
                value = getattr(value, part)
        except AttributeError:
            failed += 1
            print(f"{page.name}: {cells[0]}: there is no {name}")
print("failed" if failed else "passed")
sys.exit(failed > 0)
