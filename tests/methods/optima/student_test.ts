/** The student's parameters, their layout, and the conditions' settings. */

import assert from "node:assert/strict";
import { CONDITION, type ConditionName } from "../../../methods/optima/condition.ts";
import { segmentLengths, SEGMENTS } from "../../../methods/optima/distillation.ts";
import { MODULES } from "../../../methods/optima/modules.ts";
import { initStudent, studentLayout } from "../../../methods/optima/student.ts";
import type { NdArray, Tree } from "../../../methods/tensor/mod.ts";
import { SIZES, tinySetting } from "./tiny.ts";

const VARIANCES = { image: [1], text: [1], multimodal: [1] };

Deno.test("initStudent() depends on the seed alone, and its head on nothing of the model", () => {
  const pack = (seed: number) =>
    studentLayout(SIZES).pack(initStudent(seed, SIZES) as unknown as Tree<NdArray>).data;
  assert.deepEqual(pack(3), pack(3));
  assert.notDeepEqual(pack(3), pack(4));
  const deeper = { ...SIZES, student: { ...SIZES.student, imageLayers: 2 } };
  assert.deepEqual(initStudent(3, deeper).head, initStudent(3, SIZES).head);
  assert.deepEqual(initStudent(3, deeper).projections.text, initStudent(3, SIZES).projections.text);
});

Deno.test("segments cover the whole layout, in its order, without gaps", () => {
  const { layout } = tinySetting(VARIANCES);
  const lengths = segmentLengths(layout);
  assert.equal(lengths.reduce((a, b) => a + b), layout.size);
  assert.ok(lengths.every((length) => length > 0));
  let end = 0;
  SEGMENTS.forEach((segment, i) => {
    const inside = layout.leaves.filter(({ start }) => start >= end && start < end + lengths[i]);
    assert.ok(inside.length > 0, segment);
    for (const { path } of inside) {
      assert.ok(path === segment || path.startsWith(`${segment}.`), `${path} in ${segment}`);
    }
    end += lengths[i];
  });
});

Deno.test("segmentLengths() refuses a parameter that no segment holds", () => {
  const { layout } = tinySetting(VARIANCES);
  const stray = {
    ...layout,
    leaves: [...layout.leaves, { path: "extra.w", shape: [2], start: 0 }],
  };
  assert.throws(() => segmentLengths(stray), /Parameter extra\.w is in no segment/);
});

Deno.test("conditions are those that reports list; what is frozen starts solved and does not matter", () => {
  assert.deepEqual(Object.keys(CONDITION), ["wasted", "skew", "even"]);
  for (const { frozen, matter, textSolved } of Object.values(CONDITION)) {
    assert.ok(matter.length > 0);
    for (const module of frozen) assert.ok(!matter.includes(module));
    assert.equal(textSolved, frozen.includes("text"));
    for (const module of [...frozen, ...matter]) assert.ok(MODULES.includes(module));
  }
});

Deno.test("settingOf() takes task and frozen modules from the condition", () => {
  const of = (condition: ConditionName) => {
    const { task, frozen } = tinySetting(VARIANCES, {}, condition);
    return [task, ...frozen];
  };
  assert.deepEqual(of("even"), ["coca"]);
  assert.deepEqual(of("wasted"), ["coca", "text"]);
  assert.deepEqual(of("skew"), ["image_group"]);
});
