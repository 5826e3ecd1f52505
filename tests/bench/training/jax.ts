// jax-js on the benchmark's perceptron, in our own process. Its package is no dependency of ours: it is
// loaded when the benchmark runs, and left out where it does not load.

import type { NdArray } from "../../../methods/tensor/mod.ts";
import { perceptronBatches, perceptronStart } from "./models.ts";

const PACKAGE = "npm:@jax-js/jax@0.1.25";

/** An array of jax-js; methods consume it unless `ref` is taken. */
interface JaxArray {
  readonly ref: JaxArray;
  add(x: JaxArray): JaxArray;
  sub(x: JaxArray): JaxArray;
  mul(x: JaxArray | number): JaxArray;
  sum(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
}

type Weights<L> = { w1: L; b1: L; w2: L; b2: L };
type Loss = (p: Weights<JaxArray>, x: JaxArray, y: JaxArray) => JaxArray;

/** The parts of jax-js used here. */
interface Jax {
  init(): Promise<string[]>;
  defaultDevice(device: string): void;
  jit<F>(f: F): F;
  valueAndGrad(f: Loss): (...args: Parameters<Loss>) => [JaxArray, Weights<JaxArray>];
  numpy: {
    array(data: Float32Array): JaxArray;
    dot(a: JaxArray, b: JaxArray): JaxArray;
  };
  nn: { relu(x: JaxArray): JaxArray; logSoftmax(x: JaxArray): JaxArray };
}

/** Loads jax-js and returns a function that takes some steps and answers with time and last loss. */
export async function jaxPerceptron(): Promise<
  (steps: number) => Promise<{ seconds: number; loss: number }>
> {
  const jax = await import(PACKAGE) as Jax;
  await jax.init();
  jax.defaultDevice("wasm");
  const { numpy: np, nn } = jax;
  const array = ({ data, shape }: NdArray) => np.array(data as Float32Array).reshape(shape);
  const { first, second } = perceptronStart();
  let params: Weights<JaxArray> = {
    w1: array(first.w),
    b1: array(first.b),
    w2: array(second.w),
    b2: array(second.b),
  };
  const batches = perceptronBatches(4), size = 64, classes = 10;
  const inputs = Array.from({ length: 4 }, (_, i) => {
    const x = (batches.x.data as Float32Array).slice(i * size * 784, (i + 1) * size * 784);
    const hot = new Float32Array(size * classes);
    for (let j = 0; j < size; j++) hot[j * classes + Number(batches.y.data[i * size + j])] = 1;
    return { x: np.array(x).reshape([size, 784]), y: np.array(hot).reshape([size, classes]) };
  });
  const loss: Loss = (p, x, y) => {
    const hidden = nn.relu(np.dot(x, p.w1).add(p.b1));
    const logits = np.dot(hidden, p.w2).add(p.b2);
    return nn.logSoftmax(logits).mul(y).sum().mul(-1 / size);
  };
  const step = jax.jit((p: Weights<JaxArray>, x: JaxArray, y: JaxArray) => {
    const refs = { w1: p.w1.ref, b1: p.b1.ref, w2: p.w2.ref, b2: p.b2.ref };
    const [value, g] = jax.valueAndGrad(loss)(refs, x, y);
    const down = (k: keyof Weights<JaxArray>) => p[k].sub(g[k].mul(0.01));
    return [value, { w1: down("w1"), b1: down("b1"), w2: down("w2"), b2: down("b2") }] as const;
  });
  let taken = 0;
  return async (steps) => {
    const started = performance.now();
    let value: JaxArray | undefined;
    for (let i = 0; i < steps; i++, taken++) {
      const { x, y } = inputs[taken % 4];
      [value, params] = step(params, x.ref, y.ref);
    }
    const [last] = await value!.data();
    return { seconds: (performance.now() - started) / 1000, loss: last };
  };
}
