/** What JavaScript and habits from PyTorch let through: each is refused in words, or means what it says. */

import { describe, it } from "@std/testing/bdd";
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";

const f32 = (...shape: number[]): t.Spec => ({ dtype: "float32", shape });
const int32 = (...values: number[]) => t.fromNumbers(values, [values.length], "int32");
const bools = (...values: number[]) => t.fromNumbers(values, [values.length], "bool");

/** Traces without the types that would refuse it. */
const trace = (f: (...args: never[]) => unknown, ...specs: unknown[]) =>
  t.compile(f as never, specs as never);
const traced = (f: (x: t.Tensor) => unknown, spec: t.Spec = f32(3)) => trace(f as never, spec);
const untyped = t as unknown as Record<string, (...args: unknown[]) => unknown>;

type Mistake = readonly [what: string, make: () => unknown, problem: RegExp];

const mistakes: readonly Mistake[] = [
  ["-x", () => traced((x) => t.exp(-x as never)), /^an operator .* of JavaScript .*float32\[3\]/],
  ["x * 2", () => traced((x) => t.exp((x as never) * 2 as never)), /use neg\(\), add\(\)/],
  ["x + 1", () => traced((x) => t.exp((x as never) + 1 as never)), /JavaScript/],
  ["x > 0", () => traced((x) => (x as never) > 0 ? x : t.neg(x)), /greater\(\)/],
  ["Math.exp(x)", () => traced((x) => t.mul(x, Math.exp(x as never))), /JavaScript/],

  ["0.5 beside int32", () => t.mul(int32(1, 2), 0.5), /^mul: 0.5 is no int32; round it/],
  ["a bound of 0.5 for integers", () => t.less(int32(0, 1), 0.5), /^less: 0.5 is no int32/],
  ["a root of integers", () => t.pow(int32(4, 9), 0.5), /^pow: 0.5 is no int32/],
  ["int32 too large", () => t.full([2], 3e10, "int32"), /^full: 30000000000 is no int32/],
  ["a fraction as int32", () => t.fromNumbers([1.7], [1], "int32"), /^fromNumbers: 1.7 is no/],
  ["NaN as int32", () => t.fromNumbers([NaN], [1], "int32"), /^fromNumbers: NaN is no int32/],
  [
    "int64 too large",
    () => t.fromNumbers([2 ** 63], [1], "int64"),
    /^fromNumbers: 92.* is no int64/,
  ],
  ["a fraction as int64", () => t.constant(0.5, "int64"), /^constant: 0.5 is no int64/],

  ["a sum of bools", () => t.add(bools(1), bools(1)), /^add: bool\[1\] is no number; cast\(\)/],
  ["1 − mask", () => t.sub(1, bools(1)), /^sub: bool\[1\] .*logicalNot\(\)/],
  ["−mask", () => t.neg(bools(1)), /^neg: bool\[1\] is no number/],
  ["integers by 0", () => t.div(int32(1), 0), /^div: int32\[1\] is divided by the integer 0/],

  [
    "a cotangent of another shape",
    () => traced((x) => t.vjp((x: t.Tensor) => t.mul(x, 2), x)[1](t.constant(t.ones([4, 3])))),
    /^vjp: the cotangent is float32\[4, 3\]; expected float32\[3\]/,
  ],
  [
    "a cotangent of another form",
    () => traced((x) => t.vjp((x: t.Tensor) => ({ a: x, b: x }), x)[1]({ a: x } as never)),
    /^vjp: the cotangent must have the form of the value/,
  ],

  ["16-bit integers", () => t.ndarray(new Int16Array(3) as never), /an Int16Array holds no dtype/],
  ["bytes", () => t.ndarray(Uint8Array.of(0, 128)), /holds bool, 0 or 1, not 128 \(element 1\)/],
  ["a list", () => t.ndarray([1, 2] as never), /^ndarray: an array holds no dtype/],

  [
    "a dtype that is none",
    () => traced((x) => x, { dtype: "f32" as never, shape: [3] }),
    /"f32" is/,
  ],
  ["an open size", () => traced((x) => x, f32(-1, 3)), /^compile: argument 0: shape \[-1,3\]/],
  ["no list of specs", () => t.compile((x) => x, f32(3) as never), /a list of specs or arrays/],
  [
    "cast to a dtype that is none",
    () => t.cast(int32(1), "float" as never),
    /^cast: "float" is no/,
  ],
  ["zeros of no dtype", () => t.zeros([3], "double" as never), /^full: "double" is no dtype/],

  ["reshape(x, 3, 2)", () => untyped.reshape(t.zeros([6]), 3, 2), /^reshape: the shape must be/],
  ["transpose(x, 0, 1)", () => untyped.transpose(t.zeros([2, 3]), 0, 1), /a list, as in \[0\]/],
  ["concat(a, b)", () => untyped.concat(t.zeros([2]), t.zeros([2])), /^concat: tensors must be a/],
  ["split(x, 3)", () => untyped.split(t.zeros([6]), 3), /^split: the sizes must be a list/],
  ["zeros(3, 4)", () => untyped.zeros(3, 4), /is no dtype|whole sizes/],
  ["pad(x, [1, 1])", () => untyped.pad(t.zeros([3]), [1, 1]), /^pad: .* needs 1 pairs of counts/],
  [
    "pad by name",
    () => untyped.pad(t.zeros([3]), [[1, 1]], "reflect"),
    /must be a number, got a st/,
  ],
  [
    "a tensor as a bound",
    () => untyped.slice(t.zeros([3]), [t.constant(1)], [2]),
    /^slice: starts and ends are whole numbers or null, got a Tensor; dynamicSlice\(\)/,
  ],

  [
    "steps as a number",
    () => traced((x) => t.scan((c: t.Tensor) => [c, c], x, 20 as never)),
    /^scan: xs is the number 20; iota\(20\) counts 20 steps/,
  ],
  [
    "nothing to stack",
    () => traced((x) => t.scan((c: t.Tensor) => [c, null] as never, x, t.iota(2))),
    /^scan: y is null; return \[carry, \[\]\]/,
  ],
  [
    "a pair without hasAux",
    () => traced((x) => t.grad((x: t.Tensor) => [t.sum(x), x] as never)(x)),
    /got an array; with \{ hasAux: true \} it may return \[value, aux\]/,
  ],
  [
    "hasAux without a pair",
    () => traced((x) => t.valueAndGrad((x) => t.sum(x as never) as never, { hasAux: true })(x)),
    /with hasAux the function must return \[value, aux\], got float32\[\]/,
  ],
  [
    "a key that is undefined",
    () =>
      traced((x) =>
        t.grad((p: Record<string, unknown>) => t.sum(p.w as never))({ w: x, b: undefined })
      ),
    /"b" is undefined; .*leave the key out/,
  ],
  ["a function not called", () => traced(() => t.grad(t.sum as never)), /is it to be called\?/],
];

describe("misuse", () => {
  for (const [what, make, problem] of mistakes) {
    it(what, () => {
      assert.throws(make, (error) => {
        assert.ok(error instanceof t.TensorError, `${error}`);
        assert.match(error.problem, problem);
        assert.match(error.where ?? "", /misuse_test\.ts:\d+:\d+$/);
        return true;
      });
    });
  }

  const program = t.compile((p: { w: t.Tensor }, x: t.Tensor) => t.mul(p.w, x), [
    { w: f32(3) },
    f32(3),
  ]);
  const one = t.ones([3]);

  it("load() says what it takes", async () => {
    const load = t.load as unknown as (...args: unknown[]) => Promise<unknown>;
    const refused = (args: unknown[], problem: RegExp) =>
      assert.rejects(load(...args), (e) => e instanceof t.TensorError && problem.test(e.problem));
    await refused(
      [t.exp, { provider: "cpu" }],
      /^load: expected a program, got a function; compile/,
    );
    await refused([t.encodeProgram(program), { provider: "cpu" }], /decodeProgram\(\) reads/);
    await refused([program, "cpu"], /^load: options expected, as in \{ provider: "cpu" \}/);
    await refused([program], /^load: options expected/);
    await refused([program, { provider: "cpu", donate: [7] }], /no argument 7; it takes 2/);
    await refused([program, { provider: "cpu", donate: 0 }], /donate is a list of positions/);
  });

  it("run() asks for host arrays", async () => {
    await using executable = await t.load(program, { provider: "cpu" });
    const run = executable.run as (...args: unknown[]) => Promise<unknown>;
    const refused = (w: unknown, problem: RegExp) =>
      assert.rejects(run({ w }, one), (e) => e instanceof t.TensorError && problem.test(e.problem));
    await refused(t.constant(one), /"0.w" is a Tensor; expected a host array/);
    await refused(new Float32Array(3), /a Float32Array; .*; ndarray\(\) makes an array of it/);
    await refused(Promise.resolve(one), /a Promise; .*; await it/);
  });

  it("an executable is freed at the end of its block", async () => {
    let kept: t.Executable<[{ w: t.Tensor }, t.Tensor], t.Tensor>;
    {
      await using executable = await t.load(program, { provider: "cpu" });
      kept = executable;
      assert.deepEqual(t.toNested(await executable.run({ w: one }, one)), [1, 1, 1]);
    }
    await assert.rejects(kept.run({ w: one }, one), /run\(\) after dispose\(\)/);
  });

  it("a constant keeps the values that its array has when it is used", async () => {
    const refilled = (length: number) =>
      t.evaluate((x: t.Tensor) => {
        const buffer = t.zeros([length]);
        return [1, 2, 3].reduce((y, value) => {
          buffer.data.fill(value as never);
          return t.add(y, buffer);
        }, x);
      }, [t.zeros([length])]);
    assert.deepEqual(t.toNested(await refilled(2)), [6, 6]);
    assert.ok(t.toNumbers(await refilled(5000)).every((y) => y === 6));
    // Two states that a weak checksum took for one.
    const buffer = t.full([18], 5456);
    const states = await t.evaluate((x: t.Tensor) => {
      const before = t.add(x, buffer);
      buffer.data.fill(6563 as never);
      return [before, t.add(x, buffer)];
    }, [t.zeros([18])]);
    assert.deepEqual(states.map((y) => y.data[17]), [5456, 6563]);
    // The same array unchanged is one constant.
    const table = t.ones([100]);
    const twice = t.compile((x: t.Tensor) => t.add(t.mul(x, table), table), [f32(100)]);
    assert.equal(twice.model.length < 2 * 400, true, `${twice.model.length} bytes`);
  });

  it("integers of both widths compare, and a tensor in a text is its type and shape", async () => {
    const scores = t.fromNested([[0, 1], [1, 0], [0, 1]]);
    const hits = await t.evaluate(
      (z: t.Tensor, y: t.Tensor) => t.equal(t.argmax(z, 1), y),
      [scores, int32(1, 0, 0)],
    );
    assert.deepEqual(t.toNumbers(hits), [1, 1, 0]);
    traced((x) => {
      assert.equal(`${x}`, "float32[3]");
      assert.equal(Deno.inspect(t.exp(x)), "Tensor { float32[3], made by exp }");
      return x;
    });
  });

  it("gradients beside other results; arrays as lists and numbers", async () => {
    const [g, aux] = await t.evaluate(
      (x: t.Tensor) => t.grad((x: t.Tensor) => [t.sum(t.square(x)), t.neg(x)], { hasAux: true })(x),
      [t.fromNested([1, 2])],
    );
    assert.deepEqual([t.toNested(g), t.toNested(aux)], [[2, 4], [-1, -2]]);
    assert.deepEqual(t.toNested(t.fromNested([[1, 2, 3], [4, 5, 6]])), [[1, 2, 3], [4, 5, 6]]);
    assert.deepEqual(t.toNested(t.zeros([2, 0])), [[], []]);
    assert.equal(t.item(t.full([1, 1], 2.5)), 2.5);
    assert.throws(() => t.item(t.zeros([2])), /item: float32\[2\] has 2 elements; one expected/);
    const [zeros, ones] = await t.evaluate(
      (x: t.Tensor) => [t.zerosLike(x), t.onesLike(x)],
      [int32(5, 6)],
    );
    assert.deepEqual([t.toNested(zeros), t.toNested(ones), ones.dtype], [[0, 0], [1, 1], "int32"]);
  });
});
