/** Bundles whose bytes are all right and whose meaning is hostile: refused by a check or a line, never by a crash. */

import assert from "node:assert/strict";
import { limitedHost } from "../../../pipeline/archive/limited_host.ts";
import { openBundle } from "../../../pipeline/archive/open_bundle.ts";
import type { PlanFile } from "../../../pipeline/archive/plan_file.ts";
import { rerunBundle } from "../../../pipeline/archive/rerun.ts";
import { verifyBundle } from "../../../pipeline/archive/verify.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { Rig } from "../../e2e/rig.ts";
import {
  type Contents,
  copyOf,
  put,
  read,
  recordOf,
  replaceOutput,
  toyBundle,
  write,
} from "./forged.ts";

const limits = { memory: 1e9, cpuSeconds: 30, fileBytes: 4e8 };
const running = { network: false, timeoutSeconds: 30, signal: new AbortController().signal };

/** Opens, verifies and perhaps reruns. @returns everything that is said against the bundle. */
async function saidOf(rig: Rig, contents: Contents, rerun: boolean): Promise<string> {
  const file = `${rig.dir}/hostile.tar`;
  await write(contents, file);
  const said: string[] = [];
  const attempt = async (deed: () => Promise<void>) => {
    try {
      await deed();
    } catch (error) {
      assert.ok(error instanceof Failed, `a defect: ${(error as Error).stack}`);
      said.push(error.message);
    }
  };
  await attempt(async () => {
    using bundle = await openBundle(file, { host: limitedHost(limits) });
    await attempt(async () => {
      const checks = await verifyBundle(bundle, { ...running, recompute: true });
      for (const { name, status, problems } of checks) {
        if (status === "failed") said.push(...problems.map((problem) => `${name}: ${problem}`));
      }
    });
    if (!rerun) return;
    await attempt(async () => {
      const again = await rerunBundle(bundle, {
        ...running,
        provider: null,
        trust: false,
        limits,
        jobs: 2,
        tolerance: 0,
        onOutcome() {},
      });
      for (const { id, status, text } of again.nodes) {
        if (status !== "same") said.push(`rerun: ${id}: ${status}: ${text}`);
      }
      said.push(...again.verdicts);
    });
  });
  return said.join("\n");
}

const encode = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

function edit(path: string, change: (text: string) => string) {
  return (contents: Contents) => {
    contents.payload.set(
      path,
      encode(change(new TextDecoder().decode(contents.payload.get(path)!))),
    );
  };
}

function editPlan(change: (plan: PlanFile) => void) {
  return (contents: Contents) => {
    const plan = read<PlanFile>(contents, "plan.json");
    change(plan);
    put(contents, "plan.json", plan);
  };
}

/** Another program for the node `total`, with plan and record to match, as far as they can. */
function program(code: string) {
  return (contents: Contents) => {
    const plan = read<PlanFile>(contents, "plan.json");
    const node = plan.nodes.find(({ id }) => id === "total")!;
    assert.ok(node.work.type === "module");
    const bytes = encode(code);
    const digest = sha256(bytes);
    contents.payload.delete(`blobs/sha256/${node.work.program.digest}`);
    contents.payload.set(`blobs/sha256/${digest}`, bytes);
    const record = recordOf(contents, "total");
    put(contents, `records/${record.key}.json`, {
      ...record,
      components: {
        ...record.components,
        code: { ...record.components.code, digest },
      },
    });
    node.work.program.digest = digest;
    node.work.program.bytes = bytes.length;
    put(contents, "plan.json", plan);
  };
}

function editRecord(id: string, change: (record: Record<string, unknown>) => unknown) {
  return (contents: Contents) => {
    const record = recordOf(contents, id);
    put(
      contents,
      `records/${record.key}.json`,
      change(record as unknown as Record<string, unknown>),
    );
  };
}

/** What is hostile, and what must be said. */
const CASES: Record<string, [(contents: Contents) => unknown, RegExp]> = {
  "a plan 100,000 deep": [edit("plan.json", () => nested(100_000)), /plan\.json.*deep/],
  "parameters 3,000 deep": [
    edit("plan.json", (text) => text.replace(/"params": \{/, `"params": {"x":${nested(3000)},`)),
    /plan\.json.*deep/,
  ],
  "a record 3,000 deep": [
    (c) => {
      const { key } = recordOf(c, "total");
      edit(
        `records/${key}.json`,
        (text) => text.replace('"params":{', `"params":{"x":${nested(3000)},`),
      )(c);
    },
    /records\/.*deep/,
  ],
  "verdicts 3,000 deep": [
    (c) => {
      const digest = replaceOutput(c, "judge", "verdicts", 0);
      const bytes = encode(nested(3000));
      c.payload.delete(`blobs/sha256/${digest}`);
      c.payload.set(`blobs/sha256/${sha256(bytes)}`, bytes);
      const record = recordOf(c, "judge");
      const outputs = {
        ...record.outputs,
        verdicts: { ...record.outputs.verdicts, digest: sha256(bytes), bytes: bytes.length },
      };
      put(c, `records/${record.key}.json`, { ...record, outputs });
    },
    /nested more than 64 deep/,
  ],
  "the key constructor": [
    edit("plan.json", (t) => t.replace("{", '{"constructor":{},')),
    /constructor/,
  ],
  "a key twice": [edit("plan.json", (t) => t.replace("{", '{"version":1,')), /twice/],
  "a number beyond all": [
    edit("plan.json", (t) => t.replace(/"cores": \d+/, '"cores": 1e999')),
    /1e999/,
  ],
  "many cores": [
    editPlan((plan) => void (plan.nodes[0].cores = 2 ** 52)),
    /^statement: it says something else/,
  ],
  "a node that reads from itself": [
    editPlan((plan) => {
      const node = plan.nodes.find(({ inputs }) => Object.keys(inputs).length > 0)!;
      for (const input of Object.values(node.inputs)) {
        for (const from of input.from) from.node = node.id;
      }
    }),
    /not an output of that kind of a node before it/,
  ],
  "two nodes of one name": [
    editPlan((plan) => void plan.nodes.push(plan.nodes[0])),
    /two nodes are called/,
  ],
  "a record of another node": [
    editRecord("total", (r) => ({ ...r, node: "judge" })),
    /^statement: it says something else/,
  ],
  "a record whose key does not match": [
    editRecord(
      "total",
      (r) => ({ ...r, components: { ...r.components as object, params: { x: 1 } } }),
    ),
    /keys: total: the key .* is not that of the record's components/,
  ],
  "a record with a size that lies": [
    editRecord("total", (r) => {
      const outputs = r.outputs as Record<string, { bytes: number }>;
      return { ...r, outputs: { sum: { ...outputs.sum, bytes: 1 } } };
    }),
    /has 4 bytes, not 1$/m,
  ],
  "a program that reads a file by importing it": [
    program('import text from "file:///etc/passwd" with { type: "text" }; console.log(text);'),
    /imports file:\/\/\/etc\/passwd/,
  ],
  "a program that imports a file later": [
    program('console.log(await import("file:///etc/passwd", { with: { type: "json" } }));'),
    /imports file:\/\/\/etc\/passwd/,
  ],
  "a program that imports beside itself": [
    program('import job from "./job.json" with { type: "json" }; console.log(job);'),
    /imports .*job\.json/,
  ],
  "a program that imports from the network": [
    program('import "https://example.org/x.js";'),
    /imports https:\/\/example\.org\/x\.js/,
  ],
  "a program that loads native code": [program('Deno.dlopen("libc.so.6", {});'), /native library/],
  // Some ports, such as 9, are blocked for whoever asks.
  "a program that connects": [
    program('await fetch("http://127.0.0.1:7777/");'),
    /connect to 127\.0\.0\.1:7777/,
  ],
  "a program that starts another": [
    program('new Deno.Command("id").outputSync();'),
    /start the program id/,
  ],
  "a program that is none": [program("{{{"), /rerun: total: failed/],
};

Deno.test("hostile bundles", async (t) => {
  await using rig = await Rig.create();
  const original = await toyBundle(rig);
  await t.step("the right one is taken", async () => {
    assert.equal(await saidOf(rig, original, true), "");
  });
  for (const [name, [change, message]] of Object.entries(CASES)) {
    await t.step(name, async () => {
      const contents = copyOf(original);
      change(contents);
      const said = await saidOf(rig, contents, /program|verdicts|cores/.test(name));
      assert.match(said, message);
    });
  }
});
