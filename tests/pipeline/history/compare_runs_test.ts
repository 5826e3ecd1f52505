/** The pure parts of comparing runs. */

import assert from "node:assert/strict";
import { metricDifferences, valueDifferences } from "../../../pipeline/history/compare_runs.ts";
import { keptMetrics, verdictMetrics } from "../../../pipeline/history/metrics.ts";
import { Store } from "../../../pipeline/store/store.ts";

Deno.test("parameters differ by their smallest parts", () => {
  const before = { lr: 0.1, list: [1, 2], deep: { a: null, b: "x" }, gone: true };
  const after = { lr: 0.2, list: [1, 3, 4], deep: { a: null, b: { c: 1 } } };
  assert.deepEqual(valueDifferences(before, after), [
    { name: "lr", before: 0.1, after: 0.2 },
    { name: "list[1]", before: 2, after: 3 },
    { name: "list[2]", before: undefined, after: 4 },
    { name: "deep.b", before: "x", after: { c: 1 } },
    { name: "gone", before: true, after: undefined },
  ]);
  assert.deepEqual(valueDifferences(before, structuredClone(before)), []);
});

Deno.test("metrics differ absolutely and relatively", () => {
  const { different, same } = metricDifferences(
    { up: 2, zero: 0, same: 1, open: null, gone: 1, negative: -4 },
    { up: 3, zero: 1, same: 1, open: 5, come: 1, negative: -5 },
  );
  assert.equal(same, 1);
  assert.deepEqual(different, [
    { name: "up", before: 2, after: 3, change: 1, relative: 0.5 },
    { name: "zero", before: 0, after: 1, change: 1 },
    { name: "open", before: null, after: 5 },
    { name: "gone", before: 1 },
    { name: "negative", before: -4, after: -5, change: -1, relative: -0.25 },
    { name: "come", after: 1 },
  ]);
});

Deno.test("metrics are the numbers of kept JSON; long lists and lost artifacts are not", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "metrics-" });
  const store = await Store.open(dir);
  const put = async (value: unknown) => ({
    digest: await store.putBytes(new TextEncoder().encode(JSON.stringify(value))),
    form: "file" as const,
    media: "application/json",
  });
  const targets = {
    verdicts: await put([1]),
    "keep.scores": await put({ acc: 0.5, "odd name": [1, { b: 2 }], text: "3", no: null }),
    "keep.alone": await put(7),
    "keep.curve": await put(Array.from({ length: 1000 }, (_, i) => i)),
    "keep.lost": { digest: "0".repeat(64), form: "file" as const, media: "application/json" },
    "keep.picture": { digest: "1".repeat(64), form: "file" as const, media: "image/png" },
  };
  assert.deepEqual(await keptMetrics(store, targets), {
    metrics: {
      "keep.scores.acc": 0.5,
      'keep.scores["odd name"][0]': 1,
      'keep.scores["odd name"][1].b': 2,
      "keep.alone": 7,
    },
    lost: ["keep.lost"],
  });
  Deno.removeSync(dir, { recursive: true });
  const verdict = { claim: "c", verdict: "reproduced", effect: 1, p: 0.5, n: 3 } as const;
  assert.deepEqual(verdictMetrics([{ ...verdict, interval: [null, 2] }]), {
    "c.effect": 1,
    "c.interval[0]": null,
    "c.interval[1]": 2,
    "c.p": 0.5,
    "c.n": 3,
  });
});
