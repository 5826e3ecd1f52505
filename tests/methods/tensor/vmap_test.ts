// vmap: axes, trees, nesting, loops, what stays outside the batch, how few operators it takes, errors.
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

/** Example k of a batch. */
const at = (x: t.Tensor, k: number, axis = 0) => t.take(x, t.constant(k, "int64"), axis);

/** f of each of n examples, stacked. */
const each = (n: number, f: (k: number) => t.Tensor) =>
  t.stack(Array.from({ length: n }, (_, k) => f(k)));

Deno.test("vmap() takes any axis in and puts any axis out, on trees", async () => {
  type In = { a: t.Tensor; list: [t.Tensor, t.Tensor] };
  const f = (x: In, scale: t.Tensor) => ({
    y: t.mul(t.matmul(x.list[0], x.a), scale),
    shared: t.sum(x.list[1]),
    last: t.add(x.a, x.list[1]),
  });
  const [actual, expected] = await evaluate((x: In, scale: t.Tensor) => {
    const r = t.vmap(f, {
      inAxes: [{ a: -1, list: [1, null] }, 0],
      outAxes: { y: 0, shared: null, last: -1 },
    })(x, scale);
    const one = (k: number) =>
      f({ a: at(x.a, k, 1), list: [at(x.list[0], k, 1), x.list[1]] }, at(scale, k));
    return [
      [r.y, r.shared, r.last],
      [each(4, (k) => one(k).y), one(0).shared, t.transpose(each(4, (k) => one(k).last))],
    ];
  }, [{ a: values([3, 4], 1), list: [values([2, 4, 3], 2), values([3], 3)] }, values([4], 4)]);
  same(actual, expected);
});

Deno.test("vmap() nests, over the same and over different axes", async () => {
  const f = (a: t.Tensor, b: t.Tensor) => t.logSumExp(t.mul(t.sin(a), b));
  const [actual, expected] = await evaluate((a: t.Tensor, b: t.Tensor) => {
    const rows = t.vmap(f, { inAxes: [null, 0] }), columns = t.vmap(f, { inAxes: [null, 1] });
    return [
      [
        t.vmap(rows, { inAxes: [0, null] })(a, b),
        t.vmap(columns, { inAxes: [1, null], outAxes: 1 })(a, b),
        t.vmap(t.vmap(t.grad(f)))(t.reshape(a, [3, 1, 3]), t.reshape(b, [3, 1, 3])),
      ],
      [
        each(3, (i) => each(3, (j) => f(at(a, i), at(b, j)))),
        each(3, (j) => each(3, (i) => f(at(a, i, 1), at(b, j, 1)))),
        t.expandDims(each(3, (i) => t.grad(f)(at(a, i), at(b, i))), 1),
      ],
    ];
  }, [values([3, 3], 1), values([3, 3], 2)]);
  same(actual, expected);
});

/** A loop with a float and an integer carry, scanned values and captured weights. */
function loop(h: t.Tensor, xs: t.Tensor, w: t.Tensor): [t.Tensor, t.Tensor, t.Tensor, t.Tensor] {
  const [c, y] = t.scan(
    (c: { h: t.Tensor; n: t.Tensor; same: t.Tensor }, x: t.Tensor) => {
      const h = t.tanh(t.add(t.matmul(c.h, w), t.mul(x, t.cast(c.n, "float64"))));
      const next = { h, n: t.add(c.n, 1), same: t.mul(c.same, 2) };
      return [next, { sum: t.sum(h), n: c.n }] as const;
    },
    { h, n: t.constant(1, "int64"), same: t.constant(1, "float64") },
    xs,
  );
  return [c.h, c.same, y.sum as t.Tensor, t.cast(y.n as t.Tensor, "float64")];
}

Deno.test("vmap() of scan() and of its gradient is the loop over examples, whatever is batched", async () => {
  const n = 3;
  const shapes = [[2], [4, 2], [2, 2]];
  for (let mask = 1; mask < 8; mask++) {
    const batched = shapes.map((_, i) => (mask >> i) % 2 === 1);
    const args = shapes.map((s, i) => values(batched[i] ? [n, ...s] : s, i + 1));
    const scalar = (p: t.Tensor[]) => {
      const [h, , sums] = loop(p[0], p[1], p[2]);
      return t.add(t.sum(t.square(h)), t.sum(t.mul(sums, t.exp(sums))));
    };
    const f = (...p: t.Tensor[]) => [...loop(p[0], p[1], p[2]), ...t.grad(scalar)(p)];
    const [actual, expected] = await evaluate((...xs: t.Tensor[]) => {
      const rows = Array.from(
        { length: n },
        (_, k) => f(...xs.map((x, i) => batched[i] ? at(x, k) : x)),
      );
      return [
        t.vmap(f, { inAxes: batched.map((b) => b ? 0 : null) })(...xs),
        rows[0].map((_, i) => t.stack(rows.map((r) => r[i]))),
      ];
    }, args as never) as t.NdArray[][];
    same(actual, expected);
  }
});

Deno.test("scan() of vmap() and loops within loops within vmap()", async () => {
  const f = (x: t.Tensor, w: t.Tensor) => {
    const inner = (c: t.Tensor, row: t.Tensor) =>
      t.scan(
        (d: t.Tensor, v: t.Tensor) => [t.sin(t.add(t.mul(d, w), v)), t.mul(d, c)] as const,
        c,
        row,
      );
    const [c, ys] = t.scan((c: t.Tensor, row: t.Tensor) => inner(c, row), t.sum(w), x);
    return t.add(c, t.sum(ys));
  };
  const [a, b, c, d] = await evaluate((x: t.Tensor, w: t.Tensor) => {
    const g = t.grad(f);
    const inside = t.scan(
      (c: t.Tensor, x: t.Tensor) => {
        const y = t.vmap((r: t.Tensor, v: t.Tensor) => t.mul(t.sum(r), v))(x, c);
        return [y, y] as const;
      },
      w,
      t.transpose(x, [1, 0, 2]),
    )[0];
    const unrolled = [0, 1, 2].reduce((c, k) => t.mul(t.sum(at(x, k, 1), 1), c), w);
    return [
      t.vmap(g)(x, w),
      each(2, (k) => g(at(x, k), at(w, k))),
      inside,
      unrolled,
    ];
  }, [values([2, 3, 4], 1), values([2], 2)]);
  same([a, c], [b, d]);
});

Deno.test("what does not depend on a mapped argument is computed once", () => {
  const shared = (x: t.Tensor, w: t.Tensor) => t.mul(x, t.sum(t.exp(w)));
  const args = [{ dtype: "float32", shape: [4] }, { dtype: "float32", shape: [6] }] as const;
  const one = t.compile(shared, args);
  const all = t.compile(t.vmap(shared, { inAxes: [0, null] }), args);
  assert.equal(all.flops, one.flops);
  assert.equal(all.nodes, one.nodes);
});

Deno.test("products with shared weights are one Gemm over merged rows; others one batched product", () => {
  const spec = (...shape: number[]) => ({ dtype: "float32", shape } as const);
  const layer = (x: t.Tensor, w: t.Tensor) => t.matmul(x, w);
  const text = (p: { model: Uint8Array }) => new TextDecoder("latin1").decode(p.model);
  const merged = t.compile(t.vmap(layer, { inAxes: [0, null] }), [spec(5, 2, 3), spec(3, 4)]);
  assert.match(text(merged), /Gemm/);
  assert.doesNotMatch(text(merged), /MatMul|Expand|Transpose/);
  const batched = t.compile(t.vmap(layer), [spec(5, 2, 3), spec(5, 3, 4)]);
  assert.deepEqual(batched.nodes, 2);
  assert.match(text(batched), /MatMul/);
  // Per-example gradients of a shared layer: no loop, no repetition of the weights.
  const gradients = t.compile(
    t.vmap(t.grad((w: t.Tensor, x: t.Tensor) => t.sum(t.square(t.matmul(x, w)))), {
      inAxes: [null, 0],
    }),
    [spec(3, 4), spec(5, 2, 3)],
  );
  assert.doesNotMatch(text(gradients), /Loop|Expand/);
});

Deno.test("a loop over a batch needs no transposes of its data", () => {
  const f = (c: t.Tensor, xs: t.Tensor) =>
    t.scan((c: t.Tensor, x: t.Tensor) => [t.mul(c, x), t.constant(0)] as const, c, xs)[0];
  const spec = (...shape: number[]) => ({ dtype: "float32", shape } as const);
  const program = t.compile(t.vmap(f), [spec(3, 2), spec(3, 9, 2)]);
  assert.doesNotMatch(new TextDecoder("latin1").decode(program.model), /Transpose/);
});

Deno.test("what does not fit is refused by name", () => {
  const spec = (...shape: number[]) => ({ dtype: "float32", shape } as const);
  const refuse = (options: t.VmapOptions, specs: t.Spec[], pattern: RegExp) =>
    assert.throws(
      () =>
        t.compile(
          t.vmap((a: t.Tensor, b: t.Tensor) => t.add(t.sum(a), t.sum(b)), options),
          specs as never,
        ),
      pattern,
    );
  refuse(
    {},
    [spec(3), spec(4, 2)],
    /vmap: argument 1 is float32\[4, 2\] with 4 examples along axis 0, argument 0 has 3/,
  );
  refuse({}, [spec(3), spec()], /argument 1 is the scalar float32\[\].*null/);
  refuse(
    { inAxes: [0, 2] },
    [spec(3), spec(4, 2)],
    /argument 1: axis 2 is out of range for rank 2/,
  );
  refuse({ inAxes: null }, [spec(3), spec(3)], /no argument is mapped/);
  refuse({ inAxes: [0] }, [spec(3), spec(3)], /inAxes has entries \[0\]; the tree has \[0,1\]/);
  refuse({ inAxes: [0, [0]] }, [spec(3), spec(3)], /inAxes at 1 has entries below a tensor/);
  refuse({ outAxes: null }, [spec(3), spec(3)], /the result differs between examples/);
});
