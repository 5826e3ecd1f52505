/** Leases: one process a key, whoever dies, stops or sets the clock, with and without locks. */

import assert from "node:assert/strict";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import { acquireLease } from "../../../pipeline/store/lease.ts";
import { thisOwner } from "../../../pipeline/store/lock_file.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { FaultHost } from "../../faults/fault_host.ts";

const KEY = "a".repeat(64);
const forever = new AbortController().signal;

class Place {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "lease-" }));
  open = (host: Host = systemHost) => Store.open(`${this.path}/store`, host);
  /** A store on a file system that cannot lock. */
  openWithoutLocks = () =>
    this.open(new FaultHost({ kind: "none" }, { project: this.path, noLocks: true }));
  [Symbol.dispose]() {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** A process that holds the lease. */
async function holder(store: Store): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-lock",
      new URL("./lease_holder.ts", import.meta.url).pathname,
      store.dir,
      KEY,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value).trim(), "held");
  await reader.cancel();
  return child;
}

Deno.test("who waits is told which process has the lease, and gets it when that is killed", async () => {
  using place = new Place();
  const store = await place.open();
  const child = await holder(store);
  let said = "";
  using _lease = await acquireLease(store, KEY, forever, (who) => {
    said = who;
    child.kill("SIGKILL");
  });
  assert.match(
    said,
    new RegExp(`waiting for process ${child.pid} on ${Deno.hostname()}, since 20`),
  );
  await child.status;
});

Deno.test({
  name: "a paused holder keeps its lease, and others stop waiting when they are told to",
  ignore: Deno.build.os === "windows",
  async fn() {
    using place = new Place();
    const store = await place.open();
    const child = await holder(store);
    child.kill("SIGSTOP");
    const stop = new AbortController();
    await assert.rejects(
      acquireLease(store, KEY, stop.signal, () => stop.abort(new Error("enough"))),
      /enough/,
    );
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await child.status;
    using _lease = await acquireLease(store, KEY, forever, () => {});
  },
});

Deno.test("without locks, a second process waits, and the lease is free when the first is done", async () => {
  using place = new Place();
  const [a, b] = [await place.openWithoutLocks(), await place.openWithoutLocks()];
  const first = await acquireLease(a, KEY, forever, () => {});
  let waited = "";
  const second = acquireLease(b, KEY, forever, (who) => {
    waited = who;
    first[Symbol.dispose]();
  });
  (await second)[Symbol.dispose]();
  assert.match(waited, new RegExp(`process ${Deno.pid} on`));
  assert.deepEqual([...Deno.readDirSync(`${a.dir}/leases`)], []);
});

Deno.test("without locks, a dead owner on this machine is noticed at once", async () => {
  using place = new Place();
  const store = await place.openWithoutLocks();
  // The number of this process, but not its start: used again since.
  const dead = { ...thisOwner(systemHost), started: "1" };
  Deno.writeTextFileSync(`${store.dir}/leases/${KEY}.owner`, JSON.stringify(dead));
  using _lease = await acquireLease(store, KEY, forever, () => assert.fail("it is dead"));
});

Deno.test("without locks, an owner elsewhere that shows no life is dead after a while, whatever the clock says", async () => {
  using place = new Place();
  const store = await place.open(
    new FaultHost({ kind: "none" }, {
      project: place.path,
      noLocks: true,
      now: () => new Date("1999-01-01"),
    }),
  );
  const path = `${store.dir}/leases/${KEY}.owner`;
  const owner = { ...thisOwner(systemHost), host: "elsewhere", machine: "another", pid: 7 };
  Deno.writeTextFileSync(path, JSON.stringify(owner));
  Deno.utimeSync(path, new Date("2099-01-01"), new Date("2099-01-01"));
  let waited = "";
  const wait = (who: string) => {
    waited = who;
  };
  using _lease = await acquireLease(store, KEY, forever, wait, { every: 5, limit: 30 });
  assert.match(waited, /process 7 on elsewhere/);
});

Deno.test("without locks, an owner elsewhere that shows life keeps its lease", async () => {
  using place = new Place();
  const store = await place.openWithoutLocks();
  const path = `${store.dir}/leases/${KEY}.owner`;
  const owner = { ...thisOwner(systemHost), host: "elsewhere", machine: "another", pid: 7 };
  Deno.writeTextFileSync(path, JSON.stringify(owner));
  const stop = new AbortController();
  let looks = 0;
  // Each look of the waiting process comes after a beat of the owner.
  const beating = await place.open({
    ...store.host,
    files: new FaultHost({ kind: "none" }, { project: place.path, noLocks: true }).files,
    unique: systemHost.unique,
    now: systemHost.now,
    spawn: systemHost.spawn,
    delay(_, signal) {
      Deno.utimeSync(path, looks, looks);
      if (++looks === 50) stop.abort(new Error("still held"));
      return systemHost.delay(1, signal);
    },
  });
  await assert.rejects(
    acquireLease(beating, KEY, stop.signal, () => {}, { every: 5, limit: 25 }),
    /still held/,
  );
});

Deno.test("a lease is taken and given back on a full disk, and left behind on a broken one", async () => {
  using place = new Place();
  for (const broken of ["fill", "remove"]) {
    const host: Host = {
      ...systemHost,
      files: {
        ...systemHost.files,
        [broken]: () => {
          throw Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
        },
      },
    };
    const store = await place.open(host);
    (await acquireLease(store, KEY, forever, () => assert.fail()))[Symbol.dispose]();
  }
  using _lease = await acquireLease(await place.open(), KEY, forever, () => assert.fail());
});
