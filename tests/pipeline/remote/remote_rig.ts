/** Stores with a made-up result in them, and remotes without patience. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { systemHost } from "../../../pipeline/host.ts";
import { keyOf } from "../../../pipeline/plan/key.ts";
import { json, tree } from "../../../pipeline/mod.ts";
import type { Persistence } from "../../../pipeline/remote/client.ts";
import { remoteAddress } from "../../../pipeline/remote/address.ts";
import { type OpenRemote, openRemote } from "../../../pipeline/remote/remote.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { KeyComponents, Node, StageRecord } from "../../../pipeline/types.ts";

const encoder = new TextEncoder();

/** A node with a file, a tree and a log. */
export const NODE: Node = {
  id: "make[1]",
  stage: "make",
  describe: "",
  work: { type: "module", implementation: new URL("file:///make.ts"), provider: false },
  inputs: {},
  inputKinds: {},
  params: {},
  outputs: { numbers: json(), files: tree("files") },
  cores: 1,
};

/** Components that differ by `seed`. */
export function componentsOf(seed: number): KeyComponents {
  return {
    code: { digest: sha256("code"), files: { "make.ts": sha256("file") }, packages: {} },
    params: { seed },
    inputs: {},
    environment: { deno: "2" },
    outputs: { numbers: "file application/json", files: "tree files" },
  };
}

/** The key of {@link NODE} with this seed. */
export const keyFor = (seed: number) => keyOf(componentsOf(seed));

/** For servers that do not answer: too little for a test to wait for. */
export const HASTY: Partial<Persistence> = {
  idleMs: 300,
  minBytes: 1000,
  answerMs: 300,
  backoffMs: 1,
};

/** For servers that answer, however late on a busy machine. */
export const STEADY: Partial<Persistence> = { ...HASTY, idleMs: 120_000, answerMs: 120_000 };

/** A store in a temporary directory, used by one machine. */
export class Machine {
  readonly warnings: string[] = [];
  readonly stop = new AbortController();
  private constructor(readonly dir: string, readonly store: Store) {}

  static async open(): Promise<Machine> {
    const dir = Deno.makeTempDirSync({ prefix: "remote-" });
    const host = { ...systemHost, delay: () => Promise.resolve() };
    return new Machine(dir, await Store.open(dir, host));
  }

  remote(url: string, mode = "read-write", persistence: Partial<Persistence> = STEADY): OpenRemote {
    return openRemote({
      address: remoteAddress({ url, mode }, () => undefined)!,
      store: this.store,
      signal: this.stop.signal,
      warn: (line) => this.warnings.push(line),
      persistence,
    });
  }

  /** Puts a result of {@link NODE} into the store. */
  async make(seed: number, members = 3, large = 0): Promise<StageRecord> {
    const dir = Deno.makeTempDirSync({ prefix: "tree-" });
    Deno.mkdirSync(`${dir}/sub`);
    for (let i = 0; i < members; i++) Deno.writeTextFileSync(`${dir}/sub/${i}`, `${seed} ${i}`);
    Deno.writeTextFileSync(`${dir}/empty`, "");
    const files = await this.store.putTree(dir);
    Deno.removeSync(dir, { recursive: true });
    const numbers = encoder.encode(JSON.stringify({ seed }).padEnd(large));
    const record: StageRecord = {
      version: 1,
      key: keyFor(seed),
      node: NODE.id,
      stage: NODE.stage,
      components: componentsOf(seed),
      outputs: {
        numbers: {
          digest: await this.store.putBytes(numbers),
          bytes: numbers.length,
          form: "file",
          media: "application/json",
        },
        files: { ...files, form: "tree", media: "files" },
      },
      seconds: 1.5,
      finished: "2024-01-02T03:04:05.678Z",
      log: await this.store.putBytes(encoder.encode(`log ${seed}\n`)),
    };
    await this.store.putRecord(record);
    return record;
  }

  /** Asks a remote for one result. */
  fetch(remote: OpenRemote, seed: number): Promise<StageRecord | null> {
    return remote.fetch(keyFor(seed), NODE, componentsOf(seed));
  }

  /** No object has wrong bytes, nothing is half there, no attempt was left. */
  checkSound(): void {
    const root = `${this.dir}/objects/sha256`;
    for (const { name: prefix } of Deno.readDirSync(root)) {
      for (const { name } of Deno.readDirSync(`${root}/${prefix}`)) {
        assert.equal(sha256(Deno.readFileSync(`${root}/${prefix}/${name}`)), prefix + name);
      }
    }
    assert.deepEqual([...Deno.readDirSync(`${this.dir}/attempts`)], []);
    assert.deepEqual([...Deno.readDirSync(`${this.dir}/tmp`)], []);
  }

  [Symbol.dispose](): void {
    this.stop.abort();
    this.store.close();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** Uploads results with these seeds from a machine that is thrown away. */
export async function fill(
  url: string,
  seeds: readonly number[],
  large = 0,
): Promise<StageRecord[]> {
  using machine = await Machine.open();
  const remote = machine.remote(url);
  const records = [];
  for (const seed of seeds) {
    const record = await machine.make(seed, 3, large);
    records.push(record);
    remote.offer(record);
  }
  const { sent } = await remote.finish();
  assert.deepEqual(machine.warnings, []);
  assert.equal(sent.results, seeds.length);
  return records;
}
