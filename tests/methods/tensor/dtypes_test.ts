// Element types: host storage, conversion, half precision in programs, and what providers refuse.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { bytesPerElement, storage } from "../../../methods/tensor/ndarray.ts";
import { isFloat } from "../../../methods/tensor/node.ts";
import { decode, encode } from "../../../methods/tensor/safetensors.ts";
import { evaluate } from "./harness.ts";

const dtypes: t.DType[] = ["float16", "float32", "float64", "int32", "int64", "bool"];

Deno.test("host arrays of every dtype know their type and size", () => {
  for (const dtype of dtypes) {
    const x = t.fromNumbers([0, 1, 1], [3], dtype);
    assert.equal(t.dtypeOf(x.data), dtype);
    assert.equal(x.data.byteLength, 3 * bytesPerElement(dtype));
    assert.equal(storage(dtype, 2).length, 2);
    assert.deepEqual(t.toNumbers(t.ones([2], dtype)), [1, 1]);
    assert.equal(isFloat(dtype), dtype.startsWith("float"));
  }
  assert.deepEqual(t.toNumbers(t.fromNumbers([2, -1, 0, NaN], [4], "bool")), [1, 1, 0, 1]);
  assert.ok(Object.is(t.toNumbers(t.full([1], -0))[0], -0));
  assert.throws(
    () => t.fromNumbers([0.5], [1], "int64"),
    (e) =>
      e instanceof t.TensorError && e.code === "dtype" &&
      /fromNumbers: 0.5 is no int64/.test(e.message),
  );
});

Deno.test("float16 rounds on the host as IEEE 754 says, and safetensors keep it", () => {
  const x = t.fromNumbers([1 / 3, 65504, 65520, 2 ** -24, 2 ** -26, -0], [6], "float16");
  const expected = [0.333251953125, 65504, Infinity, 2 ** -24, 0, -0];
  assert.deepEqual(t.toNumbers(x), expected);
  const bytes = encode({ x });
  assert.match(new TextDecoder().decode(bytes), /"dtype":"F16"/);
  assert.deepEqual(t.toNumbers(decode(bytes).x), expected);
});

Deno.test("programs in float16 compute, differentiate and take constants on cpu and wasm", async () => {
  const x = t.fromNumbers([0.5, -1.5, 2], [3], "float16");
  const f = (x: t.Tensor) => t.sum(t.mul(t.square(x), t.fromNumbers([1, 2, 3], [3], "float16")));
  for (const provider of ["cpu", "wasm"] as const) {
    const [value, g, wide] = await evaluate(
      (x: t.Tensor) => [...t.valueAndGrad(f)(x), t.cast(x, "float32")],
      [x],
      provider,
    );
    assert.deepEqual([value.dtype, g.dtype, wide.dtype], ["float16", "float16", "float32"]);
    assert.deepEqual(t.toNumbers(value), [16.75]);
    assert.deepEqual(t.toNumbers(g), [1, -6, 12]);
    assert.deepEqual(t.toNumbers(wide), [0.5, -1.5, 2]);
  }
});

Deno.test("every dtype converts to every other on cpu and wasm", async () => {
  for (const provider of ["cpu", "wasm"] as const) {
    const inputs = dtypes.map((d) => t.fromNumbers(d === "bool" ? [0, 1, 1] : [0, 1, 3], [3], d));
    const results = await evaluate(
      (all: t.Tensor[]) => all.map((x) => dtypes.map((d) => t.cast(x, d))),
      [inputs],
      provider,
    );
    results.forEach((row, i) =>
      row.forEach((y, j) => {
        const flat = dtypes[i] === "bool" || dtypes[j] === "bool";
        assert.equal(y.dtype, dtypes[j]);
        assert.deepEqual(t.toNumbers(y), flat ? [0, 1, 1] : [0, 1, 3], `${dtypes[i]} ${dtypes[j]}`);
      })
    );
  }
});

Deno.test("float64 is refused on WebGPU before anything is loaded, also inside a program", async () => {
  const inside = (x: t.Tensor) => t.cast(t.exp(t.cast(x, "float64")), "float32");
  for (const [f, dtype] of [[t.exp, "float64"], [inside, "float32"]] as const) {
    const program = t.compile(f as (x: t.Tensor) => t.Tensor, [{ dtype, shape: [1] }]);
    await assert.rejects(t.load(program, { provider: "webgpu" }), (e) => {
      assert.ok(e instanceof t.TensorError);
      assert.equal(e.code, "unsupported");
      assert.match(e.message, /webgpu has no float64; .* use cpu or wasm/);
      return true;
    });
  }
});

Deno.test("an integer divided by 0 fails with a message", async () => {
  const x = t.fromNumbers([1, 2], [2], "int32"), zero = t.zeros([2], "int32");
  for (const f of [t.div, t.remainder]) {
    await assert.rejects(
      evaluate((a: t.Tensor, b: t.Tensor) => f(a, b), [x, zero]),
      (e) => e instanceof t.TensorError && e.code === "runtime",
    );
  }
});
