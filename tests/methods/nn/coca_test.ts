// CoCa-mini against PyTorch (tests/reference/coca.py): values, gradients, and a whole training run.

import assert from "node:assert/strict";
import {
  type CocaConfig,
  type CocaDropout,
  cocaDropout,
  cocaForward,
  cocaLosses,
  type CocaParams,
  initCoca,
} from "../../../methods/nn/mod.ts";
import {
  adamw,
  layoutOf,
  learningRates,
  matrixDecayMask,
  trainSteps,
  warmupCosine,
} from "../../../methods/optim/mod.ts";
import {
  compile,
  load,
  type NdArray,
  type Tensor,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/coca.json" with { type: "json" };
import {
  assertSketch,
  referenceBatch,
  relativeError,
  type Sketch,
  stackArrays,
} from "./reference.ts";

const config: CocaConfig = reference.config;
const BATCHES = 4;
const initial = initCoca(stream(reference.seed, "coca", "params"), config);
const layout = layoutOf(initial);
const batches = Array.from(
  { length: BATCHES },
  (_, i) => referenceBatch(config, reference.batch, reference.seed, "coca", "batch", i),
);

type Batch = { images: Tensor; tokens: Tensor; dropout?: CocaDropout };

function objective(params: CocaParams, { images, tokens, dropout }: Batch) {
  const outputs = cocaForward(config, params, images, tokens, { dropoutMasks: dropout });
  const { contrastive, captioning, total } = cocaLosses(params, outputs, tokens);
  return { outputs, losses: { contrastive, captioning, total } };
}

/** The initial parameters with matrices 15 times larger, far from uniform attention. */
function enlarged(): NdArray {
  const flat = layout.pack(initial), data = flat.data as Float32Array;
  layout.leaves.forEach(({ shape, start }, i) => {
    if (shape.length < 2) return;
    const end = layout.leaves[i + 1]?.start ?? layout.size;
    for (let k = start; k < end; k++) data[k] *= 15;
  });
  return flat;
}

const byPath = (flat: NdArray): Map<string, NdArray> =>
  new Map(
    layout.leaves.map(({ path, shape, start }, i) => [path, {
      dtype: "float32",
      shape,
      data: (flat.data as Float32Array).slice(start, layout.leaves[i + 1]?.start ?? layout.size),
    }]),
  );

Deno.test("initCoca() makes the reference's weights", () => {
  const arrays = byPath(enlarged());
  for (const [path, expected] of Object.entries(reference.weights as Record<string, Sketch>)) {
    assertSketch(arrays.get(path)!, expected, 1e-6, path);
  }
});

Deno.test("cocaForward() and its gradients match PyTorch", async () => {
  const f = (flat: Tensor, batch: Batch) => {
    const [[value, aux], gradient] = valueAndGrad((flat: Tensor) => {
      const { outputs, losses } = objective(layout.unpackTraced<CocaParams>(flat), batch);
      return [losses.total, { ...outputs, losses }] as const;
    }, { hasAux: true })(flat);
    return { value, aux, gradient };
  };
  const parameters = enlarged();
  const program = compile(f, [parameters, batches[0]]);
  const executable = await load(program, { provider: "cpu", threads: 1 });
  const result = await executable.run(parameters, batches[0]);
  await executable.dispose();
  const expected = reference.forward;
  for (const tower of ["imageHidden", "textHidden", "multimodalHidden"] as const) {
    expected[tower].forEach((sketch, i) =>
      assertSketch(result.aux[tower][i], sketch, 2e-5, `${tower} ${i}`)
    );
  }
  for (const name of ["imageEmbedding", "textEmbedding", "decoded", "logits"] as const) {
    assertSketch(result.aux[name], expected[name], 2e-5, name);
  }
  const { contrastive, captioning, total } = result.aux.losses;
  const losses = [contrastive, captioning, total].map((x: NdArray) => Number(x.data[0]));
  assert.ok(relativeError(losses, expected.losses) < 1e-5, `${losses} is not ${expected.losses}`);
  const gradients = byPath(result.gradient);
  const sketches = Object.entries(reference.gradients as Record<string, Sketch>);
  for (const [path, sketch] of sketches) {
    assertSketch(gradients.get(path)!, sketch, 1e-4, `gradient of ${path}`);
  }
});

/** Losses [steps][contrastive, captioning, total, gradient norm] of a run of `chunks` programs. */
async function trainingCurve(steps: number, chunk: number, rate?: number): Promise<number[][]> {
  const { peak, warmup, steps: all, floor, decay, clip } = reference.training;
  const schedule = warmupCosine({ peak, warmup, steps: all, floor });
  const optimizer = adamw({ weightDecay: decay, decayMask: matrixDecayMask(layout) });
  const train = trainSteps({
    layout,
    optimizer,
    clip,
    loss: (params: CocaParams, batch: Batch) => {
      const { losses } = objective(params, batch);
      return [losses.total, losses] as const;
    },
  });
  const inputs = (first: number) => {
    const indices = Array.from({ length: chunk }, (_, i) => first + i);
    const chosen = indices.map((i) => batches[i % BATCHES]);
    const batch = {
      images: stackArrays(chosen.map((b) => b.images)),
      tokens: stackArrays(chosen.map((b) => b.tokens)),
    };
    const lr = learningRates(schedule, first, chunk);
    if (rate === undefined) return { batch, lr };
    const masks = { batch: reference.batch, rate, first, steps: chunk };
    const dropout = cocaDropout(stream(reference.seed, "coca", "dropout"), config, masks);
    return { batch: { ...batch, dropout }, lr };
  };
  let state = optimizer.init(layout.pack(initial));
  const program = compile(train, [state, inputs(0)]);
  const executable = await load(program, { provider: "cpu", threads: 1 });
  const curve: number[][] = [];
  for (let first = 0; first < steps; first += chunk) {
    const [next, trace] = await executable.run(state, inputs(first));
    state = next;
    const columns: NdArray[] = [
      trace.aux.contrastive,
      trace.aux.captioning,
      trace.loss,
      trace.gradientNorm,
    ];
    for (let i = 0; i < chunk; i++) curve.push(columns.map((column) => Number(column.data[i])));
  }
  await executable.dispose();
  return curve;
}

function assertCurve(actual: number[][], expected: number[][]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((row, step) => {
    const error = Math.abs(row[2] - expected[step][2]) / expected[step][2];
    assert.ok(error < 1e-4, `loss at step ${step} is ${row[2]}, PyTorch's ${expected[step][2]}`);
  });
}

Deno.test("100 steps of AdamW follow PyTorch's loss curve", async () => {
  assertCurve(await trainingCurve(100, 20), reference.training.curve);
});

Deno.test("20 steps with dropout masks follow PyTorch's loss curve", async () => {
  assertCurve(await trainingCurve(20, 10, reference.dropout.rate), reference.dropout.curve);
});

Deno.test("cocaDropout() makes the same masks however a run is cut", () => {
  const s = stream(1, "dropout");
  const masks = { batch: 2, rate: 0.5 };
  const whole = cocaDropout(s, config, { ...masks, steps: 3 });
  const last = cocaDropout(s, config, { ...masks, first: 2, steps: 1 });
  const { shape, data } = whole.multimodal[3].cross;
  assert.deepEqual(shape, [3, 2, config.textLength, config.width]);
  const size = data.length / 3;
  assert.deepEqual(data.slice(2 * size), last.multimodal[3].cross.data);
  assert.notDeepEqual(data.slice(size, 2 * size), data.slice(2 * size));
  assert.notDeepEqual(whole.image[0].mlp.data, whole.image[0].attention.data);
});

Deno.test("initCoca() refuses sizes that do not fit", () => {
  assert.throws(() => initCoca(stream(1), { ...config, patch: 7 }), /side 32 .* patch 7/);
  assert.throws(() => initCoca(stream(1), { ...config, heads: 3 }), /width 64 .* heads 3/);
});
