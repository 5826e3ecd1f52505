// Sums with a product inside Gemm give what a product and passes of their own give.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
const providers: t.Provider[] = ["cpu", "wasm", ...(adapter ? ["webgpu" as const] : [])];

type F = (w: t.Tensor, x: t.Tensor, g: t.Tensor) => t.Tensor;
const product = (x: t.Tensor, g: t.Tensor) => t.matmul(t.matrixTranspose(x), g);

/** Functions of weights [3, 4] and factors [5, 3], [5, 4] that become one Gemm. */
const fused: Record<string, F> = {
  "a step of gradient descent": (w, x, g) => t.sub(w, t.mul(product(x, g), 0.1)),
  "the same, written as a sum": (w, x, g) => t.add(t.mul(product(x, g), -0.1), w),
  "momentum": (w, x, g) => t.add(t.mul(w, 0.9), product(x, g)),
  "a product less a tensor": (w, x, g) => t.sub(product(x, g), t.mul(w, 3)),
};

/** Those that keep their passes. */
const kept: Record<string, F> = {
  "a product with another use": (w, x, g) => {
    const p = product(x, g);
    return t.add(t.sub(w, t.mul(p, 0.1)), t.square(p));
  },
  "a scaled product with another use": (w, x, g) => {
    const p = t.mul(product(x, g), 0.1);
    return t.mul(t.sub(w, p), p);
  },
  "a factor that is a tensor": (w, x, g) => t.sub(w, t.mul(product(x, g), t.sum(w))),
  "a row that is broadcast": (w, x, g) => t.sub(t.slice(w, [0, 0], [1, 4]), product(x, g)),
};

const shapes = [[3, 4], [5, 3], [5, 4]];
const of = (dtype: t.DType) =>
  shapes.map((shape, i) => t.fromNumbers(t.toNumbers(values(shape, i + 1)), shape, dtype)) as [
    t.NdArray,
    t.NdArray,
    t.NdArray,
  ];

/** Operators of the model besides Gemm and what gives the result its name. */
function others(f: F): string[] {
  const { operators } = t.summary(t.compile(f, of("float32")));
  return operators.map(({ operator }) => operator).filter((name) =>
    !["Gemm", "Identity"].includes(name)
  );
}

for (const provider of providers) {
  Deno.test({
    name: `sums with products agree with float64 on ${provider}`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async (test) => {
      for (const [name, f] of Object.entries({ ...fused, ...kept })) {
        await test.step(name, async () => {
          // Products of float64 are not fused.
          const exact = t.toNumbers(await evaluate(f, of("float64")));
          const found = t.toNumbers(await evaluate(f, of("float32"), provider));
          assert.ok(distance(found, exact) < 1e-5);
        });
      }
    },
  });
}

Deno.test("sums with a product of no other use take no passes of their own, others keep them", () => {
  for (const [name, f] of Object.entries(fused)) assert.deepEqual(others(f), [], name);
  for (const [name, f] of Object.entries(kept)) assert.notDeepEqual(others(f), [], name);
});

Deno.test("a step inside a loop is one product a weight", async () => {
  const run = (w: t.Tensor, x: t.Tensor, g: t.Tensor) =>
    t.scan(
      (w: t.Tensor, _: t.Tensor) => [fused["a step of gradient descent"](w, x, g), t.sum(w)],
      w,
      t.iota(3),
    );
  const [end] = await evaluate(run, of("float32"));
  const [exact] = await evaluate(run, of("float64"));
  assert.ok(distance(t.toNumbers(end), t.toNumbers(exact)) < 1e-5);
});

Deno.test("joining a sum and a product changes no count of operations", () => {
  for (const [name, f] of Object.entries(fused)) {
    // Products of float64 are not joined.
    const [joined, apart] = (["float32", "float64"] as const).map((dtype) =>
      t.compile(f, of(dtype))
    );
    assert.equal(joined.flops, apart.flops, name);
  }
});
