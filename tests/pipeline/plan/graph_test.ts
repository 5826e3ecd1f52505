/** The DAG behind targets: order, duplicates, cycles, wrong kinds. */

import assert from "node:assert/strict";
import { z } from "zod";
import { json, many, tree } from "../../../pipeline/declare/artifact.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { nodesOf, upstreamOf } from "../../../pipeline/plan/graph.ts";
import {
  type Pipeline,
  pipeline,
  type Targets,
  targetsByName,
} from "../../../pipeline/declare/pipeline.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { Artifact, Node, ReportSection, Verdict } from "../../../pipeline/types.ts";

const implementation = new URL("./no_such_module.ts", import.meta.url);
const parts = { describe: "", implementation, params: z.object({}) };
const source = stage({ ...parts, name: "source", inputs: {}, outputs: { out: json<number>() } });
const sum = stage({
  ...parts,
  name: "sum",
  inputs: { terms: many(json<number>()) },
  outputs: { out: json<number>() },
});

const from = (id?: string) => source({ id, inputs: {}, params: {} }).out;
const add = (id: string, ...terms: Artifact<typeof sum.declaration.outputs.out>[]) =>
  sum({ id, inputs: { terms }, params: {} }).out;
const ids = (targets: Artifact[]) => nodesOf(targets).map((node) => node.id);

function failureCode(attempt: () => unknown): [string, string] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof Failed) return [error.failure.code, error.message];
    throw error;
  }
  return ["none", ""];
}

/** A node wired as the types would refuse. */
const rewired = (node: Node, inputs: Node["inputs"]): Node =>
  Object.assign({ ...node }, { inputs });

Deno.test("nodesOf() lists each node once, after what it reads", () => {
  const [a, b, c] = ["a", "b", "c"].map(from);
  const ab = add("ab", a, b);
  const top = add("top", ab, c, a);
  assert.deepEqual(ids([top]), ["source[a]", "source[b]", "sum[ab]", "source[c]", "sum[top]"]);
  assert.deepEqual(upstreamOf(top.node).map((node) => node.id), [
    "sum[ab]",
    "source[c]",
    "source[a]",
  ]);
});

Deno.test("nodesOf() leaves out what no target needs, and joins several targets", () => {
  const [a, b] = ["a", "b"].map(from);
  from("unused");
  assert.deepEqual(ids([add("x", a), add("y", a, b)]), [
    "source[a]",
    "sum[x]",
    "source[b]",
    "sum[y]",
  ]);
});

Deno.test("nodesOf() copes with chains longer than the call stack", () => {
  let last = from();
  for (let i = 0; i < 20_000; i++) last = add(String(i), last);
  assert.equal(nodesOf([last]).length, 20_001);
});

Deno.test("nodesOf() refuses two nodes of one id", () => {
  const [code, message] = failureCode(() => nodesOf([add("x", from(), from())]));
  assert.equal(code, "graph-duplicate");
  assert.match(message, /two nodes are called "source".*\n.*id: /);
});

Deno.test("nodesOf() names a cycle", () => {
  const a = add("a", from());
  const inputs: { terms: Artifact[] } = { terms: [] };
  const looped = rewired(a.node, inputs);
  const b = add("b", { ...a, node: looped });
  inputs.terms.push(add("c", b));
  const [code, message] = failureCode(() => nodesOf([{ ...a, node: looped }]));
  assert.equal(code, "graph-cycle");
  assert.match(message, /sum\[a\] → sum\[c\] → sum\[b\] → sum\[a\]/);
});

Deno.test("nodesOf() names input, kinds and producer of a wrong connection", () => {
  const wrong = { ...from(), kind: tree("dataset") };
  const node = rewired(add("x", from()).node, { terms: [wrong] });
  const [code, message] = failureCode(() => nodesOf([{ ...from("y"), node }]));
  assert.equal(code, "graph-kind");
  assert.match(
    message,
    /sum\[x\]: input "terms" expects file "application\/json", but output "out" of source is tree "dataset"/,
  );
});

const judge = stage({
  ...parts,
  name: "judge",
  inputs: { scores: many(json<number>()) },
  outputs: { verdicts: json<Verdict[]>(), report: json<ReportSection[]>() },
});

const declared = {
  name: "toy",
  title: "A toy",
  citation: "",
  summary: "",
  config: z.object({ seeds: z.int() }),
};

Deno.test("pipeline() gives its targets in a fixed order", () => {
  const toy = pipeline({
    ...declared,
    build({ config }) {
      const scores = Array.from({ length: config.seeds }, (_, seed) => from(`${seed}`));
      return { ...judge({ inputs: { scores }, params: {} }), keep: { first: scores[0] } };
    },
  });
  const general: Pipeline = toy;
  const targets = targetsByName(general.build({ config: { seeds: 2 }, preset: "small" }));
  assert.deepEqual(Object.keys(targets), ["verdicts", "report", "keep.first"]);
  assert.deepEqual(ids(Object.values(targets)), ["source[0]", "source[1]", "judge"]);
});

Deno.test("pipeline() refuses a build without artifacts, at compile time and at run time", () => {
  const outputs = judge({ inputs: { scores: [] }, params: {} });
  const wrong = pipeline({
    ...declared,
    // @ts-expect-error a stage's outputs are not one artifact
    build: () => ({ verdicts: outputs }),
  });
  const told = (build: unknown) => {
    const { build: checked } = pipeline({ ...declared, build: build as () => Targets });
    return failureCode(() => checked({ config: { seeds: 1 }, preset: "small" }));
  };
  for (
    const [build, expected] of [
      [wrong.build, /returns something else as "verdicts"/],
      [() => ({}), /returns no artifact/],
      [() => undefined, /returns no artifact/],
      [() => ({ keep: { scores: undefined } }), /returns no "keep.scores"/],
      [() => ({ ...outputs, report: undefined }), /returns no "report"/],
      [() => ({ keep: { "a/b": outputs.report } }), /"a\/b" is not usable/],
    ] as const
  ) {
    const [code, message] = told(build);
    assert.equal(code, "pipeline-declaration");
    assert.match(message, expected);
  }
  assert.match(
    failureCode(() => pipeline({ ...declared, name: "No Good", build: wrong.build }))[1],
    /not in snake_case/,
  );
});
