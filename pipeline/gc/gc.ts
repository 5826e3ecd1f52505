/** Removes from a store what nobody asks for any more; safe beside running pipelines. */

import { sweep } from "../run/attempt.ts";
import { filesBelow, infoOf, namesIn, textOf, touched } from "../fsck/files.ts";
import { listObjects, type ObjectFile } from "../fsck/objects.ts";
import { isHeld, takeLock } from "../store/lock_file.ts";
import { isSystemError } from "../host.ts";
import { type PackIndex, readIndex } from "../store/pack_file.ts";
import { packFolder } from "../store/packs.ts";
import { isDigest } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { decodeManifest } from "../store/tree_manifest.ts";
import type { Digest } from "../types.ts";
import { aloneInGc } from "./gate.ts";
import { usersOf } from "./in_use.ts";
import { type Roots, rootsOf, type RootSources } from "./roots.ts";

/** What to keep and what to do. */
export interface GcOptions extends Omit<RootSources, "store"> {
  /** Only list what would go. */
  readonly dryRun: boolean;
  /** What was touched less than this ago stays. @default ten minutes */
  readonly olderThanMs?: number;
  /** How long to wait for a turn; without one, what is left stays for the next time. @default 5 s */
  readonly patienceMs?: number;
}

/** One kind of thing that was (or would be) removed. */
export interface Removed {
  count: number;
  bytes: number;
}

/** What was removed and what stays. */
export interface GcReport {
  readonly dryRun: boolean;
  readonly removed: Readonly<Record<string, Removed>>;
  readonly kept: { readonly records: number; readonly objects: number; readonly bytes: number };
  /** How many records are wanted by what. */
  readonly roots: Readonly<Record<string, number>>;
  /** Paths relative to the store. */
  readonly paths: readonly string[];
}

/** What was just written, or found again, may not have its record yet. */
const GRACE_MS = 600_000;
/** Removed in one turn at the gate: a few milliseconds. */
const BATCH = 200;
/** Files of small trees are named by manifests below this size; larger objects are no manifests of pins. */
const MANIFEST_BYTES = 256 << 20;

/**
 * Removes records that no root names, then objects that no record names, then old remains. Records go first, and
 * each batch looks again at what is wanted, so that whatever a process counts on stays. A process that is
 * killed meanwhile leaves a whole store.
 */
export function gc(store: Store, options: GcOptions): GcReport {
  return new Collector(store, options).run();
}

class Collector {
  readonly #removed: Record<string, Removed> = {};
  readonly #paths: string[] = [];
  readonly #late = new Set<Digest>();
  readonly #cut: number;
  #roots: Roots;

  constructor(readonly store: Store, readonly options: GcOptions) {
    this.#roots = this.#readRoots();
    const age = options.olderThanMs ?? GRACE_MS;
    this.#cut = Math.min(store.host.now().getTime() - age, this.#roots.since);
  }

  run(): GcReport {
    const { dir } = this.store;
    const gone = this.#records();
    const { live, wanted } = this.#mark(gone);
    const kept = this.#objects(wanted);
    const packs = this.#packs(wanted);
    kept.objects += packs.objects;
    kept.bytes += packs.bytes;
    this.#programs(wanted);
    for (const name of namesIn(`${dir}/runs/parts`)) {
      if (!this.#roots.parts.has(name.replace(/\.json$/, ""))) {
        this.#old("history", `${dir}/runs/parts/${name}`);
      }
    }
    for (const part of ["logs", "quarantine"]) {
      for (const name of namesIn(`${dir}/${part}`)) this.#old(part, `${dir}/${part}/${name}`);
    }
    this.#leases();
    if (!this.options.dryRun) {
      sweep(this.store);
      for (const path of usersOf(dir).dead) this.store.host.files.remove(path);
    }
    return {
      dryRun: this.options.dryRun,
      removed: this.#removed,
      kept: { records: live, ...kept },
      roots: this.#roots.counts,
      paths: this.#paths,
    };
  }

  #readRoots(): Roots {
    return rootsOf({ ...this.options, store: this.store.dir });
  }

  #remove(kind: string, path: string, bytes: number): void {
    if (!this.options.dryRun) this.store.host.files.remove(path);
    const sum = this.#removed[kind] ??= { count: 0, bytes: 0 };
    sum.count++;
    sum.bytes += bytes;
    this.#paths.push(path.slice(this.store.dir.length + 1));
  }

  /** Works through candidates in turns at the gate. */
  #inBatches<T>(items: readonly T[], step: (item: T) => void, before: () => void): void {
    for (let i = 0; i < items.length; i += BATCH) {
      const batch = () => {
        before();
        items.slice(i, i + BATCH).forEach(step);
      };
      if (this.options.dryRun) batch();
      else if (!aloneInGc(this.store.host, this.store.dir, batch, this.options.patienceMs)) return;
    }
  }

  /** @returns paths of the records that went. */
  #records(): Set<string> {
    const root = `${this.store.dir}/records`;
    const gone = new Set<string>();
    const dead: { path: string; key: string }[] = [];
    for (const path of filesBelow(root)) {
      const key = keyOfPath(root, path);
      if (!this.#roots.keys.has(key)) dead.push({ path, key });
    }
    this.#inBatches(dead, ({ path, key }) => {
      const info = infoOf(path);
      if (info === null || touched(info) >= this.#cut || this.#roots.keys.has(key)) return;
      gone.add(path);
      this.#remove("records", path, info.size);
    }, () => this.#roots = this.#readRoots());
    return gone;
  }

  /** Objects that the remaining records and the roots name. */
  #mark(gone: ReadonlySet<string>): { live: number; wanted: Set<Digest> } {
    const wanted = new Set<Digest>();
    let live = 0;
    const root = `${this.store.dir}/records`;
    for (const path of filesBelow(root)) {
      if (gone.has(path)) continue;
      live++;
      this.#markRecord(keyOfPath(root, path), wanted);
    }
    for (const digest of this.#roots.objects) {
      this.#markTree(digest, wanted);
      wanted.add(digest);
    }
    return { live, wanted };
  }

  #markRecord(key: string, wanted: Set<Digest>): void {
    const record = isDigest(key) ? this.store.getRecord(key) : null;
    if (record === null) return;
    for (const { digest, form } of Object.values(record.outputs)) {
      if (form === "tree") this.#markTree(digest, wanted);
      wanted.add(digest);
    }
    if (record.log !== null) wanted.add(record.log);
    // The program that made it, for bundles.
    wanted.add(record.components.code.digest);
  }

  #markTree(digest: Digest, wanted: Set<Digest>): void {
    if (wanted.has(digest)) return;
    const path = this.store.objectPath(digest);
    const info = infoOf(path);
    if (info === null || !info.isFile || info.size > MANIFEST_BYTES) return;
    try {
      for (const file of decodeManifest(Deno.readFileSync(path)).files) wanted.add(file.digest);
    } catch {
      // Damaged, or no manifest: then it names nothing.
    }
  }

  #objects(wanted: ReadonlySet<Digest>): { objects: number; bytes: number } {
    let objects = 0;
    let bytes = 0;
    const dead: ObjectFile[] = [];
    const keep = (file: ObjectFile) => {
      objects++;
      bytes += file.bytes;
    };
    for (const file of listObjects(this.store.dir)) {
      const stays = file.digest === null || wanted.has(file.digest) || file.touched >= this.#cut;
      if (stays) keep(file);
      else dead.push(file);
    }
    this.#removeDead(dead, (file, late) => {
      const info = infoOf(file.path);
      if (info === null) return;
      if (touched(info) >= this.#cut || late.has(file.digest!)) keep(file);
      else this.#remove("objects", file.path, file.bytes);
    });
    return { objects, bytes };
  }

  /** Works through what no record named. @param step Is told what records name that came since. */
  #removeDead<T>(dead: readonly T[], step: (item: T, late: ReadonlySet<Digest>) => void): void {
    const known = this.#roots.keys;
    this.#inBatches(dead, (item) => step(item, this.#late), () => {
      // A record that came, or that somebody began to count on, since records were read.
      this.#roots = this.#readRoots();
      for (const key of this.#roots.keys) if (!known.has(key)) this.#markRecord(key, this.#late);
    });
  }

  /** Packs none of whose members is wanted; the others stay whole. Each counts as one object. */
  #packs(wanted: ReadonlySet<Digest>): { objects: number; bytes: number } {
    const kept = { objects: 0, bytes: 0 };
    const dead: { path: string; index: PackIndex | null }[] = [];
    const root = packFolder(this.store.dir);
    for (const name of namesIn(root)) {
      const path = `${root}/${name}`;
      const info = infoOf(path);
      if (info === null) continue;
      const index = indexOf(path, name);
      if (!holdsOne(index, wanted) && touched(info) < this.#cut) {
        dead.push({ path, index });
        continue;
      }
      kept.objects++;
      kept.bytes += info.size;
    }
    this.#removeDead(dead, ({ path, index }, late) => {
      const info = infoOf(path);
      if (info === null) return;
      if (touched(info) < this.#cut && !holdsOne(index, late)) {
        return this.#remove("packs", path, info.size);
      }
      kept.objects++;
      kept.bytes += info.size;
    });
    return kept;
  }

  /** Programs in the code cache that no checkout's index names. */
  #programs(wanted: ReadonlySet<Digest>): void {
    const dir = `${this.store.dir}/cache/bundles`;
    const names = namesIn(dir);
    const used = new Set(wanted);
    for (const name of names.filter((name) => /^index-.*\.json$/.test(name))) {
      for (const digest of (textOf(`${dir}/${name}`) ?? "").match(/\b[0-9a-f]{64}\b/g) ?? []) {
        used.add(digest);
      }
    }
    for (const name of names) {
      const digest = /^([0-9a-f]{64})\.js/.exec(name)?.[1];
      const half = /\.[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name);
      if (half || (digest !== undefined && !used.has(digest))) {
        this.#old("programs", `${dir}/${name}`);
      }
    }
  }

  #old(kind: string, path: string): void {
    const info = infoOf(path);
    if (info !== null && touched(info) < this.#cut) this.#remove(kind, path, info.size);
  }

  #leases(): void {
    const { dir, host } = this.store;
    for (const name of namesIn(`${dir}/leases`)) {
      const path = `${dir}/leases/${name}`;
      const info = infoOf(path);
      if (info === null || touched(info) >= this.#cut || isHeld(path)) continue;
      if (this.options.dryRun) this.#remove("leases", path, info.size);
      else {
        // Held while it goes, so that nobody takes it at the same time.
        const lock = takeLock(host, path);
        if (lock === null || lock === "unsupported") continue;
        this.#remove("leases", path, info.size);
        lock.close();
      }
    }
  }
}

/** Null when the list is damaged: then nobody finds a member. */
function indexOf(path: string, name: string): PackIndex | null {
  try {
    return readIndex(path, name);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return null;
  }
}

function holdsOne(index: PackIndex | null, digests: ReadonlySet<Digest>): boolean {
  for (let row = 0; row < (index?.length ?? 0); row++) {
    if (digests.has(index!.digestAt(row))) return true;
  }
  return false;
}

function keyOfPath(root: string, path: string): string {
  return path.slice(root.length + 1).replace("/", "").replace(/\.json$/, "");
}
