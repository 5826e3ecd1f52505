// Heads of the benchmarks' tasks: outputs, losses and gradients in float64 against Hugging Face transformers.

import assert from "node:assert/strict";
import {
  type Goal,
  initTaskHead,
  pretrainedOf,
  type PretrainedParams,
  type TaskHead,
  taskLoss,
  taskOutputs,
  type TunedModel,
  withoutPooler,
} from "../../../methods/nn/mod.ts";
import { torchWeights } from "../../../methods/nn/torch_weights.ts";
import {
  compile,
  fromNested,
  fromNumbers,
  load,
  type NdArray,
  type Tensor,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/task_heads.json" with { type: "json" };
import { assertCompact, type Sample } from "./reference.ts";
import { checkGradients } from "./torch_case.ts";

interface Case {
  shapes: Record<string, number[]>;
  outputs: Sample;
  loss: number;
  gradients: Record<string, Sample>;
}
const cases = reference.cases as unknown as Record<string, Case>;
const { lengths } = reference, [n] = lengths;

const flags = (f: (length: number, place: number) => boolean): NdArray =>
  fromNumbers(
    lengths.flatMap((length) => Array.from({ length: n }, (_, i) => Number(f(length, i)))),
    [lengths.length, n],
    "int32",
  );
const inputs = {
  ids: stream(6, "heads", "ids").integers(1, 30, [lengths.length, n]),
  mask: flags((length, i) => i < length),
  types: flags((length, i) => i >= 2 && i < length),
};
const GOALS: Record<string, { goal: Goal; labels: NdArray }> = {
  classes: { goal: { kind: "classes", classes: 3 }, labels: fromNumbers([2, 0, 1], [3], "int32") },
  score: { goal: { kind: "score" }, labels: fromNumbers([0.5, 4.25, 3], [3], "float64") },
  span: { goal: { kind: "span" }, labels: fromNested([[2, 4], [0, 0], [1, 3]], "int32") },
};

type Inputs = { ids: Tensor; mask: Tensor; types: Tensor };

/** The head of a checkpoint of transformers. */
function headOf(tensors: Record<string, NdArray>, form: string, goal: Goal): TaskHead<NdArray> {
  const weights = torchWeights(tensors), d = 24;
  if (goal.kind === "span") return { out: weights.linear("qa_outputs", d, 2) };
  const dense = weights.linear(form === "bert" ? "bert.pooler.dense" : "pooler.dense", d, d);
  return { dense, out: weights.linear("classifier", d, goal.kind === "score" ? 1 : 3) };
}

for (const [name, expected] of Object.entries(cases)) {
  Deno.test(`outputs, loss and gradients are those of transformers: ${name}`, async () => {
    const [form, kind] = name.split(" "), { goal, labels } = GOALS[kind];
    const draw = (key: string) => {
      const { data } = stream(6, "heads", form, key).normal(expected.shapes[key], { std: 0.3 });
      return fromNumbers(data as Float32Array, expected.shapes[key], "float64");
    };
    const build = (tensors: Record<string, NdArray>) => {
      const json = reference.configs[form as "bert" | "deberta"];
      const { encoder } = withoutPooler(pretrainedOf(json, tensors));
      return { ...encoder, head: headOf(tensors, form, goal) };
    };
    const tensors = Object.fromEntries(
      Object.keys(expected.shapes).map((key) => [key, draw(key)]),
    );
    const { config, params, head } = build(tensors);
    const model = { encoder: params, head };
    const f = (model: { encoder: PretrainedParams; head: TaskHead }, labels: Tensor, x: Inputs) => {
      const [[loss, outputs], gradients] = valueAndGrad((m: typeof model) => {
        const outputs = taskOutputs(config, goal, m as TunedModel, x);
        return [taskLoss(goal, outputs, labels), outputs] as const;
      }, { hasAux: true })(model);
      return { loss, outputs, gradients };
    };
    const program = compile(f, [model, labels, inputs] as never);
    const executable = await load(program, { provider: "cpu" });
    const { loss, outputs, gradients } = await executable.run(model as never, labels, inputs);
    await executable.dispose();
    const difference = Math.abs(Number(loss.data[0]) - expected.loss);
    assert.ok(difference < 1e-10 * expected.loss, `the loss differs by ${difference}`);
    assertCompact(outputs, expected.outputs, 1e-9, "outputs");
    // The reference has the gradients of some arrays.
    const some = (tree: Record<string, NdArray>) => {
      const { params, head } = build({ ...tensors, ...tree });
      return { encoder: params, head };
    };
    checkGradients(expected.gradients, some as never, gradients as never, 1e-8, name);
  });
}
Deno.test("a pooler of the checkpoint begins the head's, and is copied", () => {
  const pooler = { w: fromNumbers([1, 2, 3, 4], [2, 2]), b: fromNumbers([5, 6], [2]) };
  const { dense } = initTaskHead(stream(0, "head"), GOALS.classes.goal, 2, pooler);
  assert.deepEqual(dense, pooler);
  assert.notEqual(dense!.w.data, pooler.w.data);
});
