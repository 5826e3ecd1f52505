/** Freed blocks that stay: fewer page faults, which the system counts. */

import assert from "node:assert/strict";

const heap = new URL("../../../../methods/tensor/providers/heap.ts", import.meta.url).href;

/** Prints the page faults of one large block that is written and freed, the second time. */
const program = (before: string) => `
  ${before}
  const { malloc, memset, free } = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  }).symbols;
  const bytes = 48n << 20n;
  const once = () => {
    const block = malloc(bytes);
    memset(block, 1, bytes);
    free(block);
  };
  const faults = () => Number(Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ")[7]);
  once();
  const start = faults();
  once();
  console.log(faults() - start);`;

async function faults(before: string): Promise<number> {
  const code = "data:text/javascript," + encodeURIComponent(program(before));
  const args = ["run", "-A", "--no-config", code];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { GLIBC_TUNABLES: "" },
    stderr: "inherit",
  }).output();
  return Number(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "keepLargeBlocks() saves the page faults of large blocks",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const kept = `import { keepLargeBlocks } from "${heap}"; keepLargeBlocks();`;
    const without = await faults(""), withIt = await faults(kept);
    assert.ok(without > 2 * withIt, `${without} faults without, ${withIt} with`);
  },
});
