// No operator of a training loop falls back to the CPU on WebGPU; on wasm there is no other provider.
import assert from "node:assert/strict";

/** Operators that ONNX Runtime puts on each provider, by its own log. */
async function placements(provider: string, program: string): Promise<Map<string, string[]>> {
  const script = new URL("./placements.ts", import.meta.url).pathname;
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, provider, program],
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assert.ok(success, text.split("\n").slice(-20).join("\n"));
  const found = new Map<string, string[]>();
  let list: string[] | undefined;
  for (const line of text.split("\n")) {
    const [, message] = /VerifyEachNodeIsAssignedToAnEp\]\s+(.*)/.exec(line) ?? [];
    if (message === undefined) continue;
    const [, place] = /placed on \[(\w+)\]/.exec(message) ?? [];
    const [, operator] = /^(\w+) \(\S+\)$/.exec(message) ?? [];
    if (place !== undefined) {
      list = found.get(place) ?? [];
      found.set(place, list);
    } else if (operator !== undefined) list?.push(operator);
  }
  assert.ok(found.size > 0, "the runtime's log says nothing of placements");
  return found;
}

const programs = ["perceptron", "convolutional", "residual", "attention"];

/** The loop itself is control flow, and the copy of its condition a boolean scalar. */
const control = ["Loop", "Identity"];

const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
for (const program of programs) {
  Deno.test({
    name: `webgpu runs every operator of a training loop itself: ${program}${
      adapter ? "" : " (skipped: no WebGPU adapter here)"
    }`,
    ignore: !adapter,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const found = await placements("webgpu", program);
      const own = found.get("WebGpuExecutionProvider") ?? [];
      assert.ok(own.length > 10, `only ${own.length} nodes on WebGPU`);
      const fallen = (found.get("CPUExecutionProvider") ?? []).filter((op) =>
        !control.includes(op)
      );
      assert.deepEqual(fallen, []);
      assert.deepEqual([...found.keys()].sort(), [
        "CPUExecutionProvider",
        "WebGpuExecutionProvider",
      ]);
    },
  });
}

Deno.test("wasm has one provider for a whole training loop", async () => {
  const found = await placements("wasm", "residual");
  assert.deepEqual([...found.keys()], ["CPUExecutionProvider"]);
});
