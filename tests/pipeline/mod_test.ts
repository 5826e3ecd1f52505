/** The public API: everything that can be called is documented and has an example, which `--doc` runs. */

import assert from "node:assert/strict";

interface Symbols {
  readonly symbols: readonly {
    readonly name: string;
    readonly declarations: readonly {
      readonly kind?: string;
      readonly def?: unknown;
      readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly { kind: string }[] };
    }[];
  }[];
}

Deno.test("every exported value is documented with an example, every type in words", async () => {
  const module = new URL("../../pipeline/mod.ts", import.meta.url).pathname;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", decodeURIComponent(module)],
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  assert.ok(success);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, Symbols>;
  };
  const symbols = Object.values(nodes).flatMap((node) => node.symbols);
  const values = new Set(Object.keys(await import("../../pipeline/mod.ts")));
  assert.ok(symbols.length > values.size && values.size > 10);
  for (const { name, declarations } of symbols) {
    const docs = declarations.map(({ jsDoc }) => jsDoc);
    assert.ok(docs.some((doc) => doc?.doc), `${name} has no documentation`);
    if (!values.has(name)) continue;
    const example = docs.some((doc) => doc?.tags?.some(({ kind }) => kind === "example"));
    assert.ok(example, `${name} has no example`);
  }
});
