/** JSON from strangers is taken or refused with one line. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { BagError, checkVersion, parseJson } from "../../../pipeline/archive/bag/mod.ts";
import { encoder } from "./bag_rig.ts";

const place = { archive: "a.tar", member: "plan.json" };
const parse = (text: string | Uint8Array) =>
  parseJson(typeof text === "string" ? encoder.encode(text) : text, place, {
    bytes: 10_000,
    depth: 8,
    values: 100,
  });

describe("JSON from strangers", () => {
  it("is read as it is", () => {
    const text = '{"a":[1,-2.5e3,true,null,"x\\u00e9\\"{[:,"],"b":{"a":{}},"__proto":1,"":"\\\\"}';
    assert.equal(JSON.stringify(parse(text)), JSON.stringify(JSON.parse(text)));
    assert.equal(Object.getPrototypeOf(parse('{"a":1}')), null);
    assert.equal(parse(' "a" '), "a");
  });

  const refused: [string, string | Uint8Array, RegExp][] = [
    ["nothing", "", /is not JSON/],
    ["half of it", '{"a":', /is not JSON/],
    ["an open string", '{"a":"b', /is not JSON/],
    ["something behind it", "{} {}", /is not JSON/],
    ["a byte-order mark", "\ufeff{}", /is not JSON/],
    ["other bytes than UTF-8", new Uint8Array([0x22, 0xff, 0x22]), /is not UTF-8/],
    ["NaN", "NaN", /is not JSON/],
    ["a number beyond all", "[1e999]", /number 1e999/],
    ["a key twice", '{"a":1,"a":2}', /key "a" twice/],
    ["a key twice, once escaped", '{"a":1,"\\u0061":2}', /key "a" twice/],
    ["__proto__", '{"x":{"__proto__":{"y":1}}}', /key "__proto__"/],
    ["__proto__, escaped", '{"\\u005f_proto__":1}', /key "__proto__"/],
    ["constructor", '{"constructor":{"prototype":1}}', /key "constructor"/],
    ["prototype", '[{"prototype" : 1}]', /key "prototype"/],
    ["depth", "[".repeat(9) + "]".repeat(9), /nested more than 8 deep/],
    ["depth, never closed", '{"a":'.repeat(1000), /nested more than 8 deep/],
    ["too many values", `[${"1,".repeat(200)}1]`, /more than 100 values/],
    ["too many bytes", " ".repeat(10_001), /over the limit/],
  ];
  for (const [name, text, message] of refused) {
    it(`is refused with ${name}`, () => {
      assert.throws(
        () => parse(text),
        (error) =>
          error instanceof BagError && message.test(error.message) &&
          !error.message.includes("\n") &&
          error.message.startsWith("a.tar: plan.json: "),
      );
    });
  }

  it("does not reach other objects", () => {
    assert.throws(() => parse('{"__proto__":{"polluted":1}}'));
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

describe("the version that a file states", () => {
  it("is read, or refused when newer or not stated", () => {
    const check = (text: string) => checkVersion(parse(text), "schemaVersion", 2, place);
    assert.equal(check('{"schemaVersion":2}'), 2);
    assert.throws(() => check('{"schemaVersion":3}'), /is 3; this program reads up to 2, a newer/);
    for (const text of ["{}", "[]", "null", '{"schemaVersion":"2"}', '{"schemaVersion":0}']) {
      assert.throws(() => check(text), /does not state its schemaVersion/);
    }
  });
});
