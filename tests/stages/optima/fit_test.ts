/** Presets of OPTIMA: those that are there fit, and sizes that do not are refused with their field. */

import assert from "node:assert/strict";
import { loadConfig } from "../../../pipeline/declare/config.ts";
import optima from "../../../stages/optima/pipeline.ts";
import type { OptimaConfig } from "../../../stages/optima/schema.ts";

const file = new URL("../../../stages/optima/config.yaml", import.meta.url);
const load = (preset: string) => loadConfig({ file, schema: optima.config, preset });

Deno.test("every preset of OPTIMA fits", async () => {
  for (const preset of ["smoke", "small", "paper"]) await load(preset);
});

Deno.test("sizes that do not fit are refused at their field", async () => {
  const config = await load("smoke") as OptimaConfig;
  const problems = (change: (c: OptimaConfig) => void) => {
    const copy = structuredClone(config);
    change(copy);
    const { error } = optima.config.safeParse(copy);
    return error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ?? [];
  };
  type Open<T> = { -readonly [K in keyof T]: Open<T[K]> };
  const open = (c: OptimaConfig) => c as Open<OptimaConfig>;
  assert.deepEqual(problems(() => {}), []);
  assert.deepEqual(problems((c) => open(c).student.model.width = 18), [
    "student.model.width: expected a multiple of the number of heads, 4",
  ]);
  assert.match(problems((c) => open(c).student.pretrainSteps = 15)[0], /^student\.pretrainSteps: /);
  assert.match(problems((c) => open(c).teacher.steps = 25)[0], /^teacher\.steps: .*10/);
  assert.match(problems((c) => open(c).distill.steps = 18)[0], /^distill\.steps: .*pullSteps, 4/);
  assert.match(problems((c) => open(c).data.imageSize = 36)[0], /^data\.imageSize: .*patch, 8/);
  assert.match(
    problems((c) => open(c).student.model.imageLayers = 4)[0],
    /^teacher\.model\.imageLayers: .*student/,
  );
});
