// Packing of parameter trees: order, round trip, masks, and what is refused.

import assert from "node:assert/strict";
import { layoutOf, matrixDecayMask } from "../../../methods/optim/mod.ts";
import {
  compile,
  load,
  type NdArray,
  ndarray,
  ravel,
  type Tensor,
} from "../../../methods/tensor/mod.ts";

const counting = (from: number, shape: number[]): NdArray =>
  ndarray(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
    shape,
  );
const tree = {
  z: counting(0, []),
  b: [counting(1, [2, 2]), counting(5, [2])],
  a: counting(7, [1, 3]),
};
const layout = layoutOf(tree);

type Traced = { a: Tensor; b: Tensor[]; z: Tensor };

Deno.test("pack() lays leaves out with sorted keys, and unpack() undoes it", () => {
  const flat = layout.pack(tree);
  assert.deepEqual([...flat.data], [7, 8, 9, 1, 2, 3, 4, 5, 6, 0]);
  assert.deepEqual(layout.unpack(flat), tree);
  assert.deepEqual(layout.leaves.map(({ path }) => path), ["a", "b.0", "b.1", "z"]);
});

Deno.test("pack() has the order of the compiler's ravel()", async () => {
  const program = compile((t: Traced) => ravel(t).flat, [tree]);
  const executable = await load(program, { provider: "cpu", threads: 1 });
  const flat = await executable.run(tree);
  assert.deepEqual([...flat.data], [...layout.pack(tree).data]);
  await executable.dispose();
});

Deno.test("matrixDecayMask() marks arrays of two axes or more", () => {
  assert.deepEqual([...matrixDecayMask(layout).data], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
});

Deno.test("a layout of float64 arrays packs and unpacks float64", () => {
  const wide = { b: ndarray(Float64Array.of(1 / 3, 2)), a: ndarray(Float64Array.of(0.1), [1, 1]) };
  const layout = layoutOf(wide);
  const flat = layout.pack(wide);
  assert.equal(flat.dtype, "float64");
  assert.deepEqual([...flat.data], [0.1, 1 / 3, 2]);
  assert.deepEqual(layout.unpack(flat), wide);
  assert.throws(() => layout.pack({ ...wide, b: counting(0, [2]) }), /b is float32/);
  assert.throws(() => layoutOf({ ...wide, b: counting(0, [2]) }), /b is float32.*float64 only/);
});

Deno.test("layouts refuse other forms and types", () => {
  assert.throws(() => layout.pack({ ...tree, c: tree.z }), /parameter c .* does not match/);
  assert.throws(() => layout.pack({ a: tree.a, b: tree.b }), /parameter z is missing/);
  assert.throws(() => layout.unpack(counting(0, [9])), /\[9\] does not hold 10/);
  assert.throws(() => layoutOf({ i: ndarray(Int32Array.of(1)) }), /parameter i is int32/);
});
