/** Which sizes of a preset do not fit together, found before anything runs. */

import type { z } from "zod";
import type { OptimaConfig } from "./schema.ts";

/** Steps of one run of a training program of the teacher or of the student's preparation. */
const CHUNK = 10;

/** Adds an issue, at the field to change, for each pair of sizes that does not fit. */
export function checkFit(config: OptimaConfig, context: z.core.$RefinementCtx): void {
  const divides = (path: readonly string[], divisor: number, what: string) => {
    const value = path.reduce<unknown>((o, name) => (o as Record<string, unknown>)[name], config);
    if (Number(value) % divisor === 0) return;
    const message = `expected a multiple of ${what}, ${divisor}`;
    context.addIssue({ code: "custom", message, path: [...path] });
  };
  const { student, distill } = config;
  for (const name of ["student", "teacher"] as const) {
    const { heads, patch } = config[name].model;
    divides([name, "model", "width"], heads, "the number of heads");
    divides(["data", "imageSize"], patch, `${name}.model.patch`);
  }
  for (const layers of ["imageLayers", "textLayers", "multimodalLayers"] as const) {
    const depth = student.model[layers];
    divides(["teacher", "model", layers], depth, `the student's ${layers}`);
  }
  divides(["teacher", "steps"], CHUNK, "the steps of one program");
  divides(["student", "pretrainSteps"], CHUNK, "the steps of one program");
  divides(["student", "presolveSteps"], CHUNK, "the steps of one program");
  divides(["distill", "steps"], distill.bandit.pullSteps, "distill.bandit.pullSteps");
}
