// whileLoop: values, forward derivatives, batches that end at different steps, what is refused.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

const close = (x: t.NdArray, expected: readonly number[]) =>
  assert.ok(distance(t.toNumbers(x), expected) < 1e-12, `${t.toNumbers(x)} not ${expected}`);

/** Heron's square root with a count of its steps; captures the radicand. */
const root = (a: t.Tensor) =>
  t.whileLoop(
    (c) => t.greater(t.abs(t.sub(t.mul(c.x, c.x), a)), 1e-13),
    (c: { n: t.Tensor; x: t.Tensor }) => ({
      n: t.add(c.n, 1),
      x: t.mul(t.add(c.x, t.div(a, c.x)), 0.5),
    }),
    { n: t.constant(0, "int64"), x: a },
  );

/** Steps that Heron's rule takes. */
function steps(a: number): number {
  let x = a, n = 0;
  for (; Math.abs(x * x - a) > 1e-13; n++) x = (x + a / x) * 0.5;
  return n;
}

Deno.test("whileLoop() ends when its condition does, also before the first step", async () => {
  for (const a of [2, 1, 300]) {
    const r = await evaluate(root, [t.full([], a, "float64")]);
    close(r.x, [Math.sqrt(a)]);
    assert.deepEqual(t.toNumbers(r.n), [steps(a)]);
  }
});

Deno.test("jvp() and jacfwd() go through whileLoop()", async () => {
  const f = (a: t.Tensor) => t.sum(t.square(root(a).x));
  const [d, second, jacobian] = await evaluate((a: t.Tensor) => {
    const slope = (a: t.Tensor) =>
      t.jvp((a: t.Tensor) => root(a).x, a, t.constant(1, "float64"))[1];
    return [slope(a), t.jvp(slope, a, t.constant(1, "float64"))[1], t.jacfwd(f)(a) as t.Tensor];
  }, [t.full([], 3, "float64")]);
  close(d, [0.5 / Math.sqrt(3)]);
  close(second, [-0.25 * 3 ** -1.5]);
  close(jacobian, [1]);
});

Deno.test("vmap() of whileLoop() runs until no example goes on and leaves those that are done", async () => {
  const numbers = [2, 1, 300, 1e-4];
  const r = await evaluate(t.vmap(root), [t.fromNumbers(numbers, [4], "float64")]);
  close(r.x, numbers.map(Math.sqrt));
  assert.deepEqual(t.toNumbers(r.n), numbers.map(steps));
  // A common condition and a carry of which a part is batched.
  const power = (x: t.Tensor, n: t.Tensor) =>
    t.whileLoop(
      (c) => t.less(c.k, n),
      (c: { k: t.Tensor; y: t.Tensor }) => ({ k: t.add(c.k, 1), y: t.mul(c.y, x) }),
      { k: t.constant(0, "int64"), y: t.constant(1, "float64") },
    );
  const x = values([3], 1);
  const p = await evaluate(
    t.vmap(power, { inAxes: [0, null], outAxes: { k: null, y: 0 } }),
    [x, t.full([], 3, "int64")],
  );
  close(p.y, t.toNumbers(x).map((v) => v ** 3));
  assert.deepEqual(t.toNumbers(p.k), [3]);
});

Deno.test("whileLoop() within scan() and cond() within whileLoop()", async () => {
  // Collatz: how many steps to 1.
  const collatz = (n: t.Tensor) =>
    t.whileLoop(
      (c) => t.greater(c[0], 1),
      ([n, k]: [t.Tensor, t.Tensor]): [t.Tensor, t.Tensor] => {
        const half = t.cast(t.floor(t.mul(t.cast(n, "float64"), 0.5)), "int64");
        const even = t.equal(t.mul(half, 2), n);
        return [t.cond(even, () => half, () => t.add(t.mul(n, 3), 1)), t.add(k, 1)];
      },
      [n, t.constant(0, "int64")],
    )[1];
  const numbers = t.fromNumbers([1, 6, 7, 27], [4], "int64");
  const [scanned, mapped] = await evaluate(
    (ns: t.Tensor) => [
      t.scan((c: t.Tensor, n: t.Tensor) => [c, collatz(n)] as const, t.constant(0), ns)[1],
      t.vmap(collatz)(ns),
    ],
    [numbers],
  );
  assert.deepEqual(t.toNumbers(scanned), [0, 8, 16, 111]);
  assert.deepEqual(t.toNumbers(mapped), [0, 8, 16, 111]);
});

Deno.test("reverse mode is refused with the way out; what does not fit is named", () => {
  const spec = { dtype: "float32", shape: [] } as const;
  const refuse = (f: (x: t.Tensor) => unknown, code: t.TensorErrorCode, pattern: RegExp) =>
    assert.throws(() => t.compile(f as (x: t.Tensor) => t.Tensor, [spec]), (error) => {
      assert.ok(error instanceof t.TensorError);
      assert.equal(error.code, code);
      assert.match(error.message, pattern);
      return true;
    });
  refuse(t.grad((x: t.Tensor) => root(x).x), "derivative", /whileLoop: reverse mode.*use scan\(\)/);
  t.compile(t.grad((x: t.Tensor) => t.mul(x, t.stopGradient(root(x).x))), [spec]);
  const less = (x: t.Tensor) => t.less(x, 1);
  refuse(
    (x) => t.whileLoop(less, () => t.stack([x, x]), x),
    "shape",
    /from float32\[\] to float32\[2\]/,
  );
  refuse((x) => t.whileLoop((c) => c, (c) => c, x), "dtype", /condition is float32\[\]; bool\[\]/);
  refuse(
    (x) => t.whileLoop<unknown>((c) => less((c as t.Tensor[])[0]), () => x, [x]),
    "tree",
    /changes its form/,
  );
});
