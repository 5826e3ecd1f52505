"""python3 tests/reference/check_onnx.py MODEL.onnx ...: full check of models by the onnx package (pip install onnx).

A model is `Program.model`, written to a file; the check includes strict shape and type inference.
Tests of methods/tensor write theirs into the folder that the environment names:
TENSOR_MODELS=/tmp/models deno test -A tests/methods/tensor
"""

import sys

import onnx

for path in sys.argv[1:]:
    onnx.checker.check_model(onnx.load(path), full_check=True)
    print(f"{path}: passes")
