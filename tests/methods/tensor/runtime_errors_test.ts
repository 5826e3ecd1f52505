// What a failed run says: the operator, what is wrong and the user's line, and nothing of ONNX Runtime's C++.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { runtimeError } from "../../../methods/tensor/runtime_error.ts";

const f32 = (...shape: number[]): t.Spec => ({ dtype: "float32", shape });
const i64 = (...shape: number[]): t.Spec => ({ dtype: "int64", shape });
const ints = (dtype: t.DType, ...values: number[]) => t.fromNumbers(values, [values.length], dtype);
const providers = ["cpu", "wasm"] as const;

/** The error of a run that must fail. */
async function failure(
  program: t.Program,
  args: readonly t.NdArray[],
  provider: t.Provider,
): Promise<t.TensorError> {
  const executable = await t.load(program, { provider });
  try {
    await executable.run(...args as unknown as Parameters<typeof executable.run>);
  } catch (error) {
    assert.ok(error instanceof t.TensorError && error.code === "runtime", `${error}`);
    return error;
  } finally {
    await executable.dispose();
  }
  assert.fail("the run succeeded");
}

const logits = t.fromNumbers([1, 2, 3, 4, 5, 6], [2, 3]);
type Run = readonly [t.Program, (labels: t.NdArray) => readonly t.NdArray[]];

/** The loss alone, its gradient, training in a loop, with options, and of a vector of log-probabilities. */
const losses = (dtype: t.DType, trace: boolean): Record<string, Run> => {
  const labels: t.Spec = { dtype, shape: [2] };
  const compile = (f: (x: t.Tensor, y: t.Tensor) => unknown, y = labels) =>
    t.compile(f, [f32(2, 3), y], { trace }) as t.Program;
  const alone = (y: t.NdArray) => [logits, y];
  const weights = t.fromNumbers([1, 2, 3], [3]);
  return {
    loss: [compile((x, y) => t.crossEntropy(x, y)), alone],
    gradient: [compile((x, y) => t.grad((x: t.Tensor) => t.crossEntropy(x, y))(x)), alone],
    options: [
      compile((x, y) => t.crossEntropy(x, y, { weights, ignore: 1, labelSmoothing: 0.1 })),
      alone,
    ],
    loop: [
      compile((x, ys) =>
        t.scan(
          (x, y) => {
            const [loss, g] = t.valueAndGrad((x: t.Tensor) => t.crossEntropy(x, y))(x);
            return [t.sub(x, g), loss] as const;
          },
          x,
          ys,
        ), { dtype, shape: [1, 2] }),
      (y) => [logits, { ...y, shape: [1, 2] }],
    ],
  };
};

for (const provider of providers) {
  Deno.test(`a label out of range fails by name, with the line if traced: ${provider}`, async () => {
    for (const trace of [false, true]) {
      for (const dtype of ["int32", "int64"] as const) {
        for (const [what, [program, args]] of Object.entries(losses(dtype, trace))) {
          for (const label of [-1, -3, 3, -100, 2 ** 31 - 1, -(2 ** 31)]) {
            const error = await failure(program, args(ints(dtype, 0, label)), provider);
            const { problem, message } = error;
            const expected = `crossEntropy: a label is outside 0 … 2; in program on ${provider}`;
            // Lines come with the names of the functions around.
            const own = trace ? problem.split("/").at(-1) : problem;
            assert.equal(own, expected, `${what}, ${label}`);
            const made = /made at (?:via \S+, )?runtime_errors_test\.ts:\d+:\d+; /.test(message);
            assert.equal(made, trace, message);
          }
        }
      }
    }
  });

  Deno.test(`negativeLogLikelihood refuses labels out of range: ${provider}`, async () => {
    const program = t.compile((x: t.Tensor, y: t.Tensor) => t.negativeLogLikelihood(x, y), [
      f32(2, 3),
      i64(2),
    ]);
    for (const label of [-1, 3]) {
      const error = await failure(
        program as t.Program,
        [logits, ints("int64", label, 0)],
        provider,
      );
      assert.equal(
        error.problem,
        `negativeLogLikelihood: a label is outside 0 … 2; in program on ${provider}`,
      );
    }
  });

  Deno.test(`indices and divisors that fail are named plainly: ${provider}`, async () => {
    const x = ints("int32", 1, 2), zero = ints("int32", 1, 0), at = ints("int64", 0, 5);
    const wide = { ...at, shape: [2, 1] };
    const cases: [(x: t.Tensor, y: t.Tensor) => unknown, t.NdArray, t.NdArray, string][] = [
      [(x, y) => t.div(x, y), x, zero, "div: an integer is divided by 0"],
      [(x, y) => t.fmod(x, y), x, zero, "fmod: an integer is divided by 0"],
      [
        (x, y) => t.remainder(x, y),
        x,
        zero,
        "remainder or floorDivide: an integer is divided by 0",
      ],
      [(x, y) => t.take(x, y), logits, at, "take: index 5 is outside -2 … 1"],
      [
        (x, y) => t.takeAlongAxis(x, y, 1),
        logits,
        wide,
        "takeAlongAxis: an index is outside -3 … 2",
      ],
      // On wasm nothing says which of two.
      [
        (x, y) => [t.takeAlongAxis(x, t.mul(y, 0), 1), t.crossEntropy(x, t.squeeze(y, 1))],
        logits,
        wide,
        provider === "cpu"
          ? "crossEntropy: a label is outside 0 … 2"
          : "takeAlongAxis or crossEntropy: an index is outside -3 … 2",
      ],
    ];
    for (const [f, a, b, problem] of cases) {
      const program = t.compile(f, [a, b]) as t.Program;
      const error = await failure(program, [a, b], provider);
      assert.equal(error.problem, `${problem}; in program on ${provider}`);
    }
  });
}

Deno.test("a valid label gives the loss, the last class too", async () => {
  for (const dtype of ["int32", "int64"] as const) {
    const f = (x: t.Tensor, y: t.Tensor) => t.crossEntropy(x, y, { reduction: "none" });
    const loss = await t.evaluate(f, [logits, ints(dtype, 2, 0)]);
    const [a, b] = t.toNumbers(loss);
    assert.ok(Math.abs(a - 0.4076059) < 1e-6 && Math.abs(b - 2.4076059) < 1e-6, `${a}, ${b}`);
  }
});

Deno.test("texts of ONNX Runtime lose their source files and C++ functions", () => {
  const program = t.compile((x: t.Tensor) => t.exp(x), [f32(2)]) as t.Program;
  const said = (text: string) => runtimeError(program, "cpu", new Error(text)).problem;
  const node =
    "Non-zero status code returned while running Exp node. Name:'exp/Exp_1' Status Message: ";
  const signatures = [
    "/src/core/a_b.cc:12 void onnxruntime::f(const T*, std::function<void(int)>) [with T = long int; U = int[2]] ",
    "/src/core/a.h:1 virtual onnxruntime::common::Status onnxruntime::F::Compute(OpKernelContext*) const ",
    "a.cc:1 onnxruntime::F::<lambda(int)>::operator()(int) const ",
    "a_b.cc:692 Compute ",
    "",
  ];
  for (const signature of signatures) {
    assert.equal(
      said(`${node}${signature}It is (too) long\nmore`),
      "exp: It is (too) long; in program on cpu",
    );
    assert.equal(
      said(`failed to call OrtRun(). ERROR_CODE: 1, ERROR_MESSAGE: ${signature}It is (too) long`),
      "program: cpu: It is (too) long",
    );
  }
});
