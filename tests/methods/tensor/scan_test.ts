// Loops: values and gradients against the same loop unrolled, captured tensors, nesting, errors.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

/** Asserts that two trees of arrays hold the same numbers. */
function same(actual: readonly t.NdArray[], expected: readonly t.NdArray[]): void {
  actual.forEach((x, i) => {
    assert.deepEqual(x.shape, expected[i].shape);
    const worst = distance(t.toNumbers(x), t.toNumbers(expected[i]));
    assert.ok(worst < 1e-12, `${i}: off by ${worst}`);
  });
}

type Carry = { h: t.Tensor; n: t.Tensor };

/** A recurrence with captured weights, an integer in the carry and two scanned tensors. */
const step = (w: t.Tensor) => (c: Carry, x: { a: t.Tensor; i: t.Tensor }) => {
  const scale = t.cast(t.add(c.n, x.i), "float64");
  const h = t.tanh(t.add(t.matmul(c.h, t.exp(w)), t.mul(x.a, scale)));
  return [{ h, n: t.add(c.n, 1) }, { sum: t.sum(h), n: c.n }] as const;
};
const w = values([3, 3], 1), h0 = values([3], 2), xs = values([4, 3], 3);
const is = t.fromNumbers([2, 0, 1, 3], [4], "int32"), n0 = t.full([], 0, "int32");

function looped(w: t.Tensor, h0: t.Tensor, a: t.Tensor) {
  const [c, y] = t.scan(step(w), { h: h0, n: t.constant(n0) }, { a, i: t.constant(is) });
  return { h: c.h, n: c.n, sums: y.sum as t.Tensor, ns: y.n as t.Tensor };
}

function unrolled(w: t.Tensor, h0: t.Tensor, a: t.Tensor) {
  let c: Carry = { h: h0, n: t.constant(n0) };
  const sums: t.Tensor[] = [], ns: t.Tensor[] = [];
  for (let k = 0; k < 4; k++) {
    const row = t.squeeze(t.slice(a, [k], [k + 1]), 0);
    const [next, y] = step(w)(c, { a: row, i: t.constant(Number(is.data[k]), "int32") });
    c = next;
    sums.push(y.sum);
    ns.push(y.n);
  }
  return { h: c.h, n: c.n, sums: t.stack(sums), ns: t.stack(ns) };
}

Deno.test("scan() computes what the unrolled loop computes", async () => {
  const [a, b] = await evaluate((w: t.Tensor, h: t.Tensor, x: t.Tensor) => {
    const list = (r: ReturnType<typeof looped>) => [r.h, r.n, r.sums, r.ns];
    return [list(looped(w, h, x)), list(unrolled(w, h, x))];
  }, [w, h0, xs]);
  same(a, b);
  assert.deepEqual(t.toNumbers(a[3]), [0, 1, 2, 3]);
});

Deno.test("scan() is differentiated to any order, captured tensors too", async () => {
  type P = { w: t.Tensor; h: t.Tensor; x: t.Tensor };
  const loss = (f: typeof looped) => (p: P) => {
    const r = f(p.w, p.h, p.x);
    return t.add(t.sum(t.square(r.h)), t.sum(t.mul(r.sums, t.exp(r.sums))));
  };
  const twice = (f: typeof looped) => (p: P) => {
    const inner = t.grad(loss(f));
    const outer = t.grad((p: P) => {
      const g = inner(p);
      return t.add(t.sum(t.square(g.w)), t.sum(t.mul(g.h, t.sum(g.x))));
    });
    return [inner(p), outer(p)].flatMap((g) => [g.w, g.h, g.x]);
  };
  const [a, b] = await evaluate(
    (p: P) => [twice(looped)(p), twice(unrolled)(p)],
    [{ w, h: h0, x: xs }],
  );
  same(a, b);
});

Deno.test("scan() nests, and bodies of inner loops use tensors of outer ones", async () => {
  const f = (loop: boolean) => (x: t.Tensor, k: t.Tensor) => {
    const inner = (c: t.Tensor, row: t.Tensor) => {
      const body = (d: t.Tensor, v: t.Tensor) =>
        [t.add(t.mul(d, k), t.mul(v, c)), t.mul(d, row)] as const;
      const start = t.sum(row);
      if (loop) {
        const [d, ys] = t.scan(body, start, row);
        return [t.sin(d), t.sum(ys)] as const;
      }
      let d = start;
      const ys: t.Tensor[] = [];
      for (const v of t.split(row, [1, 1, 1])) {
        const [next, y] = body(d, t.reshape(v, []));
        d = next;
        ys.push(y);
      }
      return [t.sin(d), t.sum(t.stack(ys))] as const;
    };
    if (loop) {
      const [c, y] = t.scan(inner, t.sum(k), x);
      return t.add(c, t.sum(y));
    }
    let c = t.sum(k), total: t.Tensor = t.constant(0, "float64");
    for (const row of t.split(x, [1, 1, 1, 1])) {
      const [next, y] = inner(c, t.squeeze(row, 0));
      c = next;
      total = t.add(total, y);
    }
    return t.add(c, total);
  };
  const k = t.full([], 0.7, "float64");
  const both = (loop: boolean) => (x: t.Tensor, k: t.Tensor) => {
    const [v, g] = t.valueAndGrad((p: { x: t.Tensor; k: t.Tensor }) => f(loop)(p.x, p.k))({ x, k });
    return [v, g.x, g.k];
  };
  const [a, b] = await evaluate(
    (x: t.Tensor, k: t.Tensor) => [both(true)(x, k), both(false)(x, k)],
    [xs, k],
  );
  same(a, b);
});

Deno.test("scan() passes carries through, repeats outputs and returns captured ones", async () => {
  const [c, y] = await evaluate(
    (a: t.Tensor, b: t.Tensor) =>
      t.scan((c: t.Tensor[], i: t.Tensor) => [[c[1], c[0], c[2]], [i, i, b, c[2]]], [
        a,
        b,
        a,
      ], t.iota(3)),
    [t.full([], 1), t.full([], 2)],
  );
  assert.deepEqual(c.map((x) => t.toNumbers(x)[0]), [2, 1, 1]);
  assert.deepEqual(y.map(t.toNumbers), [
    [0, 1, 2],
    [0, 1, 2],
    [2, 2, 2],
    [1, 1, 1],
  ]);
});

Deno.test("what does not depend on the step is computed once, outside the loop", () => {
  const program = (inside: boolean) =>
    t.compile((x: t.Tensor, w: t.Tensor) => {
      const once = t.exp(t.matmul(w, w));
      return t.scan(
        (c: t.Tensor, x: t.Tensor) =>
          [t.add(c, t.sum(t.mul(inside ? t.exp(t.matmul(w, w)) : once, x))), x] as const,
        t.constant(0, "float64"),
        x,
      );
    }, [values([5]), w]);
  assert.deepEqual(program(true).model, program(false).model);
});

Deno.test("a changed carry or uneven xs are refused by name", () => {
  const spec = { dtype: "float32", shape: [4, 2] } as const;
  const refuse = (f: (x: t.Tensor) => unknown, pattern: RegExp) =>
    assert.throws(() => t.compile(f as (x: t.Tensor) => t.Tensor, [spec]), pattern);
  refuse(
    (x) =>
      t.scan((c, x) => [{ a: { b: t.concat([c.a.b, x]) } }, x], {
        a: { b: t.ones([2]) as never as t.Tensor },
      }, x),
    /carry "a.b" changes from float32\[2\] to float32\[4\]/,
  );
  refuse(
    (x) =>
      t.scan((c, x) => [t.cast(c, "float64"), x.x] as never, t.constant(0), { x, y: t.iota(3) }),
    /xs.y is int64\[3\]; its leading size must be 4/,
  );
  refuse(
    (x) => t.scan((c: { a: t.Tensor }, x) => [{ b: c.a } as never, x], { a: t.constant(0) }, x),
    /changes its form/,
  );
});
