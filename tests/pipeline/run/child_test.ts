/** Child processes: what they leave behind does not hold the engine. */

import assert from "node:assert/strict";
import { runChild } from "../../../pipeline/run/child.ts";
import { systemHost } from "../../../pipeline/host.ts";

Deno.test({
  name: "a program that outlives its stage and holds its output open is not waited for",
  ignore: Deno.build.os === "windows",
  async fn() {
    const lines: string[] = [];
    const end = await runChild(
      systemHost,
      "sh",
      ["-c", "sleep 60 & echo $!; echo to the log >&2"],
      {
        cwd: "/",
        env: { PATH: Deno.env.get("PATH")! },
        signal: new AbortController().signal,
        // As where there are no name spaces, which would end it.
        confine: { network: true, processes: false },
      },
      { line: (line) => lines.push(line), message: () => {} },
    );
    assert.ok(end.success);
    const left = Number(lines.find((line) => /^\d+$/.test(line)));
    // It is still there: nothing was waited for.
    Deno.kill(left, "SIGKILL");
    assert.deepEqual(lines.sort(), [String(left), "to the log"]);
  },
});
