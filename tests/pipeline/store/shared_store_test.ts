/** One store for several users: files of others are read, rights of the group are kept, reading needs no writing. */

import assert from "node:assert/strict";
import { prepareStore } from "../../../pipeline/store/store_access.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { systemHost } from "../../../pipeline/host.ts";
import { faultyHost } from "../faulty_host.ts";
import { outcomeOf, Rig, statuses } from "../run/run_rig.ts";

const GROUP = 61234;
const [ANNA, BEN, STRANGER] = [61001, 61002, 61003];

/** Whether processes of other users can be started, and can run this checkout's modules. */
function canBeOthers(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const script = new URL("./store_user.ts", import.meta.url).pathname;
  try {
    const args = [
      "--reuid",
      `${ANNA}`,
      "--regid",
      `${ANNA}`,
      "--clear-groups",
      "test",
      "-r",
      script,
    ];
    return new Deno.Command("setpriv", { args }).outputSync().success &&
      as(ANNA, ANNA, "eval", "0").success;
  } catch {
    return false;
  }
}

const home = Deno.makeTempDirSync({ prefix: "deno-home-" });
Deno.chmodSync(home, 0o777);
globalThis.addEventListener("unload", () => Deno.removeSync(home, { recursive: true }));

function as(user: number, group: number, ...args: string[]) {
  const { success, stdout, stderr } = new Deno.Command("setpriv", {
    args: [
      "--reuid",
      `${user}`,
      "--regid",
      `${user}`,
      "--groups",
      `${group}`,
      Deno.execPath(),
      ...args,
    ],
    env: { DENO_DIR: `${home}/${user}`, HOME: home, NO_COLOR: "1" },
    cwd: "/",
  }).outputSync();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: decode(stdout), stderr: decode(stderr) };
}

function use(user: number, group: number, store: string, ...args: string[]) {
  const script = new URL("./store_user.ts", import.meta.url).pathname;
  const flags = ["--no-config", "--no-lock", "--no-check", "-A"];
  return as(user, group, "run", ...flags, script, store, ...args);
}

Deno.test({
  name: "a store of a group serves and takes the work of its members; others only read it",
  ignore: !canBeOthers(),
  fn() {
    const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "shared-" }));
    try {
      Deno.chmodSync(dir, 0o755);
      const store = `${dir}/store`;
      Deno.mkdirSync(store);
      Deno.chownSync(store, ANNA, GROUP);
      Deno.chmodSync(store, 0o2775);
      Deno.mkdirSync(`${dir}/outs`);
      Deno.chmodSync(`${dir}/outs`, 0o777);
      Deno.mkdirSync(`${dir}/data`);
      Deno.writeTextFileSync(`${dir}/data/a`, "one");
      const put = use(ANNA, GROUP, store, "put", `${dir}/data`, "one");
      assert.ok(put.success, put.stderr);
      for (const folder of ["objects/sha256", "records", "tmp", "leases", "last/paper"]) {
        const { mode, gid } = Deno.statSync(`${store}/${folder}`);
        assert.equal(mode! & 0o7777, 0o2775, folder);
        assert.equal(gid, GROUP);
      }
      const files = [...walk(`${store}/objects`)];
      assert.equal(files.length, 2);
      for (const file of files) assert.equal(Deno.statSync(file).mode! & 0o777, 0o444);

      const got = use(BEN, GROUP, store, "get", `${dir}/outs/ben`);
      assert.deepEqual(JSON.parse(got.stdout || "null"), { hit: true, last: true }, got.stderr);
      assert.equal(Deno.readTextFileSync(`${dir}/outs/ben/a`), "one");
      Deno.writeTextFileSync(`${dir}/data/b`, "two");
      const more = use(BEN, GROUP, store, "put", `${dir}/data`, "two");
      assert.ok(more.success, more.stderr);
      const back = use(ANNA, GROUP, store, "get", `${dir}/outs/anna`);
      assert.ok(back.success, back.stderr);
      assert.equal(Deno.readTextFileSync(`${dir}/outs/anna/b`), "two");

      const read = use(STRANGER, STRANGER, store, "get", `${dir}/outs/stranger`);
      assert.deepEqual(JSON.parse(read.stdout || "null"), { hit: true, last: true }, read.stderr);
      const refused = use(STRANGER, STRANGER, store, "put", `${dir}/data`, "three");
      assert.match(refused.stderr, /[Pp]ermission denied/);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  },
});

function* walk(dir: string): Generator<string> {
  for (const entry of Deno.readDirSync(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) yield* walk(path);
    else yield path;
  }
}

/** A machine on which nothing can be written. */
function readOnlyHost() {
  return faultyHost((step) => {
    if (step === "flush") return;
    throw Object.assign(new Error("Read-only file system (os error 30)"), { code: "EROFS" });
  });
}

Deno.test("a store that can only be read serves hits and explains; a run that must write says so", async () => {
  using rig = Rig.create();
  const first = await rig.run();
  const reader = Rig.at(rig.root, readOnlyHost());
  const again = await reader.run();
  assert.deepEqual([...new Set(Object.values(statuses(again)))], ["cached"]);
  assert.deepEqual(
    outcomeOf(again, "judge").outputs,
    outcomeOf(first, "judge").outputs,
  );
  await assert.rejects(
    reader.run({ seed: 2 }),
    /you may read this store but not write to it, and there is something to run/,
  );
});

Deno.test("a store that is not there cannot be opened by a reader", () => {
  const dir = Deno.makeTempDirSync();
  try {
    assert.throws(() => prepareStore(`${dir}/none`, readOnlyHost()), /Read-only/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a private store keeps the user's mask", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const before = Deno.umask();
    await Store.open(`${dir}/store`, systemHost);
    assert.equal(Deno.umask(), before);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
