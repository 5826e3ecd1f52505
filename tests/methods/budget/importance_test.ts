// Averages of sensitivity against the recurrences computed by hand on the host.

import assert from "node:assert/strict";
import { importance, type ImportanceState } from "../../../methods/budget/mod.ts";
import { scan, type Tensor, toNumbers } from "../../../methods/tensor/mod.ts";
import { fromNumbers } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { distance, evaluate } from "../tensor/harness.ts";

const STEPS = 11, SIZE = 4;
const values = stream(5, "sensitivity").uniform([STEPS, SIZE], { dtype: "float64" });
const at = (step: number, i: number) => Number(values.data[step * SIZE + i]);

function traced(settings: Parameters<typeof importance>[0]) {
  const { init, update, score } = importance(settings);
  const window = settings?.window ?? 1;
  const places = Array.from({ length: STEPS }, (_, step) => step % window);
  const f = (start: ImportanceState, x: { value: Tensor; place: Tensor }) =>
    scan(
      (state: ImportanceState, { value, place }: { value: Tensor; place: Tensor }) => {
        const next = update(state, value, place);
        return [next, score(next)] as const;
      },
      start,
      x,
    )[1];
  return evaluate(f, [init(SIZE, "float64"), {
    value: values,
    place: fromNumbers(places, [STEPS], "float64"),
  }]);
}

Deno.test("sensitivity and uncertainty are averaged as equations 11 and 12 say", async () => {
  const mean = new Array(SIZE).fill(0), deviation = new Array(SIZE).fill(0);
  const expected: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    for (let i = 0; i < SIZE; i++) {
      mean[i] = 0.8 * mean[i] + 0.2 * at(step, i);
      deviation[i] = 0.6 * deviation[i] + 0.4 * Math.abs(at(step, i) - mean[i]);
      expected.push(mean[i] * deviation[i]);
    }
  }
  assert.ok(distance(toNumbers(await traced({ beta1: 0.8, beta2: 0.6 })), expected) < 1e-14);
});

Deno.test("with windows the average lags by one of them", async () => {
  const window = 3;
  const expected: number[] = [];
  const windowMean = (k: number, i: number) =>
    [0, 1, 2].reduce((sum, j) => sum + at(k * window + j, i), 0) / window;
  for (let step = 0; step < STEPS; step++) {
    for (let i = 0; i < SIZE; i++) {
      let mean = 0;
      // At the start of window k, window k − 1 comes in.
      for (let k = 0; k < Math.floor(step / window); k++) {
        mean = 0.85 * mean + 0.15 * windowMean(k, i);
      }
      expected.push(mean);
    }
  }
  assert.ok(distance(toNumbers(await traced({ window })), expected) < 1e-14);
});

Deno.test("settings out of range are refused", () => {
  assert.throws(() => importance({ beta1: 1 }), /beta1 is 1/);
  assert.throws(() => importance({ beta2: -0.1 }), /beta2/);
  assert.throws(() => importance({ window: 0 }), /window of 0/);
});
