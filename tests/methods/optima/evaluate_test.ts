/** Scores and captions of a small trained model, against an explicit greedy loop. */

import assert from "node:assert/strict";
import { cocaForward, type CocaParams } from "../../../methods/nn/mod.ts";
import type { Dataset } from "../../../methods/optima/dataset.ts";
import { type Evaluator, evaluator } from "../../../methods/optima/evaluate.ts";
import { cocaLayout, trainCoca } from "../../../methods/optima/train_teacher.ts";
import {
  compile,
  type Host,
  load,
  type NdArray,
  type Tensor,
} from "../../../methods/tensor/mod.ts";
import { CPU, dataset, randomCoca, TEACHER, VOCABULARY } from "./tiny.ts";

const { textLength, vocab } = TEACHER;
const layout = cocaLayout(TEACHER);
/** Scored on training items too, so that some captions are learnt and others are not. */
const chosen = Int32Array.from([
  // Without one, so that places in the split and vendors do not alternate together.
  ...dataset.splits.train.filter((item) => item !== 5),
  ...dataset.splits.test,
]);
const scored: Dataset = { ...dataset, splits: { ...dataset.splits, test: chosen } };

const { params: trained } = await trainCoca({
  steps: 400,
  batch: 8,
  dropout: 0,
  shift: 0,
  seed: 0,
  optimiser: { lr: 1e-2, warmup: 10, weightDecay: 0, clip: 1 },
  config: TEACHER,
  // One caption each, or a picture would have two right ones.
  dataset: { ...dataset, captionCount: dataset.captionCount.map(() => 1) },
  ...CPU,
});
/** Untrained models; some of them generate padding before the end. */
const random = [9, 10, 11, 12].map((seed) => randomCoca(TEACHER, seed));

type Outputs = { image: Tensor; text: Tensor; logits: Tensor };
/** The model as such: embeddings and logits of the chosen items. */
async function using(
  body: (run: (flat: NdArray, tokens: NdArray) => Promise<Host<Outputs>>) => Promise<void>,
): Promise<void> {
  const images = dataset.images(chosen);
  const forward = (flat: Tensor, x: Tensor, t: Tensor): Outputs => {
    const out = cocaForward(TEACHER, layout.unpackTraced<CocaParams>(flat), x, t);
    return { image: out.imageEmbedding, text: out.textEmbedding, logits: out.logits };
  };
  const specs = [trained, images, dataset.tokens(chosen)] as const;
  const program = await load(compile(forward, specs), CPU);
  try {
    await body((flat, tokens) => program.run(flat, images, tokens));
  } finally {
    await program.dispose();
  }
}

async function evaluating(body: (scores: Evaluator) => Promise<void>): Promise<void> {
  const model = (tree: CocaParams) => tree;
  const scores = await evaluator({ config: TEACHER, layout, model }, scored, CPU);
  try {
    await body(scores);
  } finally {
    await scores.dispose();
  }
}

/** Greedy decoding in the open: ids of each caption, PAD after EOS. */
async function greedy(
  run: (tokens: NdArray) => Promise<Host<Outputs>>,
): Promise<number[][]> {
  const ids = Array.from(chosen, () => [1]);
  for (let t = 0; t + 1 < textLength; t++) {
    const data = new Int32Array(chosen.length * textLength);
    ids.forEach((row, i) => data.set(row, i * textLength));
    const { logits } = await run({ dtype: "int32", shape: [chosen.length, textLength], data });
    ids.forEach((row, i) => {
      if (row[t] === 2 || row[t] === 0) return row.push(0);
      let best = 0;
      const start = (i * textLength + t) * vocab;
      for (let k = 1; k < vocab; k++) {
        if (logits.data[start + k] > logits.data[start + best]) best = k;
      }
      row.push(best);
    });
  }
  return ids;
}

const textOf = (ids: readonly number[]) => {
  const end = ids.indexOf(2);
  return ids.slice(0, end < 0 ? undefined : end).filter((id) => id > 3).map((id) => VOCABULARY[id])
    .join(" ").replaceAll(" ##", "").replaceAll("##", "");
};

Deno.test("exact match under the true words is exact match of greedy decoding", async () => {
  const truth = dataset.tokens(chosen).data;
  await using((run) =>
    evaluating(async (scores) => {
      const shares: number[] = [];
      let padded = 0;
      for (const flat of [trained, ...random]) {
        const ids = await greedy((tokens) => run(flat, tokens));
        const right = ids.filter((row, i) =>
          row.every((id, t) => id === Number(truth[i * textLength + t]))
        ).length;
        const { exact_match } = await scores.score(flat);
        assert.ok(Math.abs(exact_match - right / chosen.length) < 1e-6, `${exact_match}, ${right}`);
        shares.push(exact_match);
        padded += ids.filter((row) => row.includes(0) && !row.includes(2)).length;
        assert.deepEqual(await scores.caption(flat, chosen), ids.map(textOf));
      }
      assert.ok(shares[0] > 0.3 && shares[0] < 1, `some are right, some are not: ${shares[0]}`);
      assert.ok(shares.slice(1).every((share) => share === 0), `none are right: ${shares}`);
      assert.ok(padded > 0, "some captions hold padding before the end");
    })
  );
});

Deno.test("caption() words the items asked for, in their order; none gives none", async () => {
  await evaluating(async (scores) => {
    const all = await scores.caption(trained, chosen);
    const some = Int32Array.of(chosen[5], chosen[0], chosen[5]);
    assert.deepEqual(await scores.caption(trained, some), [all[5], all[0], all[5]]);
    assert.deepEqual(await scores.caption(trained, new Int32Array(0)), []);
  });
});

Deno.test("the captioning loss is the mean over the words of held-out captions", async () => {
  const tokens = dataset.tokens(chosen);
  await using((run) =>
    evaluating(async (scores) => {
      for (const flat of [trained, random[0]]) {
        const { logits } = await run(flat, tokens);
        let sum = 0, count = 0;
        for (let row = 0; row < chosen.length * textLength; row++) {
          const next = row % textLength === textLength - 1 ? 0 : Number(tokens.data[row + 1]);
          if (next === 0) continue;
          const z = Array.from({ length: vocab }, (_, k) => Number(logits.data[row * vocab + k]));
          sum += Math.log(z.reduce((a, x) => a + Math.exp(x), 0)) - z[next];
          count++;
        }
        const { caption_loss } = await scores.score(flat);
        assert.ok(Math.abs(caption_loss / (sum / count) - 1) < 1e-5, `${caption_loss}`);
      }
    })
  );
});

Deno.test("recall ranks within each vendor's gallery and averages over vendors", async () => {
  await using((run) =>
    evaluating(async (scores) => {
      const { image, text } = await run(trained, dataset.tokens(chosen));
      const width = image.shape[1];
      const similarity = (a: NdArray, i: number, b: NdArray, j: number) => {
        let dot = 0;
        for (let k = 0; k < width; k++) {
          dot += Number(a.data[i * width + k]) * Number(b.data[j * width + k]);
        }
        return dot;
      };
      const result = await scores.score(trained);
      for (const [name, from, to] of [["i2t", image, text], ["t2i", text, image]] as const) {
        for (const k of [1, 5, 10] as const) {
          const shares = [0, 1].map((vendor) => {
            const rows = [...chosen.keys()].filter((i) => dataset.vendor[chosen[i]] === vendor);
            // No two concepts of one vendor share a caption here, so one answer is right.
            const found = rows.filter((i) => {
              const own = similarity(from, i, to, i);
              return rows.filter((j) => j !== i && similarity(from, i, to, j) >= own).length < k;
            });
            return found.length / rows.length;
          });
          const expected = (shares[0] + shares[1]) / 2, actual = result[`recall_${name}_${k}`];
          assert.ok(Math.abs(actual - expected) < 1e-12, `${name} ${k}: ${actual}, ${expected}`);
        }
      }
      assert.ok(result.recall_i2t_1 < result.recall_i2t_10);
    })
  );
});
