/** The layer map and the layer-wise losses, against plain loops in double precision. */

import assert from "node:assert/strict";
import {
  depths,
  initProjections,
  layerMap,
  layerwiseLosses,
  type Projections,
  type Targets,
} from "../../../methods/optima/layerwise.ts";
import { type Module, MODULES } from "../../../methods/optima/modules.ts";
import { compile, load, type NdArray, ndarray, type Tensor } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { close, CPU, STUDENT, TEACHER } from "./tiny.ts";

Deno.test("layerMap() spreads the student's layers evenly and ends at the teacher's last", () => {
  assert.deepEqual(layerMap(3, 12), [3, 7, 11]);
  assert.deepEqual(layerMap(6, 12), [1, 3, 5, 7, 9, 11]);
  assert.deepEqual(layerMap(4, 4), [0, 1, 2, 3]);
  assert.deepEqual(layerMap(1, 5), [4]);
});

Deno.test("layerMap() refuses depths that do not divide, naming both", () => {
  assert.throws(() => layerMap(2, 3), {
    name: "RangeError",
    message: /the teacher's 3 layers are not a multiple of the student's 2/,
  });
  assert.throws(() => layerMap(4, 2), RangeError);
});

Deno.test("initProjections() makes one [d_S, d_T] array a layer that keeps the scale of states", () => {
  const student = { ...STUDENT, width: 40, imageLayers: 2, multimodalLayers: 3 };
  const teacher = { ...TEACHER, width: 60 };
  const of = (seed: number) =>
    initProjections(student, teacher, (module, layer) => stream(seed, module, layer));
  const projections = of(0);
  for (const module of MODULES) {
    assert.equal(projections[module].length, depths(student)[module]);
    for (const { shape, data } of projections[module]) {
      assert.deepEqual([...shape], [40, 60]);
      const square = Array.from(data, Number).reduce((sum, x) => sum + x * x, 0) / data.length;
      assert.ok(Math.abs(square * 40 - 1) < 0.1, `variance ${square} for 1/40`);
    }
  }
  assert.notDeepEqual(projections.image[0].data, projections.image[1].data);
  assert.deepEqual(projections, of(0));
  assert.notDeepEqual(projections.text, of(1).text);
});

// Two layers of image and multimodal, one of text; widths differ; 2 items.
const B = 2, D_S = 3, D_T = 4;
const POSITIONS: Record<Module, number> = { image: 5, text: 4, multimodal: 3 };
const LAYERS: Record<Module, number> = { image: 2, text: 1, multimodal: 2 };
const VARIANCES: Targets<number> = { image: [0.5, 3], text: [2], multimodal: [0.25, 7] };
/** Item 0 has one word fewer; text positions end with CLS, which always counts. */
const MASKS = { text: [1, 1, 0, 1, 1, 1, 1, 1], multimodal: [1, 1, 0, 1, 1, 1] };

function arrays(what: string, shape: (module: Module) => number[]): Targets<NdArray> {
  const of = (module: Module) =>
    Array.from(
      { length: LAYERS[module] },
      (_, j) => stream(4, what, module, j).normal(shape(module)),
    );
  return { image: of("image"), text: of("text"), multimodal: of("multimodal") };
}

function byHand(
  states: Targets<NdArray>,
  targets: Targets<NdArray>,
  projections: Projections<NdArray>,
  module: Module,
): number {
  const count = POSITIONS[module];
  let loss = 0;
  for (let j = 0; j < LAYERS[module]; j++) {
    const h = states[module][j].data, w = projections[module][j].data, y = targets[module][j].data;
    let squares = 0, counted = 0;
    for (let row = 0; row < B * count; row++) {
      if (module !== "image" && MASKS[module][row] === 0) continue;
      counted += D_T;
      for (let k = 0; k < D_T; k++) {
        let z = 0;
        for (let i = 0; i < D_S; i++) z += Number(h[row * D_S + i]) * Number(w[i * D_T + k]);
        squares += (z - Number(y[row * D_T + k])) ** 2;
      }
    }
    loss += squares / counted / VARIANCES[module][j];
  }
  return loss / LAYERS[module];
}

Deno.test("layerwiseLosses() is the masked, normalised mean of squares, worked out by hand", async () => {
  const states = arrays("states", (m) => [B, POSITIONS[m], D_S]);
  const targets = arrays("targets", (m) => [B, POSITIONS[m], D_T]);
  const projections = arrays("projections", () => [D_S, D_T]);
  const masks = {
    text: ndarray(Float32Array.from(MASKS.text), [B, POSITIONS.text]),
    multimodal: ndarray(Float32Array.from(MASKS.multimodal), [B, POSITIONS.multimodal]),
  };
  const losses = (
    h: Targets<Tensor>,
    y: Targets<Tensor>,
    w: Projections<Tensor>,
    given: { text: Tensor; multimodal: Tensor },
  ) => {
    const hidden = {
      imageHidden: [...h.image],
      textHidden: [...h.text],
      multimodalHidden: [...h.multimodal],
    };
    return layerwiseLosses(hidden, y, w, VARIANCES, given);
  };
  const args = [states, targets, projections, masks] as const;
  const program = await load(compile(losses as never, args as never), CPU);
  const run = async (...given: readonly unknown[]) =>
    await program.run(...given as never[]) as unknown as Record<Module, NdArray>;
  const result = await run(...args);
  for (const module of MODULES) {
    assert.deepEqual([...result[module].shape], []);
    const expected = byHand(states, targets, projections, module);
    const actual = Number(result[module].data[0]);
    assert.ok(close(actual, expected, 1e-6), `${module}: ${actual}, by hand ${expected}`);
  }
  // What stands at padding must not matter.
  const poked = structuredClone(targets);
  for (const module of ["text", "multimodal"] as const) {
    for (const layer of poked[module]) (layer.data as Float32Array).fill(1e3, 2 * D_T, 3 * D_T);
  }
  const same = await run(states, poked, projections, masks);
  for (const module of MODULES) assert.deepEqual(same[module].data, result[module].data, module);
  await program.dispose();
});
