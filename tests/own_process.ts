/** Tests that change the environment of their process, which tests of other files running beside them share. */

import assert from "node:assert/strict";

/** Registers one test that runs the tests of `cases`, a file whose name does not end in `_test.ts`, in a process of its own. */
export function inOwnProcess(cases: URL): void {
  const path = decodeURIComponent(cases.pathname);
  Deno.test(`${path.split("/").at(-1)}, in a process of their own`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", path],
      env: { NO_COLOR: "1" },
    }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    assert.ok(success, said);
    assert.match(said, /ok \| [1-9]\d* passed/);
  });
}
