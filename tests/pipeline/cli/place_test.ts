/** Tests of pipeline/cli/place.ts and the command line of circumstances.ts. */

import assert from "node:assert/strict";
import { shellQuote } from "../../../pipeline/cli/circumstances.ts";
import { Place } from "../../../pipeline/cli/place.ts";

const place = new Place(new URL("file:///project/a%20b/"), "/home/me/#1");
const args = (texts: Record<string, string>) => ({
  positional: null,
  positionals: [],
  flags: new Set<string>(),
  texts,
  counts: {},
});

Deno.test("Place resolves --store against the directory of the user", () => {
  assert.equal(place.storeDir(args({})), "/project/a b/artifacts/store");
  assert.equal(place.storeDir(args({ store: "x/../y?" })), "/home/me/#1/y?");
  assert.equal(place.storeDir(args({ store: "/abs/store/" })), "/abs/store");
});

Deno.test("Place shows paths inside the user's directory as relative", () => {
  assert.equal(place.show("/home/me/#1/r.html"), "r.html");
  assert.equal(place.show("/home/me/#10/r.html"), "/home/me/#10/r.html");
});

Deno.test("shellQuote() quotes only what a shell would change", () => {
  assert.equal(shellQuote("--store=a/b-1.2"), "--store=a/b-1.2");
  assert.equal(shellQuote("a b"), "'a b'");
  assert.equal(shellQuote("it's"), `'it'\\''s'`);
  assert.equal(shellQuote(""), "''");
});
