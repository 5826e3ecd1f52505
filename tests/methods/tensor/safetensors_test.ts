// Safetensors: round trips, foreign layouts, and damaged files.

import assert from "node:assert/strict";
import {
  decode,
  decodeWithMetadata,
  encode,
  SafetensorsError,
} from "../../../methods/tensor/safetensors.ts";
import reference from "../../reference/half.json" with { type: "json" };
import type { NdArray } from "../../../methods/tensor/types.ts";

const sample: Record<string, NdArray> = {
  weights: { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, -2.5, 3, 4) },
  tokens: { dtype: "int32", shape: [3], data: Int32Array.of(-1, 0, 7) },
  large: { dtype: "int64", shape: [1], data: BigInt64Array.of(-(2n ** 40n)) },
  exact: { dtype: "float64", shape: [], data: Float64Array.of(Math.PI) },
  mask: { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
  empty: { dtype: "float32", shape: [0, 4], data: new Float32Array(0) },
};

Deno.test("decode() reads what encode() wrote, metadata too", () => {
  const { tensors, metadata } = decodeWithMetadata(encode(sample, { b: "2", a: "1" }));
  assert.deepEqual(tensors, Object.fromEntries(Object.keys(tensors).map((k) => [k, sample[k]])));
  assert.equal(Object.keys(tensors).length, Object.keys(sample).length);
  assert.deepEqual(metadata, { a: "1", b: "2" });
});

Deno.test("encode() does not depend on the order of insertion", () => {
  const reversed = Object.fromEntries(Object.entries(sample).reverse());
  assert.deepEqual(encode(reversed), encode(sample));
});

/** A file with the given header and data. */
function handMade(header: string, data: number[]): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

Deno.test("decode() reads arrays at unaligned places, and U8 as int32", () => {
  const header =
    `{"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"a":{"dtype":"F32","shape":[1],"data_offsets":[3,7]}}`;
  const tensors = decode(handMade(header, [1, 200, 3, 0, 0, 128, 63]));
  assert.deepEqual(tensors.b, { dtype: "int32", shape: [3], data: Int32Array.of(1, 200, 3) });
  assert.deepEqual(tensors.a, { dtype: "float32", shape: [1], data: Float32Array.of(1) });
});

Deno.test("encode() aligns every array", () => {
  const bytes = encode({ long_name: sample.exact, x: sample.mask });
  assert.equal(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8, 0);
});

Deno.test("decode() names the fault of a damaged file", () => {
  const fails = (bytes: Uint8Array, message: RegExp) =>
    assert.throws(
      () => decode(bytes),
      (e: Error) => e instanceof SafetensorsError && message.test(e.message),
    );
  const whole = encode(sample);
  fails(whole.subarray(0, 5), /shorter/);
  fails(whole.subarray(0, 40), /header claims/);
  fails(whole.subarray(0, whole.length - 1), /the file holds/);
  fails(handMade("[]", []), /not a JSON object/);
  fails(handMade("{", []), /not JSON/);
  fails(
    handMade(`{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, [0]),
    /"a" is F8_E4M3; supported are F64/,
  );
  fails(
    handMade(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, [0]),
    /"a" is malformed/,
  );
  fails(
    handMade(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}}`, [0, 0]),
    /"a" takes 2 bytes.*wants 4/,
  );
  fails(
    handMade(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, [0, 0]),
    /"a" begins at byte 1/,
  );
});

Deno.test("encode() refuses an array whose shape does not hold its data", () => {
  assert.throws(
    () => encode({ a: { dtype: "float32", shape: [3], data: new Float32Array(2) } }),
    /"a" has 2 elements/,
  );
});

Deno.test("decode() widens what torch wrote in types that the compiler lacks, without loss", () => {
  const tensors = decode(Uint8Array.from(atob(reference.file), (c) => c.charCodeAt(0)));
  const expected = reference.values as Record<string, (number | string)[]>;
  assert.deepEqual(Object.keys(tensors).sort(), Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    const actual = Array.from(tensors[name].data as ArrayLike<number | bigint>, Number);
    const sign = (x: number) => Object.is(x, -0) ? "-0" : x;
    assert.deepEqual(actual.map(sign), values.map(Number).map(sign), name);
  }
  const types = Object.entries(tensors).map(([name, { dtype }]) => `${name} ${dtype}`).sort();
  assert.deepEqual(types, [
    "brain float32",
    "byte int32",
    "double float64",
    "half float32",
    "short int32",
    "unsigned int32",
    "wide int64",
  ]);
});

Deno.test("decode() names the file in its messages when told", () => {
  assert.throws(
    () => decode(encode(sample).subarray(0, 5), { file: "weights.safetensors" }),
    (e: Error) =>
      e instanceof SafetensorsError && /^weights\.safetensors: .*shorter/.test(e.message),
  );
});
