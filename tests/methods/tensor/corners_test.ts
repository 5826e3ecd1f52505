/** Corners where values were once wrong; what is right is said by PyTorch 2.13 or NumPy, or follows by hand. */

import { describe, it } from "@std/testing/bdd";
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { decode, encode } from "../../../methods/tensor/safetensors.ts";

const f = t.fromNested;
const i64 = (x: t.Nested) => f(x, "int64"), i32 = (x: t.Nested) => f(x, "int32");
const values = async <A extends readonly unknown[]>(
  g: (...args: A) => t.Tensor,
  ...args: { [K in keyof A]: t.Host<A[K]> }
) => t.toNested(await t.evaluate(g, args));

describe("constants", () => {
  it("division by one is rounded once where its reciprocal is not exact enough", async () => {
    const third = (x: t.Tensor) => t.floorDivide(x, 41);
    assert.deepEqual(await values(third, f([41, 82, 123])), [1, 2, 3]);
    assert.deepEqual(
      await values((x: t.Tensor) => t.floorDivide(x, 49), f([49, 98, 147], "float64")),
      [1, 2, 3],
    );
    const tiny = await values((x: t.Tensor) => t.div(x, 1e-5), f([0, 1e-4], "float16"));
    assert.ok(Math.abs((tiny as number[])[1] - 10) < 0.2, `${tiny}`);
    assert.deepEqual(
      await values((x: t.Tensor) => t.div(x, 60000), f([60000], "float16")),
      [1],
    );
  });

  it("two factors are not joined where their product over- or underflows", async () => {
    const twice = (c: number) => (x: t.Tensor) => t.mul(t.mul(x, c), c);
    assert.ok(Math.abs(t.item(await t.evaluate(twice(1e-30), [f([1e30])])) / 1e-30 - 1) < 1e-6);
    assert.ok(Math.abs(t.item(await t.evaluate(twice(1e30), [f([1e-30])])) / 1e30 - 1) < 1e-6);
    assert.ok(Math.abs(t.item(await t.evaluate(twice(1000), [f([1e-3], "float16")])) - 1000) < 1);
  });

  it("float64 products keep their precision when a single number scales them", async () => {
    const ones = (...shape: number[]) => t.ones(shape, "float64");
    const scaled = (c: t.TensorLike) => (a: t.Tensor, b: t.Tensor) => t.mul(t.matmul(a, b), c);
    const tenth = f([0.1], "float64");
    for (
      const y of [
        await t.evaluate(scaled(0.1), [ones(1, 1, 3), ones(1, 3, 1)]),
        await t.evaluate(scaled(tenth), [ones(2, 1, 3), ones(2, 3, 1)]),
        await t.evaluate(scaled(t.ndarray(tenth.data, [1, 1])), [ones(4, 3), ones(3, 2)]),
        await t.evaluate(
          (a: t.Tensor, b: t.Tensor) => t.matmul(t.mul(a, tenth), b),
          [ones(1, 1, 3), ones(1, 3, 1)],
        ),
        await t.evaluate(
          (a: t.Tensor, b: t.Tensor) => t.div(t.matmul(a, b), t.constant(10, "float64")),
          [ones(1, 3), ones(3, 1)],
        ),
      ]
    ) {
      for (const v of t.toNumbers(y)) assert.ok(Math.abs(v - 0.3) < 1e-15, `${v}`);
    }
  });

  it("a power takes shape and dtype of its exponent into account", async () => {
    const half = f([[2]]);
    const y = await t.evaluate((x: t.Tensor) => t.pow(x, half), [f([1, 2, 3])]);
    assert.deepEqual(t.toNested(y), [[1, 4, 9]]);
    assert.throws(() => t.pow(f([1]), t.constant(2.5, "float64")), /pow: dtypes differ/);
  });
});

describe("extremes", () => {
  it("over no axes the largest and the smallest are the elements", async () => {
    const x = f([1, 200]);
    assert.deepEqual(await values((x: t.Tensor) => t.max(x, []), x), [1, 200]);
    assert.deepEqual(await values((x: t.Tensor) => t.min(x, []), x), [1, 200]);
    assert.deepEqual(await values((x: t.Tensor) => t.logSumExp(x, []), x), [1, 200]);
  });

  it("the smallest integer is found", async () => {
    assert.equal(await values((x: t.Tensor) => t.min(x), i32([-(2 ** 31), 0, 5])), -(2 ** 31));
    assert.deepEqual(await values((x: t.Tensor) => t.min(x, 1), i64([[3, -2], [7, 9]])), [-2, 7]);
  });

  it("integers are finite; an infinite bound clips nothing and passes the gradient", async () => {
    for (const x of [i32([0, 2]), i64([0, 2])]) {
      assert.deepEqual(await values(t.isFinite, x), [1, 1]);
      assert.deepEqual(await values(t.isInf, x), [0, 0]);
    }
    assert.deepEqual(await values((x: t.Tensor) => t.clip(x, -Infinity, 5), i32([-4, 9])), [-4, 5]);
    const slope = t.grad((x: t.Tensor) => t.sum(t.clip(x, 0, Infinity)));
    assert.deepEqual(await values(slope, f([Infinity, 1])), [1, 1]);
  });

  it("angles between infinities", async () => {
    const y = await values(t.atan2, f([Infinity, -Infinity]), f([Infinity, -Infinity]));
    const [a, b] = y as number[];
    assert.ok(Math.abs(a - Math.PI / 4) < 1e-6 && Math.abs(b + 3 * Math.PI / 4) < 1e-6, `${y}`);
  });

  it("bool of any byte that is not 0 is refused or read as 1", async () => {
    const bytes = { dtype: "bool", shape: [2], data: Uint8Array.of(255, 0) } as const;
    await assert.rejects(t.evaluate(t.logicalNot, [bytes]), /argument 0 is bool, but not all/);
    const file = encode({ x: t.fromNumbers([1, 0], [2], "bool") });
    file[file.length - 2] = 7;
    assert.deepEqual(t.toNumbers(decode(file).x), [1, 0]);
  });

  it("uniform numbers stay below the upper end", () => {
    const { data } = stream(1, "x").uniform([2_000_000], { low: 100, high: 101 });
    assert.ok(data.every((v) => v >= 100 && v < 101));
  });
});

describe("indices", () => {
  it("slices are written at starts of both integer types", async () => {
    const written = (x: t.Tensor, u: t.Tensor, start: t.Tensor) =>
      t.sum(t.dynamicUpdateSlice(x, u, [start, 1]), 1);
    const y = await values(written, t.zeros([4, 5]), t.ones([2, 3]), i32(1));
    assert.deepEqual(y, [0, 3, 3, 0]);
  });

  it("adding along an axis at fewer places has a gradient", async () => {
    const loss = (x: t.Tensor, i: t.Tensor) => (u: t.Tensor) =>
      t.sum(t.square(t.addAlongAxis(x, i, u, 1)));
    const slope = (x: t.Tensor, i: t.Tensor, u: t.Tensor) => t.grad(loss(x, i))(u);
    const y = await values(slope, t.zeros([2, 3]), i64([[0, 0, 0]]), t.ones([1, 3]));
    assert.deepEqual(y, [[6, 6, 6]]);
  });

  it("what cannot be cut or shaped is refused", () => {
    assert.throws(() => t.split(t.zeros([3]), [-1, 4]), /^TensorError: split: sizes/);
    assert.throws(() => t.split(t.zeros([3]), [1.5, 1.5]), /^TensorError: split: sizes/);
    assert.throws(() => t.slice(t.zeros([3]), [0.5], [2]), /^TensorError: slice: starts and ends/);
    assert.throws(() => t.reshape(t.zeros([6]), [-2, -3]), /^TensorError: reshape: /);
    assert.throws(
      () => t.max(t.fromNumbers([1], [1], "bool")),
      /reduceMax: bool\[1\] is no number/,
    );
  });

  it("names that two leaves share are refused", () => {
    const x = { dtype: "float32", shape: [1] } as const;
    const tree = { "a.b": x, a: { b: x } };
    type P = { "a.b": t.Tensor; a: { b: t.Tensor } };
    assert.throws(
      () => t.compile((p: P) => t.add(p["a.b"], p.a.b), [tree]),
      /two leaves are called "0.a.b"; rename a key/,
    );
  });
});

describe("vmap of loops that capture", () => {
  const rows = f([[0.1, 0.2], [0.3, 0.4]]);
  const apart = async (g: (x: t.Tensor) => t.Tensor) => [
    await values(g, f([0.1, 0.2])),
    await values(g, f([0.3, 0.4])),
  ];
  const steps = (g: (c: t.Tensor) => t.Tensor, x: t.TensorLike, n: number) =>
    t.scan((c: t.Tensor) => [g(c), []], t.asTensor(x), t.iota(n))[0];

  it("a count that an earlier, batched loop made for all examples alike", async () => {
    const g = (x: t.Tensor) => {
      const [{ a, n }] = t.scan(
        (c: { a: t.Tensor; n: t.Tensor }) => [{ a: t.mul(c.a, x), n: t.add(c.n, 1) }, []],
        { a: x, n: t.constant(0) },
        t.iota(3),
      );
      return steps((c) => t.add(c, n), a, 2);
    };
    assert.deepEqual(await values(t.vmap(g), rows), await apart(g));
  });

  it("the same from a while loop and from a branch", async () => {
    const counted = (x: t.Tensor) => {
      const { n } = t.whileLoop(
        (c: { x: t.Tensor; n: t.Tensor }) => t.less(c.n, 2),
        (c) => ({ x: t.mul(c.x, 2), n: t.add(c.n, 1) }),
        { x, n: t.constant(0) },
      );
      return steps((c) => t.add(c, n), x, 2);
    };
    assert.deepEqual(await values(t.vmap(counted), rows), await apart(counted));
  });

  it("gradients of each example through a recomputed recurrence; Jacobians of one", async () => {
    const rnn = t.checkpoint((w: t.Tensor, x: t.Tensor) =>
      t.scan(
        (h: t.Tensor, v: t.Tensor) => [t.tanh(t.add(t.matmul(w, h), v)), h],
        t.constant(f([0, 0])),
        x,
      )[0]
    );
    const slope = t.grad((w: t.Tensor, x: t.Tensor) => t.sum(t.square(rnn(w, x))));
    const w = f([[0.5, -0.3], [0.2, 0.1]]);
    const sequences = [f([[0.1, 0.2], [0.3, -0.4]]), f([[1, -1], [0.5, 0.6]])];
    const both = t.ndarray(
      Float32Array.from(sequences.flatMap((s) => t.toNumbers(s))),
      [2, 2, 2],
    );
    const one = await Promise.all(sequences.map((s) => values(slope, w, s)));
    const batched = await values(t.vmap(slope, { inAxes: [null, 0] }), w, both);
    (batched as number[][][]).flat(2).forEach((v, i) => {
      assert.ok(Math.abs(v - (one as number[][][]).flat(2)[i]) < 1e-6, `${v}`);
    });

    const plain = (x: t.Tensor) => {
      const z = t.sin(x);
      return steps((c) => t.tanh(t.add(c, z)), x, 3);
    };
    const again = await values(t.jacrev(t.checkpoint(plain)), f([0.3, -0.2]));
    assert.deepEqual(again, await values(t.jacrev(plain), f([0.3, -0.2])));
  });
});

describe("donated arguments", () => {
  const program = t.compile(
    (s: { m: t.Tensor; v: t.Tensor }, x: t.Tensor) =>
      [{ m: t.add(s.m, 1), v: t.add(s.v, x) }, t.sum(x)] as const,
    [{ m: t.zeros([3]), v: t.zeros([3]) }, t.zeros([3])],
  );

  it("that are one array twice, or an argument kept, are left alone", async () => {
    await using executable = await t.load(program, { provider: "cpu", donate: [0] });
    const z = t.zeros([3]), x = f([1, 2, 3]);
    const [{ m, v }] = await executable.run({ m: z, v: z }, x);
    assert.deepEqual([t.toNested(m), t.toNested(v)], [[1, 1, 1], [1, 2, 3]]);
    assert.equal(z.data.length, 3);
    // An array without elements can be given again; a position may be named twice.
    await using twice = await t.load(
      t.compile((s: { w: t.Tensor; e: t.Tensor }) => ({ w: t.add(s.w, 1), e: s.e }), [
        { w: t.zeros([2]), e: t.zeros([0]) },
      ]),
      { provider: "cpu", donate: [0, 0] },
    );
    const e = t.zeros([0]);
    await twice.run({ w: t.zeros([2]), e });
    assert.deepEqual(t.toNested((await twice.run({ w: t.ones([2]), e })).w), [2, 2]);
    const once = t.zeros([3]);
    await executable.run({ m: once, v: x }, x);
    assert.deepEqual([once.data.length, x.data.length], [0, 3]);
  });
});
