/** The training loss by hand, and which parameters each loss reaches. */

import assert from "node:assert/strict";
import { cocaForward, type CocaOutputs } from "../../../methods/nn/mod.ts";
import { adamwInit } from "../../../methods/optim/mod.ts";
import type { ConditionName } from "../../../methods/optima/condition.ts";
import {
  type Batch,
  compileModuleLosses,
  compileTraining,
  type Objective,
  reachedSegments,
  segmentLengths,
  SEGMENTS,
  type Setting,
  type StudentParams,
  trainedModules,
} from "../../../methods/optima/distillation.ts";
import { type Module, MODULES } from "../../../methods/optima/modules.ts";
import { gatherBatch } from "../../../methods/optima/teacher_states.ts";
import {
  compile,
  type Host,
  load,
  type NdArray,
  ndarray,
  type Tensor,
} from "../../../methods/tensor/mod.ts";
import { relativeError } from "../nn/reference.ts";
import {
  bySegment,
  close,
  CPU,
  dataset,
  OBJECTIVE,
  randomStudent,
  teacherStates,
  tinySetting,
} from "./tiny.ts";

const states = await teacherStates(30);
/** Concepts with captions of 2, 3 and 4 words, so that padding differs. */
const ITEMS = Int32Array.of(0, 3, 4, 8, 14);
const B = ITEMS.length;
const ARMS: readonly (readonly Module[])[] = [[], ["image"], ["text"], ["multimodal"], MODULES];

const setting = (objective: Partial<Objective> = {}, condition: ConditionName = "even") =>
  tinySetting(states.variances, objective, condition, { weightDecay: 0, clip: 1e9 });
const flat = randomStudent(setting(), 2);

/** Loss, and gradient by segment, of one step without clipping: Adam's first moment is 0.1·gradient. */
async function differentiate(
  s: Setting,
  arm: readonly Module[],
): Promise<{ loss: number; gradient: ReturnType<typeof bySegment> }> {
  const program = await load(compileTraining(s, arm, { steps: 1, batch: B }), CPU);
  const { state, losses } = await program.run({
    params: flat,
    ...adamwInit(s.layout.size, SEGMENTS.length),
  }, {
    batch: gatherBatch(dataset, states, ITEMS, [1, B]),
    lr: ndarray(Float32Array.of(0), [1]),
    updateMask: ndarray(new Float32Array(SEGMENTS.length).fill(1), [1, SEGMENTS.length]),
  });
  await program.dispose();
  const moment = { ...state.m, data: (state.m.data as Float32Array).map((m) => m * 10) };
  return { loss: Number(losses.data[0]), gradient: bySegment(s, moment) };
}

const moved = (part: Float32Array) => part.some((x) => x !== 0);

// What the model says about the batch; its forward pass has tests of its own.
const forward = (s: Setting) => (vector: Tensor, images: Tensor, tokens: Tensor) =>
  cocaForward(s.student, s.layout.unpackTraced<StudentParams>(vector).model, images, tokens);
const images = dataset.images(ITEMS), tokens = dataset.tokens(ITEMS);
const model = await load(compile(forward(setting()), [flat, images, tokens] as const), CPU);
const outputs: Host<CocaOutputs> = await model.run(flat, images, tokens);
await model.dispose();
const unpacked = setting().layout.unpack<StudentParams<NdArray>>(flat);
const batch = gatherBatch(dataset, states, ITEMS, [B]);

const logSum = (row: readonly number[]) => {
  const top = Math.max(...row);
  return top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
};
const average = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
/** Inner products of the rows of two arrays [n, k]. */
function products(a: NdArray, b: NdArray): number[][] {
  const width = a.shape[1];
  return Array.from({ length: a.shape[0] }, (_, i) =>
    Array.from({ length: b.shape[0] }, (_, j) => {
      let dot = 0;
      for (let k = 0; k < width; k++) {
        dot += Number(a.data[i * width + k]) * Number(b.data[j * width + k]);
      }
      return dot;
    }));
}
const flip = (rows: number[][]) => rows[0].map((_, j) => rows.map((row) => row[j]));
const times = (rows: number[][], factor: number) => rows.map((row) => row.map((x) => x * factor));

const similarity = products(outputs.imageEmbedding, outputs.textEmbedding);
const inverseTemperature = Math.exp(Number(outputs.logitScale.data[0]));

function contrastiveByHand(): number {
  const one = (rows: number[][]) => average(rows.map((row, i) => logSum(row) - row[i]));
  const scores = times(similarity, inverseTemperature);
  return (one(scores) + one(flip(scores))) / 2;
}

function captioningByHand(): number {
  const [, length] = tokens.shape, vocab = outputs.logits.shape[2], terms: number[] = [];
  for (let i = 0; i < B; i++) {
    for (let t = 0; t + 1 < length; t++) {
      const next = Number(tokens.data[i * length + t + 1]);
      if (next === 0) continue;
      const start = (i * length + t) * vocab;
      const row = Array.from(outputs.logits.data.subarray(start, start + vocab), Number);
      terms.push(logSum(row) - row[next]);
    }
  }
  return average(terms);
}

/** T²·KL(teacher ‖ student), mean over both directions; the teacher's inverse temperature is 20. */
function kdByHand(temperature: number): number {
  const divergence = (teacher: number[][], student: number[][]) =>
    average(teacher.map((row, i) => {
      const p = row.map((x) => Math.exp(x - logSum(row)));
      return p.reduce(
        (sum, share, j) => sum + share * (Math.log(share) - (student[i][j] - logSum(student[i]))),
        0,
      );
    }));
  const teacher = times(products(batch.teacherImage, batch.teacherText), 20 / temperature);
  const student = times(similarity, inverseTemperature / temperature);
  return temperature ** 2 *
    (divergence(teacher, student) + divergence(flip(teacher), flip(student))) / 2;
}

function groupByHand(): number {
  const { w, b } = unpacked.head, groups = b.data.length;
  return average(Array.from(ITEMS, (item, i) => {
    const row = Array.from({ length: groups }, (_, c) => {
      let z = Number(b.data[c]);
      for (let k = 0; k < w.shape[0]; k++) {
        z += Number(outputs.imageEmbedding.data[i * w.shape[0] + k]) *
          Number(w.data[k * groups + c]);
      }
      return z;
    });
    return logSum(row) - row[dataset.group[item]];
  }));
}

/** Each student module has one layer; padding does not count, the text module's CLS does. */
function layerByHand(module: Module): number {
  const hidden = outputs[`${module}Hidden`][0], target = batch.targets[module][0];
  const w = unpacked.projections[module][0], [, positions, dS] = hidden.shape, dT = target.shape[2];
  let squares = 0, counted = 0;
  for (let row = 0; row < B * positions; row++) {
    const i = Math.floor(row / positions), t = row % positions, T = tokens.shape[1];
    if (module !== "image" && t < T && Number(tokens.data[i * T + t]) === 0) continue;
    counted++;
    for (let k = 0; k < dT; k++) {
      let z = 0;
      for (let j = 0; j < dS; j++) {
        z += Number(hidden.data[row * dS + j]) * Number(w.data[j * dT + k]);
      }
      squares += (z - Number(target.data[row * dT + k])) ** 2;
    }
  }
  return squares / (counted * dT) / states.variances[module][0];
}

const ONLY = { taskWeight: 0, kdWeight: 0, layerWeight: 0 };

Deno.test("each term of the loss is what arithmetic by hand gives", async () => {
  const cases: [string, Partial<Objective>, ConditionName, readonly Module[], number][] = [
    ["KD", { ...ONLY, kdWeight: 1, kdTemperature: 2.5 }, "even", [], kdByHand(2.5)],
    ["KD, sharp", { ...ONLY, kdWeight: 1, kdTemperature: 1 }, "even", [], kdByHand(1)],
    [
      "contrastive",
      { ...ONLY, taskWeight: 1, contrastiveWeight: 1, captioningWeight: 0 },
      "even",
      [],
      contrastiveByHand(),
    ],
    [
      "captioning",
      { ...ONLY, taskWeight: 1, contrastiveWeight: 0, captioningWeight: 1 },
      "even",
      [],
      captioningByHand(),
    ],
    ["group", { ...ONLY, taskWeight: 1 }, "skew", [], groupByHand()],
    ["image", { ...ONLY, layerWeight: 1 }, "even", ["image"], layerByHand("image")],
    ["text", { ...ONLY, layerWeight: 1 }, "even", ["text"], layerByHand("text")],
    ["decoder", { ...ONLY, layerWeight: 1 }, "even", ["multimodal"], layerByHand("multimodal")],
  ];
  for (const [what, objective, condition, arm, expected] of cases) {
    const { loss } = await differentiate(setting(objective, condition), arm);
    assert.ok(close(loss, expected), `${what}: ${loss}, by hand ${expected}`);
  }
});

Deno.test("the whole loss is the weighted sum of its terms, over the arm's modules alone", async () => {
  const w = OBJECTIVE;
  const coca = w.taskWeight *
      (w.contrastiveWeight * contrastiveByHand() + w.captioningWeight * captioningByHand()) +
    w.kdWeight * kdByHand(w.kdTemperature);
  // Similarities play no part where the task is the group.
  const group = w.taskWeight * groupByHand();
  for (const arm of ARMS) {
    const layers = w.layerWeight * arm.reduce((sum, m) => sum + layerByHand(m), 0);
    for (const [condition, rest] of [["even", coca], ["wasted", coca], ["skew", group]] as const) {
      const { loss } = await differentiate(setting({}, condition), arm);
      assert.ok(close(loss, rest + layers), `${condition} [${arm}]: ${loss} for ${rest + layers}`);
    }
  }
});

Deno.test("compileModuleLosses() gives the three layer losses in the order of MODULES", async () => {
  const program = await load(compileModuleLosses(setting(), B), CPU);
  const losses = await program.run(flat, batch as Host<Batch>);
  await program.dispose();
  assert.deepEqual([...losses.shape], [3]);
  MODULES.forEach((module, i) => {
    const expected = layerByHand(module);
    assert.ok(close(Number(losses.data[i]), expected), `${module}: ${losses.data[i]}, ${expected}`);
  });
});

Deno.test("reachedSegments() is exactly where gradients are not zero", async () => {
  const variants: [ConditionName, Partial<Objective>][] = [];
  for (const condition of ["even", "wasted", "skew"] as const) {
    for (const updates of ["module", "student"] as const) variants.push([condition, { updates }]);
  }
  const check = async (
    condition: ConditionName,
    objective: Partial<Objective>,
    arm: readonly Module[],
  ) => {
    const s = setting(objective, condition);
    const { gradient } = await differentiate(s, arm);
    const reached = reachedSegments(s, arm);
    SEGMENTS.forEach((segment, i) =>
      assert.equal(
        +moved(gradient[segment]),
        reached[i],
        `${segment} in ${condition}, arm [${arm}], ${JSON.stringify(objective)}`,
      )
    );
  };
  for (const [condition, objective] of variants) {
    for (const arm of ARMS) await check(condition, objective, arm);
  }
  const student = { updates: "student" } as const;
  // Each weight alone; the task or the teacher's similarities may be left out.
  await check("even", { ...student, kdWeight: 0, contrastiveWeight: 0 }, []);
  await check("even", { ...student, kdWeight: 0, captioningWeight: 0 }, ["image"]);
  await check("even", { ...student, taskWeight: 0 }, []);
  await check("even", { ...student, layerWeight: 0 }, ["image", "multimodal"]);
  for (const module of MODULES) {
    await check("even", { ...student, ...ONLY, layerWeight: 1 }, [module]);
  }
  for (const module of MODULES) await check("skew", { ...ONLY, layerWeight: 1 }, [module]);
});

Deno.test("trainedModules() are those of the arm that are not frozen, or all of them", () => {
  const of = (condition: ConditionName, updates: "module" | "student", arm: readonly Module[]) =>
    trainedModules(setting({ updates }, condition), arm).join();
  assert.equal(of("even", "module", ["text"]), "text");
  assert.equal(of("even", "module", []), "image,text,multimodal");
  assert.equal(of("even", "student", ["text"]), "image,text,multimodal");
  assert.equal(of("wasted", "module", ["text"]), "");
  assert.equal(of("wasted", "student", ["text"]), "image,multimodal");
  assert.equal(of("wasted", "module", MODULES), "image,multimodal");
});

Deno.test("a pulled decoder leaves both encoders alone: same loss, same gradient of its own", async () => {
  for (const objective of [{ ...ONLY, layerWeight: 1 }, {}]) {
    const alone = await differentiate(setting({ ...objective, updates: "module" }), ["multimodal"]);
    const through = await differentiate(setting({ ...objective, updates: "student" }), [
      "multimodal",
    ]);
    assert.ok(close(alone.loss, through.loss, 1e-6));
    for (const segment of ["model.image", "model.text"] as const) {
      assert.ok(!moved(alone.gradient[segment]), segment);
      assert.ok(moved(through.gradient[segment]), segment);
    }
    for (const segment of ["model.multimodal", "projections.multimodal"] as const) {
      const error = relativeError(alone.gradient[segment], through.gradient[segment]);
      assert.ok(error < 1e-5, `${segment} differs by ${error}`);
    }
  }
});

Deno.test("the gradient of the projections is what arithmetic by hand gives", async () => {
  const { gradient } = await differentiate(setting({ ...ONLY, layerWeight: 1 }), ["image"]);
  const hidden = outputs.imageHidden[0], target = batch.targets.image[0];
  const w = unpacked.projections.image[0], [dS, dT] = w.shape, rows = hidden.data.length / dS;
  const expected = new Float64Array(dS * dT);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < dT; k++) {
      let error = -Number(target.data[row * dT + k]);
      for (let j = 0; j < dS; j++) {
        error += Number(hidden.data[row * dS + j]) * Number(w.data[j * dT + k]);
      }
      for (let j = 0; j < dS; j++) {
        expected[j * dT + k] += 2 * error * Number(hidden.data[row * dS + j]) /
          (rows * dT * states.variances.image[0]);
      }
    }
  }
  const error = relativeError(gradient["projections.image"], expected);
  assert.ok(error < 1e-5, `differs by ${error}`);
});

Deno.test("a loss of no terms is refused", () => {
  for (const arm of [[], MODULES]) {
    assert.throws(
      () => compileTraining(setting(ONLY), arm, { steps: 1, batch: B }),
      /the task, distillation and layer weights are all zero/,
    );
  }
  assert.equal(segmentLengths(setting().layout).length, SEGMENTS.length);
});
