// The six-layer encoder of the benchmark: width 384, 12 heads, perceptron 1536, 16×64 tokens, AdamW.

import { type BlockParams, initBlock } from "../../../methods/nn/mod.ts";
import { block } from "../../../methods/nn/block.ts";
import { adamw, layoutOf, learningRates, trainSteps } from "../../../methods/optim/mod.ts";
import {
  compile,
  mean,
  type NdArray,
  type Program,
  square,
  sub,
  type Tensor,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { stackArrays } from "../../methods/nn/reference.ts";
import { SEED, timed, type TrainingCase } from "./case.ts";

const width = 384, heads = 12, layers = 6, shape = [16, 64, width];

/** Regression on normal targets: the encoder alone, without embeddings. */
export function encoder(steps: number): TrainingCase {
  const s = stream(SEED, "bench", "encoder");
  const initial = Array.from({ length: layers }, (_, i) => initBlock(s.child(i), width));
  const layout = layoutOf(initial);
  const optimizer = adamw({ weightDecay: 0.01 });
  const batches = Array.from({ length: 4 }, (_, i) => {
    const b = stream(SEED, "bench", "batch", i);
    return { x: b.child("x").normal(shape), y: b.child("y").normal(shape) };
  });
  const inputs = (first: number) => {
    const chosen = Array.from({ length: steps }, (_, i) => batches[(first + i) % 4]);
    return {
      batch: {
        x: stackArrays(chosen.map(({ x }) => x)),
        y: stackArrays(chosen.map(({ y }) => y)),
      },
      lr: learningRates(() => 1e-3, first, steps),
    };
  };
  const train = trainSteps({
    layout,
    optimizer,
    loss: (p: BlockParams[], { x, y }: { x: Tensor; y: Tensor }) => {
      const h = p.reduce((h, layer) => block(layer, h, { heads }), x);
      return [mean(square(sub(h, y))), {}] as const;
    },
  });
  const state = optimizer.init(layout.pack(initial));
  const [program, compileSeconds] = timed(() =>
    compile(train, [state, inputs(0)], { name: "train" })
  );
  return {
    program: program as unknown as Program<never[], unknown>,
    state,
    inputs,
    loss: (trace) => Number((trace as { loss: NdArray }).loss.data.at(-1)),
    parameters: layout.size,
    compileSeconds,
  };
}
