"""Full check of models by the onnx package, with strict shape and type inference (pip install onnx onnxruntime).

python3 tests/reference/check_onnx.py MODEL.onnx ...   checks them; a model is `Program.model`, written to a file
python3 tests/reference/check_onnx.py FOLDER           checks those that tests/exactness/write_models.ts wrote, runs
                                                       them in Python's onnxruntime and compares the results

Tests of methods/tensor write the models of their programs into the folder that the environment names:
TENSOR_MODELS=/tmp/models deno test -A tests/methods/tensor
"""

import sys
from pathlib import Path

import numpy as np
import onnx

# Another version of ONNX Runtime may add in another order: relative to the largest of an array (at least 0.1).
TOLERANCE = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-12}


def check(path):
    """The checks of the package, and that inference finds the shape that each output declares."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    for output in inferred.graph.output:
        if not all(d.HasField("dim_value") for d in output.type.tensor_type.shape.dim):
            raise ValueError(f"output {output.name} has no static shape")


def difference(a, b):
    """Largest |a − b| relative to the largest |b|, at least 0.1; infinite where NaN or infinities differ."""
    if a.shape != b.shape:
        return np.inf
    a, b = a.astype(np.float64), b.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return 0.0
    apart = np.abs(a - b)[~same]
    finite = np.abs(b[np.isfinite(b)])
    return np.inf if not np.isfinite(apart).all() else apart.max() / max(0.1, finite.max(initial=0))


def compare(path):
    """Largest difference of the outputs from those written beside the model, by dtype."""
    import onnxruntime
    from safetensors.numpy import load_file

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given, expected = (load_file(path.with_suffix(f".{end}.safetensors")) for end in ("in", "out"))
    booleans = {i.name for i in session.get_inputs() if i.type == "tensor(bool)"}
    feeds = {name: x.astype(bool) if name in booleans else x for name, x in given.items()}
    names = [o.name for o in session.get_outputs()]
    worst = {}
    for name, y in zip(names, session.run(names, feeds)):
        kind = str(y.dtype)
        worst[kind] = max(worst.get(kind, 0), difference(y, expected[name]))
    return worst


def check_folder(folder):
    worst, failures = {}, []
    paths = sorted(folder.glob("*.onnx"))
    for path in paths:
        try:
            check(path)
            for kind, d in compare(path).items():
                worst[kind] = max(worst.get(kind, 0), d)
                if d > TOLERANCE.get(kind, 0):
                    failures.append(f"{path.name}: {kind} outputs differ by {d:.2g}")
        except Exception as error:
            failures.append(f"{path.name}: {str(error).splitlines()[0]}")
    print("\n".join(failures))
    print(f"{len(paths)} models, {len(failures)} failures; largest difference " + ", ".join(f"{k} {d:.1e}" for k, d in worst.items()))
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    first = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if first is None:
        sys.exit(__doc__)
    if first.is_dir():
        sys.exit(check_folder(first))
    for path in sys.argv[1:]:
        check(path)
        print(f"{path}: passes")
