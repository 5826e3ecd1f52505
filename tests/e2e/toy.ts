/** The files of a tiny paper, `toy`, for tests that drive the real command line. */

/** Path → content, relative to the project. Shared code is in stages/toy/scale.ts and offset.ts. */
export const toyFiles: Readonly<Record<string, string>> = {
  "stages/toy/config.yaml": `presets:
  small:
    count: 5
    seeds: [1, 2, 3]
    factor: 2
    wait: 0
    broken: []
  smoke:
    extends: small
    seeds: [1]
`,
  "stages/toy/pipeline.ts": `/** The toy paper. */
import { z } from "zod";
import { pipeline } from "../../pipeline/mod.ts";
import { judge, numbers, scale, total } from "./stages.ts";

export default pipeline({
  name: "toy",
  title: "Toy",
  citation: "Nobody 2026",
  summary: "Scales numbers and adds them up.",
  config: z.object({
    count: z.int().positive(),
    seeds: z.array(z.int()),
    factor: z.number(),
    wait: z.number().default(0),
    broken: z.array(z.int()).default([]),
  }),
  build({ config }) {
    const { values } = numbers({ inputs: {}, params: { count: config.count } });
    const scaled = config.seeds.map((seed) =>
      scale({
        id: String(seed),
        inputs: { values },
        params: {
          seed,
          factor: config.factor,
          wait: config.wait,
          broken: config.broken.includes(seed),
        },
      }).values
    );
    const { sum } = total({ inputs: { scaled }, params: {} });
    return judge({ inputs: { sum }, params: {} });
  },
});
`,
  "stages/toy/stages.ts": `/** The stages of the toy paper. */
import { z } from "zod";
import { json, many, stage } from "../../pipeline/mod.ts";
import type { ReportSection, Verdict } from "../../pipeline/mod.ts";

export const numbers = stage({
  name: "numbers",
  describe: "Counts",
  implementation: new URL("./numbers_run.ts", import.meta.url),
  inputs: {},
  params: z.object({ count: z.int() }),
  outputs: { values: json<number[]>() },
});

export const scale = stage({
  name: "scale",
  describe: "Scales the numbers",
  implementation: new URL("./scale_run.ts", import.meta.url),
  inputs: { values: json<number[]>() },
  params: z.object({ seed: z.int(), factor: z.number(), wait: z.number(), broken: z.boolean() }),
  outputs: { values: json<number[]>() },
});

export const total = stage({
  name: "total",
  describe: "Adds everything up",
  implementation: new URL("./total_run.ts", import.meta.url),
  inputs: { scaled: many(json<number[]>()) },
  params: z.object({}),
  outputs: { sum: json<number>() },
});

export const judge = stage({
  name: "judge",
  describe: "Judges",
  implementation: new URL("./judge_run.ts", import.meta.url),
  inputs: { sum: json<number>() },
  params: z.object({}),
  outputs: { verdicts: json<Verdict[]>(), report: json<ReportSection[]>() },
});
`,
  "stages/toy/offset.ts": `/** Only numbers_run.ts uses this. */
export function offset(i: number): number {
  return i + 1;
}
`,
  "stages/toy/times.ts": `/** Only scale_run.ts uses this. */
export function times(x: number, factor: number): number {
  // A comment.
  return x * factor;
}

export function unused(): string {
  return "nobody calls this";
}
`,
  "stages/toy/numbers_run.ts": `/** Counts. */
import type { Run } from "../../pipeline/types.ts";
import type { numbers } from "./stages.ts";
import { offset } from "./offset.ts";

export const run: Run<typeof numbers> = async ({ params, outputs }) => {
  await outputs.values.write(Array.from({ length: params.count }, (_, i) => offset(i)));
};
`,
  "stages/toy/scale_run.ts": `/** Scales. */
import type { Run } from "../../pipeline/types.ts";
import type { scale } from "./stages.ts";
import { times } from "./times.ts";

export const run: Run<typeof scale> = async ({ inputs, params, outputs, progress }) => {
  console.log("scaling by", params.factor);
  if (params.broken) throw new Error("this seed is broken");
  progress({ step: 1, steps: 2, loss: 0.5 });
  await new Promise((resolve) => setTimeout(resolve, params.wait * 1000));
  const values = await inputs.values.read();
  await outputs.values.write(values.map((x) => times(x, params.factor) + params.seed));
};
`,
  "stages/toy/total_run.ts": `/** Adds. */
import type { Run } from "../../pipeline/types.ts";
import type { total } from "./stages.ts";

export const run: Run<typeof total> = async ({ inputs, outputs }) => {
  const lists = await Promise.all(inputs.scaled.map((s) => s.read()));
  await outputs.sum.write(lists.flat().reduce((a, b) => a + b, 0));
};
`,
  "stages/toy/judge_run.ts": `/** Judges. */
import type { Run } from "../../pipeline/types.ts";
import type { judge } from "./stages.ts";

export const run: Run<typeof judge> = async ({ inputs, outputs }) => {
  const sum = await inputs.sum.read();
  await outputs.verdicts.write([{
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
    explanation: "It is " + sum + ".",
  }]);
  await outputs.report.write([{ id: "sum", title: "The sum", html: "<p>" + sum + "</p>" }]);
};
`,
};
