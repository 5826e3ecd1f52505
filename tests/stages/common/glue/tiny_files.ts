/** What a user would supply, tiny: checkpoints of both forms, vocabularies, GLUE and SQuAD. */

import { type NdArray, ones, toNumbers } from "../../../../methods/tensor/mod.ts";
import { encode } from "../../../../methods/tensor/safetensors.ts";
import { stream } from "../../../../methods/tensor/random.ts";
import glue from "../../../reference/glue.json" with { type: "json" };
import unigram from "../../../reference/unigram.json" with { type: "json" };

const base64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Vocabulary of tests/reference/unigram.py's models, rounded up. */
const VOCABULARY = 200;
const WIDTH = 16, HIDDEN = 24, LAYERS = 2, BUCKETS = 4;

const sizes = {
  vocab_size: VOCABULARY,
  hidden_size: WIDTH,
  num_hidden_layers: LAYERS,
  num_attention_heads: 2,
  intermediate_size: HIDDEN,
  hidden_act: "gelu",
};

const linear = (name: string, inputs: number, outputs: number): [string, number[]][] => [
  [`${name}.weight`, [outputs, inputs]],
  [`${name}.bias`, [outputs]],
];
const norm = (name: string): [string, number[]][] => [
  [`${name}.weight`, [WIDTH]],
  [`${name}.bias`, [WIDTH]],
];

/** Arrays of the blocks; `query` and so on are called otherwise in the two forms. */
const blocks = (prefix: string, suffix: string) =>
  Array.from({ length: LAYERS }, (_, i) => `${prefix}encoder.layer.${i}`).flatMap((at) => [
    ...["query", "key", "value"].flatMap((map) =>
      linear(`${at}.attention.self.${map}${suffix}`, WIDTH, WIDTH)
    ),
    ...linear(`${at}.attention.output.dense`, WIDTH, WIDTH),
    ...norm(`${at}.attention.output.LayerNorm`),
    ...linear(`${at}.intermediate.dense`, WIDTH, HIDDEN),
    ...linear(`${at}.output.dense`, HIDDEN, WIDTH),
    ...norm(`${at}.output.LayerNorm`),
  ]);

const FORMS = {
  deberta: {
    config: {
      ...sizes,
      model_type: "deberta-v2",
      relative_attention: true,
      share_att_key: true,
      position_biased_input: false,
      type_vocab_size: 0,
      pos_att_type: "p2c|c2p",
      max_position_embeddings: 64,
      max_relative_positions: -1,
      position_buckets: BUCKETS,
    },
    arrays: [
      ["deberta.embeddings.word_embeddings.weight", [VOCABULARY, WIDTH]] as [string, number[]],
      ...norm("deberta.embeddings.LayerNorm"),
      ["deberta.encoder.rel_embeddings.weight", [2 * BUCKETS, WIDTH]] as [string, number[]],
      ...norm("deberta.encoder.LayerNorm"),
      ...blocks("deberta.", "_proj"),
    ],
  },
  bert: {
    config: { ...sizes, model_type: "bert", max_position_embeddings: 64, type_vocab_size: 2 },
    arrays: [
      ["bert.embeddings.word_embeddings.weight", [VOCABULARY, WIDTH]] as [string, number[]],
      ["bert.embeddings.position_embeddings.weight", [64, WIDTH]] as [string, number[]],
      ["bert.embeddings.token_type_embeddings.weight", [2, WIDTH]] as [string, number[]],
      ...norm("bert.embeddings.LayerNorm"),
      ...blocks("bert.", ""),
      ...linear("bert.pooler.dense", WIDTH, WIDTH),
    ],
  },
} as const;

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

/** A checkpoint's files, as the hub serves them. */
export function modelFiles(form: "deberta" | "bert"): Record<string, Uint8Array | string> {
  const { config, arrays } = FORMS[form];
  const draw = ([name, shape]: [string, number[]]): [string, NdArray] => {
    const isScale = name.endsWith("LayerNorm.weight");
    return [name, isScale ? ones(shape) : stream(7, form, name).normal(shape, { std: 0.3 })];
  };
  return {
    "config.json": JSON.stringify(config),
    "model.safetensors": encode(Object.fromEntries(arrays.map(draw))),
    "spm.model": base64(unigram.spm.model),
    "tokenizer.json": JSON.stringify(unigram.converted.file),
    "vocab.txt": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ...LETTERS, ...LETTERS.map((l) => `##${l}`)]
      .join("\n"),
  };
}

const WORDS = ["training", "ranks", "learners", "noise", "models", "text", "ranked", "tokens"];

/** A sentence, and whether it has more of the first half of the words than of the second. */
function sentence(part: string, i: number): { text: string; few: boolean } {
  const words = toNumbers(stream(11, part, i).integers(0, WORDS.length, [5])).map((k) => WORDS[k]);
  const few = words.filter((word) => WORDS.indexOf(word) < WORDS.length / 2).length > 2;
  return { text: words.join(" "), few };
}

const lines = (head: string[], rows: string[][]) =>
  [...(head.length ? [head] : []), ...rows].map((cells) => cells.join("\t")).join("\n") + "\n";

const rowsOf = <T>(
  part: string,
  count: number,
  row: (s: ReturnType<typeof sentence>, i: number) => T,
) => Array.from({ length: count }, (_, i) => row(sentence(part, i), i));

const PARTS = [["train", 18], ["dev", 7]] as const;

/** RTE, CoLA and STS-B as TSV; STS-B as Parquet too. */
export function glueFiles(): Record<string, Uint8Array | string> {
  const files: Record<string, Uint8Array | string> = {};
  for (const [part, count] of PARTS) {
    const pair = ["index", "sentence1", "sentence2"];
    files[`RTE/${part}.tsv`] = lines(
      [...pair, "label"],
      rowsOf(part, count, ({ text, few }, i) => [
        `${i}`,
        text,
        "few words",
        few ? "entailment" : "not_entailment",
      ]),
    );
    files[`CoLA/${part}.tsv`] = lines(
      [],
      rowsOf(part, count, ({ text, few }) => ["gj04", few ? "1" : "0", few ? "" : "*", text]),
    );
    files[`STS-B/${part}.tsv`] = lines(
      [...pair, "score"],
      rowsOf(part, count, ({ text, few }, i) => [`${i}`, text, "few", few ? "4.2" : `1.${i % 5}`]),
    );
  }
  const stsb = base64(glue.parquet.stsb);
  files["stsb/train-00000-of-00001.parquet"] = stsb;
  files["stsb/validation-00000-of-00001.parquet"] = stsb;
  return files;
}

/** SQuAD of both versions; in 2.0 every third question has no answer. */
export function squadFiles(): Record<string, string> {
  const version = (part: string, count: number, withNone: boolean) =>
    JSON.stringify({
      data: [{
        paragraphs: rowsOf(part, count, ({ text }, i) => {
          const answer = text.split(" ")[i % 5];
          const answers = withNone && i % 3 === 0
            ? []
            : [{ text: answer, answer_start: text.indexOf(answer) }];
          return { context: text, qas: [{ id: `${part}${i}`, question: "which words", answers }] };
        }),
      }],
    });
  return Object.fromEntries(
    PARTS.flatMap(([part, count]) => [
      [`${part}-v1.1.json`, version(part, count, false)],
      [`${part}-v2.0.json`, version(part, count, true)],
    ]),
  );
}

/** Writes files into a folder. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
  }
}
