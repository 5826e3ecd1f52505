/** Numbers for readers. */

import assert from "node:assert/strict";
import { formatChange, formatNumber, formatP } from "../../../methods/stats/format.ts";

Deno.test("formatNumber keeps significant digits and real minus signs", () => {
  assert.equal(formatNumber(0.05714), "0.0571");
  assert.equal(formatNumber(-1.2), "−1.20");
  assert.equal(formatNumber(0.99996), "1.00");
  assert.equal(formatNumber(1234.5), "1235");
  assert.equal(formatNumber(0), "0");
  assert.equal(formatNumber(1.26e11), "1.26 × 10¹¹");
  assert.equal(formatNumber(-3.1e-7, 2), "−3.1 × 10⁻⁷");
});

Deno.test("formatChange shows signs, and none for zero", () => {
  assert.equal(formatChange(0.0123), "+1.2 %");
  assert.equal(formatChange(-0.0471), "−4.7 %");
  assert.equal(formatChange(-0.3), "−30.0 %");
  assert.equal(formatChange(-0.000001), "0.00 %");
});

Deno.test("formatP never shows 0", () => {
  assert.equal(formatP(0), "< 0.001");
  assert.equal(formatP(0.03125), "0.031");
  assert.equal(formatP(0.5), "0.50");
});
