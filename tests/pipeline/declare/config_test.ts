/** Presets in YAML: inheritance, defaults, and messages that point at the place of a mistake. */

import assert from "node:assert/strict";
import { z } from "zod";
import { listPresets, loadConfig } from "../../../pipeline/declare/config.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { locate } from "../../../pipeline/declare/yaml_position.ts";

const schema = z.object({
  seeds: z.array(z.int()).min(1),
  data: z.object({ images: z.int().positive(), split: z.enum(["random", "group"]) }),
  distill: z.object({
    lr: z.number().positive(),
    steps: z.int().default(100),
    policies: z.array(z.object({ name: z.string(), arms: z.int() })).default([]),
  }),
  note: z.string().nullable().default(null),
});

const good = `# Presets.
presets:
  small:
    seeds: [1, 2, 3]
    data:
      images: 500
      split: group # by concept
    distill:
      lr: 1e-3
      policies:
        - name: bandit
          arms: 12
        - { name: uniform, arms: 12 }
  smoke:
    extends: small
    seeds: [1]
    data: { images: 20 }
    distill:
      policies: []
  paper:
    extends: smoke
    note: long
    distill: { lr: 0.01, steps: 5000 }
`;

async function withConfig<T>(text: string, use: (file: URL, root: URL) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/stages/toy`, { recursive: true });
    await Deno.writeTextFile(`${dir}/stages/toy/config.yaml`, text);
    return await use(new URL(`file://${dir}/stages/toy/config.yaml`), new URL(`file://${dir}/`));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const load = (text: string, preset: string) =>
  withConfig(text, (file, root) => loadConfig({ file, root, schema, preset }));

/** Code and message of the failure. */
async function failure(text: string, preset = "small"): Promise<string> {
  try {
    await load(text, preset);
  } catch (error) {
    if (error instanceof Failed) return `${error.failure.code} ${error.message}`;
    throw error;
  }
  return "no failure";
}

Deno.test("loadConfig() applies defaults", async () => {
  assert.deepEqual(await load(good, "small"), {
    seeds: [1, 2, 3],
    data: { images: 500, split: "group" },
    distill: {
      lr: 0.001,
      steps: 100,
      policies: [{ name: "bandit", arms: 12 }, { name: "uniform", arms: 12 }],
    },
    note: null,
  });
});

Deno.test("loadConfig() merges objects along extends and replaces everything else", async () => {
  assert.deepEqual(await load(good, "paper"), {
    seeds: [1],
    data: { images: 20, split: "group" },
    distill: { lr: 0.01, steps: 5000, policies: [] },
    note: "long",
  });
});

Deno.test("loadConfig() lets null replace an inherited value", async () => {
  const text = `${good}  again:\n    extends: paper\n    note: null\n`;
  assert.equal((await load(text, "again")).note, null);
});

Deno.test("listPresets() keeps the order of the file", async () => {
  assert.deepEqual(await withConfig(good, (file) => listPresets({ file })), [
    "small",
    "smoke",
    "paper",
  ]);
});

Deno.test("loadConfig() lists the presets and the nearest for an unknown one", async () => {
  const message = await failure(good, "smal");
  assert.match(
    message,
    /^unknown-preset stages\/toy\/config\.yaml: there is no preset "smal", did you mean "small"\?/,
  );
  assert.match(message, /The presets are small, smoke, paper\./);
});

Deno.test("loadConfig() places each mistake at its line and column", async () => {
  const cases: [string, string, string, string, RegExp][] = [
    ["lr: 1e-3", "lr: fast", "small", "9:7", /distill\.lr: expected number, received "fast"/],
    ["lr: 1e-3", "lr: -1", "small", "9:7", /too small: expected number to be >0, received -1/],
    [
      "lr: 1e-3",
      "rl: 1",
      "small",
      "9:7",
      /rl: unknown field, did you mean "lr"\?[^]*:8:5: .*lr: expected number, received nothing/,
    ],
    [
      "lr: 1e-3",
      "lr: 1\n      step: 5",
      "small",
      "10:7",
      /step: unknown field, did you mean "steps"\?/,
    ],
    [
      "split: group",
      "split: groups",
      "small",
      "7:7",
      /"random" or "group", received "groups", did/,
    ],
    ["arms: 12 }", "arms: x }", "small", "13:28", /policies\[1\]\.arms: expected number/],
    [
      "arms: 12\n",
      "arms: 1.5\n",
      "small",
      "12:11",
      /policies\[0\]\.arms: expected int, received 1\.5/,
    ],
    ["seeds: [1, 2, 3]", "seeds: [1, x, 3]", "small", "4:16", /seeds\[1\]: expected number/],
    ["images: 20", "images: no", "smoke", "17:13", /presets\.smoke: data\.images: expected number/],
    // Set by the preset that is extended, so that is where to mend it.
    ["split: group", "split: 3", "paper", "7:7", /presets\.paper: data\.split: expected/],
    ["note: long", "notes: long", "paper", "22:5", /notes: unknown field, did you mean "note"\?/],
    [
      "extends: small",
      "extends: smal",
      "smoke",
      "15:5",
      /extends "smal", which is not a preset, did you/,
    ],
    ["extends: small", "extends: paper", "smoke", "21:5", /cycle: smoke → paper → smoke/],
    ["presets:", "preset:", "small", "1:1", /expected presets by name under the key `presets`/],
    ["# Presets.", "preset: 1", "small", "1:1", /unknown field "preset", did you mean "presets"\?/],
    [
      "  paper:\n",
      "  odd: 3\n  paper:\n",
      "small",
      "20:3",
      /presets\.odd: expected fields by name/,
    ],
  ];
  for (const [from, to, preset, place, message] of cases) {
    assert.ok(good.includes(from), from);
    const text = await failure(good.replace(from, to), preset);
    assert.ok(
      text.startsWith(`config-invalid stages/toy/config.yaml:${place}: `),
      `${to}: ${text}`,
    );
    assert.match(text, message);
  }
});

Deno.test("loadConfig() reports all mistakes at once", async () => {
  const text = await failure(good.replace("1e-3", "x").replace("500", "none"));
  assert.match(text, /config\.yaml:6:7: presets\.small: data\.images/);
  assert.match(text, /config\.yaml:9:7: presets\.small: distill\.lr/);
});

Deno.test("loadConfig() places malformed YAML", async () => {
  const cases: [string, string, RegExp][] = [
    ["    data:\n", "   data:\n", /^config-syntax stages\/toy\/config\.yaml:5:\d+: .*indentation/],
    ["[1, 2, 3]", "[1, 2, 3", /^config-syntax stages\/toy\/config\.yaml:\d+:\d+: /],
    ["images: 500", "split: 500", /^config-syntax .*:7:\d+: .*duplicate/i],
    ["split: group", "split: *group", /^config-syntax .*:7:\d+: .*group/],
  ];
  for (const [from, to, message] of cases) {
    assert.match(await failure(good.replace(from, to)), message);
  }
});

Deno.test("loadConfig() refuses an empty or missing file", async () => {
  assert.match(await failure(""), /expected presets by name/);
  const file = new URL("./no_such_config.yaml", import.meta.url);
  await assert.rejects(loadConfig({ file, schema, preset: "small" }), {
    name: "Failed",
    message: /no_such_config\.yaml: there is no such file\nA paper needs a config\.yaml/,
  });
  await assert.rejects(
    loadConfig({ file: new URL(".", import.meta.url), schema, preset: "small" }),
    {
      name: "Failed",
      message: /it cannot be read: .*irectory/,
    },
  );
});

Deno.test("locate() finds fields in the layouts that people use", () => {
  const text = `
"quoted key": 1
'single': 2
list:
- a
- b: 1
  c: 2
-   d: 3
text: |
  list: not this
  - nor this
flow: {a: [1, {"b": 2}], # comment, with: words
  'c': "}", d: 4}
url: http://example.org/a:b
nested:

    # comment
    deep:   {}
    -odd: 1
`;
  const at = (...path: (string | number)[]) => {
    const found = locate(text, path);
    return found && `${found.line}:${found.column}`;
  };
  assert.equal(at("quoted key"), "2:1");
  assert.equal(at("single"), "3:1");
  assert.equal(at("list", 0), "5:1");
  assert.equal(at("list", 1, "b"), "6:3");
  assert.equal(at("list", 1, "c"), "7:3");
  assert.equal(at("list", 2, "d"), "8:5");
  assert.equal(at("text"), "9:1");
  assert.equal(at("flow", "a", 1, "b"), "12:16");
  assert.equal(at("flow", "c"), "13:3");
  assert.equal(at("flow", "d"), "13:13");
  assert.equal(at("url"), "14:1");
  assert.equal(at("nested", "deep"), "18:5");
  assert.equal(at("nested", "-odd"), "19:5");
  assert.equal(at("nested", "missing"), null);
  assert.equal(at("list", 3), null);
  assert.equal(at("url", "a"), null);
});
