// cond: both branches, derivatives against those of the branch taken, loops, batches, folding, errors.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

function same(actual: readonly t.NdArray[], expected: readonly t.NdArray[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) => {
    assert.deepEqual(x.shape, expected[i].shape);
    const worst = distance(t.toNumbers(x), t.toNumbers(expected[i]));
    assert.ok(worst < 1e-12, `${i}: off by ${worst}`);
  });
}

const ops = (p: { model: Uint8Array }) => new TextDecoder("latin1").decode(p.model);

type Pair = { a: t.Tensor; b: t.Tensor };
const yes = (p: Pair, w: t.Tensor) => ({ y: t.sin(t.matmul(p.a, w)), n: t.sum(p.b) });
const no = (p: Pair, w: t.Tensor) => ({ y: t.mul(p.b, t.exp(t.sum(w))), n: t.sum(p.a) });

Deno.test("cond() takes one branch of trees, with captured tensors and derivatives to third order", async () => {
  type P = Pair & { w: t.Tensor };
  const loss = (branch: (p: P) => { y: t.Tensor; n: t.Tensor }) => (p: P) => {
    const r = branch(p);
    return t.mul(t.sum(t.square(r.y)), t.tanh(r.n));
  };
  const squared = (f: (p: P) => t.Tensor) => (p: P) => {
    const g = t.grad(f)(p);
    return t.add(t.add(t.sum(t.square(g.a)), t.sum(t.mul(g.b, g.b))), t.sum(t.mul(g.w, p.w)));
  };
  const list = (p: P) => [p.a, p.b, p.w];
  const all = (f: (p: P) => t.Tensor, p: P) => [
    f(p),
    ...list(t.grad(f)(p)),
    ...list(t.grad(squared(f))(p)),
    squared(squared(f))(p),
    ...t.jvp(f, p, { a: p.b, b: p.a, w: p.w }),
    ...list(t.hessianVectorProduct(f, p, { a: p.b, b: p.a, w: p.w })),
  ];
  for (const sign of [-1, 1]) {
    const [taken, expected] = await evaluate((p: P, s: t.Tensor) => [
      all(
        loss((q) =>
          t.cond(t.greater(s, 0), (r: Pair) => yes(r, q.w), (r: Pair) => no(r, q.w), {
            a: q.a,
            b: q.b,
          })
        ),
        p,
      ),
      all(loss((q) => sign > 0 ? yes(q, q.w) : no(q, q.w)), p),
    ], [
      { a: values([2], 1), b: values([2], 2), w: values([2, 2], 3) },
      t.full([], sign, "float64"),
    ]);
    same(taken, expected);
  }
});

Deno.test("only the branch taken runs", async () => {
  // Out of range ONNX Runtime refuses the index wherever take() runs.
  const f = (n: t.Tensor) =>
    t.cond(
      t.less(n, 3),
      () => t.take(t.constant(t.fromNumbers([5, 6, 7], [3], "int64")), n),
      () => t.constant(-1, "int64"),
    );
  for (const [n, expected] of [[2, 7], [3, -1]]) {
    assert.deepEqual(t.toNumbers(await evaluate(f, [t.full([], n, "int64")])), [expected]);
  }
});

Deno.test("work of a branch stays in the branch; work done before is used", () => {
  const spec = { dtype: "float32", shape: [4, 4] } as const;
  const program = (before: boolean) =>
    t.compile((x: t.Tensor) => {
      if (before) t.exp(t.matmul(x, x));
      const y = t.cond(
        t.less(t.sum(x), 0),
        () => t.exp(t.matmul(x, x)),
        () => x,
      );
      // The same expression outside is computed there.
      return [y, t.exp(t.matmul(x, x))];
    }, [spec]);
  // Either way: matrix product twice (inside, outside) or once.
  const count = (p: { model: Uint8Array }) => ops(p).split("Gemm").length;
  assert.ok(count(program(true)) < count(program(false)));
});

Deno.test("cond() within scan(), differentiated and batched", async () => {
  const step = (c: t.Tensor, x: t.Tensor) => {
    const next = t.cond(
      t.less(t.sum(t.mul(c, x)), 0),
      (c: t.Tensor) => t.mul(t.sin(c), x),
      (c: t.Tensor) => t.sub(t.mul(c, c), x),
      c,
    );
    return [next, t.sum(next)] as const;
  };
  const plain = (c: t.Tensor, x: t.Tensor) => {
    const chosen = t.less(t.sum(t.mul(c, x)), 0);
    const next = t.where(chosen, t.mul(t.sin(c), x), t.sub(t.mul(c, c), x));
    return [next, t.sum(next)] as const;
  };
  type Step = (c: t.Tensor, x: t.Tensor) => readonly [t.Tensor, t.Tensor];
  const loss = (f: Step) => (c: t.Tensor, xs: t.Tensor) => {
    const [last, ys] = t.scan(f, c, xs);
    return t.add(t.sum(last), t.sum(t.square(ys)));
  };
  const all = (f: Step) => (c: t.Tensor, xs: t.Tensor) => {
    const wide = t.vmap(t.grad(loss(f)), { inAxes: [0, null] });
    const curvature = (c: t.Tensor) =>
      t.hessianVectorProduct((c: t.Tensor) => loss(f)(c, xs), c, c);
    return [t.grad(loss(f))(t.take(c, 0), xs), wide(c, xs), t.vmap(curvature)(c)];
  };
  const [actual, expected] = await evaluate(
    (c: t.Tensor, xs: t.Tensor) => [all(step)(c, xs), all(plain)(c, xs)],
    [values([4, 2], 1), values([3, 2], 2)],
  );
  same(actual, expected);
});

Deno.test("vmap() of cond(): an If for a common predicate, where() for one that differs", async () => {
  const f = (p: t.Tensor, x: t.Tensor, y: t.Tensor) =>
    t.cond(t.less(p, 0), (x) => [t.sin(x), y], (x) => [t.mul(x, y), x], x);
  const common = t.vmap(f, { inAxes: [null, 0, null] });
  const differing = t.vmap(f, { inAxes: [0, 0, null] });
  const args = [values([], 1), values([3, 2], 2), values([2], 3)] as const;
  const many = [values([3], 4), args[1], args[2]] as const;
  assert.match(ops(t.compile(common, args)), /If/);
  assert.doesNotMatch(ops(t.compile(differing, many)), /then_branch/);
  const loop = (batched: boolean) => (p: t.Tensor, x: t.Tensor, y: t.Tensor) => {
    const rows = [0, 1, 2].map((k) => f(batched ? t.take(p, k) : p, t.take(x, k), y));
    return [0, 1].map((i) => t.stack(rows.map((r) => r[i])));
  };
  same(await evaluate(common, [...args]), await evaluate(loop(false), [...args]));
  same(await evaluate(differing, [...many]), await evaluate(loop(true), [...many]));
});

Deno.test("a constant predicate leaves one branch", () => {
  const spec = { dtype: "float32", shape: [2] } as const;
  const model = (p: boolean | t.NdArray) =>
    t.compile((x: t.Tensor) => t.cond(p, (x) => t.sin(x), (x) => t.cos(x), x), [spec]).model;
  const sine = t.compile((x: t.Tensor) => t.sin(x), [spec]).model;
  const cosine = t.compile((x: t.Tensor) => t.cos(x), [spec]).model;
  assert.deepEqual(model(true), sine);
  assert.deepEqual(model(t.full([], 0, "bool")), cosine);
  // A carry that turns out to be constant folds when the graph is rebuilt.
  const late = t.compile(
    (x: t.Tensor) =>
      t.cond(
        t.stopGradient(t.constant(t.full([], 1, "bool"))),
        (x) => t.sin(x),
        (x) => t.cos(x),
        x,
      ),
    [spec],
  );
  assert.deepEqual(late.model, sine);
});

Deno.test("stopGradient() holds within branches", async () => {
  const f = (x: t.Tensor) => t.cond(t.less(x, 10), (x) => t.mul(t.stopGradient(x), x), (x) => x, x);
  const [g, d] = await evaluate(
    (x: t.Tensor) => [t.grad(f)(x), t.jvp(f, x, t.constant(1, "float64"))[1]],
    [t.full([], 3, "float64")],
  );
  assert.deepEqual([t.toNumbers(g), t.toNumbers(d)], [[3], [3]]);
});

Deno.test("branches and predicates that do not fit are refused by name", () => {
  const spec = { dtype: "float32", shape: [2] } as const;
  const refuse = (f: (x: t.Tensor) => unknown, pattern: RegExp) =>
    assert.throws(() => t.compile(f as (x: t.Tensor) => t.Tensor, [spec]), pattern);
  const some = (x: t.Tensor) => t.less(t.sum(x), 0);
  refuse((x) => t.cond(t.less(x, 0), () => x, () => x), /predicate is bool\[2\]; a scalar/);
  refuse((x) => t.cond(t.sum(x), () => x, () => x), /predicate is float32\[\]; compare/);
  refuse(
    (x) => t.cond(some(x), () => ({ a: x }), () => ({ a: t.sum(x) })),
    /result "a" is float32\[2\] in one branch and float32\[\] in the other/,
  );
  refuse(
    (x) => t.cond(some(x), () => x, () => t.cast(x, "float64")),
    /float32\[2\] in one branch and float64\[2\]/,
  );
  refuse(
    (x) => t.cond<[], unknown>(some(x), () => ({ a: x }), () => [x]),
    /different forms: \[a\] and \[0\]/,
  );
});
