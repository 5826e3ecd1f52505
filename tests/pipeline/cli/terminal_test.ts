/** What a terminal is given. */

import assert from "node:assert/strict";
import { harmless, painter } from "../../../pipeline/cli/terminal.ts";

Deno.test("harmless() lets nothing through that moves the cursor or clears the screen", () => {
  const paint = painter(true);
  const own = `\x1b[3A\r\x1b[J${paint.good("ok")} a\tb\n${paint.strong("done")} ü 😀\n`;
  assert.equal(harmless(own), own);
  const cases: readonly [string, string][] = [
    ["\x1b[2Jgone", "\ufffd[2Jgone"],
    ["verified\r not verified", "verified\ufffd not verified"],
    ["a\n\x1b[3A\r\x1b[J", "a\n\ufffd[3A\ufffd\ufffd[J"],
    ["\x1b]0;title\x07", "\ufffd]0;title\ufffd"],
    ["\x9b2J\x00\x08", "\ufffd2J\ufffd\ufffd"],
  ];
  for (const [text, shown] of cases) assert.equal(harmless(text), shown);
});
