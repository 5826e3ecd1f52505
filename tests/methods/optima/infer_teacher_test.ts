/** Inference over the data set: the right layers, the last batch, and the variances. */

import assert from "node:assert/strict";
import { cocaForward, type CocaParams } from "../../../methods/nn/mod.ts";
import { inferStates, varianceOver } from "../../../methods/optima/infer_teacher.ts";
import { cocaLayout } from "../../../methods/optima/train_teacher.ts";
import { compile, load, type NdArray, ndarray, type Tensor } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { relativeError } from "../nn/reference.ts";
import { CPU, dataset, randomCoca, STUDENT, TEACHER, teacherStates } from "./tiny.ts";

const numbers = (x: NdArray) => x.data as Float32Array;

Deno.test("inferStates() gives the same whatever the batch, the last one filled up included", async () => {
  const whole = await teacherStates(256); // 30 items in one run
  const small = await teacherStates(7); // four runs of 7, one of 2
  const pairs: [string, NdArray, NdArray][] = [
    ["image embedding", small.image, whole.image],
    ["text embedding", small.text, whole.text],
  ];
  for (const module of ["image", "text", "multimodal"] as const) {
    pairs.push([module, small.targets[module][0], whole.targets[module][0]]);
    const [a] = small.variances[module], [b] = whole.variances[module];
    assert.ok(Math.abs(a / b - 1) < 1e-5, `variance of ${module}`);
  }
  for (const [what, a, b] of pairs) {
    assert.deepEqual(a.shape, b.shape);
    assert.equal(a.shape[0], dataset.items.length);
    const error = relativeError(numbers(a), numbers(b));
    assert.ok(error < 1e-5, `${what} differs by ${error}`);
  }
});

Deno.test("inferStates() keeps the mapped layers of the first caption", async () => {
  const config = { ...TEACHER, imageLayers: 4, multimodalLayers: 2 };
  const params = randomCoca(config, 2), layout = cocaLayout(config);
  const depths = { ...STUDENT, imageLayers: 2, textLayers: 2 };
  const states = await inferStates({
    config,
    params,
    studentDepths: depths,
    dataset,
    batch: 30,
    ...CPU,
  });
  const items = Int32Array.of(29, 3);
  const images = dataset.images(items), tokens = dataset.tokens(items);
  const forward = (flat: Tensor, x: Tensor, t: Tensor) => {
    const out = cocaForward(config, layout.unpackTraced<CocaParams>(flat), x, t);
    return { image: out.imageHidden, text: out.textHidden, multimodal: out.multimodalHidden };
  };
  const program = await load(compile(forward, [params, images, tokens] as const), CPU);
  const hidden = await program.run(params, images, tokens) as unknown as Record<string, NdArray[]>;
  await program.dispose();
  const layers = { image: [1, 3], text: [0, 1], multimodal: [1] };
  for (const module of ["image", "text", "multimodal"] as const) {
    assert.equal(states.targets[module].length, layers[module].length, module);
    layers[module].forEach((layer, j) => {
      const direct = numbers(hidden[module][layer]), size = direct.length / 2;
      const all = numbers(states.targets[module][j]);
      items.forEach((item, i) => {
        const error = relativeError(
          all.subarray(item * size, (item + 1) * size),
          direct.subarray(i * size, (i + 1) * size),
        );
        assert.ok(error < 1e-5, `${module} ${j}: teacher layer ${layer} differs by ${error}`);
      });
    });
  }
});

Deno.test("inferStates() measures variances over training items and positions that are not padding", async () => {
  const states = await teacherStates(30);
  const layer = states.targets.multimodal[0], [, length, width] = layer.shape;
  const tokens = dataset.tokens(Int32Array.from(dataset.items.keys())).data;
  const values: number[] = [];
  let padding = 0;
  for (const item of dataset.splits.train) {
    for (let t = item * length; t < (item + 1) * length; t++) {
      if (tokens[t] === 0) padding++;
      else values.push(...numbers(layer).subarray(t * width, (t + 1) * width));
    }
  }
  assert.ok(padding > 0, "padding must occur for this test");
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(states.variances.multimodal[0] / variance - 1) < 1e-12);
  const all = varianceOver(layer, Int32Array.from(dataset.items.keys()));
  assert.ok(Math.abs(all / variance - 1) > 1e-6, "the split must matter for this test");
});

Deno.test("varianceOver() agrees with two passes far from zero, where one naive pass fails", () => {
  const noise = numbers(stream(6, "noise").normal([50, 7]));
  const array = ndarray(noise.map((z) => 3000 + z), [50, 1, 7]);
  const items = Int32Array.from({ length: 20 }, (_, i) => (i * 13) % 50);
  const values = Array.from(items, (i) => [...numbers(array).subarray(i * 7, i * 7 + 7)]).flat();
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const expected = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(varianceOver(array, items) / expected - 1) < 1e-9);
});

Deno.test("varianceOver() leaves out positions that do not count", () => {
  const array = ndarray(Float32Array.of(1, 3, 900, 900, 5, 7, -900, 900), [2, 2, 2]);
  const items = Int32Array.of(0, 1);
  // 1, 3, 5, 7: mean 4, variance (9 + 1 + 1 + 9)/4.
  assert.equal(varianceOver(array, items, (_, position) => position === 0), 5);
});
