/** Compositing and resizing against values worked out by hand. */

import assert from "node:assert/strict";
import {
  areaResize,
  compositeOn,
  cropMargin,
  toModelPixels,
} from "../../../methods/vision/image.ts";

const image = (width: number, height: number, pixels: number[]) => ({
  width,
  height,
  pixels: Uint8Array.from(pixels),
});

Deno.test("compositeOn() mixes with white by alpha and separates the planes", () => {
  const planes = compositeOn(image(2, 1, [255, 0, 0, 255, 10, 20, 30, 0]));
  assert.deepEqual([...planes], [255, 255, 0, 255, 0, 255]);
  const half = compositeOn(image(1, 1, [0, 100, 200, 51]));
  assert.deepEqual([...half].map(Math.round), [204, 224, 244]);
});

Deno.test("compositeOn() refuses pixels that do not fit the size", () => {
  assert.throws(() => compositeOn(image(2, 2, [1, 2, 3, 4])), /2×2 RGBA needs 16 bytes, got 4/);
});

Deno.test("areaResize() takes block means when the sizes divide", () => {
  const plane = Float32Array.from([1, 3, 10, 10, 5, 7, 10, 30]);
  assert.deepEqual([...areaResize(plane, 4, 2, 1)], [76 / 8]);
  const square = Float32Array.from([1, 3, 10, 10, 5, 7, 10, 30, 0, 0, 4, 4, 0, 0, 4, 4]);
  assert.deepEqual([...areaResize(square, 4, 4, 2)], [4, 15, 0, 4]);
});

Deno.test("areaResize() weighs pixels by covered area when the sizes do not divide", () => {
  // Each of two cells covers one and a half of three pixels.
  const result = areaResize(Float32Array.from([0, 3, 6, 0, 3, 6, 0, 3, 6]), 3, 3, 2);
  for (const [i, expected] of [1, 5, 1, 5].entries()) {
    assert.ok(Math.abs(result[i] - expected) < 1e-5, `cell ${i} is ${result[i]}`);
  }
});

Deno.test("areaResize() keeps planes apart and preserves their means", () => {
  const planes = Float32Array.from({ length: 2 * 5 * 5 }, (_, i) => (i * 37) % 101);
  const result = areaResize(planes, 5, 5, 3);
  const mean = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  for (const c of [0, 1]) {
    const before = mean(planes.subarray(c * 25, c * 25 + 25));
    const after = mean(result.subarray(c * 9, c * 9 + 9));
    assert.ok(Math.abs(before - after) < 1e-4, `${before} became ${after}`);
  }
});

Deno.test("areaResize() refuses a size that is no positive integer", () => {
  assert.throws(() => areaResize(new Float32Array(4), 2, 2, 0), /positive integer, got 0/);
});

Deno.test("cropMargin() cuts all sides and refuses to cut everything", () => {
  const grid = image(3, 3, Array.from({ length: 36 }, (_, i) => i));
  assert.deepEqual([...cropMargin(grid, 1).pixels], [16, 17, 18, 19]);
  assert.throws(() => cropMargin(grid, 2), /2 does not fit 3×3/);
});

Deno.test("toModelPixels() rounds to bytes", () => {
  const pixels = toModelPixels(image(2, 1, [0, 0, 0, 255, 255, 0, 1, 255]), 1);
  assert.deepEqual([...pixels], [128, 0, 1]);
});
