// Forward mode: every operator against reverse mode, cost of a pushforward, Hessian products, Jacobians, errors.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { cases } from "./vmap_cases.ts";
import { distance, evaluate, values } from "./harness.ts";

Deno.test("jvp() of every operator is the transpose of its vjp()", async () => {
  for (const [name, shapes, f] of cases) {
    const args = shapes.map((s, i) => values(s, i + 1));
    const directions = shapes.map((s, i) => values(s, i + 21));
    const [pushed, pulled] = await evaluate((xs: t.Tensor[], vs: t.Tensor[]) => {
      const g = (xs: t.Tensor[]) => f(...xs);
      const y = f(...xs);
      const cotangent = t.constant(values(y.shape, 31));
      const [, dy] = t.jvp(g, xs, vs);
      const dx = t.vjp(g, xs)[1](cotangent);
      const inner = dx.map((d, i) => t.sum(t.mul(d, vs[i]))).reduce((a, b) => t.add(a, b));
      return [t.sum(t.mul(dy, cotangent)), inner];
    }, [args, directions]);
    const worst = distance(t.toNumbers(pushed), t.toNumbers(pulled));
    // The cast goes through float32.
    assert.ok(worst < (name === "cast" ? 1e-6 : 1e-12), `${name}: off by ${worst}`);
  }
});

Deno.test("jvp() of functions agrees with central differences", async () => {
  const f = (x: t.Tensor) =>
    t.scan(
      (c: t.Tensor, r: t.Tensor) => {
        const y = t.layerNorm(t.add(t.matmul(c, x), r), values([3], 4), values([3], 5));
        return [t.gelu(y), t.logSumExp(y)] as const;
      },
      t.take(x, 0),
      x,
    );
  const at = values([3, 3], 1), v = values([3, 3], 2);
  const program = t.compile((x: t.Tensor, v: t.Tensor) => t.jvp(f, x, v), [at, v]);
  const executable = await t.load(program, { provider: "cpu" });
  const h = 1e-6;
  const moved = (d: number) =>
    t.fromNumbers(t.toNumbers(at).map((x, i) => x + d * t.toNumbers(v)[i]), [3, 3], "float64");
  const [here, up, down] = [
    await executable.run(at, v),
    await executable.run(moved(h), v),
    await executable.run(moved(-h), v),
  ];
  await executable.dispose();
  [0, 1].forEach((k) => {
    const low = t.toNumbers(down[0][k]);
    const slope = t.toNumbers(up[0][k]).map((y, i) => (y - low[i]) / (2 * h));
    assert.ok(distance(t.toNumbers(here[1][k]), slope) < 1e-7, `${k}`);
  });
});

Deno.test("a pushforward costs a small multiple of the function, at any depth and through loops", () => {
  const w = { dtype: "float32", shape: [16, 16] } as const;
  const deep = (n: number) => (x: t.Tensor) => {
    let y = x;
    for (let i = 0; i < n; i++) y = t.tanh(t.matmul(y, x));
    return y;
  };
  const looped = (n: number) => (x: t.Tensor) =>
    t.scan(
      (c: t.Tensor, _: t.Tensor) => [t.tanh(t.matmul(c, x)), t.constant(0)] as const,
      x,
      t.iota(n),
    )[0];
  for (const f of [deep, looped]) {
    for (const n of [4, 32]) {
      const value = t.compile(f(n), [w]).flops;
      const pushed = t.compile((x: t.Tensor, v: t.Tensor) => t.jvp(f(n), x, v), [w, w]).flops;
      assert.ok(pushed < 4.1 * value, `${f.name} of ${n}: ${pushed / value}`);
      const product = t.compile(
        (x: t.Tensor, v: t.Tensor) => t.hessianVectorProduct((x: t.Tensor) => t.sum(f(n)(x)), x, v),
        [w, w],
      ).flops;
      assert.ok(product < 17 * value, `product, ${f.name} of ${n}: ${product / value}`);
    }
  }
});

Deno.test("hessianVectorProduct() and hessian() of trees agree with each other and with differences", async () => {
  type P = { a: t.Tensor; b: [t.Tensor] };
  const f = (p: P) => t.sum(t.sin(t.mul(t.matmul(p.b[0], p.a), t.sum(p.a))));
  const p = { a: values([2], 1), b: [values([3, 2], 2)] as [t.NdArray] };
  const v = { a: values([2], 3), b: [values([3, 2], 4)] as [t.NdArray] };
  const program = t.compile((p: P, v: P) => ({
    g: t.grad(f)(p),
    hv: t.hessianVectorProduct(f, p, v),
    h: t.hessian(f)(p),
  }), [p, v]);
  const executable = await t.load(program, { provider: "cpu" });
  const h = 1e-6;
  const moved = (d: number) => {
    const shift = (x: t.NdArray, v: t.NdArray) =>
      t.fromNumbers(t.toNumbers(x).map((y, i) => y + d * t.toNumbers(v)[i]), x.shape, "float64");
    return { a: shift(p.a, v.a), b: [shift(p.b[0], v.b[0])] as [t.NdArray] };
  };
  const [here, up, down] = [
    await executable.run(p, v),
    await executable.run(moved(h), v),
    await executable.run(moved(-h), v),
  ];
  await executable.dispose();
  const low = t.toNumbers(down.g.b[0]);
  const slope = t.toNumbers(up.g.b[0]).map((y, i) => (y - low[i]) / (2 * h));
  assert.ok(distance(t.toNumbers(here.hv.b[0]), slope) < 1e-7);
  // Blocks of the Hessian times the vector.
  const rows = here.h as unknown as { a: { a: t.NdArray; b: [t.NdArray] } };
  assert.deepEqual(rows.a.a.shape, [2, 2]);
  assert.deepEqual(rows.a.b[0].shape, [2, 3, 2]);
  const times = (block: t.NdArray, x: t.NdArray) => {
    const [m, n] = [block.shape[0], x.data.length];
    return Array.from(
      { length: m },
      (_, i) => t.toNumbers(x).reduce((sum, y, j) => sum + Number(block.data[i * n + j]) * y, 0),
    );
  };
  const first = times(rows.a.a, v.a), second = times(rows.a.b[0], v.b[0]);
  assert.ok(distance(t.toNumbers(here.hv.a), first.map((x, i) => x + second[i])) < 1e-12);
});

Deno.test("jacrev() and jacfwd() agree on trees of arguments and results", async () => {
  type P = { w: t.Tensor; b: t.Tensor };
  const f = (p: P, x: t.Tensor) => [t.tanh(t.add(t.matmul(p.w, x), p.b)), { s: t.sum(t.exp(p.w)) }];
  const [reverse, forward] = await evaluate(
    (p: P, x: t.Tensor) => [t.jacrev(f)(p, x), t.jacfwd(f)(p, x)],
    [{ w: values([2, 3], 1), b: values([2], 2) }, values([3], 3)],
  );
  const [a, b] = [reverse, forward].map((x) => t.flatten(x, t.isNdArray));
  assert.deepEqual(a.paths, ["0.b", "0.w", "1.s.b", "1.s.w"]);
  assert.deepEqual(a.leaves.map((x) => x.shape), [[2, 2], [2, 2, 3], [2], [2, 3]]);
  assert.deepEqual(b.paths, a.paths);
  a.leaves.forEach((x, i) => {
    assert.deepEqual(b.leaves[i].shape, x.shape);
    assert.ok(distance(t.toNumbers(b.leaves[i]), t.toNumbers(x)) < 1e-12, a.paths[i]);
  });
});

Deno.test("stopGradient() is a constant to jvp(), hessian() and vmap()", async () => {
  const f = (x: t.Tensor) => t.sum(t.mul(t.stopGradient(t.exp(x)), t.square(x)));
  const x = values([3], 1);
  const [, d] = await evaluate(
    (x: t.Tensor) => t.jvp(f, x, t.broadcastTo(t.constant(1, "float64"), [3])),
    [x],
  );
  const numbers = t.toNumbers(x);
  const slope = numbers.map((v) => 2 * v * Math.exp(v));
  assert.ok(distance(t.toNumbers(d), [slope.reduce((a, b) => a + b)]) < 1e-12);
  const h = await evaluate((x: t.Tensor) => t.diagonal(t.hessian(f)(x)), [x]);
  // exp(x) is held in f, so the slope is 2 x exp(x) with exp(x) held again.
  assert.ok(distance(t.toNumbers(h), numbers.map((v) => 2 * Math.exp(v))) < 1e-12);
  const g = await evaluate(
    t.vmap(t.grad((x: t.Tensor) => t.mul(t.stopGradient(x), x))),
    [x],
  );
  assert.deepEqual(t.toNumbers(g), numbers);
});

Deno.test("tangents and results that do not fit are refused by name", () => {
  const spec = { dtype: "float32", shape: [2] } as const;
  const refuse = (f: (x: t.Tensor) => unknown, pattern: RegExp) =>
    assert.throws(() => t.compile(f as (x: t.Tensor) => t.Tensor, [spec]), pattern);
  refuse(
    (x) => t.jvp((x: t.Tensor) => x, x, t.sum(x)),
    /the tangent is float32\[\]; expected float32\[2\]/,
  );
  refuse((x) => t.jvp((p: { a: t.Tensor }) => p.a, { a: x }, [x] as never), /form of the argument/);
  refuse((x) => t.jacfwd((x: t.Tensor) => t.argmax(x))(x), /jacfwd: the value is int64\[\]/);
  refuse((x) => t.jacrev((x: t.Tensor) => ({ n: t.argmax(x) }))(x), /jacrev: "n" is int64\[\]/);
  refuse((x) => t.hessian((x: t.Tensor) => x)(x), /must return a float scalar/);
});
