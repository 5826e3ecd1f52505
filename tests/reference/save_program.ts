/**
 * deno run -A tests/reference/save_program.ts FOLDER: writes a training program, arguments and results,
 * for check_program.py to run in Python.
 */

import * as t from "../../methods/tensor/mod.ts";
import { encode } from "../../methods/tensor/safetensors.ts";
import { stream } from "../../methods/tensor/random.ts";

const [folder] = Deno.args;
type P = { w: t.Tensor; b: t.Tensor };
const loss = (p: P, x: t.Tensor, y: t.Tensor) =>
  t.crossEntropy(t.add(t.matmul(t.tanh(x), p.w), p.b), y);
const program = t.compile((p: P, x: t.Tensor, y: t.Tensor) =>
  t.scan(
    (p: P, batch: { x: t.Tensor; y: t.Tensor }) => {
      const [value, g] = t.valueAndGrad(loss)(p, batch.x, batch.y);
      return [
        { w: t.sub(p.w, t.mul(g.w, 0.5)), b: t.sub(p.b, t.mul(g.b, 0.5)) },
        value,
      ] as const;
    },
    p,
    { x, y },
  ), [
  { w: { dtype: "float32", shape: [6, 3] }, b: { dtype: "float32", shape: [3] } },
  { dtype: "float32", shape: [20, 8, 6] },
  { dtype: "int64", shape: [20, 8] },
], { name: "logistic_regression" });
const draw = stream(1, "program");
const labels = Array.from({ length: 160 }, (_, i) => (i * i) % 3);
const args = [
  { w: draw.child("w").normal([6, 3]), b: t.zeros([3]) },
  draw.child("x").normal([20, 8, 6]),
  t.fromNumbers(labels, [20, 8], "int64"),
] as const;
const executable = await t.load(program, { provider: "cpu" });
const results = await executable.run(...args);
await executable.dispose();

const named = (root: string, tree: unknown) => {
  const { paths, leaves } = t.flatten(tree, t.isNdArray, root);
  return Object.fromEntries(paths.map((path, i) => [path, leaves[i]]));
};
await Deno.writeFile(`${folder}/program.onnx`, t.encodeProgram(program));
await Deno.writeFile(`${folder}/inputs.safetensors`, encode(named("in", args)));
await Deno.writeFile(`${folder}/outputs.safetensors`, encode(named("out", results)));
