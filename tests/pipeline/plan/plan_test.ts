/** Plans: what is cached, what runs and why, as code, parameters, inputs and the store change. */

import assert from "node:assert/strict";
import { z } from "zod";
import { file, isMany, list, many } from "../../../pipeline/declare/artifact.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import { changesSince } from "../../../pipeline/plan/change.ts";
import { olderComponents } from "../../../pipeline/plan/components.ts";
import { keyOf } from "../../../pipeline/plan/key.ts";
import { componentsOf, threadsOf } from "../../../pipeline/plan/plan.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { InputKinds, OutputKinds } from "../../../pipeline/types.ts";
import { sources, withToy } from "./plan_toy.ts";

Deno.test("plan() of a new project runs what is ready and names what the rest waits for", async () => {
  await withToy(async (toy) => {
    const { nodes, targets, ...about } = await toy.plan();
    assert.deepEqual(about, { paper: "toy", preset: "small", provider: "cpu" });
    assert.deepEqual(Object.keys(targets!), ["verdicts", "report"]);
    assert.deepEqual(nodes.map(({ key }) => key !== null), [true, false, false, false, false]);
    assert.deepEqual(await toy.summary(), [
      "npm_package[icons] run: never run before",
      "prepare pending: never run before; waits for npm_package[icons]",
      "train[1] pending: never run before; waits for prepare",
      "train[2] pending: never run before; waits for prepare",
      "judge pending: never run before; waits for train[1], train[2]",
    ]);
  });
});

Deno.test("plan() finds everything cached after a run, with records and no changes", async () => {
  await withToy(async (toy) => {
    assert.deepEqual(await toy.settle(), [
      "npm_package[icons]",
      "prepare",
      "train[1]",
      "train[2]",
      "judge",
    ]);
    for (const { status, record, key, changes } of (await toy.plan()).nodes) {
      assert.deepEqual([status, record?.key, changes], ["cached", key, []]);
    }
  });
});

Deno.test("plan() names a changed parameter, and what waits below it", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    toy.config = { ...toy.config, lr: 0.2 };
    assert.deepEqual(await toy.summary(), [
      "train[1] run: params.lr: 0.1 → 0.2",
      "train[2] run: params.lr: 0.1 → 0.2",
      "judge pending: waits for train[1], train[2]",
    ]);
  });
});

Deno.test("plan() names a changed file of the code", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    toy.write("methods/add.ts", "// only a comment\n" + sources["methods/add.ts"]);
    assert.deepEqual(await toy.summary(), []);
    toy.write("methods/add.ts", sources["methods/add.ts"].replace("a + b", "b + a"));
    assert.deepEqual(await toy.summary(), [
      "train[1] run: methods/add.ts changed: add",
      "train[2] run: methods/add.ts changed: add",
      "judge pending: waits for train[1], train[2]",
    ]);
  });
});

Deno.test("plan() stops at an output with the same bytes", async () => {
  await withToy(async (toy) => {
    toy.outputOf = (stage, key) => stage === "prepare" ? "the same data" : key;
    await toy.settle();
    toy.config = { ...toy.config, items: 5 };
    assert.deepEqual(await toy.summary(), [
      "prepare run: params.items: 4 → 5",
      "train[1] pending: waits for prepare",
      "train[2] pending: waits for prepare",
      "judge pending: waits for train[1], train[2]",
    ]);
    assert.deepEqual(await toy.settle(), ["prepare"]);
  });
});

Deno.test("plan() names the producer of changed contents", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    const { nodes } = await toy.plan();
    const { key } = nodes.find(({ node }) => node.id === "prepare")!;
    const prepared = toy.store.records.get(key!)!;
    const data = { ...prepared.outputs.data, digest: sha256("other data") };
    toy.store.records.set(prepared.key, { ...prepared, outputs: { data } });
    assert.deepEqual(
      (await toy.summary())[0],
      "train[1] run: input data from prepare has other contents",
    );
  });
});

Deno.test("plan() finds an earlier result again when a change is undone", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    toy.config = { ...toy.config, lr: 0.2 };
    await toy.settle();
    toy.config = { ...toy.config, lr: 0.1 };
    assert.deepEqual(await toy.summary(), []);
  });
});

Deno.test("plan() runs only what a longer sweep adds", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    toy.config = { ...toy.config, seeds: [1, 2, 3] };
    assert.deepEqual(await toy.summary(), [
      "train[3] run: never run before",
      "judge pending: waits for train[3]",
    ]);
    await toy.settle();
    toy.config = { ...toy.config, seeds: [1, 2] };
    assert.deepEqual(await toy.summary(), []);
  });
});

Deno.test("plan() runs what has a record but has lost its objects", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    const { nodes } = await toy.plan();
    toy.store.lost.add(nodes[2].record!.outputs.score.digest);
    const [train] = (await toy.plan()).nodes.filter(({ status }) => status === "run");
    assert.equal(train.node.id, "train[1]");
    assert.deepEqual(train.changes, [
      { component: "missing", text: "output score is not in the store any more" },
    ]);
    toy.store.lost.clear();
    toy.store.records.delete(train.key!);
    assert.equal((await toy.summary())[0], "train[1] run: its record is not in the store any more");
  });
});

Deno.test("plan() names a changed environment", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    toy.request = { jobs: 3 };
    assert.deepEqual(await toy.summary(), [
      'train[1] run: environment.threads: "2" → "3"',
      'train[2] run: environment.threads: "2" → "3"',
      "judge pending: waits for train[1], train[2]",
    ]);
    toy.request = { provider: "wasm" };
    assert.match(
      (await toy.summary())[0],
      /train\[1\] run: .*environment\.provider: "cpu" → "wasm"/,
    );
  });
});

Deno.test("plan() with force runs every stage again, but no download", async () => {
  await withToy(async (toy) => {
    await toy.settle();
    toy.request = { force: true };
    assert.deepEqual(await toy.summary(), [
      "prepare run: run again as asked",
      "train[1] pending: run again as asked; waits for prepare",
      "train[2] pending: run again as asked; waits for prepare",
      "judge pending: run again as asked; waits for train[1], train[2]",
    ]);
  });
});

Deno.test("plan() keys downloads by their source alone", async () => {
  await withToy(async (toy) => {
    const key = async () => (await toy.plan()).nodes[0].key;
    const before = await key();
    toy.request = { provider: "wasm", jobs: 7 };
    assert.equal(await key(), before);
    const { node } = (await toy.plan()).nodes[0];
    const environment = { deno: "99" };
    assert.equal(keyOf(componentsOf(node, null, {}, environment)), before);
  });
});

Deno.test("plan() fails with the place of a mistake in an implementation", async () => {
  await withToy(async (toy) => {
    toy.write("train_run.ts", "export const run = async () => {");
    await assert.rejects(toy.plan(), { name: "Failed", message: /^train_run\.ts:1:33: / });
  });
});

Deno.test("threadsOf() is bounded by cores and jobs, and at least one", async () => {
  await withToy(async (toy) => {
    const nodes = (await toy.plan()).nodes.map(({ node }) => node);
    assert.deepEqual(nodes.map((node) => threadsOf(node, 3)), [1, 1, 3, 3, 1]);
    assert.deepEqual(nodes.map((node) => threadsOf(node, 0)), [1, 1, 1, 1, 1]);
  });
});

Deno.test("an extension is part of the key, because programs may go by it", () => {
  const nodeOf = (outputs: OutputKinds, inputs: InputKinds = {}) => {
    const made = stage({
      name: "split",
      describe: "",
      implementation: new URL("file:///split.ts"),
      inputs: {},
      params: z.object({}),
      outputs: { table: file("t", ".csv") },
    })({ inputs: {}, params: {} });
    const given = Object.fromEntries(
      Object.entries(inputs).map((
        [name, kind],
      ) => [name, isMany(kind) ? [made.table] : made.table]),
    );
    return stage({
      name: "draw",
      describe: "",
      implementation: new URL("file:///draw.ts"),
      inputs,
      params: z.object({}),
      outputs,
    })({ inputs: given as never, params: {} }).out.node;
  };
  const componentsFor = (outputs: OutputKinds, inputs: InputKinds = {}) =>
    componentsOf(nodeOf(outputs, inputs), null, {}, {});
  const keyFor = (outputs: OutputKinds, inputs: InputKinds = {}) =>
    keyOf(componentsFor(outputs, inputs));
  const lists = [".csv", ".tsv", ""].map((extension) =>
    keyFor({ out: list(file("t", extension)) })
  );
  assert.equal(new Set(lists).size, 3);
  const out = { out: file("picture", ".png") };
  assert.notEqual(keyFor(out), keyFor({ out: file("picture", ".svg") }));
  const inputs = [file("t", ".csv"), file("t", ".tsv"), many(file("t", ".csv"))];
  const keys = inputs.map((table) => keyFor(out, { table }));
  assert.equal(new Set(keys).size, 3);
  const [change] = changesSince(
    componentsFor(out, { table: inputs[0] }),
    componentsFor(out, { table: inputs[1] }),
  );
  assert.equal(change.text, "input table is read as file t .tsv, before as file t .csv");
  // Bundles of earlier versions are read with the components of their time.
  const older = olderComponents(
    nodeOf(out, { table: inputs[0] }),
    componentsFor(out, { table: inputs[0] }),
  );
  assert.deepEqual([older.outputs, "reads" in older], [{ out: "file picture" }, false]);
});
