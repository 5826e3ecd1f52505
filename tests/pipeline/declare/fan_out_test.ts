/** Data-dependent fan-out: stages applied to the items of a list that another stage makes. */

import assert from "node:assert/strict";
import { z } from "zod";
import { each, Failed, file, json, list, many, stage, tree } from "../../../pipeline/mod.ts";
import type { Run } from "../../../pipeline/mod.ts";
import type { RunEvent } from "../../../pipeline/types.ts";
import { FanOutRig, type FanOutRun, lengthsOf, planned, SLOWER, TWO } from "./fan_out_rig.ts";
import { outcomeOf, statuses } from "../run/run_rig.ts";

async function failureOf(work: Promise<unknown>): Promise<Failed["failure"]> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Failed, String(error));
    return error.failure;
  }
  throw new Error("no failure");
}

Deno.test("a list becomes nodes while the run goes on, and at planning when it is known", async () => {
  using rig = new FanOutRig();
  const before = await rig.plan({ texts: TWO });
  assert.deepEqual(planned(before), {
    split: "run",
    "each[split.texts]": "pending",
    add: "pending",
  });
  const [, fan, add] = before.nodes;
  assert.equal(
    fan.changes[0].text,
    "one node for each item of split.texts, known when split has run",
  );
  assert.equal(add.changes.at(-1)!.text, "waits for each[split.texts]");

  const events: RunEvent[] = [];
  const first = await rig.run({ texts: TWO, onEvent: (event) => events.push(event) });
  assert.deepEqual(Object.entries(statuses(first)), [
    ["split", "ran"],
    ["count[a]", "ran"],
    ["count[b]", "ran"],
    ["add", "ran"],
  ]);
  assert.deepEqual(first.plan.nodes.map(({ node }) => node.id), Object.keys(statuses(first)));
  assert.deepEqual(lengthsOf(first), [3, 5]);
  assert.equal(outcomeOf(first, "count[a]").reason, "never run before");
  const expanded = events.filter((e) => e.type === "expanded");
  assert.deepEqual(expanded.map(({ nodes }) => nodes.map(({ node }) => node.id)), [
    ["count[a]", "count[b]"],
  ]);

  const known = await rig.plan({ texts: TWO });
  assert.deepEqual(planned(known), {
    split: "cached",
    "count[a]": "cached",
    "count[b]": "cached",
    add: "cached",
  });
  const second = await rig.run({ texts: TWO });
  assert.ok(second.outcomes.every(({ status }) => status === "cached"));
  assert.deepEqual(
    known.nodes.map(({ key }) => key),
    first.outcomes.map(({ key }) => key),
    "keys are the same, whenever the list became known",
  );
});

Deno.test("items come in the order of their names, as the reader of a list sees them", async () => {
  using rig = new FanOutRig();
  // With the extension, the order is another one: "-" comes before ".", and "." before letters.
  const texts = { "a": "1", "a-b": "22", "a.b": "333", "ab": "4444", "a+": "55555" };
  const inOrder = Object.keys(texts).sort().map((name) => texts[name as keyof typeof texts].length);
  for (const _ of ["while the list becomes known", "when it is known"]) {
    assert.deepEqual(lengthsOf(await rig.run({ texts })), inOrder);
  }
});

/** What becomes of each node when the list goes from one state to another. */
async function change(from: FanOutRun["texts"], to: FanOutRun["texts"]) {
  using rig = new FanOutRig();
  await rig.run({ texts: from });
  return statuses(await rig.run({ texts: to }));
}

Deno.test("only what is new in a list runs, and what reads it all", async () => {
  assert.deepEqual(await change(TWO, { ...TWO, c: "seven" + "!!" }), {
    split: "ran",
    "count[a]": "cached",
    "count[b]": "cached",
    "count[c]": "ran",
    add: "ran",
  }, "grown");
  assert.deepEqual(await change(TWO, { a: "one", b: "other" }), {
    split: "ran",
    "count[a]": "cached",
    "count[b]": "ran",
    add: "cached",
  }, "an item changed, with the same result");
  assert.deepEqual(await change(TWO, { a: "one" }), {
    split: "ran",
    "count[a]": "cached",
    add: "ran",
  }, "shrunk");
  assert.deepEqual(await change(TWO, { first: "one", second: "three" }), {
    split: "ran",
    "count[first]": "cached",
    "count[second]": "cached",
    add: "cached",
  }, "renamed");
  assert.deepEqual(await change(TWO, {}), { split: "ran", add: "ran" }, "emptied");
});

Deno.test("an empty list gives no nodes, and its reader an empty list", async () => {
  using rig = new FanOutRig();
  const result = await rig.run({ texts: {} });
  assert.deepEqual(statuses(result), { split: "ran", add: "ran" });
  assert.deepEqual(lengthsOf(result), []);
});

Deno.test("fan-outs and artifacts can be mixed in one input, and each is known in its time", async () => {
  using rig = new FanOutRig();
  const result = await rig.run({ texts: TWO, shape: "mixed" });
  assert.deepEqual(lengthsOf(result), [3, 5, 6]);
  assert.equal(outcomeOf(result, "count[extra-x]").status, "ran");
});

Deno.test("a failing item fails alone; the rest is kept", async () => {
  using rig = new FanOutRig();
  const result = await rig.run({ texts: { a: "one", b: "bad", c: "three" } });
  assert.deepEqual(statuses(result), {
    split: "ran",
    "count[a]": "ran",
    "count[b]": "failed",
    "count[c]": "ran",
    add: "skipped",
  });
  assert.match(outcomeOf(result, "add").reason, /needs count\[b\], which failed/);
  const mended = await rig.run({ texts: { a: "one", b: "good", c: "three" } });
  assert.equal(outcomeOf(mended, "count[c]").status, "cached");
  assert.deepEqual(lengthsOf(mended), [3, 4, 5]);
});

Deno.test("a list whose stage failed leaves its fan-out skipped", async () => {
  using rig = new FanOutRig({ split: `export const run = () => { throw new Error("no"); };` });
  assert.deepEqual(statuses(await rig.run({ texts: TWO })), {
    split: "failed",
    "each[split.texts]": "skipped",
    add: "skipped",
  });
});

Deno.test("a run that is stopped between items goes on where it was", async () => {
  using rig = new FanOutRig();
  const controller = new AbortController();
  const texts = { a: "one", b: "slow!", c: "three" };
  const stopped = await rig.run({
    texts,
    wait: 60000,
    jobs: 1,
    signal: controller.signal,
    onEvent: (e) => e.type === "log" && e.line === "slow" && controller.abort(),
  });
  assert.deepEqual(statuses(stopped), {
    split: "ran",
    "count[a]": "ran",
    "count[b]": "failed",
    "count[c]": "skipped",
    add: "skipped",
  });
  rig.write({
    count: `export const run = async ({ inputs, outputs }) => {
    await outputs.length.write((await inputs.text.read()).length);
  };`,
  });
  const again = await rig.run({ texts, wait: 60000 });
  assert.equal(outcomeOf(again, "split").status, "cached");
  assert.deepEqual(lengthsOf(again), [3, 5, 5]);
});

Deno.test("an item may be split again", async () => {
  using rig = new FanOutRig();
  const texts = { a: "xy", b: "yz" };
  const before = planned(await rig.plan({ texts, shape: "nested" }));
  assert.equal(before["each[split.texts]"], "pending");
  const result = await rig.run({ texts, shape: "nested" });
  assert.deepEqual(Object.keys(statuses(result)), [
    "split",
    "letters[a]",
    "count[a/letter-x]",
    "count[a/letter-y]",
    "add[a]",
    "letters[b]",
    "count[b/letter-y]",
    "count[b/letter-z]",
    "add[b]",
    "add",
  ]);
  // Two letters are y, and both items have two letters.
  assert.equal(Object.values(statuses(result)).filter((s) => s === "ran").length, 8);
  assert.deepEqual(lengthsOf(result), [2, 2]);
  const plan = await rig.plan({ texts, shape: "nested" });
  assert.deepEqual(plan.nodes.map(({ node }) => node.id), Object.keys(statuses(result)));
  assert.ok(plan.nodes.every(({ status }) => status === "cached"));
  // One of the inner lists is known, the other is not.
  const half = planned(await rig.plan({ texts: { a: "xy", b: "new" }, shape: "nested" }));
  assert.equal(half["each[split.texts]"], "pending");
  const third = await rig.run({ texts: { a: "xy", b: "new" }, shape: "nested" });
  assert.equal(outcomeOf(third, "count[b/letter-n]").status, "ran");
  assert.equal(outcomeOf(third, "add[a]").status, "cached");
  assert.deepEqual(lengthsOf(third), [2, 3]);
});

Deno.test("mistakes in the callback are told with the item and the place in the pipeline", async () => {
  const cases = [
    ["throwing", /^item "b" of split\.texts: RangeError: b is not wanted$/],
    ["misfit", /^item "a" of split\.texts: stage count, node count\[a\]: params\.wait: .*number/],
    ["nothing", /^item "a" of split\.texts: the callback of each\(\) returned no artifact$/],
    ["nameless", /^two nodes are called "count"$/],
  ] as const;
  for (const [shape, message] of cases) {
    using rig = new FanOutRig();
    const result = await rig.run({ texts: TWO, shape });
    const { failure } = outcomeOf(result, "each[split.texts]");
    assert.match(failure!.message, message);
    if (shape !== "nameless") {
      assert.match(failure!.where!, /tests\/pipeline\/declare\/fan_out_rig\.ts:\d+:\d+$/);
    }
    assert.equal(outcomeOf(result, "add").status, "skipped");
    // The list is known now, so that planning meets the mistake.
    assert.match((await failureOf(rig.plan({ texts: TWO, shape }))).message, message);
  }
});

Deno.test("names of items are safe and unique, whoever writes them", async () => {
  const cases = [
    [`await outputs.texts.add("../x", "")`, /"\.\.\/x" cannot be the name of an item/],
    [`await outputs.texts.add("a b", "")`, /"a b" cannot be the name of an item/],
    [`await outputs.texts.add("a", ""); await outputs.texts.add("a", "")`, /an item "a" already/],
    [`await outputs.texts.add("a", ""); await outputs.texts.add("A", "")`, /differ only in case/],
    [
      `Deno.writeTextFileSync(outputs.texts.path + "/notes.txt", "")`,
      /"texts\/notes\.txt" is no item/,
    ],
    [`Deno.mkdirSync(outputs.texts.path + "/b.json")`, /"texts\/b\.json" is no item/],
  ] as const;
  for (const [work, message] of cases) {
    using rig = new FanOutRig({
      split: `export const run = async ({ outputs }) => { ${work}; };`,
    });
    const { failure } = outcomeOf(await rig.run({ texts: TWO }), "split");
    assert.match(failure!.message, message, work);
  }
});

Deno.test("a damaged item is made again by the stage that makes the list", async () => {
  using rig = new FanOutRig();
  const first = await rig.run({ texts: TWO });
  const objects = `${rig.root}/store/objects/sha256`;
  for (const folder of Deno.readDirSync(objects)) {
    for (const object of Deno.readDirSync(`${objects}/${folder.name}`)) {
      const path = `${objects}/${folder.name}/${object.name}`;
      if (Deno.readTextFileSync(path) !== '"three"\n') continue;
      Deno.chmodSync(path, 0o644);
      Deno.writeTextFileSync(path, '"threX"\n');
    }
  }
  rig.write({ count: SLOWER });
  const second = await rig.run({ texts: TWO });
  assert.equal(outcomeOf(second, "split").reason, "a stored output was damaged");
  assert.equal(outcomeOf(second, "split").status, "ran");
  assert.deepEqual(lengthsOf(second), lengthsOf(first));
});

Deno.test("artifacts of a fan-out have the types that its callback returns", () => {
  // Checked by `deno check`, not run: each wrong connection must be a compile error.
  const _ = () => {
    const at = new URL("file:///x.ts");
    const split = stage({
      name: "split",
      describe: "",
      implementation: at,
      inputs: {},
      params: z.object({}),
      outputs: { words: list(json<string>()), pictures: list(file("png", ".png")), one: json<1>() },
    });
    const measure = stage({
      name: "measure",
      describe: "",
      implementation: at,
      inputs: { word: json<string>() },
      params: z.object({}),
      outputs: { length: json<number>() },
    });
    const total = stage({
      name: "total",
      describe: "",
      implementation: at,
      inputs: { lengths: many(json<number>()), words: many(json<string>()) },
      params: z.object({}),
      outputs: { sum: json<number>() },
    });
    const { words, pictures, one } = split({ inputs: {}, params: {} });
    const lengths = each(words, (word, id) => measure({ id, inputs: { word }, params: {} }).length);
    const same = each(words, (word) => word);
    total({ inputs: { lengths, words: same }, params: {} });
    total({ inputs: { lengths: [lengths, lengths], words: [] }, params: {} });
    // @ts-expect-error: lengths are no words
    total({ inputs: { lengths, words: lengths }, params: {} });
    // @ts-expect-error: a fan-out is not one artifact
    measure({ inputs: { word: same }, params: {} });
    // @ts-expect-error: a list is not what its items are
    measure({ inputs: { word: words }, params: {} });
    // @ts-expect-error: a picture is no word
    each(pictures, (word, id) => measure({ id, inputs: { word }, params: {} }).length);
    // @ts-expect-error: one artifact is no list
    each(one, (item) => item);
    // @ts-expect-error: the callback returns one artifact, not all outputs of a stage
    each(words, (word, id) => measure({ id, inputs: { word }, params: {} }));
    const run: Run<typeof split> = async ({ outputs }) => {
      await outputs.words.add("a", "text");
      await outputs.pictures.add("b", new Uint8Array());
      await outputs.pictures.item("c").write(new Uint8Array());
      // @ts-expect-error: a number is no word
      await outputs.words.add("a", 1);
    };
    return run;
  };
  assert.throws(() => list(tree("x") as never), /The items of a list are files; tree "x" is none/);
});

Deno.test("500 items: one scan, one expansion, nothing more the second time", async () => {
  using rig = new FanOutRig();
  const texts = Object.fromEntries(
    Array.from({ length: 500 }, (_, i) => [`i${i}`, `text ${i % 7}`]),
  );
  const events: RunEvent[] = [];
  const first = await rig.run({ texts, onEvent: (event) => events.push(event) });
  assert.equal(first.outcomes.length, 502);
  assert.ok(first.ok);
  assert.equal(events.filter((e) => e.type === "expanded").length, 1);
  assert.equal(first.outcomes.filter(({ status }) => status === "ran").length, 9, "7 texts differ");
  const plan = await rig.plan({ texts });
  assert.deepEqual(plan.nodes.map(({ key }) => key), first.outcomes.map(({ key }) => key));
  assert.ok(plan.nodes.every(({ status }) => status === "cached"));
  const { i499: _, ...fewer } = texts;
  const second = await rig.run({ texts: { ...fewer, more: "something else" } });
  assert.deepEqual(
    second.outcomes.filter(({ status }) => status === "ran").map(({ id }) => id),
    ["split", "count[more]", "add"],
  );
});
