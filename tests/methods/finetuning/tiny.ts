// Tiny encoders and tasks: words of letters, of which a text's label can be told.

import { fromNumbers, type NdArray, treeMap } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import {
  type Goal,
  initBert,
  initDeberta,
  initLinear,
  type Pretrained,
} from "../../../methods/nn/mod.ts";
import { type BenchmarkTask, benchmarkTask } from "../../../methods/finetuning/task.ts";
import { sequenceTable } from "../../../methods/text/sequence_table.ts";

const VOCABULARY = 12;
const sizes = { vocab: VOCABULARY, width: 8, layers: 2, heads: 2, hidden: 16, positions: 16 };

/** An encoder whose weights say more than those at the start of pre-training. */
export function strongEncoder(model: "bert" | "deberta"): Pretrained {
  const encoder = tinyEncoder(model);
  const params = treeMap((leaf) => {
    const { dtype, shape, data } = leaf as NdArray;
    const scale = shape.length === 2 ? 20 : 1;
    return { dtype, shape, data: (data as Float32Array).map((x) => scale * x) };
  }, encoder.params);
  return { ...encoder, params };
}

/** An encoder with drawn weights and the rows of `vocabulary`. */
export function tinyEncoder(model: "bert" | "deberta", seed = 5): Pretrained {
  const random = stream(seed, "encoder");
  const vocabulary = Int32Array.from({ length: VOCABULARY }, (_, i) => i);
  if (model === "bert") {
    const config = { model, ...sizes, types: 2 };
    const pooler = initLinear(random.child("pooler"), sizes.width, sizes.width);
    return { config, params: { ...initBert(random, config), pooler }, vocabulary };
  }
  const config = { model, ...sizes, buckets: 4, c2p: true, p2c: true };
  return { config, params: initDeberta(random, config), vocabulary };
}

/** Texts of 5 to 9 tokens; a class or score is told by how many tokens are above 6, a span is the largest one. */
export function tinyTask(goal: Goal, { train = 22, held = 7 } = {}): BenchmarkTask {
  const part = (name: string, count: number) => {
    const random = stream(3, "texts", name);
    const texts = Array.from({ length: count }, (_, i) => {
      const length = 3 + i % 5;
      const ids = Array.from(random.child(i).integers(3, VOCABULARY, [length]).data, Number);
      return { ids: [1, ...ids, 2], second: length + 2 };
    });
    const labels = texts.flatMap(({ ids }) => {
      const above = ids.filter((id) => id > 6).length;
      if (goal.kind === "classes") return [Number(2 * above > ids.length)];
      if (goal.kind === "score") return [above / 2];
      const at = ids.indexOf(Math.max(...ids));
      return [at, at];
    });
    const shape = goal.kind === "span" ? [count, 2] : [count];
    return {
      texts: sequenceTable(texts),
      labels: fromNumbers(labels, shape, goal.kind === "score" ? "float32" : "int32"),
    };
  };
  const development = part("held", held);
  // The context is the text's own tokens, a letter each.
  const letters = (i: number) =>
    Array.from(
      development.texts.ids.subarray(development.texts.starts[i], development.texts.starts[i + 1]),
      (id) => String.fromCharCode(97 + id),
    ).slice(1, -1);
  const rows = Array.from({ length: held }, (_, i) => i);
  const list = (values: number[]) => fromNumbers(values, [values.length], "int32");
  const places = rows.flatMap((i) => letters(i).flatMap((_, k) => [k, k + 1]));
  return benchmarkTask({
    name: "drawn",
    title: "Drawn",
    goal,
    measures: goal.kind === "classes"
      ? ["accuracy", "f1"]
      : goal.kind === "score"
      ? ["pearson"]
      : ["EM", "F1"],
    padding: 0,
    train: part("train", train),
    development: [development],
    skipped: 0,
    ...(goal.kind === "span"
      ? {
        spans: {
          questions: rows.map((i) => {
            const context = letters(i).join("");
            return { id: `${i}`, context, answers: [[...context].sort().pop()!] };
          }),
          questionOf: list(rows),
          first: list(rows.map(() => 1)),
          places: fromNumbers(places, [places.length / 2, 2], "int32"),
        },
      }
      : {}),
  });
}
