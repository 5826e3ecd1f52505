/** Tests of pipeline/cli/options.ts. */

import assert from "node:assert/strict";
import type { CommandSpec } from "../../../pipeline/cli/options.ts";
import { helpText, parseArguments } from "../../../pipeline/cli/options.ts";
import { failureOf } from "../../../pipeline/failure.ts";

const spec: CommandSpec = {
  name: "cook",
  describe: "Cooks.",
  positional: { name: "dish", optional: false },
  options: {
    "heat": { type: "text", choices: ["low", "medium", "high"], describe: "How hot." },
    "pots": { type: "count", value: "N", describe: "How many pots." },
    "dry-run": { type: "flag", short: "n", describe: "Only pretend." },
    "store": { type: "text", value: "DIR", describe: "Where leftovers go." },
  },
};

/** The failure of parsing, as one text. */
function failure(...args: string[]): string {
  try {
    parseArguments(spec, args);
  } catch (error) {
    const f = failureOf(error);
    assert.equal(f?.code, "usage");
    return `${f?.message} ${f?.mend}`;
  }
  assert.fail(`${args.join(" ")} was accepted`);
}

Deno.test("parseArguments() reads flags, texts, counts and the positional in any order", () => {
  for (
    const args of [
      ["soup", "--heat", "low", "--pots=3", "-n"],
      ["--dry-run", "--heat=low", "--pots", "3", "soup"],
      ["--", "soup", "-n", "--heat", "low", "--pots", "3"],
      ["-n", "--", "soup", "--heat", "low", "--pots", "3"],
    ]
  ) {
    const parsed = parseArguments(spec, args);
    assert.equal(parsed.positional, "soup");
    assert.deepEqual([...parsed.flags], ["dry-run"]);
    assert.deepEqual(parsed.texts, { heat: "low" });
    assert.deepEqual(parsed.counts, { pots: 3 });
  }
});

Deno.test("parseArguments() keeps a numeric name a text", () => {
  assert.equal(parseArguments(spec, ["007"]).positional, "007");
});

Deno.test("parseArguments() leaves out what was not given", () => {
  const parsed = parseArguments(spec, []);
  assert.equal(parsed.positional, null);
  assert.equal(parsed.flags.size, 0);
  assert.deepEqual({ ...parsed.texts, ...parsed.counts }, {});
});

Deno.test("parseArguments() answers unknown options with the nearest", () => {
  assert.match(failure("soup", "--heta", "low"), /--heta.*Did you mean --heat\?/);
  assert.match(failure("soup", "--dryrun"), /Did you mean --dry-run\?/);
  assert.match(failure("soup", "--stor=x"), /Unknown option --stor\..*--store/);
  assert.doesNotMatch(failure("soup", "--zzzzzzzz"), /Did you mean/);
  assert.match(failure("soup", "-x"), /Unknown option -x/);
});

Deno.test("parseArguments() answers unknown values with the nearest and the list", () => {
  const text = failure("soup", "--heat", "mediun");
  assert.match(text, /Unknown heat "mediun"/);
  assert.match(text, /Did you mean "medium"\?/);
  assert.match(text, /low, medium, high/);
});

Deno.test("parseArguments() refuses missing, bad, repeated and surplus values", () => {
  assert.match(failure("soup", "--heat"), /--heat needs a value/);
  assert.match(failure("soup", "--store", "--dry-run"), /--store needs a value: --store DIR/);
  for (const bad of ["0", "-1", "1.5", "many", "1e3"]) {
    assert.match(failure("soup", `--pots=${bad}`), /whole number of 1 or more/);
  }
  assert.match(failure("soup", "salad"), /Unexpected argument "salad"/);
});

Deno.test("helpText() names every option and stays within the width", () => {
  const text = helpText(spec, 60);
  for (const name of Object.keys(spec.options)) assert.ok(text.includes(`--${name}`), name);
  assert.ok(text.includes("deno task cook <dish>"));
  for (const line of text.split("\n")) assert.ok(line.length <= 60, line);
});
