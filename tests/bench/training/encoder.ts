// The six-layer encoder of the benchmark: width 384, 12 heads, perceptron 1536, 16×64 tokens, AdamW.

import { type BlockParams, initBlock } from "../../../methods/nn/mod.ts";
import { block } from "../../../methods/nn/block.ts";
import { adam, type OptimizerState } from "../../../methods/optim/mod.ts";
import {
  compile,
  mean,
  type NdArray,
  type Program,
  scan,
  square,
  sub,
  type Tensor,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { stackArrays } from "../../methods/nn/reference.ts";
import { countParameters, SEED, timed, type TrainingCase } from "./case.ts";

const width = 384, heads = 12, layers = 6, shape = [16, 64, width];

/** Regression on normal targets: the encoder alone, without embeddings. */
export function encoder(steps: number): TrainingCase {
  const s = stream(SEED, "bench", "encoder");
  const initial = Array.from({ length: layers }, (_, i) => initBlock(s.child(i), width));
  // A tree rather than one vector: each large matrix stays in the cache through all passes of AdamW.
  const optimizer = adam({ decay: "decoupled", weightDecay: 0.01 });
  const batches = Array.from({ length: 4 }, (_, i) => {
    const b = stream(SEED, "bench", "batch", i);
    return { x: b.child("x").normal(shape), y: b.child("y").normal(shape) };
  });
  const inputs = (first: number) => {
    const chosen = Array.from({ length: steps }, (_, i) => batches[(first + i) % 4]);
    return {
      x: stackArrays(chosen.map(({ x }) => x)),
      y: stackArrays(chosen.map(({ y }) => y)),
    };
  };
  type Batch = { x: Tensor; y: Tensor };
  type State = { params: BlockParams[]; moments: OptimizerState<BlockParams[]> };
  const loss = (p: BlockParams[], { x, y }: Batch) =>
    mean(square(sub(p.reduce((h, layer) => block(layer, h, { heads }), x), y)));
  const step = ({ params, moments }: State, batch: Batch) => {
    const [value, gradients] = valueAndGrad(loss)(params, batch);
    const [next, after] = optimizer.step(params, gradients, moments, { lr: 1e-3 });
    return [{ params: next, moments: after }, value] as const;
  };
  const train = (state: State, batches: Batch) => scan(step, state, batches);
  const state = { params: initial, moments: optimizer.init(initial) };
  const [program, compileSeconds] = timed(() =>
    compile(train, [state, inputs(0)] as never, { name: "train" })
  );
  return {
    program: program as unknown as Program<never[], unknown>,
    state,
    inputs,
    loss: (trace) => Number((trace as NdArray).data.at(-1)),
    parameters: countParameters(initial),
    compileSeconds,
  };
}
