"""python3 tests/reference/check_program.py FOLDER: runs what save_program.ts wrote (pip install onnx onnxruntime safetensors).

The file that encodeProgram() wrote must pass ONNX's full check, run in plain onnxruntime by the names of
its inputs, give the results that were computed here, and say in its metadata what it is.
"""

import hashlib
import json
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

folder = sys.argv[1]
path = f"{folder}/program.onnx"
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)

properties = {p.key: p.value for p in model.metadata_props}
metadata = json.loads(properties["tensor.program"])
raw = open(path, "rb").read()
tail = onnx.ModelProto()
tail.metadata_props.extend(model.metadata_props)
program = raw[: len(raw) - len(tail.SerializeToString())]
digest = hashlib.sha256(program + properties["tensor.program"].encode()).hexdigest()
assert digest == properties["tensor.sha256"], "the digest differs"

session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
inputs = load_file(f"{folder}/inputs.safetensors")
expected = load_file(f"{folder}/outputs.safetensors")
assert {i.name for i in session.get_inputs()} == set(inputs)
names = [o.name for o in session.get_outputs()]
assert set(names) == set(expected)
for name, value in zip(names, session.run(names, inputs)):
    difference = np.max(np.abs(value - expected[name]))
    print(f"{name}: {value.dtype} {list(value.shape)}, largest difference {difference:.2g}")
    assert value.shape == expected[name].shape and difference < 1e-5
print(f"{model.graph.name}: {metadata['nodes']} nodes, {metadata['flops']} FLOPs, as saved")
