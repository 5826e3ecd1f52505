// The CoCa-mini cases of the benchmark: OPTIMA's teacher and student, clipped AdamW on a schedule.

import { COCA_DEFAULTS, type CocaConfig } from "../../../methods/nn/mod.ts";
import { cocaForward, cocaLosses, type CocaParams, initCoca } from "../../../methods/nn/mod.ts";
import {
  adamw,
  layoutOf,
  learningRates,
  matrixDecayMask,
  trainSteps,
  warmupCosine,
} from "../../../methods/optim/mod.ts";
import { compile, type NdArray, type Program, type Tensor } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { referenceBatch, stackArrays } from "../../methods/nn/reference.ts";
import { SEED, timed, type TrainingCase } from "./case.ts";

const common = { ...COCA_DEFAULTS, vocab: 1500, textLength: 12 };

/** The teacher's sizes; batch 64. */
export const teacherConfig: CocaConfig = {
  ...common,
  width: 64,
  imageLayers: 4,
  textLayers: 2,
  multimodalLayers: 4,
  embed: 64,
};

/** The student's sizes; batch 32. */
export const studentConfig: CocaConfig = {
  ...common,
  width: 32,
  imageLayers: 2,
  textLayers: 1,
  multimodalLayers: 2,
  embed: 32,
};

type Batch = { images: Tensor; tokens: Tensor };

/** Forward, backward, clipping and AdamW of a CoCa-mini. */
export function coca(config: CocaConfig, batch: number, steps: number): TrainingCase {
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
