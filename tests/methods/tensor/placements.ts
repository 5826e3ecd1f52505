// Prints where ONNX Runtime Web puts the nodes of a training loop: run by placements_test.ts in a process of
// its own, because the runtime writes its log past JavaScript.
//
//   deno run -A placements.ts webgpu|wasm perceptron|convolutional|residual|attention

import * as t from "../../../methods/tensor/mod.ts";
import { type BlockParams, initBlock } from "../../../methods/nn/mod.ts";
import { block } from "../../../methods/nn/block.ts";
import { adam, type OptimizerState } from "../../../methods/optim/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

const float = (...shape: number[]): t.Spec => ({ dtype: "float32", shape });

/** Two steps of SGD. */
function sgd<P, B>(loss: (p: P, b: B) => t.Tensor, params: unknown, batches: unknown) {
  const step = (p: P, b: B) => {
    const [value, g] = t.valueAndGrad(loss)(p, b);
    const { flat, unravel } = t.ravel(p);
    return [unravel(t.sub(flat, t.mul(t.ravel(g).flat, 0.1))), value] as const;
  };
  return t.compile((p: P, b: B) => t.scan(step, p, b), [params, batches] as never) as t.Program;
}

type Labelled = { x: t.Tensor; y: t.Tensor };
const labels = { dtype: "int32", shape: [2, 4] } as const;

const programs: Record<string, () => t.Program> = {
  perceptron: () =>
    sgd(
      (p: { v: t.Tensor; b: t.Tensor; w: t.Tensor }, { x, y }: Labelled) =>
        t.crossEntropy(t.matmul(t.relu(t.add(t.matmul(x, p.v), p.b)), p.w), y),
      { v: float(8, 16), b: float(16), w: float(16, 5) },
      { x: float(2, 4, 8), y: labels },
    ),
  convolutional: () =>
    sgd(
      (p: { k: t.Tensor; w: t.Tensor }, { x, y }: Labelled) => {
        const h = t.maxPool(t.relu(t.conv2d(x, p.k, { padding: 1 })), 2);
        return t.crossEntropy(t.matmul(t.reshape(h, [4, -1]), p.w), y);
      },
      { k: float(8, 8, 3, 3), w: float(8 * 16, 5) },
      { x: float(2, 4, 8, 8, 8), y: labels },
    ),
  residual: () =>
    sgd(
      (p: { k: t.Tensor; s: t.Tensor; b: t.Tensor; w: t.Tensor }, { x, y }: Labelled) => {
        const running = { mean: t.zeros([8]), variance: t.ones([8]) };
        const h = t.conv2d(x, p.k, { padding: 1, stride: 2 });
        const [z] = t.batchNormTraining(h, p.s, p.b, running);
        return t.crossEntropy(t.matmul(t.mean(t.relu(z), [2, 3]), p.w), y);
      },
      { k: float(8, 8, 3, 3), s: float(8), b: float(8), w: float(8, 5) },
      { x: float(2, 4, 8, 8, 8), y: labels },
    ),
  attention: () => {
    const params = initBlock(stream(0), 16), optimizer = adam({ decay: "decoupled" });
    type State = { p: BlockParams; moments: OptimizerState<BlockParams> };
    const loss = (p: BlockParams, x: t.Tensor) => t.mean(t.square(block(p, x, { heads: 2 })));
    const step = ({ p, moments }: State, x: t.Tensor) => {
      const [value, g] = t.valueAndGrad(loss)(p, x);
      const [next, after] = optimizer.step(p, g, moments, { lr: 1e-3 });
      return [{ p: next, moments: after }, value] as const;
    };
    const state = { p: params, moments: optimizer.init(params) };
    const train = (s: State, x: t.Tensor) => t.scan(step, s, x);
    return t.compile(train, [state, float(2, 4, 6, 16)] as never) as t.Program;
  },
};

const [provider, name] = Deno.args;
const program = programs[name]();
const ort = provider === "webgpu"
  ? await import("onnxruntime-web/webgpu")
  : await import("onnxruntime-web");
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "verbose";
await ort.InferenceSession.create(program.model, {
  executionProviders: [provider],
  graphOptimizationLevel: "all",
  logSeverityLevel: 0,
});
Deno.exit();
