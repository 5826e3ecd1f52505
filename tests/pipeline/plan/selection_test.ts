/** Partial runs: patterns, what they choose, what must be there, and what then runs. */

import assert from "node:assert/strict";
import { Failed, json, many } from "../../../pipeline/mod.ts";
import {
  matcher,
  neededBy,
  type Selection,
  selectNodes,
  splitPatterns,
} from "../../../pipeline/plan/selection.ts";
import type { Artifact, Node } from "../../../pipeline/types.ts";
import { outcomeOf, Rig, statuses } from "../run/run_rig.ts";

function node(id: string, ...upstream: Node[]): Node {
  return {
    id,
    stage: id.replace(/\[.*/, ""),
    describe: "",
    work: { type: "module", implementation: new URL("file:///x.ts"), provider: false },
    inputs: { all: upstream.map((n): Artifact => ({ node: n, output: "out", kind: json() })) },
    inputKinds: { all: many(json()) },
    params: {},
    outputs: { out: json() },
    cores: 1,
  };
}

const data = node("data");
const distill = ["seed=1", "seed=3", "p=a,seed=3"].map((id) => node(`distill[${id}]`, data));
const judge = node("judge", ...distill);
const side = node("side", data);
const nodes = [data, ...distill, judge, side];

const chosen = (selection: Selection) => [...selectNodes(nodes, selection)].map(({ id }) => id);

Deno.test("splitPatterns() splits at commas outside brackets", () => {
  assert.deepEqual(splitPatterns("distill[p=a,seed=3], judge,"), ["distill[p=a,seed=3]", "judge"]);
  assert.deepEqual(splitPatterns("a]b,c"), ["a]b", "c"]);
});

Deno.test("matcher() takes * for anything and all else literally", () => {
  const fits = (pattern: string) => nodes.filter(matcher(pattern)).map(({ id }) => id);
  assert.deepEqual(fits("distill[*seed=3*]"), ["distill[seed=3]", "distill[p=a,seed=3]"]);
  assert.deepEqual(fits("distill[seed=3]"), ["distill[seed=3]"]);
  assert.equal(fits("distill").length, 3);
  assert.equal(fits("*").length, 6);
  assert.deepEqual(fits("dist?ll"), []);
  assert.deepEqual(fits("d.ta"), []);
});

Deno.test("selectNodes() follows the graph for until and from, and not for only", () => {
  assert.deepEqual(chosen({ only: ["judge", "distill[seed=1]"] }), ["judge", "distill[seed=1]"]);
  assert.deepEqual(chosen({ until: ["distill[seed=1]"] }), ["distill[seed=1]", "data"]);
  assert.deepEqual(chosen({ from: ["distill[seed=1]"] }), ["distill[seed=1]", "judge"]);
  assert.deepEqual(chosen({ from: ["distill"], until: ["distill[*3*]"] }), [
    "distill[seed=3]",
    "distill[p=a,seed=3]",
  ]);
  const needed = neededBy(nodes, new Set([judge]));
  assert.deepEqual(needed, [data, ...distill]);
});

Deno.test("selectNodes() names the nearest when a pattern means nothing", () => {
  const failure = (selection: Selection) => {
    try {
      chosen(selection);
    } catch (error) {
      assert.ok(error instanceof Failed);
      return error.failure;
    }
    throw new Error("no failure");
  };
  const misspelt = failure({ only: ["jugde"] });
  assert.equal(misspelt.code, "usage");
  assert.match(misspelt.mend!, /^Did you mean judge\b/);
  assert.match(failure({ until: ["distil[seed=1]"] }).mend!, /distill\[seed=1\]/);
  assert.match(failure({ from: ["xyzzy"] }).mend!, /The stages are: data, distill, judge, side\./);
  assert.equal(failure({ from: ["side"], until: ["judge"] }).code, "usage");
  assert.equal(failure({ only: ["data"], from: ["data"] }).code, "usage");
});

Deno.test("--only runs just the nodes meant, and is refused while what they need is missing", async () => {
  using rig = Rig.create();
  await assert.rejects(rig.run({ select: { only: ["tell"] } }), (error: Failed) => {
    assert.equal(error.failure.code, "missing-upstream");
    assert.match(error.failure.message, /--only tell needs .* make, judge/);
    assert.match(error.failure.mend!, /reproduce rig --preset small --until 'judge'$/);
    return true;
  });
  const until = await rig.run({ select: { until: ["judge"] } });
  assert.deepEqual(statuses(until), { make: "ran", judge: "ran" });
  assert.equal(until.complete, false);
  assert.equal(until.verdicts.length, 1, "the verdict stage was chosen");
  const only = await rig.run({ select: { only: ["tell"] } });
  assert.deepEqual(statuses(only), { tell: "ran" });
  assert.deepEqual(only.verdicts, []);
  assert.deepEqual(only.plan.partial!.given.map(({ node }) => node.id), ["make", "judge"]);
});

Deno.test("--from runs what depends on the nodes meant; --force then forces only these", async () => {
  using rig = Rig.create();
  await rig.run();
  const from = await rig.run({ select: { from: ["judge", "side"] }, force: true });
  assert.deepEqual(statuses(from), { judge: "ran", tell: "ran", side: "ran" });
  assert.equal(from.complete, true);
  assert.equal(outcomeOf(from, "judge").reason, "run again as asked");
  rig.write({ side: `export const run = ({ outputs }) => outputs.out.write(7);` });
  const other = await rig.run({ select: { until: ["judge", "tell"] } });
  assert.deepEqual(statuses(other), { make: "cached", judge: "cached", tell: "cached" });
  assert.deepEqual(statuses(await rig.run()), { ...statuses(other), side: "ran" });
});
