/** Measurements through the real command line: printed and shown, and no part of what is compared. */

import assert from "node:assert/strict";
import { parse } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";
import { toyFiles } from "./toy.ts";

const lock = "artifacts/toy.lock.yaml";

/** The toy paper with a stage that tells the time. */
const timed: Readonly<Record<string, string>> = {
  ...toyFiles,
  "stages/toy/stages.ts": toyFiles["stages/toy/stages.ts"]
    .replace("ReportSection, Verdict", "MeasurementTable, ReportSection, Verdict") + `
export const time = stage({
  name: "time",
  describe: "Tells the time",
  implementation: new URL("./time_run.ts", import.meta.url),
  inputs: { sum: json<number>() },
  params: z.object({}),
  outputs: { tables: json<MeasurementTable[]>() },
});
`,
  "stages/toy/time_run.ts": `/** Tells the time. */
import type { Run } from "../../pipeline/types.ts";
import type { time } from "./stages.ts";

export const run: Run<typeof time> = async ({ inputs, outputs }) => {
  await outputs.tables.write([{
    title: "How late it is",
    columns: ["clock", "ms", "sum"],
    rows: [["<b>wall</b>", performance.now() + Date.now() % 1e6, await inputs.sum.read()], ["none", null, "–"]],
    note: "By the clock of the machine.",
  }]);
};
`,
  "stages/toy/pipeline.ts": toyFiles["stages/toy/pipeline.ts"]
    .replace("scale, total }", "scale, time, total }")
    .replace(
      "return judge({ inputs: { sum }, params: {} });",
      "const measurements = time({ inputs: { sum }, params: {} }).tables;\n" +
        "    return { ...judge({ inputs: { sum }, params: {} }), measurements };",
    ),
};

Deno.test("measurements are told every time, and differ without consequences", async () => {
  await using rig = await Rig.create(timed);
  const first = await rig.cli("reproduce", "toy", "--update-lock");
  assert.equal(first.code, 0, first.err);
  const shown =
    /^How late it is\nclock +ms +sum\n─.*\n<b>wall<\/b> +([\d.e+]+) +120\nnone +– +–\n/m;
  assert.match(first.out, shown);
  assert.match(first.out, /^By the clock of the machine\.$/m);
  assert.ok(first.out.indexOf("sum-is-positive") < first.out.indexOf("How late it is"));
  assert.doesNotMatch(await rig.read(lock), /time|measurements/);

  // Cached, answered in full and then from the certificate: the same words.
  for (const _ of [1, 2]) {
    const cached = await rig.cli("reproduce", "toy");
    assert.match(cached.out, /nothing to run, 7 nodes cached/);
    assert.deepEqual(shown.exec(cached.out)?.[1], shown.exec(first.out)?.[1]);
  }
  const { measurements, stages } = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.equal(measurements?.[0].rows[1][1], null);

  const page = await rig.read("artifacts/reports/toy-small.html");
  assert.match(page, /<h2>Measurements<\/h2>[^]*<h3>How late it is<\/h3>/);
  assert.ok(page.includes("&#60;b&#62;wall") && !page.includes("<b>wall"));

  const checked = await rig.cli("reproduce", "toy", "--check-determinism", "--json");
  assert.equal(checked.code, 0, checked.out);
  const again = parse(checked);
  assert.deepEqual(again.sameBytes, { again: 0, stored: 6 });
  const digest = (all: typeof stages) => all.find(({ id }) => id === "time")!.outputs.tables;
  assert.notEqual(digest(again.stages), digest(stages));
  assert.deepEqual(again.committed, { same: "bytes", differs: [] });
  const frozen = await rig.cli("reproduce", "toy", "--frozen");
  assert.equal(frozen.code, 0, frozen.out);
  const past = await rig.cli("compare", "last", "committed");
  assert.match(past.out, /^As artifacts\/toy\.lock\.yaml expects: /m);

  const file = `${rig.dir}/toy.tar`;
  assert.equal((await rig.cli("bundle", "toy", "-o", file)).code, 0);
  const verified = await rig.cli("bundle", "verify", file, "--rerun", "--offline", "--json");
  assert.equal(verified.code, 0, verified.out);
  const { rerun } = JSON.parse(verified.out) as {
    rerun: { nodes: { id: string; status: string; text: string }[] };
  };
  const { status, text } = rerun.nodes.find(({ id }) => id === "time")!;
  assert.deepEqual([status, text], ["expected", "differs (it measures)"]);
  assert.equal(rerun.nodes.filter(({ status }) => status === "same").length, 6);
});

Deno.test("a result may not depend on what was measured", async () => {
  await using rig = await Rig.create(timed);
  await rig.edit(
    "stages/toy/pipeline.ts",
    "measurements };",
    "measurements, keep: { measurements } };",
  );
  const kept = await rig.cli("reproduce", "toy");
  assert.equal(kept.code, 2, kept.err);
  assert.match(kept.err, /time: it writes keep\.measurements too/);
});

Deno.test("a measuring stage that another stage reads is refused by name", async () => {
  await using rig = await Rig.create(timed);
  await rig.edit(
    "stages/toy/stages.ts",
    `inputs: { sum: json<number>() },
  params: z.object({}),
  outputs: { verdicts`,
    `inputs: { sum: json<number>(), late: json<MeasurementTable[]>() },
  params: z.object({}),
  outputs: { verdicts`,
  );
  await rig.edit(
    "stages/toy/pipeline.ts",
    "judge({ inputs: { sum }",
    "judge({ inputs: { sum, late: measurements }",
  );
  const read = await rig.cli("reproduce", "toy");
  assert.equal(read.code, 2, read.err);
  assert.match(read.err, /time: judge reads what it measures/);
});
