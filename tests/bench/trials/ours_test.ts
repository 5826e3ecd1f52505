/** Our own engine in all trials of `deno task bench trials`: nothing wrong or stale beside exit code 0. */

import assert from "node:assert/strict";
import { Copy } from "./copy.ts";
import { Rig } from "../../e2e/rig.ts";
import { ours, projectFiles } from "./ours.ts";
import type { Tool } from "./tool.ts";
import { type Grade, trials } from "./trials.ts";

/** What the engine promises in each. */
const PROMISED: Readonly<Record<string, Grade>> = {
  "1": "right",
  "2": "right",
  "3": "right",
  "4": "right",
  "5": "stops",
  "6a": "nothing",
  "6b": "nothing",
  "6c": "runs",
  "7": "runs",
  "8": "nothing",
  "9": "right",
  "10": "noticed",
  "11a": "refused",
  "11b": "refused",
  "12": "right",
};

let rig: Rig | undefined;

/** In one folder, made anew for each trial but for the engine, which Deno need not compile again. */
const reused: Tool = {
  ...ours,
  async create(shape) {
    rig ??= await Rig.create({});
    for (const [path, content] of Object.entries(projectFiles(shape))) {
      await rig.write(path, content);
    }
    return rig.dir;
  },
  remove: (dir) => Deno.remove(`${dir}/artifacts`, { recursive: true }),
};

const setup = {
  open: Copy.create.bind(Copy, { tool: reused, program: ours.program }),
  seconds: 1,
  long: 1,
  settle: 0,
};

Deno.test.afterAll(async () => await rig?.[Symbol.asyncDispose]());

for (const { id, title, linux, run } of trials) {
  Deno.test({
    name: `trial ${id}: ${title}`,
    ignore: linux === true && Deno.build.os !== "linux",
    async fn() {
      const { grade, note } = await run(setup);
      assert.equal(grade, PROMISED[id], note);
    },
  });
}
