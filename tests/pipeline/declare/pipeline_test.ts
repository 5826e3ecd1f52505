/** Pipelines: whatever `build` does wrong is told as the author's mistake, with its place. */

import assert from "node:assert/strict";
import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { pipeline } from "../../../pipeline/declare/pipeline.ts";
import { stage } from "../../../pipeline/declare/stage.ts";

const make = stage({
  name: "make",
  describe: "",
  implementation: new URL("file:///make.ts"),
  inputs: {},
  params: z.object({}),
  outputs: { out: json<number>() },
});

/** What is said of a `build` like this. */
function failing(build: () => unknown): string {
  const paper = pipeline({
    name: "paper",
    title: "",
    citation: "",
    summary: "",
    config: z.object({}),
    build: build as never,
  });
  try {
    paper.build({ config: {}, preset: "small" });
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "Failed", error.stack);
    return error.message;
  }
  throw new Error("it was accepted");
}

Deno.test("build() that throws is told with its place, whatever is thrown", () => {
  const missing = () => (undefined as unknown as { a: number }).a;
  assert.match(failing(missing), /^tests\/.*pipeline_test\.ts:\d+:\d+: build throws TypeError: /);
  for (const thrown of ["boom", null, undefined, 7]) {
    const build = () => {
      throw thrown;
    };
    assert.match(failing(build), new RegExp(`^pipeline "paper": build throws ${thrown}\n`));
  }
});

Deno.test("build() that returns no artifacts is told what it returns", () => {
  const { out } = make({ inputs: {}, params: {} });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /returns no artifact/],
    [null, /returns no artifact/],
    [{}, /returns no artifact/],
    [5, /returns a number/],
    ["out", /returns a string/],
    [() => ({ keep: { out } }), /returns a function/],
    [Promise.resolve({ keep: { out } }), /returns a promise .*\nRemove async/],
    [Promise.reject(new Error("later")), /returns a promise/],
    [{ keep: { out: { node: {}, output: "x", kind: {} } } }, /something else as "keep\.out"/],
    [{ keep: { loss: out, Loss: out } }, /"loss" and "Loss" differ only in case/],
    [{ keep: { out: undefined } }, /no "keep\.out"/],
    [{ keep: [out] }, /"0" is not usable/],
    [{ verdicts: undefined }, /no "verdicts"/],
  ];
  for (const [returned, said] of cases) assert.match(failing(() => returned), said);
});
