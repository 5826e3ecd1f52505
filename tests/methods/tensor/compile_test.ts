// Programs: sharing, folding, fusing, operation counts, names, trees, and what is refused.
import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import * as t from "../../../methods/tensor/mod.ts";
import { ModelProtoSchema } from "../../../methods/tensor/onnx/onnx_pb.ts";
import { distance, evaluate, values } from "./harness.ts";

const spec = (shape: number[], dtype: t.DType = "float32"): t.Spec => ({ dtype, shape });

/** Operator names of the main graph, but for the identities that name the outputs. */
function operators(program: { readonly model: Uint8Array }): string[] {
  const { graph } = fromBinary(ModelProtoSchema, program.model);
  return graph!.node.map((n) => n.opType).filter((op) => op !== "Identity");
}

Deno.test("equal expressions are computed once", () => {
  const program = t.compile((x: t.Tensor) => {
    const y = t.exp(t.mul(2, x));
    return [t.add(y, t.exp(t.mul(x, 2))), t.exp(t.mul(x, 2))];
  }, [spec([3])]);
  assert.deepEqual(operators(program), ["Mul", "Exp", "Mul"]);
});

Deno.test("constants fold, scales merge, neutral elements and double transposes vanish", () => {
  const program = t.compile((x: t.Tensor) => {
    const c = t.add(t.constant(2), t.exp(t.constant(0)));
    const y = t.mul(t.mul(t.add(t.mul(x, 1), 0), 0.5), c);
    return t.transpose(t.transpose(t.reshape(t.reshape(y, [6]), [2, 3])));
  }, [spec([2, 3])]);
  assert.deepEqual(operators(program), ["Mul"]);
});

Deno.test("a layer and its gradient are few products: no transposes, biases inside Gemm", () => {
  const program = t.compile(
    (p: { w: t.Tensor; b: t.Tensor }, x: t.Tensor) =>
      t.grad((p: { w: t.Tensor; b: t.Tensor; x: t.Tensor }) =>
        t.sum(t.square(t.tanh(t.add(t.matmul(p.x, p.w), p.b))))
      )({ ...p, x }),
    [{ w: spec([4, 5]), b: spec([5]) }, spec([2, 3, 4])],
  );
  const count = (op: string) => operators(program).filter((o) => o === op).length;
  assert.equal(count("Gemm"), 3);
  assert.equal(count("Transpose"), 0);
  assert.equal(count("Expand"), 0);
  assert.equal(count("ReduceSum"), 1);
});

Deno.test("gradients of means and sums broadcast without being written out", () => {
  const program = t.compile(
    (x: t.Tensor) => t.grad((x: t.Tensor) => t.mean(t.square(x)))(x),
    [spec([64, 64])],
  );
  assert.deepEqual(operators(program), ["Mul"]);
});

Deno.test("flops count 2mnk a product and one an element, loops times their steps", () => {
  const product = t.compile((a: t.Tensor, b: t.Tensor) => t.matmul(a, b), [
    spec([2, 3, 4]),
    spec([4, 5]),
  ]);
  assert.equal(product.flops, 2 * 6 * 4 * 5);
  const loop = t.compile(
    (w: t.Tensor, x: t.Tensor) =>
      t.scan((c: t.Tensor, x: t.Tensor) => [t.add(t.matmul(c, w), x), t.sum(c)] as const, w, x),
    [spec([3, 3]), spec([10, 3, 3])],
  );
  assert.equal(loop.flops, 10 * (2 * 27 + 9 + 9));
});

Deno.test("compiling twice gives the same bytes", () => {
  const make = () =>
    t.compile(
      (p: { w: t.Tensor }, x: t.Tensor) =>
        t.valueAndGrad((p: { w: t.Tensor }) => t.sum(t.gelu(t.matmul(x, p.w))))(p),
      [
        { w: values([3, 2], 1, "float32") },
        spec([4, 3]),
      ],
    );
  const first = make();
  t.exp(values([2])); // Nodes made in between must not show.
  assert.deepEqual(make().model, first.model);
});

Deno.test("names follow the trees of arguments and results", () => {
  const program = t.compile(
    (p: { w: t.Tensor; a: t.Tensor[] }, n: t.Tensor) => ({ y: t.add(p.w, p.a[0]), n }),
    [{ w: spec([2]), a: [spec([2])] }, spec([], "int64")],
  );
  assert.deepEqual(program.inputs.map((s) => s.name), ["in.0.a.0", "in.0.w", "in.1"]);
  assert.deepEqual(program.outputs.map((s) => s.name), ["out.n", "out.y"]);
  assert.deepEqual(program.outputs[0].dtype, "int64");
});

Deno.test("results may be arguments, constants, repeats, bools and integers", async () => {
  const [x, same, c, n, flag, again] = await evaluate(
    (x: t.Tensor) => [x, x, t.constant(3), t.argmax(x), t.greater(x, 0), t.cast(x, "int32")],
    [t.fromNumbers([-1, 2], [2])],
  );
  assert.deepEqual([x, same].map(t.toNumbers), [[-1, 2], [-1, 2]]);
  assert.deepEqual([c, n, flag, again].map(t.toNumbers), [[3], [1], [0, 1], [-1, 2]]);
  assert.equal(n.dtype, "int64");
  assert.equal(flag.dtype, "bool");
});

Deno.test("ravel() concatenates leaves in sorted order and unravel() restores them", async () => {
  const tree = { b: values([2, 2], 1), a: [values([3], 2), values([], 3)] };
  const [flat, back] = await evaluate((p: { b: t.Tensor; a: t.Tensor[] }) => {
    const { flat, unravel } = t.ravel(p);
    return [flat, unravel(t.mul(flat, 1))] as const;
  }, [tree]) as unknown as [t.NdArray, typeof tree];
  const expected = [...tree.a, tree.b].flatMap(t.toNumbers);
  assert.deepEqual(t.toNumbers(flat), expected);
  assert.deepEqual(back.b, { ...tree.b });
  assert.deepEqual(back.a[1].shape, []);
  assert.throws(
    () => t.ravel({ a: t.constant(1), b: t.constant(1, "int32") }),
    /"b" is int32\[\], "a" is float32\[\]/,
  );
});

Deno.test("operators name themselves and both shapes when operands do not fit", () => {
  const a = t.constant(t.zeros([2, 3])), b = t.constant(t.zeros([4]));
  const i = t.constant(t.zeros([2], "int32"));
  const cases: [() => unknown, RegExp, t.TensorErrorCode][] = [
    [() => t.add(a, b), /add: .*float32\[2, 3\] and float32\[4\]/, "shape"],
    [() => t.add(a, t.zeros([3], "float64")), /add: dtypes differ.*cast\(\)/, "dtype"],
    [() => t.matmul(a, a), /matmul: .*float32\[2, 3\] and float32\[2, 3\]/, "shape"],
    [() => t.reshape(a, [4, -1]), /reshape: float32\[2, 3\].*\[4, -1\]/, "shape"],
    [() => t.transpose(a, [0, 0]), /transpose: \[0, 0\]/, "argument"],
    [() => t.concat([a, b]), /concat: float32\[4\] does not join float32\[2, 3\]/, "shape"],
    [() => t.split(a, [1, 1], 1), /split: sizes \[1, 1\] \(sum 2\).*float32\[2, 3\]/, "shape"],
    [() => t.softmax(i), /softmax: expected a float tensor, got int32\[2\]/, "dtype"],
    [() => t.take(a, b), /take: expected int32 or int64, got float32\[4\]/, "dtype"],
    [() => t.sum(a, 2), /sum: axis 2 is out of range for rank 2/, "argument"],
    [() => t.exp(i), /exp: expected a float tensor, got int32\[2\]/, "dtype"],
    [() => t.where(a, a, a), /where: expected bool, got float32\[2, 3\]/, "dtype"],
    [() => t.crossEntropy(a, t.zeros([3], "int64")), /crossEntropy: labels int64\[3\]/, "shape"],
    [() => t.layerNorm(a, b, b), /layerNorm: scale float32\[4\].*\[3\]/, "shape"],
    [() => t.conv2d(a, a), /conv2d: float32\[2, 3\]/, "shape"],
    [() => t.broadcastTo(a, [3]), /broadcastTo: float32\[2, 3\].*\[3\]/, "shape"],
    [() => t.squeeze(a, 0), /squeeze: axis 0 of float32\[2, 3\] has size 2/, "argument"],
    [() => t.ndarray(new Float32Array(3), [2]), /3 elements do not fill shape \[2\]/, "shape"],
    [() => t.fromNested([[1], [1, 2]]), /ragged/, "shape"],
  ];
  for (const [f, pattern, code] of cases) {
    assert.throws(f, (error) => {
      assert.ok(error instanceof t.TensorError, `${pattern}`);
      assert.match(error.message, pattern);
      assert.equal(error.code, code);
      return true;
    });
  }
});

Deno.test("a tensor of another function is refused by name", () => {
  let stray: t.Tensor | undefined;
  t.compile((p: { deep: t.Tensor }) => stray = p.deep, [{ deep: spec([2]) }]);
  assert.throws(
    () => t.compile((x: t.Tensor) => t.add(x, stray!), [spec([2])]),
    /tensor "0.deep" is used outside the function it belongs to/,
  );
  assert.throws(() => t.compile(() => ({}), []), /returns no tensor/);
  assert.throws(
    () => t.compile((x: t.Tensor) => ({ x, s: "text" as never as t.Tensor }), [spec([2])]),
    /"s" is a string; expected a tensor, or an array or record/,
  );
});

Deno.test("a result that is also multiplied by a reciprocal survives the runtime's optimiser", async () => {
  const x = t.fromNumbers([1, 2], [2]), b = t.fromNumbers([4, 8], [2]);
  const f = (x: t.Tensor, b: t.Tensor) => {
    const y = t.exp(x);
    return [y, t.neg(t.mul(y, t.div(1, b)))];
  };
  const program = t.compile(f, [x, b]);
  const executable = await t.load(program, { provider: "cpu" });
  const [y, z] = (await executable.run(x, b)).map(t.toNumbers);
  await executable.dispose();
  assert.ok(distance(y, [Math.E, Math.E ** 2]) < 1e-6);
  assert.ok(distance(z, [-Math.E / 4, -(Math.E ** 2) / 8]) < 1e-6);
});
