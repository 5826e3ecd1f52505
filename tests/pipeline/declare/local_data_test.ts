/** Local data: known by content, imported when a run needs it, refused when it changes meanwhile. */

import assert from "node:assert/strict";
import { json, localFile, localTree, tree } from "../../../pipeline/mod.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { systemHost } from "../../../pipeline/host.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Change, Plan } from "../../../pipeline/types.ts";
import { faultyHost } from "../faulty_host.ts";
import { outcomeOf, statuses } from "../run/run_rig.ts";
import { SourceRig } from "../sources/source_rig.ts";

const statusOf = (plan: Plan) => plan.nodes.map(({ node, status }) => `${node.id}: ${status}`);
const changesOf = (plan: Plan, id: string): readonly Change[] =>
  plan.nodes.find(({ node }) => node.id === id)!.changes;
const keysOf = (plan: Plan) => plan.nodes.map(({ key }) => key);
const objectsIn = (store: string) => {
  const root = `${store}/objects/sha256`;
  return [...Deno.readDirSync(root)].flatMap((
    { name },
  ) => [...Deno.readDirSync(`${root}/${name}`)]);
};

async function message(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Failed) return error.message;
    throw error;
  }
  throw new Error("it did not fail");
}

Deno.test("local data is planned with all keys known, imported by a run, then cached", async () => {
  using rig = new SourceRig();
  const first = await rig.plan();
  assert.deepEqual(statusOf(first), [
    "local_tree[corpus]: run",
    "local_file[settings]: run",
    "read: run",
  ]);
  assert.ok(keysOf(first).every((key) => key !== null));
  assert.deepEqual(objectsIn(rig.store), [], "planning stores nothing");
  const ran = await rig.run();
  assert.deepEqual(statuses(ran), {
    "local_tree[corpus]": "ran",
    "local_file[settings]": "ran",
    "read": "ran",
  });
  assert.equal(ran.verdicts[0].explanation, "a.csv=1,sub/b.csv=2 0.1");
  const again = await rig.run();
  assert.deepEqual([...new Set(Object.values(statuses(again)))], ["cached"]);
});

Deno.test("the place, times, modes and links of local data are no part of keys", async () => {
  using rig = new SourceRig();
  const keys = keysOf(await rig.plan());
  Deno.mkdirSync(`${rig.root}/elsewhere`);
  Deno.renameSync(rig.data, `${rig.root}/elsewhere/moved`);
  const moved = `${rig.root}/elsewhere/moved`;
  Deno.utimeSync(`${moved}/a.csv`, 1, 1);
  Deno.chmodSync(`${moved}/sub/b.csv`, 0o755);
  Deno.symlinkSync(moved, rig.data);
  assert.deepEqual(keysOf(await rig.plan({ data: moved })), keys);
  assert.deepEqual(keysOf(await rig.plan({ data: "data" })), keys, "a link to the folder");
});

Deno.test("a changed file of a tree is named, for the data and for what reads it", async () => {
  using rig = new SourceRig();
  for (const name of ["c", "d", "e"]) rig.write(`data/${name}.csv`, name);
  await rig.run();
  for (const name of ["a", "c", "d", "e"]) rig.write(`data/${name}.csv`, "other");
  rig.write("data/new.csv", "new");
  Deno.removeSync(`${rig.data}/sub/b.csv`);
  const plan = await rig.plan();
  const files =
    "4 files changed: a.csv, c.csv, d.csv …; 1 file added: new.csv; 1 file removed: sub/b.csv";
  assert.equal(changesOf(plan, "local_tree[corpus]")[0].text, files);
  assert.equal(changesOf(plan, "read")[0].text, `input files from local_tree[corpus]: ${files}`);
  rig.write("settings.json", `{"lr":0.2}`);
  const settings = changesOf(await rig.plan(), "local_file[settings]")[0].text;
  assert.match(settings, /\/settings\.json changed$/);
});

Deno.test("content that comes back is a hit", async () => {
  using rig = new SourceRig();
  await rig.run();
  rig.write("data/a.csv", "other");
  await rig.run();
  rig.write("data/a.csv", "1");
  const plan = await rig.plan();
  assert.ok(plan.nodes.every(({ status }) => status === "cached"), statusOf(plan).join());
});

Deno.test("include and exclude choose files; folders that are left out are not looked into", async () => {
  using rig = new SourceRig();
  rig.write("data/.DS_Store", "x");
  Deno.mkdirSync(`${rig.data}/raw`);
  Deno.symlinkSync("/etc/passwd", `${rig.data}/raw/link.csv`);
  const choice = { include: ["*.csv", "**/*.csv"], exclude: ["raw/**"] };
  const ran = await rig.run(choice);
  assert.equal(ran.verdicts[0].explanation, "a.csv=1,sub/b.csv=2 0.1");
  assert.match(
    await message(rig.plan({ include: ["*.txt"] })),
    /^local_tree\[corpus\]: .*data holds no files that are included/,
  );
});

Deno.test("what local data cannot be is said in one line", async () => {
  using rig = new SourceRig();
  const of = async (break_: () => void): Promise<string> => {
    systemHost.files.remove(rig.data);
    rig.write("data/a.csv", "1");
    break_();
    return (await message(rig.plan())).split("\n")[0];
  };
  const cases: [() => void, RegExp][] = [
    [() => Deno.removeSync(rig.data, { recursive: true }), /\/data is not there$/],
    [() => Deno.removeSync(`${rig.data}/a.csv`), /\/data holds no files$/],
    [
      () => Deno.symlinkSync("/etc/passwd", `${rig.data}/l`),
      /"l" is a symbolic link to \/etc\/passwd/,
    ],
    [() => Deno.symlinkSync("nowhere", `${rig.data}/l`), /"l" is a symbolic link to nowhere/],
    [() => Deno.symlinkSync("..", `${rig.data}/l`), /"l" is a symbolic link to \.\./],
    [() => rig.write("data/A.csv", "1"), /differ only in case/],
    [
      () => (rig.write("data/\u00e9", "1"), rig.write("data/e\u0301", "1")),
      /differ only in case or in Unicode/,
    ],
    [
      () => rig.write("data/a\nb", "1"),
      /"a\\nb" cannot be a file of a tree: it contains a control character/,
    ],
    [() => rig.write("data/a\\b", "1"), /it contains a backslash/],
    [
      () => command("mkfifo", `${rig.data}/pipe`),
      /"pipe" is a FIFO; a tree holds regular files only/,
    ],
    [
      () => command("bash", "-c", `: > "$1"/$'n\\xff'`, "-", rig.data),
      /name is not UTF-8, cannot be read$/,
    ],
  ];
  for (const [break_, expected] of cases) {
    const text = await of(break_);
    assert.match(text, /^local_tree\[corpus\]: /);
    assert.match(text, expected);
  }
  await of(() => Deno.removeSync(rig.data, { recursive: true }));
  rig.write("data", "a file");
  assert.match(await message(rig.plan()), /\/data is a file, not a directory/);
  Deno.removeSync(rig.data);
  rig.write("data/a.csv", "1");
  Deno.removeSync(`${rig.root}/settings.json`);
  assert.match(await message(rig.plan()), /^local_file\[settings\]: .*settings.json is not there/);
  Deno.mkdirSync(`${rig.root}/settings.json`);
  assert.match(await message(rig.plan()), /settings.json is a directory, not a file/);
});

function command(name: string, ...args: string[]): void {
  if (!new Deno.Command(name, { args }).outputSync().success) throw new Error(`${name} failed`);
}

Deno.test("data that changes between plan and run fails its node, and nothing wrong is cached", async () => {
  using rig = new SourceRig();
  const result = await rig.run({ between: () => rig.write("data/a.csv", "9") });
  const { status, failure } = outcomeOf(result, "local_tree[corpus]");
  assert.equal(status, "failed");
  assert.equal(failure?.code, "source-changed");
  assert.match(failure!.message, /data\/a\.csv changed after the run was planned$/);
  assert.equal(outcomeOf(result, "read").status, "skipped");
  const gone = await rig.run({ between: () => Deno.removeSync(`${rig.data}/a.csv`) });
  assert.match(
    outcomeOf(gone, "local_tree[corpus]").reason,
    /data\/a\.csv disappeared after the run was planned$/,
  );
  assert.deepEqual([...Deno.readDirSync(`${rig.store}/tmp`)], []);
  const mended = await rig.run();
  assert.equal(mended.verdicts[0].explanation, "sub/b.csv=2 0.1");
});

Deno.test("a damaged object of local data is imported again", async () => {
  using rig = new SourceRig();
  await rig.run();
  const store = await Store.open(rig.store);
  const { content } = (await rig.plan()).nodes[0];
  const object = store.objectPath(store.treeFiles(content!.digest)[0].digest);
  Deno.chmodSync(object, 0o644);
  Deno.writeTextFileSync(object, "7");
  rig.write("settings.json", `{"lr":0.3}`);
  const result = await rig.run();
  assert.equal(
    result.verdicts[0]?.explanation,
    "a.csv=1,sub/b.csv=2 0.3",
    JSON.stringify(result.outcomes),
  );
});

Deno.test("files with an old stamp are not read again, recently written ones are", async () => {
  using rig = new SourceRig();
  let writes = 0;
  const host = faultyHost((step, path) => {
    if (step === "writeNew" && path.includes("/cache/sources/")) writes++;
  });
  const { now } = Date;
  try {
    const keys = keysOf(await rig.plan({ host }));
    assert.equal(writes, 2);
    await rig.plan({ host });
    assert.equal(writes, 4, "a file written just now may change again without a new stamp");
    Date.now = () => now() + 3_600_000;
    await rig.plan({ host });
    assert.equal(writes, 6);
    assert.deepEqual(keysOf(await rig.plan({ host })), keys);
    assert.equal(writes, 6, "an hour later the stamps are believed");
    const { mtime } = Deno.statSync(`${rig.data}/a.csv`);
    rig.write("data/a.csv", "3");
    Deno.utimeSync(`${rig.data}/a.csv`, mtime!, mtime!);
    Deno.renameSync(`${rig.data}/a.csv`, `${rig.data}/b.csv`);
    assert.notDeepEqual(keysOf(await rig.plan({ host })), keys);
  } finally {
    Date.now = now;
  }
});

Deno.test("declarations of local data are checked", () => {
  const url = new URL("./x.csv", import.meta.url);
  const cases: [() => unknown, RegExp][] = [
    [() => localFile({ name: "a b", path: "x" }), /the name is not usable/],
    [() => localFile({ name: "a", path: "" }), /its path is empty/],
    [() => localFile({ name: "a" } as never), /it needs either a path or a url/],
    [() => localFile({ name: "a", path: "x", url } as never), /it needs either a path or a url/],
    [
      () => localFile({ name: "a", url: new URL("https://example.org/x") }),
      /not one of a local file/,
    ],
    [() => localFile({ name: "a", path: "x", kind: tree("t") }), /its kind is a tree/],
    [() => localTree({ name: "a", path: "x", kind: json() }), /its kind is a file/],
  ];
  for (const [declare, expected] of cases) assert.throws(declare, expected);
  assert.equal(localFile({ name: "a", path: "x/survey.csv" }).file.kind.extension, ".csv");
  assert.equal(localFile({ name: "a", path: "x/.hidden" }).file.kind.extension, "");
});
