/** Tests of pipeline/report/format.ts. */

import assert from "node:assert/strict";
import {
  byteSize,
  clip,
  counted,
  duration,
  interval,
  number,
  pValue,
  roughly,
  wrap,
} from "../../../pipeline/report/format.ts";

Deno.test("duration() carries over at its limits", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [0.0994, "99 ms"],
    [0.4, "0.4 s"],
    [59.94, "59.9 s"],
    [59.96, "1:00"],
    [75, "1:15"],
    [3599.6, "1:00:00"],
    [3700, "1:01:40"],
  ];
  for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
});

Deno.test("roughly() never says 60 min where hours are meant, nor 0 s", () => {
  assert.equal(roughly(0), "1 s");
  assert.equal(roughly(89), "89 s");
  assert.equal(roughly(240), "4 min");
  assert.equal(roughly(7800), "2 h 10 min");
});

Deno.test("number() keeps three digits and whole numbers whole", () => {
  const cases: [number | null, string][] = [
    [0, "0"],
    [-0.028134, "−0.0281"],
    [120, "120"],
    [317625, "317625"],
    [1234.5678, "1230"],
    [1e-7, "1.0e−7"],
    [Infinity, "∞"],
    [null, "–"],
  ];
  for (const [x, text] of cases) assert.equal(number(x), text);
});

Deno.test("pValue() and interval() cope with what JSON makes of infinities", () => {
  assert.equal(pValue(0.00293), "0.0029");
  assert.equal(pValue(0), "< 0.0001");
  assert.equal(pValue(null), "–");
  assert.equal(interval([null, 0.5]), "[−∞, 0.5]");
  assert.equal(interval([-1, null]), "[−1, ∞]");
});

Deno.test("byteSize(), clip() and wrap()", () => {
  assert.equal(byteSize(1023), "1023 B");
  assert.equal(byteSize(1536), "1.5 KiB");
  assert.equal(byteSize(5 << 20), "5.0 MiB");
  assert.equal(clip("four", 4), "four");
  assert.equal(clip("four", 3), "fo…");
  assert.deepEqual(wrap("a bb ccc dddd", 5), ["a bb", "ccc", "dddd"]);
});

Deno.test("counted() takes the plural away from the noun of a phrase", () => {
  assert.equal(counted(2, "logs of failed stages"), "2 logs of failed stages");
  assert.equal(counted(1, "logs of failed stages"), "1 log of failed stages");
  assert.equal(counted(1, "abandoned attempts"), "1 abandoned attempt");
  assert.equal(counted(0, "records"), "0 records");
});
