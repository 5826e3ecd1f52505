/** Trains a CoCa-mini from scratch on image–caption pairs. */

import {
  type CocaConfig,
  type CocaDropout,
  cocaDropout,
  cocaForward,
  cocaLosses,
  type CocaParams,
  initCoca,
} from "../nn/mod.ts";
import {
  adamw,
  adamwInit,
  type AdamWState,
  type Layout,
  layoutOf,
  learningRates,
  matrixDecayMask,
  trainSteps,
  warmupCosine,
} from "../optim/mod.ts";
import {
  compile,
  load,
  type NdArray,
  type Program,
  type Provider,
  type Spec,
  type Tensor,
  type Tree,
} from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { sampleBatches } from "./batches.ts";
import type { Dataset } from "./dataset.ts";

/** Layout of a CoCa-mini's parameters in one vector. */
export function cocaLayout(config: CocaConfig): Layout {
  return layoutOf(initCoca(stream(0, "layout"), config) as unknown as Tree<Spec>);
}

/** Images and tokens, and dropout masks where there is dropout. */
export type TeacherBatch<L = Tensor> = { images: L; tokens: L; dropout: CocaDropout<L> | null };

export interface TeacherOptions {
  readonly steps: number;
  readonly batch: number;
  /** Probability of dropping an entry of a residual branch, in [0, 1). */
  readonly dropout: number;
  /** Largest shift of a training image in pixels, each way; 0 for none. */
  readonly shift: number;
  readonly seed: number;
  readonly optimiser: {
    readonly lr: number;
    readonly warmup: number;
    readonly weightDecay: number;
    readonly clip: number;
  };
}

/** Steps of one run of the training program. */
const CHUNK = 10;

const arrayLeaf = (x: unknown): x is NdArray => typeof x === "object" && x !== null && "data" in x;

/** The specs of a tree of arrays. */
function specsOf<T>(tree: T): T {
  if (tree === null) return tree;
  if (arrayLeaf(tree)) return { dtype: tree.dtype, shape: tree.shape } as T;
  if (Array.isArray(tree)) return tree.map(specsOf) as T;
  return Object.fromEntries(Object.entries(tree as object).map(([k, v]) => [k, specsOf(v)])) as T;
}

/** `CHUNK` steps of AdamW on CoCa's loss as one program `(state, {batch, lr}) → [state, losses]`. */
export function compileTeacher(
  config: CocaConfig,
  layout: Layout,
  { batch, dropout, optimiser }: Pick<TeacherOptions, "batch" | "dropout" | "optimiser">,
  steps = CHUNK,
): Program<[AdamWState, { batch: Record<string, unknown>; lr: Tensor }], [AdamWState, Tensor]> {
  const { channels, image, textLength } = config;
  const f32 = (...shape: number[]): Spec => ({ dtype: "float32", shape });
  const one = cocaDropout(stream(0, "spec"), config, { batch: 1, rate: 0, steps: 1 });
  const widen = (tree: unknown): unknown => {
    if (Array.isArray(tree)) return tree.map(widen);
    const record = tree as Record<string, unknown>;
    if ("shape" in record) return f32(steps, batch, ...(record.shape as number[]).slice(2));
    return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, widen(v)]));
  };
  const train = trainSteps<CocaParams, TeacherBatch, Record<string, never>>({
    layout,
    optimizer: adamw({
      weightDecay: optimiser.weightDecay,
      decayMask: matrixDecayMask(layout),
    }),
    clip: optimiser.clip,
    loss: (params, given) => {
      const outputs = cocaForward(config, params, given.images, given.tokens, {
        dropoutMasks: given.dropout ?? undefined,
      });
      return [cocaLosses(params, outputs, given.tokens).total, {}];
    },
  });
  const vector = f32(layout.size);
  const specs = [
    { params: vector, m: vector, v: vector, t: f32(1) },
    {
      lr: f32(steps),
      batch: {
        images: f32(steps, batch, channels, image, image),
        tokens: { dtype: "int32", shape: [steps, batch, textLength] },
        ...(dropout > 0 ? { dropout: widen(specsOf(one)) } : {}),
      },
    },
  ];
  return compile(
    ((state: AdamWState, given: { batch: TeacherBatch; lr: Tensor }) => {
      const [next, trace] = train(state, given);
      return [next, trace.loss];
    }) as never,
    specs as never,
    { name: "train_teacher" },
  );
}

/** Moves each image by up to `shift` pixels each way; what leaves on one side comes in on the other. */
export function shiftImages(images: NdArray, offsets: (item: number) => [number, number]): NdArray {
  const [count, channels, height, width] = images.shape;
  const from = images.data as Float32Array, data = new Float32Array(from.length);
  for (let i = 0; i < count; i++) {
    const [dy, dx] = offsets(i);
    for (let c = 0; c < channels; c++) {
      const plane = (i * channels + c) * height * width;
      for (let y = 0; y < height; y++) {
        const row = plane + y * width;
        const source = plane + ((y - dy + height) % height) * width;
        for (let x = 0; x < width; x++) data[row + x] = from[source + (x - dx + width) % width];
      }
    }
  }
  return { ...images, data };
}

/** Trains on the training split; a caption of each item is drawn anew for each batch. */
export async function trainCoca(
  a: TeacherOptions & {
    readonly config: CocaConfig;
    readonly dataset: Dataset;
    readonly provider: Provider;
    readonly threads: number;
    readonly onSteps?: (step: number, loss: number) => void;
  },
): Promise<{ layout: Layout; params: NdArray; curve: { step: number; loss: number }[] }> {
  const { config, dataset, batch } = a;
  if (a.steps % CHUNK !== 0) {
    throw new RangeError(
      `Cannot train the teacher for ${a.steps} steps: use a multiple of ${CHUNK}`,
    );
  }
  const layout = cocaLayout(config);
  const params = layout.pack(
    initCoca(stream(a.seed, "teacher", "model"), config) as unknown as Tree<NdArray>,
  );
  const { items, captions } = sampleBatches(
    {
      items: dataset.splits.train,
      concept: dataset.concept,
      captionCount: dataset.captionCount,
    },
    { size: batch, steps: a.steps, random: stream(a.seed, "teacher", "batches") },
  );
  const schedule = warmupCosine({
    peak: a.optimiser.lr,
    warmup: a.optimiser.warmup,
    steps: a.steps,
  });
  const shifts = stream(a.seed, "teacher", "shift");
  const train = await load(compileTeacher(config, layout, a), a);
  let state: AdamWState<NdArray> = { params, ...adamwInit(layout.size) };
  const curve: { step: number; loss: number }[] = [];
  for (let step = 0; step < a.steps; step += CHUNK) {
    const rows = items.subarray(step * batch, (step + CHUNK) * batch);
    const lead = (x: NdArray): NdArray => ({ ...x, shape: [CHUNK, batch, ...x.shape.slice(1)] });
    const draw = () => shifts.nextInteger(-a.shift, a.shift + 1);
    const images = a.shift > 0
      ? shiftImages(dataset.images(rows), () => [draw(), draw()])
      : dataset.images(rows);
    const tokens = dataset.tokens(
      rows,
      captions.subarray(step * batch, (step + CHUNK) * batch),
    );
    const dropout = a.dropout > 0
      ? cocaDropout(stream(a.seed, "teacher", "dropout", step), config, {
        batch,
        rate: a.dropout,
        steps: CHUNK,
      })
      : undefined;
    const [next, losses] = await train.run(state, {
      batch: { images: lead(images), tokens: lead(tokens), ...(dropout ? { dropout } : {}) },
      lr: learningRates(schedule, step, CHUNK),
    });
    state = next;
    const values = Array.from(losses.data, Number);
    const loss = values.reduce((sum, x) => sum + x, 0) / values.length;
    if (!Number.isFinite(loss)) {
      throw new Error(
        `The teacher's loss is ${loss} near step ${step}: lower teacher.optimiser.lr`,
      );
    }
    curve.push({ step: step + CHUNK, loss });
    a.onSteps?.(step + CHUNK, loss);
  }
  await train.dispose();
  return { layout, params: state.params, curve };
}
