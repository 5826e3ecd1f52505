/** Parameters and teacher states on disk: what is written is what is read. */

import assert from "node:assert/strict";
import { decodeParameters, encodeParameters } from "../../../methods/optima/checkpoint.ts";
import { decodeStates, encodeStates } from "../../../methods/optima/teacher_states.ts";
import { decode, encode } from "../../../methods/tensor/safetensors.ts";
import { randomStudent, teacherStates, tinySetting } from "./tiny.ts";

const setting = tinySetting({ image: [1], text: [1], multimodal: [1] });

Deno.test("parameters come back bit by bit, each array under its path", () => {
  const flat = randomStudent(setting, 5);
  const bytes = encodeParameters(setting.layout, flat);
  assert.deepEqual(decodeParameters(setting.layout, bytes), flat);
  const arrays = decode(bytes);
  assert.deepEqual(Object.keys(arrays).sort(), setting.layout.leaves.map((l) => l.path).sort());
  const unpacked = setting.layout.unpack<{ head: { w: { data: Float32Array } } }>(flat);
  assert.deepEqual(arrays["head.w"].data, unpacked.head.w.data);
  assert.deepEqual([...arrays["model.logitScale"].shape], []);
});

Deno.test("decodeParameters() names the array that is missing or has another shape", () => {
  const arrays = decode(encodeParameters(setting.layout, randomStudent(setting, 5)));
  const { "head.b": _, ...rest } = arrays;
  assert.throws(() => decodeParameters(setting.layout, encode(rest)), {
    name: "RangeError",
    message: /"head\.b" should be \[3\], it is missing/,
  });
  const other = { dtype: "float32", shape: [3, 8], data: new Float32Array(24) } as const;
  assert.throws(
    () => decodeParameters(setting.layout, encode({ ...arrays, "head.w": other })),
    /"head\.w" should be \[8, 3\], it is \[3, 8\]/,
  );
});

Deno.test("teacher states come back, variances in single precision", async () => {
  const states = await teacherStates(30);
  const back = decodeStates(encodeStates(states));
  assert.deepEqual(back.targets, states.targets);
  assert.deepEqual(back.image, states.image);
  assert.deepEqual(back.text, states.text);
  const single = (values: readonly number[]) => values.map(Math.fround);
  for (const module of ["image", "text", "multimodal"] as const) {
    assert.deepEqual([...back.variances[module]], single(states.variances[module]));
  }
  assert.deepEqual(encodeStates(back), encodeStates(states));
});
