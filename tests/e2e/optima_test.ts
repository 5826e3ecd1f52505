/** OPTIMA on a copy of the real sources: which edit runs which stages, and what is said of it. */

import assert from "node:assert/strict";
import { walkFiles } from "./files.ts";
import { byStatus, parse, type ReproduceJson } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";

type Edit = readonly [path: string, before: string, after: string];

const smoke = ["optima", "--preset", "smoke", "--json"] as const;

/** Runs the preset; it must complete. */
async function reproduce(rig: Rig, ...options: string[]): Promise<ReproduceJson> {
  const ended = await rig.cli("reproduce", ...smoke, ...options);
  assert.equal(ended.code, 0, ended.err + ended.out);
  return parse(ended);
}

/** Makes edits, looks, and takes them back. */
async function edited(rig: Rig, edits: readonly Edit[], look: () => Promise<void>): Promise<void> {
  const before = new Map<string, string>();
  try {
    for (const [path, from, to] of edits) {
      const text = await rig.read(path);
      if (!before.has(path)) before.set(path, text);
      await rig.edit(path, from, to);
    }
    await look();
  } finally {
    for (const [path, text] of before) await rig.write(path, text);
  }
}

/** What `explain` says: status → ids, and the causes of what would run. */
async function explain(
  rig: Rig,
): Promise<{ would: string[]; pending: string[]; cached: string[]; causes: string[] }> {
  const { code, out, err } = await rig.cli("explain", ...smoke);
  assert.equal(code, 0, err + out);
  const nodes: { id: string; status: string; changes: { text: string }[] }[] =
    JSON.parse(out).nodes;
  const ids = (status: string) => nodes.filter((n) => n.status === status).map((n) => n.id);
  return {
    would: ids("would-run"),
    pending: ids("pending"),
    cached: ids("cached"),
    causes: [
      ...new Set(
        nodes.filter((n) => n.status === "would-run").flatMap((n) => n.changes.map((c) => c.text)),
      ),
    ],
  };
}

const outputsOf = (r: ReproduceJson) => new Map(r.stages.map((s) => [s.id, s.outputs]));
const distillations = (policies: readonly string[], seeds: readonly number[]) =>
  seeds.flatMap((seed) => policies.map((policy) => `distill[wasted/${policy}/${seed}]`));

const packages = ["emojibase-data", "emoji-datasource-google", "emoji-datasource-twitter"]
  .concat("openmoji").map((name) => `npm_package[${name}]`);
const preparing = [...packages, "prepare_data", "train_teacher", "infer_teacher"];
const starts = [0, 1].map((seed) => `init_student[${seed}, text solved]`);
const distilling = distillations(["optima", "random", "round_robin", "all"], [0, 1]);
const judging = ["evaluate", "verdict", "report"];
const all = [...preparing, ...starts, ...distilling, ...judging].sort();

Deno.test("edits of OPTIMA's sources run what they reach", async (t) => {
  await using rig = await Rig.ofSources();
  let first!: ReproduceJson;

  const complete = await t.step("smoke completes, and is small", async () => {
    first = await reproduce(rig);
    assert.deepEqual(first.stages.map((s) => s.id).sort(), all);
    assert.deepEqual(byStatus(first).ran.toSorted(), all);
    const claims = (await rig.read("stages/optima/claims.yaml")).matchAll(/^- id: (\S+)$/gm);
    assert.deepEqual(first.verdicts.map((v) => v.claim), [...claims].map((c) => c[1]));
    assert.ok(first.verdicts.some((v) => v.n === 2));
    assert.match(await Deno.readTextFile(first.report!), /^<!doctype html>/i);
  });
  // Every other step compares with it.
  if (!complete) return;

  await t.step("a second run runs no stage", async () => {
    const second = await reproduce(rig);
    assert.deepEqual(byStatus(second).cached.toSorted(), all);
    assert.deepEqual(outputsOf(second), outputsOf(first));
    assert.deepEqual(second.verdicts, first.verdicts);
  });

  await t.step("comments and formatting anywhere run no stage", async () => {
    const edits: Edit[] = [];
    for (const tree of ["pipeline", "methods", "stages"]) {
      for await (const path of walkFiles(`${rig.dir}/${tree}`)) {
        if (!/\.(ts|yaml)$/.test(path)) continue;
        const name = `${tree}/${path}`;
        const text = await rig.read(name);
        const comment = path.endsWith(".yaml") ? "# A comment." : "// A comment.";
        const loose = path.endsWith(".ts")
          ? text.replace(/^import (?=[{*])/gm, "import\n  ")
          : text;
        edits.push([name, text, `${comment}\n\n${loose}\n${comment}\n`]);
      }
    }
    assert.ok(edits.length > 100);
    await edited(rig, edits, async () => {
      const { would, pending } = await explain(rig);
      assert.deepEqual([would, pending], [[], []]);
      assert.deepEqual(byStatus(await reproduce(rig)).cached.toSorted(), all);
    });
  });

  await t.step("a constant of the bandit runs the distillation and what follows", async () => {
    const turns = ["methods/optima/bandit.ts", "let next = 0;", "let next = 1;"] as const;
    await edited(rig, [turns], async () => {
      const said = await explain(rig);
      assert.deepEqual(said.would.toSorted(), distilling.toSorted());
      assert.deepEqual(said.pending, judging);
      assert.deepEqual(said.cached.toSorted(), [...preparing, ...starts].sort());
      assert.deepEqual(said.causes, ["methods/optima/bandit.ts changed: roundRobin"]);
      // And so it comes: the others keep their bytes, students that took turns do not.
      const run = await reproduce(rig);
      assert.deepEqual(byStatus(run).ran.toSorted(), [...distilling, ...judging].sort());
      const [before, after] = [outputsOf(first), outputsOf(run)];
      const other = distilling.filter((id) =>
        JSON.stringify(before.get(id)) !== JSON.stringify(after.get(id))
      );
      assert.deepEqual(other, distillations(["round_robin"], [0, 1]));
    });
    assert.deepEqual(byStatus(await reproduce(rig)).cached.toSorted(), all);
  });

  await t.step("plots run the report stage alone", async () => {
    const edits: Edit[] = [
      ["methods/plot/line_chart.ts", "chart.height ?? 230", "chart.height ?? 240"],
      ["stages/optima/report/words.ts", 'title: "Outcome"', 'title: "What came out"'],
    ];
    for (const edit of edits) {
      await edited(rig, [edit], async () => {
        const said = await explain(rig);
        assert.deepEqual([said.would, said.pending], [["report"], []]);
        assert.equal(said.causes.length, 1);
        // The function is named too, where there is one.
        assert.ok(said.causes[0].startsWith(`${edit[0]} changed`), said.causes[0]);
      });
    }
    await edited(rig, edits, async () => {
      const run = await reproduce(rig);
      assert.deepEqual(byStatus(run).ran, ["report"]);
      assert.match(await Deno.readTextFile(run.report!), /What came out/);
    });
    await reproduce(rig);
  });

  await t.step("a new seed runs its own nodes", async () => {
    const path = "stages/optima/config.yaml";
    await edited(rig, [[path, "seeds: [0, 1]\n", "seeds: [0, 1, 2]\n"]], async () => {
      const dry = byStatus(await reproduce(rig, "--dry-run"));
      assert.deepEqual(dry["would-run"], ["init_student[2, text solved]"]);
      const distilled = distillations(["optima", "random", "round_robin", "all"], [2]);
      // The evaluation has other parameters too, but what it reads decides whether it runs.
      assert.deepEqual(dry.pending.toSorted(), [...distilled, ...judging].sort());
      assert.deepEqual((await explain(rig)).causes, ["never run before"]);
    });
    await edited(rig, [[path, "seeds: [0, 1]\n", "seeds: [1]\n"]], async () => {
      const said = await explain(rig);
      assert.deepEqual([said.would, said.pending], [["evaluate"], ["verdict", "report"]]);
      assert.match(said.causes.join("\n"), /params\.seeds/);
    });
  });

  await t.step("the words of a claim run the verdict and the report", async () => {
    const path = "stages/optima/claims.yaml";
    await edited(rig, [[path, "  statement: ", "  statement: In other words, "]], async () => {
      const said = await explain(rig);
      assert.deepEqual([said.would, said.pending], [["verdict"], ["report"]]);
      assert.match(said.causes.join("\n"), /params\.claims.*In other words/);
      assert.deepEqual(byStatus(await reproduce(rig)).ran, ["verdict", "report"]);
    });
    await reproduce(rig);
  });

  await t.step("every stage run again gives the same bytes", async () => {
    const again = await reproduce(rig, "--force");
    const modules = all.filter((id) => !packages.includes(id));
    assert.deepEqual(byStatus(again).ran.toSorted(), modules.toSorted());
    assert.deepEqual(outputsOf(again), outputsOf(first));
  });
});
