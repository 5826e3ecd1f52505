/** Running stages twice: what repeats itself passes, what does not is named with the first difference. */

import assert from "node:assert/strict";
import { outputsDifference } from "../../../pipeline/run/difference.ts";
import { file, json, tree } from "../../../pipeline/mod.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { tensorDifference } from "../../../pipeline/run/tensor_difference.ts";
import type { Kind, OutputEntry } from "../../../pipeline/types.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";

const make = (numbers: string, one = `"one"`) => ({
  make: `export const run = async ({ outputs }) => {
    await outputs.numbers.write(${numbers});
    await outputs.files.write("a/one.txt", new TextEncoder().encode(${one}));
  };`,
});

Deno.test("stages that use seeded random numbers run twice with the same bytes", async () => {
  using rig = Rig.create(make(`{ seed: 1, random: Math.random(), id: crypto.randomUUID() }`));
  const first = await rig.run({ checkDeterminism: true });
  assert.equal(first.ok, true, JSON.stringify(first.outcomes));
  assert.deepEqual(first.sameBytes, { again: 4, stored: 0 });
  const second = await rig.run({ checkDeterminism: true });
  assert.deepEqual(statuses(second), { make: "ran", judge: "ran", tell: "ran", side: "ran" });
  assert.deepEqual(second.sameBytes, { again: 0, stored: 4 });
  assert.deepEqual(statuses(await rig.run()), {
    make: "cached",
    judge: "cached",
    tell: "cached",
    side: "cached",
  });
});

const CLOCKS: Readonly<Record<string, readonly [sources: ReturnType<typeof make>, what: RegExp]>> =
  {
    "the time of day in JSON": [
      make(`{ seed: 1, at: { ms: [0, Date.now() + performance.now()] } }`),
      /output "numbers" differs: at\.ms\[1\] is \d+\.?\d* and \d+/,
    ],
    "how long something took": [
      make(`{ seed: 1, random: performance.now() }`),
      /output "numbers" differs: random is [\d.]+ and [\d.]+$/,
    ],
    "the folder of the attempt, in a file of a tree": [
      make(`{ seed: 1, random: 0 }`, "import.meta.url"),
      /output "files" differs: file "a\/one\.txt": byte \d+ is 0x[0-9a-f]{2} and 0x[0-9a-f]{2} \(\d+ bytes each\)$/,
    ],
  };

for (const [name, [sources, what]] of Object.entries(CLOCKS)) {
  Deno.test(`a stage is caught that writes ${name}`, async () => {
    using rig = Rig.create(sources);
    const result = await rig.run({ checkDeterminism: true });
    const { status, failure } = outcomeOf(result, "make");
    assert.equal(status, "failed");
    assert.equal(failure!.code, "nondeterministic");
    assert.match(failure!.message, /gave other bytes than the first run; /);
    assert.match(failure!.message, what);
    assert.equal(result.ok, false);
    assert.equal(outcomeOf(result, "judge").status, "skipped");
    assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/records`)], []);
  });
}

Deno.test("a stored result is compared with one more run, and kept when they differ", async () => {
  using rig = Rig.create(make(`{ seed: 1, random: performance.now() }`));
  const stored = outcomeOf(await rig.run(), "make");
  const { failure } = outcomeOf(await rig.run({ checkDeterminism: true }), "make");
  assert.equal(failure!.code, "nondeterministic");
  assert.match(failure!.message, /other bytes than what is stored; output "numbers"/);
  const again = outcomeOf(await rig.run(), "make");
  assert.equal(again.status, "cached");
  assert.deepEqual(again.outputs, stored.outputs);
});

// ------------------------------------------------------------------ differences

/** Describes how two sets of output files differ. */
async function difference(
  kinds: Readonly<Record<string, Kind>>,
  first: Readonly<Record<string, string | Uint8Array | Record<string, string>>>,
  second: typeof first,
): Promise<string | null> {
  const dir = Deno.makeTempDirSync();
  try {
    const store = await Store.open(dir);
    const put = async (
      [name, content]: [string, typeof first[string]],
    ): Promise<[string, OutputEntry]> => {
      const { form, media } = kinds[name];
      if (typeof content === "string" || content instanceof Uint8Array) {
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        const digest = await store.putBytes(bytes);
        return [name, { digest, form, media, bytes: bytes.length }];
      }
      const tree = Deno.makeTempDirSync();
      for (const [path, text] of Object.entries(content)) {
        Deno.writeTextFileSync(`${tree}/${path}`, text);
      }
      const { digest, bytes } = await store.putTree(tree);
      Deno.removeSync(tree, { recursive: true });
      return [name, { digest, form, media, bytes }];
    };
    const [a, b] = [first, second].map((outputs) =>
      Promise.all(Object.entries(outputs).map(put)).then((list) => Object.fromEntries(list))
    );
    return await outputsDifference(store, kinds, await a, await b);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const J = { j: json<unknown>() };
const B = { b: file("bytes", ".bin") };
const T = { t: tree("files") };

Deno.test("the first difference is named by output, file, path in JSON, or byte", async () => {
  assert.equal(await difference(J, { j: `{"a":1}` }, { j: `{"a":1}` }), null);
  const cases = [
    [J, `{"a":{"b":[1,2]},"c":3}`, `{"a":{"b":[1,5]},"c":4}`, "a.b[1] is 2 and 5"],
    [J, `{"a":1}`, `{"a":1,"b":null}`, "b is missing and null"],
    [J, `[1]`, `{"0":1}`, `(top) is [1] and {"0":1}`],
    [J, `{"a":-0}`, `{"a":0}`, "a is -0 and 0"],
    [J, `{"a":1}`, `{"a": 1}`, "byte 5 is 0x31 and 0x20 (7 and 8 bytes)"],
    [J, `{"a":`, `{"b":`, "byte 2 is 0x61 and 0x62 (5 bytes each)"],
    [B, "abc", "abd", "byte 2 is 0x63 and 0x64 (3 bytes each)"],
    [B, "abc", "abcd", "the shorter is how the longer begins (3 and 4 bytes)"],
    [B, "", "a", "the shorter is how the longer begins (0 and 1 bytes)"],
  ] as const;
  for (const [kinds, first, second, expected] of cases) {
    const [name] = Object.keys(kinds);
    const found = await difference(kinds, { [name]: first }, { [name]: second });
    assert.equal(found, `output "${name}" differs: ${expected}`);
  }
  const long = new Uint8Array(3 << 20);
  const other = long.slice();
  other[2500000] = 7;
  assert.match((await difference(B, { b: long }, { b: other }))!, /byte 2500000 is 0x00 and 0x07/);
});

Deno.test("in a tree the first file that differs is named, and read by its kind", async () => {
  const files = (a: Record<string, string>, b: Record<string, string>) =>
    difference(T, { t: a }, { t: b });
  assert.match((await files({ x: "1" }, { x: "1", a: "" }))!, /file "a" is only in the second$/);
  assert.match((await files({ x: "1", z: "" }, { x: "1" }))!, /file "z" is only in the first$/);
  assert.match(
    (await files({ "x.json": `{"v":1}`, z: "a" }, { "x.json": `{"v":2}`, z: "b" }))!,
    /file "x\.json": v is 1 and 2$/,
  );
  const both = { ...T, ...B };
  const found = await difference(both, { t: { x: "1" }, b: "1" }, { t: { x: "1" }, b: "2" });
  assert.match(found!, /^output "b" differs/);
});

/** A safetensors file. */
function safetensors(
  tensors: Readonly<
    Record<string, readonly [dtype: string, shape: number[], data: ArrayBufferView]>
  >,
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, [dtype, shape, data]] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype, shape, data_offsets: [offset, offset += bytes.length] };
    parts.push(bytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(text.length), true);
  return concat([size, text, ...parts]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

Deno.test("of tensors the one that differs most is named, with how much and where", async () => {
  const weights = (b: number[], w: number[]) =>
    safetensors({
      b: ["F32", [2], new Float32Array(b)],
      w: ["F32", [2, 3], new Float32Array(w)],
    });
  const first = weights([1, 2], [1, 2, 3, 4, 100, 6]);
  const second = weights([1, 2.25], [1.5, 2, 3, 4, 101, 6]);
  assert.equal(
    tensorDifference(first, second),
    `tensor "w", F32 [2, 3] (the largest of 2 tensors that differ): 2 of 6 numbers differ, by at ` +
      `most 1 at [1, 1] (100 and 101), relatively 0.333 at [0, 0] (1 and 1.5)`,
  );
  const kinds = { w: file("safetensors", ".safetensors") };
  assert.match(
    (await difference(kinds, { w: first }, { w: second }))!,
    /^output "w" differs: tensor/,
  );
});

Deno.test("tensors of all types are compared", () => {
  const one = (dtype: string, data: ArrayBufferView) => safetensors({ t: [dtype, [1], data] });
  const cases: readonly (readonly [string, ArrayBufferView, ArrayBufferView, RegExp])[] = [
    ["F64", new Float64Array([1]), new Float64Array([1 + 2 ** -52]), /2\.22e-16 at \[0\]/],
    ["F16", new Float16Array([1]), new Float16Array([2]), /1 at \[0\] \(1 and 2\)/],
    ["BF16", new Uint16Array([0x3f80]), new Uint16Array([0x4000]), /1 at \[0\] \(1 and 2\)/],
    ["I64", new BigInt64Array([2n ** 60n]), new BigInt64Array([2n ** 60n + 3n]), /most 3 at/],
    ["I8", new Int8Array([-1]), new Int8Array([1]), /most 2 at \[0\] \(-1 and 1\)/],
    ["BOOL", new Uint8Array([0]), new Uint8Array([1]), /most 1 at/],
    ["F32", new Float32Array([NaN]), new Float32Array([1]), /most Infinity at \[0\] \(NaN and 1\)/],
    ["F32", new Float32Array([-0]), new Float32Array([0]), /most 0 at \[0\] \(-0 and 0\)/],
  ];
  for (const [dtype, a, b, expected] of cases) {
    assert.match(tensorDifference(one(dtype, a), one(dtype, b))!, expected, dtype);
  }
});

Deno.test("tensors that are not the same ones are told apart, and other files are none", () => {
  const t = (shape: number[], dtype = "F32") => [dtype, shape, new Float32Array(4)] as const;
  const file = (tensors: Parameters<typeof safetensors>[0], metadata?: Record<string, string>) =>
    safetensors(tensors, metadata);
  const base = file({ a: [...t([4])] });
  assert.match(
    tensorDifference(base, file({ a: [...t([4])], b: [...t([4])] }))!,
    /"b" is only in the second/,
  );
  assert.match(
    tensorDifference(base, file({ a: [...t([2, 2])] }))!,
    /"a" is F32 \[4\] in the first, F32 \[2, 2\] in the second/,
  );
  assert.match(
    tensorDifference(base, file({ a: [...t([4])] }, { made: "now" }))!,
    /metadata/,
  );
  for (const bytes of [new Uint8Array(), new Uint8Array(4), new Uint8Array(100).fill(255)]) {
    assert.equal(tensorDifference(base, bytes), null);
  }
});
