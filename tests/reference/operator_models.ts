// deno run -A tests/reference/operator_models.ts FOLDER writes a model for each case of operators.json and float
// type, for check_onnx.py FOLDER/*.onnx: the full check by the onnx package.
import type { DType } from "../../methods/tensor/mod.ts";
import { referenceCases, referenceProgram } from "../methods/tensor/operator_reference.ts";

const [folder] = Deno.args;
const floats: readonly DType[] = ["float16", "float32", "float64"];
for (const float of floats) {
  for (const [i, one] of referenceCases.entries()) {
    const { program } = referenceProgram([one], float);
    const name = one[0].replaceAll(/\W+/g, "_");
    await Deno.writeFile(`${folder}/${float}_${i}_${name}.onnx`, program.model);
  }
}
