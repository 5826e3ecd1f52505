/** Keys: every component that can change a result changes the key, and nothing else does. */

import assert from "node:assert/strict";
import { keyOf } from "../../../pipeline/plan/key.ts";
import { changesSince } from "../../../pipeline/plan/change.ts";
import type { KeyComponents } from "../../../pipeline/types.ts";

const base: KeyComponents = {
  code: {
    digest: "c0de",
    files: { "methods/a.ts": "f1", "stages/x/run.ts": "f2" },
    packages: { "zod@4.6.7": "sha512-z" },
  },
  params: { lr: 0.001, policy: { name: "bandit", arms: [1, 2] } },
  inputs: { data: ["d1"], seeds: ["s1", "s2"] },
  environment: { deno: "2.9.6", threads: "1" },
  outputs: { trace: "file application/json" },
};

const variants: Record<string, KeyComponents> = {
  code: { ...base, code: { ...base.code, digest: "c0de2" } },
  integrity: { ...base, code: { ...base.code, packages: { "zod@4.6.7": "sha512-y" } } },
  version: { ...base, code: { ...base.code, packages: { "zod@4.6.8": "sha512-z" } } },
  params: { ...base, params: { lr: 0.002, policy: { name: "bandit", arms: [1, 2] } } },
  "missing field": { ...base, params: { policy: { name: "bandit", arms: [1, 2] } } },
  "null field": { ...base, params: { lr: null, policy: { name: "bandit", arms: [1, 2] } } },
  "text for number": { ...base, params: { lr: "0.001", policy: { name: "bandit", arms: [1, 2] } } },
  "list order": { ...base, params: { lr: 0.001, policy: { name: "bandit", arms: [2, 1] } } },
  input: { ...base, inputs: { ...base.inputs, data: ["d2"] } },
  "input order": { ...base, inputs: { ...base.inputs, seeds: ["s2", "s1"] } },
  "input split": { ...base, inputs: { data: ["d1", "s1"], seeds: ["s2"] } },
  environment: { ...base, environment: { deno: "2.9.7", threads: "1" } },
  outputs: { ...base, outputs: { trace: "tree application/json" } },
};

Deno.test("keyOf() differs for every component that can change a result", () => {
  const keys = [base, ...Object.values(variants)].map(keyOf);
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("keyOf() ignores the order of members and where the code is kept", () => {
  const reordered: KeyComponents = {
    outputs: base.outputs,
    environment: { threads: "1", deno: "2.9.6" },
    inputs: { seeds: ["s1", "s2"], data: ["d1"] },
    params: { policy: { arms: [1, 2], name: "bandit" }, lr: 0.001 },
    code: { ...base.code, files: { "methods/moved.ts": "f1" } },
  };
  assert.equal(keyOf(reordered), keyOf(base));
});

Deno.test("keyOf() stays the same over releases", () => {
  // Computed apart from this code, by the description of canonical().
  assert.equal(keyOf(base), "31a892e0e5f2b20216740dcbb74ecb46af038650c09545b54b1ce429a20c4616");
});

Deno.test("changesSince() names each kind of difference", () => {
  const texts = (now: KeyComponents) => changesSince(base, now).map((change) => change.text);
  const files = { "methods/a.ts": "f3", "methods/new.ts": "f4" };
  assert.deepEqual(changesSince(base, base), []);
  assert.deepEqual(texts({ ...base, code: { ...base.code, digest: "x", files } }), [
    "methods/a.ts changed, methods/new.ts is reached now and stages/x/run.ts is not reached any more",
  ]);
  const many = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`methods/m${i + 10}.ts`, "f"]),
  );
  assert.deepEqual(texts({ ...base, code: { ...base.code, digest: "y", files: many } }), [
    "60 files are reached now: methods/m10.ts, methods/m11.ts, methods/m12.ts, methods/m13.ts …; " +
    "methods/a.ts is not reached any more; stages/x/run.ts is not reached any more",
  ]);
  assert.deepEqual(texts(variants.version), ["package zod@4.6.7 → 4.6.8"]);
  assert.deepEqual(texts(variants.integrity), [
    "package zod@4.6.7 has other contents in deno.lock",
  ]);
  assert.deepEqual(texts(variants.params), ["params.lr: 0.001 → 0.002"]);
  assert.deepEqual(texts(variants["missing field"]), ["params.lr: 0.001 → (missing)"]);
  assert.deepEqual(texts(variants["null field"]), ["params.lr: 0.001 → null"]);
  assert.deepEqual(texts(variants["text for number"]), ['params.lr: 0.001 → "0.001"']);
  assert.deepEqual(texts(variants["list order"]), [
    "params.policy.arms[0]: 1 → 2",
    "params.policy.arms[1]: 2 → 1",
  ]);
  assert.deepEqual(texts(variants.input), ["input data has other contents"]);
  assert.deepEqual(texts(variants["input split"]), [
    "input data: 1 → 2 artifacts",
    "input seeds: 2 → 1 artifacts",
  ]);
  assert.deepEqual(texts(variants.environment), ['environment.deno: "2.9.6" → "2.9.7"']);
  assert.deepEqual(changesSince(null, base), [{ component: "new", text: "never run before" }]);
});

Deno.test("changesSince() reports every difference that keyOf() sees", () => {
  for (const [name, variant] of Object.entries(variants)) {
    assert.notEqual(changesSince(base, variant).length, 0, name);
  }
});

Deno.test("changesSince() gives components in their order, the first being the reason", () => {
  const now = { ...variants.params, inputs: variants.input.inputs, code: variants.code.code };
  assert.deepEqual(changesSince(base, now).map((change) => change.component), [
    "code",
    "params",
    "inputs",
  ]);
});
