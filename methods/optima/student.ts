/** The student's parameters and the setting that all its programs share. */

import { type CocaConfig, initCoca } from "../nn/mod.ts";
import { type Layout, layoutOf } from "../optim/mod.ts";
import type { NdArray, Spec, Tree } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { CONDITION, type ConditionName } from "./condition.ts";
import type { Objective, Setting, StudentParams } from "./distillation.ts";
import { initProjections, type Targets } from "./layerwise.ts";

/** Sizes that the student's parameters follow from. */
export interface StudentSizes {
  readonly student: CocaConfig;
  readonly teacher: CocaConfig;
  /** Emoji groups: classes of the "image_group" head. */
  readonly groups: number;
}

/** Initial parameters, each array from its own named stream of the seed. */
export function initStudent(seed: number, sizes: StudentSizes): StudentParams<NdArray> {
  const { student, teacher, groups } = sizes;
  const w = stream(seed, "student", "head").normal([student.embed, groups], { std: 0.02 });
  return {
    head: { w, b: { dtype: "float32", shape: [groups], data: new Float32Array(groups) } },
    model: initCoca(stream(seed, "student", "model"), student),
    projections: initProjections(
      student,
      teacher,
      (module, layer) => stream(seed, "student", "projection", module, layer),
    ),
  };
}

/** Where the parameters lie in one vector. */
export function studentLayout(sizes: StudentSizes): Layout {
  return layoutOf(initStudent(0, sizes) as unknown as Tree<Spec>);
}

/** The setting of a condition. */
export function settingOf(a: {
  readonly sizes: StudentSizes;
  readonly condition: ConditionName;
  readonly objective: Objective;
  readonly weightDecay: number;
  readonly clip: number;
  readonly variances: Targets<number>;
}): Setting {
  const { task, frozen } = CONDITION[a.condition];
  return {
    student: a.sizes.student,
    teacher: a.sizes.teacher,
    task,
    frozen,
    objective: a.objective,
    weightDecay: a.weightDecay,
    clip: a.clip,
    variances: a.variances,
    layout: studentLayout(a.sizes),
  };
}
