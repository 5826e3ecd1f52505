// Checkpoints in one file and in several, and the faults of each.

import assert from "node:assert/strict";
import { readCheckpoint } from "../../../methods/tensor/checkpoint_files.ts";
import { encode, SafetensorsError } from "../../../methods/tensor/safetensors.ts";
import type { NdArray } from "../../../methods/tensor/types.ts";

const scalar = (x: number): NdArray => ({
  dtype: "float32",
  shape: [],
  data: Float32Array.of(x),
});
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const from = (files: Record<string, Uint8Array>) => (name: string) =>
  Promise.resolve(files[name] ?? null);

const first = encode({ a: scalar(1), b: scalar(2) });
const second = encode({ c: scalar(3) });
const index = json({
  metadata: { total_size: 12 },
  weight_map: { a: "x-1.safetensors", c: "x-2.safetensors", b: "x-1.safetensors" },
});
const values = (tensors: Record<string, NdArray>) =>
  Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, Number(v.data[0])]));

Deno.test("readCheckpoint() reads one file, or the files of an index", async () => {
  const one = await readCheckpoint(from({ "model.safetensors": first }));
  assert.deepEqual(values(one), { a: 1, b: 2 });
  const several = await readCheckpoint(from({
    "model.safetensors.index.json": index,
    "x-1.safetensors": first,
    "x-2.safetensors": second,
  }));
  assert.deepEqual(values(several), { a: 1, b: 2, c: 3 });
});

Deno.test("readCheckpoint() names the file at fault", async () => {
  const fails = (files: Record<string, Uint8Array>, message: RegExp) =>
    assert.rejects(
      readCheckpoint(from(files)),
      (e: Error) => e instanceof SafetensorsError && message.test(e.message),
    );
  const listed = { "model.safetensors.index.json": index };
  await fails({}, /neither model\.safetensors nor model\.safetensors\.index\.json/);
  await fails({ "model.safetensors": first.subarray(0, 9) }, /^model\.safetensors: the header/);
  await fails({ ...listed, "x-1.safetensors": first }, /lists x-2\.safetensors/);
  await fails(
    { ...listed, "x-1.safetensors": first, "x-2.safetensors": encode({ d: scalar(1) }) },
    /x-2\.safetensors: array "c" is missing/,
  );
  await fails({ "model.safetensors.index.json": json([]) }, /no "weight_map"/);
  await fails({ "model.safetensors.index.json": first }, /is not JSON/);
  const escaping = json({ weight_map: { a: "../secret" } });
  await fails({ "model.safetensors.index.json": escaping }, /"a" lies in no plain file name/);
});

Deno.test("a checkpoint of pickled weights is refused with the way to convert it", async () => {
  const read = (name: string) =>
    Promise.resolve(name === "pytorch_model.bin" ? new Uint8Array(1) : null);
  await assert.rejects(
    readCheckpoint(read),
    /pytorch_model\.bin is not read, convert it once: python -c .*model\.safetensors/,
  );
});
