/** A bundle that was changed, with every checksum made right again, fails the check that it should. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { limitedHost } from "../../../pipeline/archive/limited_host.ts";
import { openBundle } from "../../../pipeline/archive/open_bundle.ts";
import type { PlanFile } from "../../../pipeline/archive/plan_file.ts";
import { rerunBundle } from "../../../pipeline/archive/rerun.ts";
import { signStatement } from "../../../pipeline/archive/signature.ts";
import { passed, verifyBundle } from "../../../pipeline/archive/verify.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { keyOf } from "../../../pipeline/plan/key.ts";
import { Rig } from "../../e2e/rig.ts";
import {
  type Contents,
  copyOf,
  dressUp,
  put,
  putBlob,
  read,
  recordOf,
  replaceOutput,
  toyBundle,
  write,
} from "./forged.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const limits = { memory: 1e9, cpuSeconds: 60, fileBytes: 1e9 };
const running = { network: false, timeoutSeconds: 60, signal: new AbortController().signal };

/** Verifies contents as a bundle. @returns the names of checks that failed or stayed open, and all problems. */
async function verdictOn(
  rig: Rig,
  contents: Contents,
  signed = false,
): Promise<{ failed: string[]; text: string }> {
  const file = `${rig.dir}/forged.tar`;
  await write(contents, file);
  using bundle = await openBundle(file, { host: limitedHost(limits) });
  const checks = await verifyBundle(bundle, {
    ...running,
    recompute: true,
    publicKey: signed ? publicKey : undefined,
  });
  const bad = checks.filter(({ status }) => status === "failed");
  assert.equal(passed(checks), bad.length === 0);
  return {
    failed: bad.map(({ name }) => name),
    text: bad.flatMap(({ problems }) => problems).join("\n"),
  };
}

const verdict = (sum: number) => [{
  claim: "sum-is-positive",
  statement: "The sum is positive.",
  source: "nowhere",
  verdict: sum > 0 ? "reproduced" : "not reproduced",
  test: "none",
  statistic: sum,
  p: 0.01,
  effect: sum,
  interval: [0, 2 * sum],
  n: 1,
  paper: null,
  control: false,
  explanation: `It is ${sum}.`,
}];
const section = (sum: number) => [{ id: "sum", title: "The sum", html: `<p>${sum}</p>` }];

/** Another sum, with everything after it made again as the stages would make it: no check can know. */
async function rewriteHistory(contents: Contents): Promise<void> {
  const digest = replaceOutput(contents, "total", "sum", 999);
  const judge = recordOf(contents, "judge");
  const components = { ...judge.components, inputs: { sum: [digest] } };
  const key = keyOf(components);
  contents.payload.delete(`records/${judge.key}.json`);
  put(contents, `records/${key}.json`, { ...judge, key, components });
  const plan = read<PlanFile>(contents, "plan.json");
  put(contents, "plan.json", {
    ...plan,
    nodes: plan.nodes.map((node) => node.id === "judge" ? { ...node, key } : node),
  });
  replaceOutput(contents, "judge", "verdicts", verdict(999));
  replaceOutput(contents, "judge", "report", section(999));
  await dressUp(contents);
}

const forgeries: Readonly<
  Record<string, {
    /** The checks that fail. */
    readonly failed: readonly string[];
    readonly says: RegExp;
    change(contents: Contents): void | Promise<void>;
  }>
> = {
  "a verdict with object, record, page and metadata to match": {
    failed: ["verdicts"],
    says: /judge: verdicts is \w+, the bundle says/,
    change(contents) {
      replaceOutput(contents, "judge", "verdicts", verdict(-1));
      return dressUp(contents);
    },
  },
  "a metric with its record, but not what was made from it": {
    failed: ["keys"],
    says: /judge: the record is not of this node/,
    change(contents) {
      replaceOutput(contents, "total", "sum", 999);
      return dressUp(contents);
    },
  },
  "a parameter in the plan": {
    failed: ["keys"],
    says: /numbers: the record is not of this node: params.count/,
    async change(contents) {
      const plan = read<PlanFile>(contents, "plan.json");
      const nodes = plan.nodes.map((n) => n.id === "numbers" ? { ...n, params: { count: 6 } } : n);
      put(contents, "plan.json", { ...plan, nodes });
      await dressUp(contents);
    },
  },
  "a parameter in plan and record": {
    failed: ["keys"],
    says: /numbers: the key \w+ is not that of the record's components/,
    async change(contents) {
      const plan = read<PlanFile>(contents, "plan.json");
      const params = { count: 6 };
      const nodes = plan.nodes.map((n) => n.id === "numbers" ? { ...n, params } : n);
      put(contents, "plan.json", { ...plan, nodes });
      const record = recordOf(contents, "numbers");
      const components = { ...record.components, params };
      put(contents, `records/${record.key}.json`, { ...record, components });
      await dressUp(contents);
    },
  },
  "another program": {
    failed: ["keys", "objects", "nothing else"],
    says: /scale\[1\]: the record is not of this node: the program changed/,
    async change(contents) {
      const digest = putBlob(contents, "not a program");
      const plan = read<PlanFile>(contents, "plan.json");
      const nodes = plan.nodes.map((node) =>
        node.stage === "scale" && node.work.type === "module"
          ? { ...node, work: { ...node.work, program: { ...node.work.program, digest } } }
          : node
      );
      put(contents, "plan.json", { ...plan, nodes });
      await dressUp(contents);
    },
  },
  "a record left out": {
    failed: ["records", "keys", "ro-crate", "nothing else"],
    says: /total: its record \w+ is missing/,
    change(contents) {
      contents.payload.delete(`records/${recordOf(contents, "total").key}.json`);
    },
  },
  "an object left out": {
    failed: ["objects", "ro-crate"],
    says: /blobs\/sha256\/\w+ is missing/,
    async change(contents) {
      const { digest } = recordOf(contents, "numbers").outputs.values;
      contents.payload.delete(`blobs/sha256/${digest}`);
      await dressUp(contents);
    },
  },
  "an object that nothing names": {
    failed: ["nothing else"],
    says: /is named by nothing/,
    change(contents) {
      putBlob(contents, "smuggled");
      return dressUp(contents);
    },
  },
  "the page": {
    failed: ["report.html"],
    says: /it says something else than the records/,
    change: (contents) => dressUp(contents, (page) => page.replace("120", "121")),
  },
  "the statement": {
    failed: ["statement"],
    says: /it says something else than the contents: predicate/,
    change(contents) {
      const text = new TextDecoder().decode(contents.tags.get("provenance.intoto.json")!);
      contents.tags.set(
        "provenance.intoto.json",
        new TextEncoder().encode(text.replace('"preset": "small"', '"preset": "paper"')),
      );
    },
  },
  "the metadata": {
    failed: ["statement", "ro-crate"],
    says: /is described with another digest or size/,
    change(contents) {
      const text = new TextDecoder().decode(contents.payload.get("ro-crate-metadata.json")!);
      const changed = text.replace(/"sha256": "[0-9a-f]/, '"sha256": "g');
      contents.payload.set("ro-crate-metadata.json", new TextEncoder().encode(changed));
    },
  },
};

Deno.test("bundles changed in one place, checksums made right", async (t) => {
  await using rig = await Rig.create();
  const original = await toyBundle(rig);
  await t.step("unchanged: nothing fails", async () => {
    assert.deepEqual(await verdictOn(rig, original), { failed: [], text: "" });
  });
  for (const [name, { failed, says, change }] of Object.entries(forgeries)) {
    await t.step(name, async () => {
      const contents = copyOf(original);
      await change(contents);
      const found = await verdictOn(rig, contents);
      assert.deepEqual(found.failed, failed, found.text);
      assert.match(found.text, says);
    });
  }
  await t.step(
    "a history rewritten from the middle: only a rerun or a signature tells",
    async () => {
      const contents = copyOf(original);
      const statement = contents.tags.get("provenance.intoto.json")!;
      const envelope = new TextEncoder().encode(signStatement(statement, privateKey));
      contents.tags.set("provenance.dsse.json", envelope);
      assert.deepEqual(await verdictOn(rig, contents, true), { failed: [], text: "" });

      await rewriteHistory(contents);
      assert.deepEqual((await verdictOn(rig, contents)).failed, []);
      const signed = await verdictOn(rig, contents, true);
      assert.deepEqual(signed.failed, ["signature"]);
      assert.match(signed.text, /another statement/);
      using bundle = await openBundle(`${rig.dir}/forged.tar`);
      const rerun = await rerunBundle(bundle, {
        ...running,
        provider: null,
        trust: false,
        limits,
        jobs: 2,
        tolerance: 0.1,
        onOutcome() {},
      });
      assert.equal(rerun.ok, false);
      const differing = rerun.nodes.filter(({ status }) => status === "differs").map(({ id }) =>
        id
      );
      assert.deepEqual(differing, ["total", "judge"]);
      assert.match(rerun.verdicts[0], /sum-is-positive: effect 999, now 120/);
    },
  );
  await t.step("an unsigned bundle fails where a key is asked for", async () => {
    const found = await verdictOn(rig, original, true);
    assert.deepEqual(found, { failed: ["signature"], text: "the bundle is not signed" });
  });
  for (const [name, path, change, says] of refusals) {
    await t.step(`refused: ${name}`, async () => {
      const contents = copyOf(original);
      contents.payload.set(path, change(contents));
      await write(contents, `${rig.dir}/forged.tar`);
      await assert.rejects(openBundle(`${rig.dir}/forged.tar`), (error) => {
        assert.ok(error instanceof Failed);
        assert.match(error.message, says);
        return true;
      });
    });
  }
});

const bytes = (text: string) => new TextEncoder().encode(text);
const plan = (change: (plan: Record<string, unknown>) => unknown) => (contents: Contents) =>
  bytes(JSON.stringify(change(read(contents, "plan.json"))));

/** Name, file, its new content, and what is said. */
const refusals: readonly [string, string, (contents: Contents) => Uint8Array, RegExp][] = [
  [
    "a later version",
    "plan.json",
    plan((p) => ({ ...p, version: 2, novel: true })),
    /plan\.json: it has schema version 2, this program reads up to 1\nUse a later version/,
  ],
  ["no JSON", "plan.json", () => bytes("{"), /plan\.json: it is not JSON/],
  ["an unknown field", "plan.json", plan((p) => ({ ...p, novel: 1 })), /novel/],
  [
    "a node that reads from a later one",
    "plan.json",
    plan((p) => ({ ...p, nodes: (p.nodes as unknown[]).toReversed() })),
    /input sum is not an output of that kind of a node before it/,
  ],
  [
    "an output that would leave its folder",
    "plan.json",
    (contents) =>
      bytes(JSON.stringify(read(contents, "plan.json")).replaceAll('"verdicts":{', '"../up":{')),
    /plan\.json: .*plain name|plan\.json/,
  ],
  [
    "a key of prototypes",
    "plan.json",
    (contents) =>
      bytes(
        JSON.stringify(read(contents, "plan.json")).replace(
          '"inputs":{}',
          '"inputs":{"__proto__":{}}',
        ),
      ),
    /plan\.json/,
  ],
  [
    "a file of no known kind",
    "novel.bin",
    () => bytes("x"),
    /novel\.bin: a bundle has no such file/,
  ],
  [
    "an object under another name",
    `blobs/sha256/${"a".repeat(64)}`,
    () => bytes("x"),
    /its name is not the SHA-256 of its content/,
  ],
  [
    "a record of another key",
    `records/${"a".repeat(64)}.json`,
    (contents) => bytes(JSON.stringify(recordOf(contents, "total"))),
    /it is the record of another key/,
  ],
  ["a malformed record", `records/${"b".repeat(64)}.json`, () => bytes("[]"), /expected object/],
];
