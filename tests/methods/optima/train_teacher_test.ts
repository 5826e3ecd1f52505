/** Training a CoCa-mini: shifts of pictures, falling loss, reproducibility. */

import assert from "node:assert/strict";
import type { CocaConfig } from "../../../methods/nn/mod.ts";
import {
  cocaLayout,
  shiftImages,
  type TeacherOptions,
  trainCoca,
} from "../../../methods/optima/train_teacher.ts";
import { ndarray } from "../../../methods/tensor/mod.ts";
import { CPU, dataset, TEACHER } from "./tiny.ts";

const OPTIONS: TeacherOptions = {
  steps: 40,
  batch: 6,
  dropout: 0.1,
  shift: 1,
  seed: 0,
  optimiser: { lr: 5e-3, warmup: 5, weightDecay: 0.05, clip: 1 },
};
const train = (options: Partial<TeacherOptions> = {}, config: CocaConfig = TEACHER) =>
  trainCoca({ ...OPTIONS, ...options, config, dataset, ...CPU });

Deno.test("shiftImages() moves each picture by its own offsets, round the edges", () => {
  // Pixel values name their place: item, channel, row, column.
  const [n, c, h, w] = [2, 2, 3, 4];
  const place = (i: number, k: number, y: number, x: number) => 1000 * i + 100 * k + 10 * y + x;
  const data = new Float32Array(n * c * h * w);
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < c; k++) {
      for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) data[at++] = place(i, k, y, x);
    }
  }
  const images = ndarray(data, [n, c, h, w]), offsets: [number, number][] = [[1, -2], [-1, 0]];
  const shifted = shiftImages(images, (i) => offsets[i]);
  assert.deepEqual([...shifted.shape], [n, c, h, w]);
  at = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < c; k++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const from = place(i, k, (y + h - offsets[i][0]) % h, (x + w - offsets[i][1]) % w);
          assert.equal(shifted.data[at++], from, `item ${i} [${k}, ${y}, ${x}]`);
        }
      }
    }
  }
  assert.deepEqual(shiftImages(images, () => [0, 0]).data, images.data);
  assert.equal(Number(images.data[0]), 0, "the original is left alone");
});

Deno.test("trainCoca() lowers the loss and reports its mean every ten steps", async () => {
  const seen: number[] = [];
  const { layout, params, curve } = await trainCoca({
    ...OPTIONS,
    config: TEACHER,
    dataset,
    ...CPU,
    onSteps: (step, loss) => seen.push(step, loss),
  });
  assert.equal(params.shape[0], cocaLayout(TEACHER).size);
  assert.deepEqual(layout.leaves, cocaLayout(TEACHER).leaves);
  assert.deepEqual(curve.map(({ step }) => step), [10, 20, 30, 40]);
  assert.deepEqual(seen, curve.flatMap(({ step, loss }) => [step, loss]));
  // Before anything is learnt: ln 6 for the pairs, 2·ln 13 for the words.
  const chance = Math.log(6) + 2 * Math.log(13);
  assert.ok(Math.abs(curve[0].loss / chance - 1) < 0.2, `${curve[0].loss} for ${chance}`);
  assert.ok(curve[3].loss < 0.8 * curve[0].loss, `${curve.map(({ loss }) => loss)}`);
});

Deno.test("trainCoca() gives the same bytes when run again, others for another seed", async () => {
  const a = await train({ steps: 20 }), b = await train({ steps: 20 });
  assert.deepEqual(a.params.data, b.params.data);
  assert.deepEqual(a.curve, b.curve);
  assert.notDeepEqual((await train({ steps: 20, seed: 1 })).params.data, a.params.data);
  assert.notDeepEqual((await train({ steps: 20, shift: 0 })).params.data, a.params.data);
  assert.notDeepEqual((await train({ steps: 20, dropout: 0 })).params.data, a.params.data);
});

Deno.test("trainCoca() refuses steps that are not a multiple of ten, and a loss that is no number", async () => {
  await assert.rejects(() => train({ steps: 25 }), {
    name: "RangeError",
    message: /for 25 steps: use a multiple of 10/,
  });
  const optimiser = { lr: 1e30, warmup: 0, weightDecay: 0.05, clip: 1 };
  await assert.rejects(
    () => train({ steps: 20, optimiser }),
    /The teacher's loss is NaN near step \d+: lower teacher\.optimiser\.lr/,
  );
});
