// Philox against the vectors of Random123, streams against their port to numpy, and their statistics.

import assert from "node:assert/strict";
import { normalQuantile, philox4x32, stream } from "../../../methods/tensor/random.ts";

const hex = (words: Uint32Array) =>
  [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");

Deno.test("philox4x32() gives the known answers of Random123", () => {
  const ones = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff];
  const digits = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  assert.equal(hex(philox4x32([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assert.equal(hex(philox4x32(ones, ones)), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  assert.equal(
    hex(philox4x32(digits, [0xa4093822, 0x299f31d0])),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

Deno.test("stream() gives the numbers of tests/reference/philox.py", () => {
  const s = stream(7, "tests", "é", 3);
  const words = Array.from({ length: 5 }, () => s.nextWord());
  assert.deepEqual(words, [3934756576, 141479834, 1879028399, 4157253058, 91445760]);
  const f32 = (values: number[]) => Float32Array.from(values);
  assert.deepEqual(
    s.normal([3]).data,
    f32([0.3457234799861908, 0.14643876254558563, -0.9786195158958435]),
  );
  assert.deepEqual(
    s.truncatedNormal([3]).data,
    f32([-0.08316713571548462, -0.7812719941139221, 0.9705561399459839]),
  );
  assert.deepEqual(s.uniform([2]).data, f32([0.9979344010353088, 0.7072319984436035]));
  assert.deepEqual([...s.integers(-3, 4, [6]).data], [1, -3, 3, 1, 0, -1]);
  assert.deepEqual([...s.bernoulli(0.3, [8]).data], [0, 1, 1, 1, 1, 1, 0, 0]);
  const kept = [...s.dropoutMask(0.5, [7]).data].map((x) => Number(x) / 2);
  assert.deepEqual(kept, [1, 0, 1, 0, 1, 1, 1]);
  assert.deepEqual([...s.categorical([0.5, 0, 2, 1], [8]).data], [0, 2, 3, 3, 3, 0, 2, 2]);
  assert.deepEqual([...s.choice(9, 4)], [0, 1, 5, 2]);
  assert.deepEqual([...s.choice(3, 6, { replace: true })], [0, 2, 0, 2, 2, 0]);
  const f64 = (values: number[]) => Float64Array.from(values);
  const uniform = s.uniform([2], { dtype: "float64" }).data;
  assert.deepEqual(uniform, f64([0.14071988212502318, 0.9953878164292645]));
  const normal = [...s.normal([2], { dtype: "float64" }).data].map(Number);
  [0.34780865565431784, -0.15127149496074443].forEach((z, i) =>
    assert.ok(Math.abs(normal[i] - z) <= 1e-15, `${normal[i]} is not ${z}`)
  );
});

Deno.test("streams are named: a child, its full name and a fresh start agree; others differ", () => {
  const draw = (s: ReturnType<typeof stream>) => [...s.uniform([6]).data];
  const parent = stream(1, "a");
  parent.uniform([3]);
  assert.deepEqual(draw(parent.child("b", 2)), draw(stream(1, "a", "b", 2)));
  assert.notDeepEqual(draw(stream(1, "a", "b", 2)), draw(stream(1, "a", "b", "2")));
  assert.notDeepEqual(draw(stream(1, "ab")), draw(stream(1, "a", "b")));
  assert.notDeepEqual(draw(stream(1)), draw(stream(2)));
});

Deno.test("a stream's draws continue where the last one stopped", () => {
  const whole = stream(3), parts = stream(3);
  const expected = [...whole.uniform([11]).data];
  assert.deepEqual([...parts.uniform([5]).data, ...parts.uniform([2, 3]).data], expected);
});

Deno.test("normalQuantile() is the inverse of the normal distribution function", () => {
  // Values of scipy.special.ndtri.
  const known: [number, number][] = [
    [1e-300, -37.0470962993612],
    [1e-12, -7.034483825301132],
    [0.01, -2.3263478740408408],
    [0.5, 0],
    [0.975, 1.959963984540054],
  ];
  for (const [p, z] of known) {
    assert.ok(Math.abs(normalQuantile(p) - z) <= 1e-14 * Math.max(1, Math.abs(z)), `${p}`);
  }
  assert.equal(normalQuantile(0), -Infinity);
});

function moments(data: ArrayLike<number>): { mean: number; variance: number } {
  let sum = 0, squares = 0;
  for (let i = 0; i < data.length; i++) {
    sum += data[i];
    squares += data[i] ** 2;
  }
  const mean = sum / data.length;
  return { mean, variance: squares / data.length - mean ** 2 };
}

Deno.test("draws have the moments of their distributions", () => {
  const n = 100_000, tolerance = 5 / Math.sqrt(n);
  const near = (actual: number, expected: number, scale = 1) =>
    assert.ok(Math.abs(actual - expected) < tolerance * scale, `${actual} is not ${expected}`);
  const normal = moments(stream(5, "n").normal([n], { mean: 2, std: 3 }).data as Float32Array);
  near(normal.mean, 2, 3);
  near(normal.variance, 9, 9 * Math.SQRT2);
  const wide = moments(stream(5, "n").normal([n], { dtype: "float64" }).data as Float64Array);
  near(wide.variance, 1, Math.SQRT2);
  const cut = stream(5, "t").truncatedNormal([n], { bound: 2 }).data as Float32Array;
  assert.ok(cut.every((x) => Math.abs(x) <= 2));
  near(moments(cut).variance, 0.7737413);
  near(moments(stream(5, "b").bernoulli(0.2, [n]).data as Uint8Array).mean, 0.2);
  const mask = stream(5, "d").dropoutMask(0.1, [n]).data as Float32Array;
  near(moments(mask).mean, 1);
  assert.deepEqual(new Set(mask), new Set([0, Math.fround(65536 / 58982)]));
});

Deno.test("integers() is even over a range that does not divide 2^32", () => {
  const counts = new Array(7).fill(0);
  for (const value of stream(9).integers(-3, 4, [70_000]).data) counts[Number(value) + 3]++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1e4) ** 2 / 1e4, 0);
  assert.ok(chiSquare < 22.5, `χ²(6) = ${chiSquare}, beyond its 0.999 quantile`);
});

Deno.test("permutation() and choice() take each value at most once", () => {
  const order = stream(2, "p").permutation(100);
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  assert.notDeepEqual([...order], [...order].sort((a, b) => a - b));
  assert.equal(new Set(stream(2, "c").choice(50, 20)).size, 20);
  assert.throws(() => stream(2).choice(3, 4), /choose 4 different values out of 3/);
});

Deno.test("categorical() draws in proportion to the weights, never what has none", () => {
  const weights = [3, 0, 1, 4, 0], n = 80_000, counts = new Array(5).fill(0);
  for (const value of stream(4).categorical(weights, [n]).data) counts[Number(value)]++;
  assert.deepEqual([counts[1], counts[4]], [0, 0]);
  const chiSquare = [0, 2, 3].reduce((sum, k) => {
    const expected = n * weights[k] / 8;
    return sum + (counts[k] - expected) ** 2 / expected;
  }, 0);
  assert.ok(chiSquare < 13.8, `χ²(2) = ${chiSquare}, beyond its 0.999 quantile`);
  assert.deepEqual([...stream(4).categorical([0, 5], [3]).data], [1, 1, 1]);
});

Deno.test("truncatedNormal() in float64 uses 53 bits and has the variance of its law", () => {
  const n = 100_000;
  const { data } = stream(6).truncatedNormal([n], { dtype: "float64", bound: 1.5 });
  const cut = data as Float64Array;
  assert.ok(cut.every((x) => Math.abs(x) <= 1.5));
  // 1 − 2bφ(b)/(2Φ(b) − 1) at b = 1.5.
  assert.ok(Math.abs(moments(cut).variance - 0.5515244) < 0.01, `${moments(cut).variance}`);
  assert.equal(new Set(cut).size, n);
});

Deno.test("draws refuse what makes no sense, naming the value", () => {
  assert.throws(() => stream(0.5), /0\.5/);
  assert.throws(() => stream(1).bernoulli(1.5, [1]), /probability 1\.5/);
  assert.throws(() => stream(1).dropoutMask(1, [1]), /dropout rate 1 /);
  assert.throws(() => stream(1).nextInteger(3, 3), /\[3, 3\)/);
  assert.throws(() => stream(1).uniform([2, -1]), /\[2, -1\]/);
  assert.throws(() => stream(1).categorical([1, -2], [1]), /weight 1 is -2/);
  assert.throws(() => stream(1).categorical([0, 0], [1]), /add up to 0/);
  assert.throws(
    () => stream(1).choice(0, 1, { replace: true }),
    /choose 1 different values out of 0/,
  );
});
