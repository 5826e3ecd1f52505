/** Declaring and applying stages: wiring is checked by types and again at run time; parameters by zod. */

import assert from "node:assert/strict";
import { z } from "zod";
import { file, json, list, many, tree } from "../../../pipeline/declare/artifact.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { npmPackage } from "../../../pipeline/declare/npm_package.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { InputKinds, Run } from "../../../pipeline/types.ts";

interface Trace {
  readonly losses: number[];
}

const implementation = new URL("./no_such_module.ts", import.meta.url);

const prepare = stage({
  name: "prepare",
  describe: "makes data",
  implementation,
  inputs: {},
  params: z.object({ items: z.int().min(1).default(8) }),
  outputs: { data: tree("dataset"), weights: file("safetensors", ".safetensors") },
});

const train = stage({
  name: "train",
  describe: "trains",
  implementation,
  inputs: { data: tree("dataset") },
  params: z.object({
    lr: z.number().positive(),
    seed: z.int(),
    policy: z.enum(["bandit", "uniform"]).default("uniform"),
    schedule: z.object({ warmup: z.int().default(10) }).prefault({}),
  }),
  outputs: { trace: json<Trace>() },
  resources: (params) => ({ cores: params.policy === "bandit" ? 2 : 1 }),
  provider: true,
});

const compare = stage({
  name: "compare",
  describe: "compares",
  implementation,
  inputs: { traces: many(json<Trace>()) },
  params: z.object({}),
  outputs: { table: json<{ best: number }>() },
});

const failing = (apply: () => unknown): Failed => {
  try {
    apply();
  } catch (error) {
    if (error instanceof Failed) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
};

Deno.test("stage() applied makes a node with parsed parameters, without its implementation", () => {
  const { data } = prepare({ inputs: {}, params: {} });
  const { trace } = train({ id: "7", inputs: { data }, params: { lr: 0.1, seed: 7 } });
  assert.equal(trace.node.id, "train[7]");
  assert.equal(trace.node.stage, "train");
  assert.deepEqual(data.node.params, { items: 8 });
  assert.deepEqual(trace.node.params, {
    lr: 0.1,
    seed: 7,
    policy: "uniform",
    schedule: { warmup: 10 },
  });
  assert.equal(trace.node.inputs.data, data);
  assert.equal(trace.node.cores, 1);
  assert.deepEqual(trace.node.work, { type: "module", implementation, provider: true });
});

Deno.test("stage() takes resources from the parsed parameters", () => {
  const { data } = prepare({ inputs: {}, params: {} });
  const params = { lr: 0.1, seed: 7, policy: "bandit" } as const;
  assert.equal(train({ inputs: { data }, params }).trace.node.cores, 2);
});

Deno.test("stage() takes a list where many artifacts are declared", () => {
  const { data } = prepare({ inputs: {}, params: {} });
  const traces = [1, 2, 3].map((seed) =>
    train({ id: `${seed}`, inputs: { data }, params: { lr: 0.1, seed } }).trace
  );
  assert.deepEqual(compare({ inputs: { traces }, params: {} }).table.node.inputs.traces, traces);
});

Deno.test("stage() refuses wrong wiring at compile time and at run time", () => {
  const { data, weights } = prepare({ inputs: {}, params: {} });
  const params = { lr: 0.1, seed: 1 };
  const { trace } = train({ inputs: { data }, params });
  const cases: [() => unknown, RegExp][] = [
    [
      // @ts-expect-error a safetensors file is no dataset
      () => train({ inputs: { data: weights }, params }),
      /node "train": input "data" expects tree "dataset", received file "safetensors" \(output "weights" of prepare\)/,
    ],
    [
      // @ts-expect-error JSON is no dataset
      () => train({ inputs: { data: trace }, params }),
      /expects tree "dataset", received file "application\/json"/,
    ],
    [
      // @ts-expect-error the input is missing
      () => train({ inputs: {}, params }),
      /input "data" expects tree "dataset", received nothing/,
    ],
    [
      // @ts-expect-error there is no such input
      () => train({ inputs: { data, dat: data }, params }),
      /unknown input "dat", did you mean "data"\?/,
    ],
    [
      // @ts-expect-error all outputs instead of one
      () => train({ inputs: { data: prepare({ inputs: {}, params: {} }) }, params }),
      /received all outputs of a stage \(data, weights\)/,
    ],
    [
      // @ts-expect-error one artifact where a list is declared
      () => compare({ inputs: { traces: trace }, params: {} }),
      /input "traces" expects a list of artifacts, received file "application\/json"/,
    ],
    [
      // @ts-expect-error a list where one artifact is declared
      () => train({ inputs: { data: [data] }, params }),
      /input "data" expects one artifact, received a list/,
    ],
    [
      // @ts-expect-error a list of another kind
      () => compare({ inputs: { traces: [trace, weights] }, params: {} }),
      /input "traces" expects file "application\/json", received file "safetensors"/,
    ],
  ];
  for (const [apply, message] of cases) assert.match(failing(apply).message, message);
});

Deno.test("stage() refuses JSON of another type at compile time", () => {
  const other = stage({
    name: "other",
    describe: "writes other JSON",
    implementation,
    inputs: {},
    params: z.object({}),
    outputs: { out: json<{ accuracy: number }>() },
  });
  const { out } = other({ inputs: {}, params: {} });
  // @ts-expect-error the value lacks `losses`; at run time all JSON is alike
  compare({ inputs: { traces: [out] }, params: {} });
});

Deno.test("stage() gives implementations the types of inputs, parameters and outputs", () => {
  const run: Run<typeof train> = async ({ inputs, params, outputs, progress }) => {
    const names: string[] = await inputs.data.list();
    const policy: "bandit" | "uniform" = params.policy;
    progress({ message: policy, steps: names.length });
    await outputs.trace.write({ losses: [params.lr] });
    // @ts-expect-error not a trace
    await outputs.trace.write({ losses: "none" });
    // @ts-expect-error no such parameter
    params.momentum;
  };
  const gather: Run<typeof compare> = async ({ inputs, outputs }) => {
    const first: Trace = await inputs.traces[0].read();
    await outputs.table.write({ best: first.losses[0] });
  };
  assert.deepEqual([typeof run, typeof gather], ["function", "function"]);
});

Deno.test("stage() names stage, node and field of every wrong parameter", () => {
  const { data } = prepare({ inputs: {}, params: {} });
  const wrong = { lr: -1, seed: 1.5, policy: "bandits" } as unknown as { lr: 1; seed: 1 };
  const error = failing(() => train({ id: "a", inputs: { data }, params: wrong }));
  assert.equal(error.failure.code, "stage-params");
  assert.equal(error.failure.where, "stage train, node train[a]");
  assert.match(error.message, /params\.lr: too small: expected number to be >0, received -1/);
  assert.match(error.message, /params\.seed: expected int, received 1\.5/);
  assert.match(
    error.message,
    /params\.policy: expected "bandit" or "uniform", received "bandits", did you mean "bandit"\?/,
  );
});

Deno.test("stage() refuses unknown parameters at any depth", () => {
  const { data } = prepare({ inputs: {}, params: {} });
  const base = { lr: 1, seed: 1 };
  const top = { ...base, polcy: "bandit" };
  assert.match(
    failing(() => train({ inputs: { data }, params: top })).message,
    /stage train: params\.polcy: unknown field, did you mean "policy"\?/,
  );
  const deep = { ...base, schedule: { warmup: 1, decay: 2 } };
  assert.match(
    failing(() => train({ inputs: { data }, params: deep })).message,
    /params\.schedule\.decay: unknown field \(known: warmup\)/,
  );
});

Deno.test("stage() refuses parameters without a JSON form", () => {
  const dated = stage({
    name: "dated",
    describe: "has a date",
    implementation,
    inputs: {},
    params: z.object({ when: z.date() }),
    outputs: { out: json<number>() },
  });
  assert.match(
    failing(() => dated({ inputs: {}, params: { when: new Date(0) } })).message,
    /stage dated: params: Cannot store an instance of Date at when/,
  );
});

Deno.test("stage() refuses malformed declarations", () => {
  const good = {
    name: "good",
    describe: "",
    implementation,
    inputs: {},
    params: z.object({}),
    outputs: { out: json<number>() },
  };
  const cases: [() => unknown, RegExp][] = [
    [() => stage({ ...good, name: "Not-good" }), /stage "Not-good": the name is not in snake_case/],
    [
      () => stage({ ...good, outputs: { loss: json<number>(), Loss: json<number>() } }),
      /the names "loss" and "Loss" differ only in case/,
    ],
    [
      () => stage({ ...good, outputs: { ["x".repeat(300)]: json<number>() } }),
      /the name "x{20}…" has 300 characters/,
    ],
    [() => stage({ ...good, outputs: { "a/b": json<number>() } }), /name "a\/b" is not usable/],
    [() => stage({ ...good, outputs: {} }), /declares no outputs/],
    [
      () => stage({ ...good, implementation: new URL("https://example.org/x.ts") }),
      /implementation is not a local file/,
    ],
    [
      () => stage({ ...good, resources: { cores: 0 } })({ inputs: {}, params: {} }),
      /resources\.cores is 0, expected an integer of at least 1/,
    ],
    [
      () => stage({ ...good, resources: () => null as never })({ inputs: {}, params: {} }),
      /stage good: resources is null, expected an object/,
    ],
    [
      () =>
        stage({ ...good, resources: () => (null as never as () => never)() })({
          inputs: {},
          params: {},
        }),
      /stage good: resources throws TypeError: .* for attempt 1/,
    ],
    ...["a\nb", "\u001b[31m", "\ud800"].map((id): [() => unknown, RegExp] => [
      () => stage(good)({ id, inputs: {}, params: {} }),
      /the id "good\[.*\]" has control characters/,
    ]),
  ];
  for (const [declare, message] of cases) assert.match(failing(declare).message, message);
  assert.throws(() => file("text/csv", "../../x"), { name: "TypeError", message: /Extension/ });
});

Deno.test("npmPackage() makes a node whose parameters are its pinned source", () => {
  const digest = "a".repeat(64);
  const source = { package: "@iconify/icons", version: "1.2.3", license: "MIT", include: ["*"] };
  const { files } = npmPackage({ ...source, digest, id: "icons" });
  assert.equal(files.node.id, "npm_package[icons]");
  assert.deepEqual(files.kind, { form: "tree", media: "npm-package", extension: "" });
  assert.deepEqual(files.node.params, {
    package: "@iconify/icons",
    version: "1.2.3",
    include: ["*"],
    digest,
  });
  const wrong: [Parameters<typeof npmPackage>[0], RegExp][] = [
    [{ ...source, digest, version: "^1.2.3" }, /version "\^1\.2\.3" is not exact/],
    [{ ...source, digest, package: "../x" }, /not that of an npm package/],
    [{ ...source, digest, include: [] }, /includes no files/],
    [{ ...source, digest: "beef" }, /not a SHA-256/],
  ];
  for (const [declared, message] of wrong) {
    assert.match(failing(() => npmPackage(declared)).message, message);
  }
});

Deno.test("stage() refuses a list whose items have another extension", () => {
  const declare = (name: string, inputs: InputKinds) =>
    stage({
      name,
      describe: "",
      implementation: new URL("file:///x.ts"),
      inputs,
      params: z.object({}),
      outputs: { rows: list(file("rows", ".csv")) },
    });
  const { rows } = declare("split", {})({ inputs: {}, params: {} });
  const read = declare("read", { rows: list(file("rows", ".tsv")) });
  assert.throws(
    () => read({ inputs: { rows }, params: {} } as never),
    /expects tree "list of rows" \(\.tsv\), received tree "list of rows" \(\.csv\)/,
  );
});
