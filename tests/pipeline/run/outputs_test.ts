/** What a stage leaves behind: every declared output in its form, nothing else, and no way out of the store. */

import assert from "node:assert/strict";
import { file, json, tree } from "../../../pipeline/mod.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { declaredOutputs, unkept } from "../../../pipeline/run/outputs.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { listTree, TreeError } from "../../../pipeline/store/tree_manifest.ts";
import type { Failure, Node, OutputKinds } from "../../../pipeline/types.ts";
import { outcomeOf, Rig } from "./run_rig.ts";

const OUTPUTS: OutputKinds = {
  numbers: json<number>(),
  weights: file("bytes", ".bin"),
  files: tree("files"),
};

/** A folder with all three outputs as they should be, changed by `change`. */
async function outputsAfter(
  change: (dir: string) => void | Promise<void>,
): Promise<Failure | null> {
  const directory = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    Deno.writeTextFileSync(`${directory}/numbers.json`, "1");
    Deno.writeTextFileSync(`${directory}/weights.bin`, "1");
    Deno.mkdirSync(`${directory}/files/a`, { recursive: true });
    Deno.writeTextFileSync(`${directory}/files/a/one.txt`, "1");
    await change(directory);
    const node = { id: "make", outputs: OUTPUTS } as unknown as Node;
    const written = { directory, node, log: "", move: true };
    try {
      declaredOutputs(written);
      try {
        listTree(`${directory}/files`);
      } catch (error) {
        throw error instanceof TreeError ? unkept(written, error) : error;
      }
      return null;
    } catch (error) {
      if (error instanceof Failed) return error.failure;
      throw error;
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const mkfifo = (path: string) => {
  const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  assert.ok(success);
};
const replace = (path: string, make: (path: string) => void) => {
  Deno.removeSync(path, { recursive: true });
  make(path);
};
/** The socket's file goes with its listener. */
const withSocket = (path: string) => {
  const listener = Deno.listen({ transport: "unix", path });
  Deno.renameSync(path, `${path}.kept`);
  listener.close();
  Deno.renameSync(`${path}.kept`, path);
};

type Case = readonly [change: (dir: string) => void, code: string, message: RegExp];

const CASES: Readonly<Record<string, Case>> = {
  "a missing file": [
    (d) => Deno.removeSync(`${d}/weights.bin`),
    "missing-output",
    /its output "weights"/,
  ],
  "a missing tree": [
    (d) => Deno.removeSync(`${d}/files`, { recursive: true }),
    "missing-output",
    /its output "files"/,
  ],
  "an absolute link": [
    (d) => replace(`${d}/weights.bin`, (p) => Deno.symlinkSync("/etc/passwd", p)),
    "bad-output",
    /^output "weights" is not a regular file but a symbolic link to \/etc\/passwd$/,
  ],
  "a link that leads nowhere": [
    (d) => replace(`${d}/numbers.json`, (p) => Deno.symlinkSync("gone", p)),
    "bad-output",
    /"numbers" .* a symbolic link to gone$/,
  ],
  "a link to itself": [
    (d) => replace(`${d}/numbers.json`, (p) => Deno.symlinkSync("numbers.json", p)),
    "bad-output",
    /"numbers" .* a symbolic link to numbers\.json$/,
  ],
  "a link to another output": [
    (d) => replace(`${d}/numbers.json`, (p) => Deno.symlinkSync("weights.bin", p)),
    "bad-output",
    /"numbers" .* a symbolic link to weights\.bin$/,
  ],
  "a FIFO": [(d) => replace(`${d}/weights.bin`, mkfifo), "bad-output", /"weights" .* a FIFO$/],
  "a socket": [
    (d) => replace(`${d}/weights.bin`, withSocket),
    "bad-output",
    /"weights" .* a socket$/,
  ],
  "a directory for a file": [
    (d) => replace(`${d}/weights.bin`, Deno.mkdirSync),
    "bad-output",
    /"weights" is not a regular file but a directory$/,
  ],
  "a file for a tree": [
    (d) => replace(`${d}/files`, (p) => Deno.writeTextFileSync(p, "")),
    "bad-output",
    /"files" is not a directory but a regular file$/,
  ],
  "a tree that is a link": [
    (d) => replace(`${d}/files`, (p) => Deno.symlinkSync("/etc", p)),
    "bad-output",
    /"files" is not a directory but a symbolic link to \/etc$/,
  ],
  "a link inside a tree": [
    (d) => Deno.symlinkSync("/etc/passwd", `${d}/files/a/link`),
    "bad-output",
    /^output "files" cannot be kept: "a\/link" is a symbolic link to \/etc\/passwd/,
  ],
  "a linked folder inside a tree": [
    (d) => Deno.symlinkSync("..", `${d}/files/a/up`),
    "bad-output",
    /^output "files" cannot be kept: "a\/up" is a symbolic link to \.\./,
  ],
  "a FIFO inside a tree": [
    (d) => mkfifo(`${d}/files/a/pipe`),
    "bad-output",
    /^output "files" cannot be kept: "a\/pipe" is a FIFO/,
  ],
  "a socket inside a tree": [
    (d) => withSocket(`${d}/files/a/socket`),
    "bad-output",
    /^output "files" cannot be kept: "a\/socket" is a socket/,
  ],
  "names that differ in case": [
    (d) => {
      Deno.writeTextFileSync(`${d}/files/A`, "");
      Deno.mkdirSync(`${d}/files/b`);
      Deno.writeTextFileSync(`${d}/files/b/x`, "");
      Deno.writeTextFileSync(`${d}/files/b/X`, "");
    },
    "bad-output",
    /^output "files" cannot be kept: .*differ only in case/,
  ],
  "an undeclared file": [
    (d) => Deno.writeTextFileSync(`${d}/extra.txt`, ""),
    "undeclared-output",
    /^the stage wrote "extra\.txt", which it does not declare$/,
  ],
  "an undeclared link": [
    (d) => Deno.symlinkSync("/etc", `${d}/extra`),
    "undeclared-output",
    /"extra" \(a symbolic link to \/etc\)/,
  ],
  "an undeclared socket": [
    (d) => withSocket(`${d}/extra`),
    "undeclared-output",
    /"extra" \(a socket\)/,
  ],
  "an undeclared FIFO": [(d) => mkfifo(`${d}/extra`), "undeclared-output", /"extra" \(a FIFO\)/],
  "an undeclared hidden file": [
    (d) => Deno.writeTextFileSync(`${d}/.hidden`, ""),
    "undeclared-output",
    /"\.hidden"/,
  ],
  "many undeclared files": [
    (d) => {
      for (let i = 0; i < 9; i++) Deno.writeTextFileSync(`${d}/extra${i}`, "");
    },
    "undeclared-output",
    /"extra4" and 4 more, which/,
  ],
};

const posix = { ignore: Deno.build.os === "windows" };

Deno.test({
  name: "what is no regular file, is missing, or was not declared is refused by name",
  ...posix,
  async fn(t) {
    assert.equal(await outputsAfter(() => {}), null);
    for (const [name, [change, code, message]] of Object.entries(CASES)) {
      await t.step(name, async () => {
        const failure = await outputsAfter(change);
        assert.ok(failure !== null, "it was taken");
        assert.equal(failure.code, code);
        assert.match(failure.message, message);
      });
    }
  },
});

/** A `make` that lets a shell do something after it wrote its outputs. */
function shellRig(script: string): Rig {
  const rig = Rig.create({
    make: `export const run = async ({ outputs }) => {
      await outputs.numbers.write({ seed: 1, random: 0 });
      await outputs.files.write("a/one.txt", new TextEncoder().encode("one"));
      const { success } = new Deno.Command("sh", { args: ["-c", ${
      JSON.stringify(script)
    }] }).outputSync();
      if (!success) throw new Error("the script failed");
    };`,
  });
  rig.declare = { programs: ["sh"] };
  return rig;
}

Deno.test({
  name: "links that a program makes are refused, and nothing is kept",
  ...posix,
  async fn() {
    using rig = shellRig("rm outputs/numbers.json; ln -s /etc/passwd outputs/numbers.json");
    const { failure } = outcomeOf(await rig.run(), "make");
    assert.equal(failure!.code, "bad-output");
    assert.match(failure!.message, /"numbers" .* a symbolic link to \/etc\/passwd/);
    assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/records`)], []);
  },
});

Deno.test({
  name: "an output with a second name elsewhere is stored as a copy",
  ...posix,
  async fn() {
    const elsewhere = Deno.makeTempDirSync();
    try {
      using rig = shellRig(`ln outputs/numbers.json ${elsewhere}/numbers.json`);
      const result = await rig.run();
      assert.equal(result.ok, true, outcomeOf(result, "make").failure?.message);
      const store = await Store.open(rig.storeDir);
      const { numbers } = outcomeOf(result, "make").outputs;
      Deno.writeTextFileSync(`${elsewhere}/numbers.json`, "changed later");
      await store.verify(numbers);
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  },
});
