// A CoCa-mini training step, ours and PyTorch's, timed in turns.

import {
  type CocaConfig,
  cocaForward,
  cocaLosses,
  type CocaParams,
  initCoca,
} from "../../methods/nn/mod.ts";
import {
  adamw,
  layoutOf,
  learningRates,
  matrixDecayMask,
  trainSteps,
  warmupCosine,
} from "../../methods/optim/mod.ts";
import { compile, load, type Tensor } from "../../methods/tensor/mod.ts";
import { stream } from "../../methods/tensor/random.ts";
import { referenceBatch, stackArrays } from "../methods/nn/reference.ts";
import type { Peer } from "./peer.ts";

/** One model size at one thread count. */
export interface Case {
  name: string;
  config: CocaConfig;
  batch: number;
  threads: number;
  /** Steps in one timed turn; ours runs them as one program. */
  steps: number;
  /** Turns of each side after the first, which is not counted. */
  turns: number;
}

/** What a case measured; times are medians over turns, per step. */
export interface Measured {
  name: string;
  threads: number;
  milliseconds: number;
  peerMilliseconds: number | null;
  /** Ours over PyTorch's: below 1 is faster. */
  ratio: number | null;
  /** The same of each side's fastest turn, which a busy machine disturbs least. */
  bestRatio: number | null;
  loss: number;
  peerLoss: number | null;
  parameters: number;
  gflops: number;
  nodes: number;
  compileSeconds: number;
}

const SEED = 3;

type Batch = { images: Tensor; tokens: Tensor };

/** The training program of a case, its first state, and the inputs of any turn. */
export function trainingOf({ config, batch, steps }: Case) {
  const initial = initCoca(stream(SEED, "bench", "params"), config);
  const layout = layoutOf(initial);
  const optimizer = adamw({ weightDecay: 0.05, decayMask: matrixDecayMask(layout) });
  const schedule = warmupCosine({ peak: 1e-3, warmup: 100, steps: 1000, floor: 1e-5 });
  const batches = Array.from(
    { length: 4 },
    (_, i) => referenceBatch(config, batch, SEED, "bench", "batch", i),
  );
  const inputs = (first: number) => {
    const chosen = Array.from({ length: steps }, (_, i) => batches[(first + i) % 4]);
    return {
      batch: {
        images: stackArrays(chosen.map(({ images }) => images)),
        tokens: stackArrays(chosen.map(({ tokens }) => tokens)),
      },
      lr: learningRates(schedule, first, steps),
    };
  };
  const train = trainSteps({
    layout,
    optimizer,
    clip: 1,
    loss: (params: CocaParams, { images, tokens }: Batch) => {
      const outputs = cocaForward(config, params, images, tokens);
      return [cocaLosses(params, outputs, tokens).total, {}] as const;
    },
  });
  const state = optimizer.init(layout.pack(initial));
  const compiled = performance.now();
  const program = compile(train, [state, inputs(0)], { name: "train" });
  const compileSeconds = (performance.now() - compiled) / 1000;
  return { program, state, inputs, compileSeconds, parameters: layout.size };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Times a case; without a peer, ours alone. */
export async function measure(c: Case, peer: Peer | null): Promise<Measured> {
  const { program, state: initial, inputs, compileSeconds, parameters } = trainingOf(c);
  const executable = await load(program, { provider: "cpu", threads: c.threads });
  await peer?.ask({ config: c.config, batch: c.batch, threads: c.threads, seed: SEED });
  const ours: number[] = [], theirs: number[] = [];
  let state = initial, loss = NaN, peerLoss: number | null = null;
  for (let turn = 0; turn <= c.turns; turn++) {
    const started = performance.now();
    const [next, trace] = await executable.run(state, inputs(turn * c.steps));
    ours.push((performance.now() - started) / c.steps);
    state = next;
    loss = Number(trace.loss.data.at(-1));
    if (peer) {
      const answer = await peer.ask({ steps: c.steps });
      theirs.push(1000 * Number(answer.seconds) / c.steps);
      peerLoss = Number(answer.loss);
    }
  }
  await executable.dispose();
  const milliseconds = median(ours.slice(1));
  const peerMilliseconds = peer ? median(theirs.slice(1)) : null;
  return {
    name: c.name,
    threads: c.threads,
    milliseconds,
    peerMilliseconds,
    ratio: peerMilliseconds === null ? null : milliseconds / peerMilliseconds,
    bestRatio: peer ? Math.min(...ours.slice(1)) / Math.min(...theirs.slice(1)) : null,
    loss,
    peerLoss,
    parameters,
    gflops: program.flops / c.steps / 1e6 / milliseconds,
    nodes: program.nodes,
    compileSeconds,
  };
}
