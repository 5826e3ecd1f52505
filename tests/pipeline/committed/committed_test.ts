/** The lock file's text, how results are checked against it, and how it is brought up to date. */

import assert from "node:assert/strict";
import { checkLock } from "../../../pipeline/committed/check.ts";
import { lockText, parseLock } from "../../../pipeline/committed/file.ts";
import type { Came } from "../../../pipeline/committed/outcome.ts";
import { updated } from "../../../pipeline/committed/update.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { came, digest, entry, lock, verdict } from "./committed_rig.ts";

const parse = (text: string) => parseLock(text, "x.lock.yaml");

Deno.test("the file reads back, whatever the order it was made in", () => {
  const text = lockText({ small: lock, paper: lock });
  assert.deepEqual(parse(text), { small: lock, paper: lock });
  const reversed = <T>(o: Record<string, T>) =>
    Object.fromEntries(Object.entries(o).reverse()) as Record<string, T>;
  const other = { ...entry, bytes: reversed(entry.bytes), verdicts: reversed(entry.verdicts) };
  const turned = { ...lock, providers: { "cpu-avx512": other } };
  assert.equal(lockText({ paper: turned, small: lock }), text);
  assert.match(text, /\n {12}interval: \[null, 1\.25\]\n/);
  assert.match(text, /\n {12}n: 8\n/);
  assert.ok(text.indexOf("costs:") < text.indexOf("wins:"));
  assert.match(text, /value: 1e-7\n/);
});

Deno.test("names that YAML takes for something else survive", () => {
  const names = ["yes", "n", "1", "a: b", "#c", "ü x", "-", "'q'", '"', "null", "keep.a[0]"];
  const verdicts = Object.fromEntries(names.map((name) => [name, verdict("reproduced")]));
  const odd = { ...lock, providers: { any: { ...entry, verdicts } } };
  assert.deepEqual(parse(lockText({ "small-1": odd })), { "small-1": odd });
});

Deno.test("a file that is not one says where", () => {
  const text = lockText({ small: lock });
  const refused = (from: string, to: string, where: RegExp, message: RegExp) => {
    assert.ok(text.includes(from));
    assert.throws(() => parse(text.replace(from, to)), (error: unknown) => {
      assert.ok(error instanceof Failed);
      assert.match(error.failure.where!, where);
      assert.match(error.failure.message, message);
      return true;
    });
  };
  refused("version: 1", "version: 2", /^x\.lock\.yaml:3:1$/, /^version: expected 1, received 2/);
  refused("tolerance: 0.05", "tolerance: -1", /:6:5$/, /^presets\.small\.tolerance: /);
  refused(digest("a"), "abc", /:\d\d:11$/, /bytes\.train: expected a SHA-256/);
  refused("seconds:", "second:", /:12:9$/, /second: unknown field/);
  refused("version: 1", "<<<<<<< HEAD\nversion: 1", /:\d+:\d+$/, /not valid YAML/);
});

const check = (change: Partial<Came>) => checkLock(lock, { ...came, ...change })!;
const differences = (change: Partial<Came>) =>
  check(change).differences.map(({ what, name, within }) => [what, name, within ?? false]);

Deno.test("a result that is the same is as expected", () => {
  const { ok, differences, counts, reference, environment } = check({});
  assert.deepEqual([ok, differences, reference, environment], [true, [], "cpu-avx512", []]);
  assert.deepEqual(counts, { verdicts: 2, numbers: 12, stages: 4 });
  assert.equal(checkLock(undefined, came), null);
  assert.equal(checkLock({ ...lock, providers: {} }, came), null);
});

Deno.test("verdicts, numbers and bytes that differ are told apart", () => {
  const verdicts = {
    wins: verdict("inconclusive"),
    costs: { ...verdict("inconclusive"), effect: 0.51, p: 0.2, n: 9 },
  };
  assert.deepEqual(differences({ verdicts }), [
    ["verdict", "wins", false],
    ["number", "costs.effect", true],
    ["number", "costs.p", false],
    ["number", "costs.n", false],
  ]);
  const others = { wins: came.verdicts.wins, more: verdict("reproduced") };
  assert.deepEqual(differences({ verdicts: others }), [
    ["missing", "costs", false],
    ["unexpected", "more", false],
  ]);
  const metrics = { "keep.scores.acc": 0.8, "keep.scores[0].b": 1.4e-7, "keep.scores.more": 1 };
  assert.deepEqual(differences({ metrics }), [
    ["number", "keep.scores.acc", false],
    ["number", "keep.scores[0].b", true],
  ]);
  assert.deepEqual(differences({ metrics: {} }).map(([what]) => what), ["missing", "missing"]);
  const stages = { ...came.stages, train: digest("0"), more: digest("1") };
  assert.deepEqual(differences({ stages }), [
    ["bytes", "train", false],
    ["unexpected", "stage more", false],
  ]);
  const { judge: _, ...fewer } = came.stages;
  assert.deepEqual(differences({ stages: fewer }), [["missing", "stage judge", false]]);
});

Deno.test("numbers within their tolerance are no failure", () => {
  assert.equal(check({ metrics: { ...came.metrics, "keep.scores.acc": 0.9449 } }).ok, true);
  assert.equal(check({ metrics: { ...came.metrics, "keep.scores.acc": 0.9451 } }).ok, false);
  const open = { ...came.verdicts.wins, interval: [0, 1.25] as [number, number] };
  assert.equal(check({ verdicts: { ...came.verdicts, wins: open } }).ok, false);
});

Deno.test("bytes that depend on the machine count only on a machine like it; others everywhere", () => {
  const stages = { ...came.stages, train: digest("0") };
  const threads = { environment: { ...came.environment, threads: "1 and 4" } };
  assert.equal(check({ stages, ...threads }).ok, true);
  assert.deepEqual(check({ stages, ...threads }).environment, [
    { name: "threads", expected: "1 and 2", actual: "1 and 4" },
  ]);
  assert.equal(check({ stages, environment: { ...came.environment, deno: "3" } }).ok, false);
  const other = { class: "cpu-avx2", environment: { ...came.environment, instructions: "avx2" } };
  assert.deepEqual([check({ stages, ...other }).ok, check(other).reference], [true, "cpu-avx512"]);
  const load = { ...came.stages, load: digest("0") };
  assert.deepEqual(differences({ stages: load, ...other }), [["bytes", "load", false]]);
});

Deno.test("the nearest entry is one of the same provider", () => {
  const providers = { cuda: entry, "cpu-avx2": entry, wasm: entry };
  const reference = (name: string) =>
    checkLock({ ...lock, providers }, { ...came, class: name })!.reference;
  assert.deepEqual(["cpu-sve", "cuda", "webgpu"].map(reference), ["cpu-avx2", "cuda", "cpu-avx2"]);
});

Deno.test("an update changes what differs and keeps tolerances, other presets and other machines", () => {
  const other = { ...lock, tolerance: 0.2, providers: { ...lock.providers, wasm: entry } };
  const presets = { small: other, paper: lock };
  const later = { ...came, date: "2027-01-01T00:00:00Z", seconds: 99 };
  assert.deepEqual(updated(presets, "small", later), presets);
  const metrics = { "keep.scores.acc": 0.7, "keep.scores[0].b": 2e-7 };
  const { small, paper } = updated(presets, "small", { ...later, metrics });
  assert.equal(paper, presets.paper);
  assert.equal(small.tolerance, 0.2);
  assert.equal(small.providers.wasm, entry);
  assert.deepEqual(small.providers["cpu-avx512"], {
    ...entry,
    date: later.date,
    seconds: 99,
    metrics: { "keep.scores.acc": 0.7, "keep.scores[0].b": { value: 2e-7, tolerance: 0.5 } },
  });
  const fresh = updated({}, "small", came).small;
  assert.deepEqual([fresh.everywhere, fresh.providers["cpu-avx512"].bytes], [
    lock.everywhere,
    entry.bytes,
  ]);
});
