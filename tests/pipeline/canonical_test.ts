/** Canonical bytes: equal exactly for equal values, refused for what JSON cannot carry. */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { canonical, digestOf, formatPath, frozen, sha256 } from "../../pipeline/canonical.ts";

const text = (value: unknown) => new TextDecoder().decode(canonical(value));

/** Seeded, so that every run tries the same values. */
const parameters = { seed: 20261123, numRuns: 300 };

/** JSON values with well-formed texts. */
const jsonValue = fc.jsonValue({ stringUnit: "binary" });

/** Values from so small a set that two of them are often equal, or nearly. */
const { smallValue } = fc.letrec((tie) => ({
  leaf: fc.constantFrom<unknown>(null, true, 0, 1, "", "0", "a", "ab", "s1:a"),
  smallValue: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("smallValue"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b"), tie("smallValue"), { maxKeys: 2 }),
  ),
}));

/** The value with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([k, v]) => [k, reversed(v)]));
}

Deno.test("canonical() is equal exactly for equal values", () => {
  let equal = 0;
  fc.assert(
    fc.property(smallValue, smallValue, (a, b) => {
      // Through JSON, because dictionaries are made without a prototype.
      const same = isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
      if (same) equal++;
      assert.equal(text(a) === text(b), same);
    }),
    { ...parameters, numRuns: 2000 },
  );
  assert.ok(equal > 10, `only ${equal} pairs were equal`);
});

Deno.test("canonical() does not depend on the order of members, nor on a trip through JSON", () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      assert.equal(text(reversed(value)), text(value));
      assert.equal(text(JSON.parse(JSON.stringify(value))), text(value));
    }),
    parameters,
  );
});

Deno.test("canonical() tells apart how texts are split", () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom("a", "1", ":"), maxLength: 3 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(words, words, (a, b) => {
      assert.equal(text(a) === text(b), JSON.stringify(a) === JSON.stringify(b));
    }),
    parameters,
  );
  assert.notEqual(text(["ab", "c"]), text(["a", "bc"]));
  assert.notEqual(text(["a", "b"]), text([["a"], "b"]));
  assert.notEqual(text({ a: { b: 1 } }), text({ a: 1, b: {} }));
});

Deno.test("canonical() tells types apart", () => {
  const values = [null, false, true, 0, 1, "", "0", "1", "null", [], {}, [null], { "0": null }];
  assert.equal(new Set(values.map(text)).size, values.length);
});

Deno.test("canonical() takes undefined members as missing and null as present", () => {
  assert.equal(text({ a: undefined, b: 1 }), text({ b: 1 }));
  assert.notEqual(text({ a: null }), text({}));
});

Deno.test("canonical() takes -0 as 0, as JSON does", () => {
  assert.equal(text(-0), text(0));
});

Deno.test("canonical() keeps neighbouring doubles and Unicode forms apart", () => {
  assert.notEqual(text(0.1 + 0.2), text(0.3));
  assert.notEqual(text(5e-324), text(0));
  assert.notEqual(text("é"), text("e\u0301"));
});

Deno.test("canonical() counts texts in UTF-8 bytes", () => {
  for (const word of ["a", "é", "€", "😀", "a\u0000b"]) {
    assert.equal(text(word), `s${new TextEncoder().encode(word).length}:${word}`);
  }
});

Deno.test("canonical() refuses what JSON cannot carry, and names the path", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const refused: [unknown, RegExp][] = [
    [{ a: [1, NaN] }, /the number NaN at a\[1\]/],
    [Infinity, /Infinity at \(top\)/],
    [{ "odd name": 1n }, /a bigint at \["odd name"\]/],
    [{ f: () => 1 }, /a function at f/],
    [[undefined], /undefined at \[0\]/],
    [{ when: new Date(0) }, /an instance of Date at when/],
    [new Map(), /an instance of Map/],
    [{ s: "\ud800" }, /well-formed Unicode at s/],
    [{ "\udc00": 1 }, /well-formed Unicode/],
    [cyclic, /a cycle at self/],
  ];
  for (const [value, message] of refused) {
    assert.throws(() => canonical(value), { name: "TypeError", message });
  }
});

Deno.test("canonical() accepts one object in two places", () => {
  const shared = { a: 1 };
  assert.equal(text([shared, shared]), text([{ a: 1 }, { a: 1 }]));
});

Deno.test("digestOf() and sha256() are SHA-256 in hexadecimal", () => {
  assert.equal(
    sha256("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(digestOf({ b: [1, "x"], a: null }), sha256("o2:s1:ans1:ba2:d1;s1:x"));
});

Deno.test("formatPath() quotes odd names", () => {
  assert.equal(formatPath([]), "(top)");
  assert.equal(formatPath(["a", 0, "b c", "d"]), 'a[0]["b c"].d');
});

Deno.test("frozen() leaves canonical bytes as they are, and lets nothing change them", () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      const before = text(plain);
      const inside = [frozen(plain), { part: plain }, plain];
      assert.equal(text(plain), before);
      assert.equal(text(inside), text(JSON.parse(JSON.stringify(inside))));
    }),
    parameters,
  );
  const value = frozen({ list: [{ a: 1 }] });
  assert.throws(() => value.list[0].a = 2, TypeError);
  assert.throws(() => value.list.push({ a: 2 }), TypeError);
  assert.throws(() => frozen({ bad: NaN }), /NaN at bad/);
});
