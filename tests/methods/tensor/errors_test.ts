// The mistakes of a newcomer: each message says which operator, what is wrong, and on which line.
import assert from "node:assert/strict";
import { linear } from "../../../methods/nn/mod.ts";
import { callSiteIn } from "../../../methods/tensor/call_site.ts";
import * as t from "../../../methods/tensor/mod.ts";

const f32 = (...shape: number[]): t.Spec => ({ dtype: "float32", shape });
const source = (await Deno.readTextFile(new URL(import.meta.url))).split("\n");

/** Checks the message, and that its place is where `call` begins (or a line it matches) in this file. */
function checkError(error: unknown, problem: string, call: string | RegExp): true {
  assert.ok(error instanceof t.TensorError, `${error}`);
  assert.equal(error.problem, problem);
  const [, line, column] = /errors_test\.ts:(\d+):(\d+)$/.exec(error.where ?? "") ?? [];
  assert.ok(line, `no line of this file: ${error.where}`);
  assert.ok(error.message.endsWith(`errors_test.ts:${line}:${column})`), error.message);
  const found = source[Number(line) - 1];
  if (call instanceof RegExp) assert.match(found, call);
  else assert.equal(found.slice(Number(column) - 1).slice(0, call.length), call);
  return true;
}

type Mistake = readonly [what: string, make: () => unknown, problem: string, call: string | RegExp];
const trace = <A extends readonly unknown[]>(f: (...args: A) => unknown, ...specs: unknown[]) =>
  t.compile(f, specs as never);

const mistakes: readonly Mistake[] = [
  [
    "matrices that do not fit",
    () => trace((x: t.Tensor, w: t.Tensor) => t.matmul(x, w), f32(8, 3), f32(4, 2)),
    "matmul: float32[8, 3] and float32[4, 2] do not fit: 3 ≠ 4",
    "matmul(x, w)",
  ],
  [
    "shapes that do not broadcast",
    () => trace((x: t.Tensor, b: t.Tensor) => t.add(x, b), f32(2, 3), f32(2)),
    "add: float32[2, 3] and float32[2] do not broadcast: 3 ≠ 2 on axis -1",
    "add(x, b)",
  ],
  [
    "a wrong axis",
    () => trace((x: t.Tensor) => t.sum(x, 2), f32(2, 3)),
    "sum: axis 2 is out of range for rank 2; use -2 … 1",
    "sum(x, 2)",
  ],
  [
    "a product with a scalar",
    () => trace((x: t.Tensor) => t.matmul(x, t.mean(x)), f32(2, 3)),
    "matmul: float32[2, 3] and float32[] do not fit: a scalar is no matrix; use mul()",
    "matmul(x, t.mean(x))",
  ],
  [
    "a mix of dtypes",
    () => trace((x: t.Tensor) => t.mul(x, t.iota(3)), f32(3)),
    "mul: dtypes differ: float32[3] and int64[3]; convert one with cast()",
    "mul(x, t.iota(3))",
  ],
  [
    "a float function of integers",
    () => trace((x: t.Tensor) => t.exp(x), { dtype: "int32", shape: [3] }),
    "exp: expected a float tensor, got int32[3]; convert it with cast()",
    "exp(x)",
  ],
  [
    "float indices",
    () => trace((x: t.Tensor) => t.take(x, x), f32(3)),
    "take: expected int32 or int64, got float32[3]; convert it with cast()",
    "take(x, x)",
  ],
  [
    "a number as condition",
    () => trace((x: t.Tensor) => t.where(x, 1, 0), f32(3)),
    "where: expected bool, got float32[3]; compare it first, as greater(x, 0) does",
    "where(x, 1, 0)",
  ],
  [
    "a reshape to another size",
    () => trace((x: t.Tensor) => t.reshape(x, [4, -1]), f32(2, 3)),
    "reshape: float32[2, 3] has 6 elements; [4, -1] does not hold them",
    "reshape(x, [4, -1])",
  ],
  [
    "a loss that is not a scalar",
    () => trace((x: t.Tensor) => t.grad((x: t.Tensor) => t.square(x))(x), f32(3)),
    "grad: the function must return a float scalar, got float32[3]; reduce it with mean() or sum()",
    /grad\(/,
  ],
  [
    "a loss that is a number",
    () => trace((x: t.Tensor) => t.grad(() => 1 as never)(x), f32(3)),
    "grad: the function must return a float scalar, got a number; reduce it with mean() or sum()",
    /grad\(/,
  ],
  [
    "integer parameters",
    () => trace((p: never) => t.grad(() => t.constant(0))(p), { n: { dtype: "int32", shape: [] } }),
    'grad: leaf "n" is int32[]; only floats can be differentiated, pass it as another argument',
    /grad\(/,
  ],
  [
    "a carry that changes its shape",
    () =>
      trace((x: t.Tensor) => {
        return t.scan((c, x) => [t.stack([c, x]), c] as const, t.constant(0), x);
      }, f32(3)),
    "scan: the carry changes from float32[] to float32[2]",
    "scan(",
  ],
  [
    "a carry that changes its form",
    () =>
      trace((x: t.Tensor) => {
        return t.scan((c) => [{ a: c.a } as typeof c, x] as const, { a: x, b: x }, x);
      }, f32(3)),
    "scan: the carry changes its form from {a, b} to {a}",
    "scan(",
  ],
  [
    "a scan body without its pair",
    () => trace((x: t.Tensor) => t.scan((c) => t.exp(c) as never, x, x), f32(3)),
    "scan: the body must return [carry, y], got a Tensor",
    "scan(",
  ],
  [
    "series of different lengths",
    () => trace((x: t.Tensor, y: t.Tensor) => t.scan(() => [x, x], x, { x, y }), f32(3), f32(2)),
    "scan: xs.y is float32[2]; its leading size must be 3",
    "scan(",
  ],
  [
    "a misspelt parameter",
    () => trace((p: Record<string, t.Tensor>) => t.mul(p.weight, p.w), { w: f32(3) }),
    "mul: expected a tensor, a host array or a number, got undefined; is an argument missing or a name misspelt?",
    "mul(p.weight",
  ],
  [
    "a plain list as a tensor",
    () => trace((x: t.Tensor) => t.mul(x, [1, 2, 3] as never), f32(3)),
    "mul: expected a tensor, a host array or a number, got an array; make one with fromNested()",
    "mul(x, [1",
  ],
  [
    "labels of another shape",
    () => trace((x: t.Tensor) => t.crossEntropy(x, t.iota(3)), f32(4, 10)),
    "crossEntropy: labels int64[3] do not fit logits float32[4, 10]; int64[4] expected",
    "crossEntropy(",
  ],
  [
    "a function that returns nothing",
    () => trace((x: t.Tensor) => void t.exp(x), f32(3)),
    "compile: the value is undefined; expected a tensor, or an array or record of them",
    "compile(f, specs",
  ],
  [
    "a spec without dtype",
    () => trace((x: t.Tensor) => x, { shape: [3] }),
    'compile: "0.shape.0" is a number; expected a tensor, or an array or record of them; ' +
    "fromNested() makes arrays of numbers",
    "compile(f, specs",
  ],
  [
    "ragged lists",
    () => t.fromNested([[1, 2], [3]]),
    "fromNested: a list of 1 beside lists of 2; lists are ragged",
    "fromNested(",
  ],
  [
    "data that do not fill a shape",
    () => t.ndarray(new Float32Array(3), [2, 2]),
    "ndarray: 3 elements do not fill shape [2, 2] of 4",
    "ndarray(",
  ],
];

for (const [what, make, problem, call] of mistakes) {
  Deno.test(`${what}: the message names operator, fault and line`, () => {
    assert.throws(make, (error) => checkError(error, problem, call));
  });
}

Deno.test("tensors of another function and of a loop's body cannot be used outside", () => {
  let stray: t.Tensor | undefined;
  trace((x: t.Tensor) => stray = x, f32(3));
  assert.throws(
    () => trace((x: t.Tensor) => t.add(x, stray!), f32(3)),
    (error) =>
      checkError(
        error,
        'add: tensor "0" is used outside the function it belongs to; ' +
          "pass it as an argument or return it from there",
        "compile(",
      ),
  );
  const leak = (x: t.Tensor) => {
    let inner: t.Tensor | undefined;
    const [, ys] = t.scan((c, x: t.Tensor) => [c, inner = t.exp(x)], t.constant(0), x);
    return t.sub(t.mean(ys), inner!);
  };
  assert.throws(
    () => trace(leak, f32(3)),
    (error) =>
      checkError(
        error,
        'exp: tensor "x" is used outside the function it belongs to; ' +
          "pass it as an argument or return it from there",
        "compile(",
      ),
  );
});

Deno.test("layers on the way are named, the user's line is the place", () => {
  const p = { w: t.constant(t.zeros([4, 2])), b: t.constant(t.zeros([2])) };
  const x = t.constant(t.zeros([8, 3]));
  assert.throws(() => linear(p, x), (error) => {
    checkError(error, "matmul: float32[8, 3] and float32[4, 2] do not fit: 3 ≠ 4", "linear(p, x)");
    assert.deepEqual((error as t.TensorError).via, ["linear"]);
    assert.match((error as Error).message, / \(via linear, errors_test\.ts:\d+:\d+\)$/);
    return true;
  });
});

Deno.test("the line is found through grad, scan and jvp", () => {
  const body = (c: t.Tensor, x: t.Tensor) => [t.matmul(c, x), c] as const;
  const f = (w: t.Tensor) => t.sum(t.scan(body, w, t.constant(t.zeros([5, 2, 3])))[0]);
  for (
    const g of [
      t.grad(f),
      t.grad((w: t.Tensor) => t.sum(t.grad(f)(w))),
      (w: t.Tensor) => t.jvp(f, w, w),
    ]
  ) {
    assert.throws(
      () => trace(g, f32(3, 3)),
      (error) =>
        checkError(
          error,
          "matmul: float32[3, 3] and float32[2, 3] do not fit: 3 ≠ 2",
          "matmul(c, x)",
        ),
    );
  }
});

Deno.test("trace: true names the line that made a node in errors found later", async () => {
  const f = (x: t.Tensor, i: t.Tensor) => {
    const y = t.take(x, i);
    return t.sum(y);
  };
  const specs = [f32(5), { dtype: "int32", shape: [2] }] as const;
  const run = async (options: t.CompileOptions) => {
    const executable = await t.load(t.compile(f, specs, options), { provider: "cpu" });
    try {
      await executable.run(t.zeros([5]), t.fromNumbers([1, 9], [2], "int32"));
    } catch (error) {
      assert.ok(error instanceof t.TensorError);
      assert.match(error.problem, /^(f\/)?take: index 9 is outside -5 … 4; in gathering on cpu$/);
      return error.message;
    } finally {
      await executable.dispose();
    }
    return "no error";
  };
  const name = "gathering";
  assert.doesNotMatch(await run({ name }), /made at/);
  const [, line] = /\(made at errors_test\.ts:(\d+):\d+; /.exec(await run({ name, trace: true }))!;
  assert.match(source[Number(line) - 1], /const y = t\.take\(x, i\);/);
});

Deno.test("trace: true changes nothing else of a program", () => {
  const f = (x: t.Tensor) => t.grad((x: t.Tensor) => t.sum(t.tanh(t.matmul(x, x))))(x);
  const [plain, traced] = [false, true].map((trace) => t.compile(f, [f32(3, 3)], { trace }));
  const { model: _, ...rest } = plain;
  const { model: __, ...others } = traced;
  assert.deepEqual(others, rest);
});

Deno.test("mistakes at a run are named by argument and line", async () => {
  const program = t.compile((p: { w: t.Tensor }, x: t.Tensor) => t.add(p.w, x), [
    { w: f32(2, 3) },
    f32(2, 3),
  ]);
  const executable = await t.load(program, { provider: "cpu" });
  const ok = t.zeros([2, 3]);
  const refused = (run: () => Promise<unknown>, problem: string, call = "run(") =>
    assert.rejects(run, (error) => checkError(error, problem, call));
  await refused(
    () => executable.run({ w: t.zeros([3, 2]) }, ok),
    "program: argument 0.w is float32[3, 2]; expected float32[2, 3]",
  );
  await refused(
    () => executable.run({} as never, ok),
    "program: argument 0.w is missing; expected float32[2, 3]",
  );
  await refused(
    () => executable.run({ w: ok }, t.constant(ok) as never),
    "program: argument 1 is a traced tensor; a run takes host arrays",
  );
  await refused(
    () => executable.run({ w: ok }, [[1, 2, 3]] as never),
    'run: "1.0.0" is a number; expected a host array, or an array or record of them; ' +
      "fromNested() makes arrays of numbers",
  );
  await refused(
    () => t.load(program, { provider: "gpu" as never }),
    'load: unknown provider "gpu"; choose cpu, cuda, wasm or webgpu',
    "load(",
  );
  await executable.dispose();
  await refused(() => executable.run({ w: ok }, ok), "program: run() after dispose()");
});

Deno.test("finite: true refuses results with NaN or infinity", async () => {
  const program = t.compile((x: t.Tensor) => ({ y: t.log(x), x }), [f32(3)]);
  const executable = await t.load(program, { provider: "cpu", finite: true });
  const fine = await executable.run(t.ones([3]));
  assert.deepEqual(t.toNumbers(fine.y), [0, 0, 0]);
  await assert.rejects(
    () => executable.run(t.fromNumbers([1, -1, 0], [3])),
    { problem: "program: output y has NaN at [1]; 2 of 3 elements are not finite" },
  );
  await executable.dispose();
});

Deno.test("call sites are read from stacks of other machines too", () => {
  const home = "https://example.org/methods/tensor/";
  const stack = [
    "Error",
    "    at matmul (https://example.org/methods/tensor/ops/linear.ts:120:3)",
    "    at Object.linear (https://example.org/methods/nn/layers.ts:69:13)",
    "    at Array.map (<anonymous>)",
    "    at Model.forward (https://example.org/my%20model.ts:12:9)",
    "    at async https://example.org/main.ts:1:1",
  ].join("\n");
  assert.deepEqual(callSiteIn(stack, home), {
    where: "https://example.org/my%20model.ts:12:9",
    via: ["linear"],
    operator: "matmul",
    functions: ["forward", "linear"],
  });
  assert.equal(callSiteIn(stack.split("\n").slice(0, 2).join("\n"), home), null);
});
