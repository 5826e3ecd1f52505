/** Scores all students and the teacher on held-out concepts. */

import { decodeParameters } from "../../methods/optima/checkpoint.ts";
import { collect, type Finished } from "../../methods/optima/collect.ts";
import { CONDITION, type ConditionName } from "../../methods/optima/condition.ts";
import { type Dataset, readDataset } from "../../methods/optima/dataset.ts";
import { compileModuleLosses, type StudentParams } from "../../methods/optima/distillation.ts";
import { evaluator } from "../../methods/optima/evaluate.ts";
import { MODULES } from "../../methods/optima/modules.ts";
import type { Sample } from "../../methods/optima/metrics.ts";
import { settingOf } from "../../methods/optima/student.ts";
import { decodeStates, gatherBatch } from "../../methods/optima/teacher_states.ts";
import { cocaLayout } from "../../methods/optima/train_teacher.ts";
import type { CocaParams } from "../../methods/nn/mod.ts";
import { load } from "../../methods/tensor/mod.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { Run } from "../../pipeline/types.ts";
import type { evaluate } from "./evaluate.ts";
import { cocaConfig } from "./model.ts";

export const run: Run<typeof evaluate> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const device = { provider, threads };
  const dataset = await readDataset((name) => inputs.data.bytes(name));
  const states = decodeStates(await inputs.states.bytes());
  const student = cocaConfig(params.student, dataset.meta);
  const teacher = cocaConfig(params.teacher, dataset.meta);

  // Only the layout and the layer losses are used of the setting; they are the same in all conditions.
  const setting = settingOf({
    sizes: { student, teacher, groups: dataset.meta.groups.length },
    condition: "even",
    objective: NO_OBJECTIVE,
    weightDecay: 0,
    clip: 1,
    variances: states.variances,
  });
  const test = dataset.splits.test;
  const losses = await load(compileModuleLosses(setting, test.length), device);
  const batch = gatherBatch(dataset, states, test, [test.length]);
  const scorer = await evaluator(
    { config: student, layout: setting.layout, model: (tree: StudentParams) => tree.model },
    dataset,
    device,
  );
  const finished: Finished[] = [];
  const samplers = new Map<string, Awaited<ReturnType<typeof decodeParameters>>>();
  for (let i = 0; i < inputs.students.length; i++) {
    const trace = await inputs.traces[i].read();
    const flat = decodeParameters(setting.layout, await inputs.students[i].bytes());
    finished.push({
      trace,
      losses: Array.from((await losses.run(flat, batch)).data, Number),
      scores: await scorer.score(flat),
    });
    if (trace.seed === params.seeds[0] && trace.condition === params.conditions[0]) {
      samplers.set(trace.policy, flat);
    }
    progress({ step: i + 1, steps: inputs.students.length });
  }

  const layout = cocaLayout(teacher);
  const teacherScorer = await evaluator(
    { config: teacher, layout, model: (tree: CocaParams) => tree },
    dataset,
    device,
  );
  const teacherFlat = decodeParameters(layout, await inputs.teacher.bytes());
  const items = sampleItems(dataset, params.sampleImages);
  const captions: Record<string, string[]> = {};
  for (const [policy, flat] of samplers) captions[policy] = await scorer.caption(flat, items);
  const teacherCaptions = items.length > 0 ? await teacherScorer.caption(teacherFlat, items) : [];
  const samples = Array.from(items, (item, i): Sample => ({
    image: pixelsOf(dataset, item),
    reference: dataset.items[item].captions[0],
    teacher: teacherCaptions[i],
    students: Object.fromEntries(Object.entries(captions).map(([policy, c]) => [policy, c[i]])),
  }));
  const teacherMetrics = await teacherScorer.score(teacherFlat);
  await Promise.all([losses, scorer, teacherScorer].map((x) => x.dispose()));
  await outputs.metrics.write({
    seeds: [...params.seeds].sort((a, b) => a - b),
    conditions: params.conditions,
    policies: params.policies,
    arms: [...MODULES],
    modulesThatMatter: Object.fromEntries(
      params.conditions.map((name) => [name, CONDITION[name as ConditionName].matter]),
    ),
    ...collect(finished),
    samples,
    teacher: { curve: await inputs.teacherCurve.read(), metrics: teacherMetrics },
  });
};

const NO_OBJECTIVE = {
  taskWeight: 0,
  contrastiveWeight: 0,
  captioningWeight: 0,
  kdWeight: 0,
  kdTemperature: 1,
  kdTeacherScale: 1,
  layerWeight: 0,
  updates: "module" as const,
};

/** A fixed draw of test items of the first vendor. */
function sampleItems(dataset: Dataset, count: number): Int32Array {
  const items = dataset.splits.test.filter((item) => dataset.vendor[item] === 0);
  const order = stream(0, "samples").permutation(items.length);
  return Int32Array.from(order.slice(0, count), (i) => items[i]);
}

function pixelsOf(dataset: Dataset, item: number): { size: number; rgb: number[] } {
  const size = dataset.meta.imageSize, plane = size * size, start = item * 3 * plane;
  const rgb: number[] = [];
  for (let k = 0; k < plane; k++) {
    for (let c = 0; c < 3; c++) rgb.push(dataset.pixels[start + c * plane + k]);
  }
  return { size, rgb };
}
