/** A made-up run for tests of the report. */

import type { PipelineMeta, ReportedNode, ReportedRun } from "../../../pipeline/report/model.ts";
import type { Verdict } from "../../../pipeline/types.ts";

const digest = (c: string) => c.repeat(64);

export function node(id: string, more: Partial<ReportedNode> = {}): ReportedNode {
  return {
    id,
    stage: id.replace(/\[.*/, ""),
    describe: `Does ${id.replace(/\[.*/, "")}`,
    status: "ran",
    reason: "first run",
    seconds: 1.5,
    key: digest("a"),
    outputs: { out: digest("b") },
    inputs: [],
    data: null,
    ...more,
  };
}

export function verdict(more: Partial<Verdict> = {}): Verdict {
  return {
    claim: "adaptive-beats-random",
    statement: "Adaptive choice leaves a lower error than random choice when one module is solved.",
    source: "abstract [abs]; table not read",
    verdict: "reproduced",
    test: "exact sign-flip permutation, one-sided, Holm over 3",
    statistic: 0.0281,
    p: 0.00293,
    effect: -0.0281,
    interval: [-0.0352, -0.0214],
    n: 10,
    paper: "better than random choice (certain)",
    control: false,
    explanation: "All 10 pairs have the sign that the claim says.",
    ...more,
  };
}

const seeds = Array.from({ length: 300 }, (_, i) => i);

export const exampleRun: ReportedRun = {
  paper: "toy",
  preset: "small",
  provider: "cpu",
  seconds: 83.2,
  nodes: [
    node("images", {
      status: "cached",
      data: {
        package: "emoji-datasource-google",
        version: "16.0.0",
        license: "MIT AND OFL-1.1",
        digest: digest("c"),
      },
    }),
    node("prepare_data", { status: "cached", inputs: ["images"] }),
    node("train_teacher", { seconds: 41.2, inputs: ["prepare_data"] }),
    node("infer_teacher", { inputs: ["prepare_data", "train_teacher"] }),
    ...seeds.map((s) =>
      node(`distill[seed-${s}]`, {
        status: s < 30 ? "cached" : "ran",
        inputs: ["prepare_data", "infer_teacher"],
      })
    ),
    node("evaluate", { inputs: seeds.map((s) => `distill[seed-${s}]`) }),
    node("verdict", { inputs: ["evaluate"], seconds: 0.02 }),
    node("report", { inputs: ["evaluate", "verdict"] }),
  ],
  verdicts: [
    verdict(),
    verdict({
      claim: "adaptive-beats-all",
      verdict: "not reproduced",
      p: 1,
      effect: 0.12,
      paper: null,
    }),
    verdict({ claim: "even", verdict: "inconclusive", control: true, p: 0.41 }),
  ],
  sections: [{
    id: "curves",
    title: "Loss while distilling",
    html: `<figure><svg viewBox="0 0 400 120" width="400" role="img" aria-label="curves">${
      seeds.slice(0, 10).map((i) =>
        `<path d="M0 ${10 + i * 10} Q 200 ${i * 14} 400 ${
          20 + i * 9
        }" fill="none" stroke-width="2" stroke="var(--series-${i + 1})"/>`
      ).join("")
    }</svg><figcaption>Ten curves.</figcaption></figure>`,
  }],
};

export const exampleMeta: PipelineMeta = {
  title: "Choosing modules while distilling",
  citation: "A. Author, B. Author; A Conference 2023; arXiv 0000.00000",
  summary: "Does a bandit that chooses modules by their recent loss decrement beat fixed choices?",
  deno: "2.9.6",
  system: "linux x86_64",
  packages: { "onnxruntime-node@1.30.0": "sha512-" + "A".repeat(86) + "==" },
  command: "deno task reproduce toy --preset small",
  date: "2026-11-23T16:00:00.000Z",
  commit: "0123456789abcdef0123456789abcdef01234567",
};
