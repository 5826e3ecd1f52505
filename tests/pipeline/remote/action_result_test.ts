import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { decodeActionResult, encodeActionResult } from "../../../pipeline/remote/action_result.ts";

const result = {
  files: [
    { path: "record.json", digest: sha256("a"), bytes: 1 },
    { path: "outputs/ü", digest: sha256(""), bytes: 0 },
    { path: "outputs/large", digest: sha256("b"), bytes: 2 ** 40 },
  ],
  stdout: { digest: sha256("log"), bytes: 3 },
};

Deno.test("an entry comes back as it was", () => {
  assert.deepEqual(decodeActionResult(encodeActionResult(result)), result);
  const bare = { files: [], stdout: null };
  assert.deepEqual(decodeActionResult(encodeActionResult(bare)), bare);
});

Deno.test("an entry is the protobuf of the Remote Execution API", () => {
  // output_files { path: "p" digest { hash: "h" size_bytes: 5 } } stdout_digest { hash: "s" size_bytes: 1 }
  const bytes = [
    0x12,
    10,
    0x0a,
    1,
    112,
    0x12,
    5,
    0x0a,
    1,
    104,
    0x10,
    5,
    0x32,
    5,
    0x0a,
    1,
    115,
    0x10,
    1,
  ];
  const value = {
    files: [{ path: "p", digest: "h", bytes: 5 }],
    stdout: { digest: "s", bytes: 1 },
  };
  assert.deepEqual([...encodeActionResult(value)], bytes);
  assert.deepEqual(decodeActionResult(new Uint8Array(bytes)), value);
});

Deno.test("what servers add is passed over; what is no result is refused", () => {
  // execution_metadata { worker: "w" }
  const added = new Uint8Array([...encodeActionResult(result), 0x4a, 3, 0x0a, 1, 119]);
  assert.deepEqual(decodeActionResult(added), result);
  assert.throws(() => decodeActionResult(new Uint8Array([0x20, 1])), /failed action/);
  const whole = encodeActionResult(result);
  for (let length = 1; length < whole.length; length++) {
    try {
      assert.ok(decodeActionResult(whole.subarray(0, length)).files.length <= 3);
    } catch (error) {
      assert.ok(error instanceof Error && error.name !== "AssertionError");
    }
  }
});
