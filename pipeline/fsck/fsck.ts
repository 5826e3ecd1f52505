/** Checks a store: every object against its name, every record against its key and its objects. */

import { sha256 } from "../canonical.ts";
import { discard, isSystemError } from "../host.ts";
import { keyOf } from "../plan/key.ts";
import type { Pack } from "../store/packs.ts";
import { isDigest } from "../store/records.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import { TreeError } from "../store/tree_manifest.ts";
import type { Digest, StageRecord } from "../types.ts";
import { filesBelow, infoOf, isJson, namesIn, textOf } from "./files.ts";
import { remainsOf } from "./remains.ts";
import { hashObjects, listObjects, type ObjectFile } from "./objects.ts";

/** Something that is not as it must be. Never a reason for a wrong result: reads check what they serve. */
export interface Damage {
  readonly part: "object" | "record" | "history" | "program";
  readonly path: string;
  readonly what: string;
  /** What was done about it; null without `repair`. */
  readonly mended: string | null;
}

/** What a check found. */
export interface FsckReport {
  /** What was looked at, by name. */
  readonly counts: Readonly<Record<string, number>>;
  readonly damage: readonly Damage[];
  /** What killed processes leave, which costs only space; by name. */
  readonly remains: Readonly<Record<string, number>>;
}

/** How thorough a check is. */
export interface FsckOptions {
  /** Compare sizes only, without reading objects. @default false */
  readonly quick?: boolean;
  /** Move damaged objects aside and drop records that lead nowhere, so that the next run makes them again. */
  readonly repair?: boolean;
}

/**
 * Checks everything in a store; safe beside running pipelines. Without `repair` nothing is changed.
 *
 * @throws the file system's errors of listing; a file that cannot be read is damage.
 */
export async function fsck(store: Store, options: FsckOptions = {}): Promise<FsckReport> {
  return await new Check(store, options).run();
}

class Check {
  readonly #counts: Record<string, number> = {};
  readonly #damage: Damage[] = [];
  readonly #bad = new Set<Digest>();
  #lostLogs = 0;

  constructor(readonly store: Store, readonly options: FsckOptions) {}

  async run(): Promise<FsckReport> {
    await this.#objects();
    await this.#packs();
    this.#records();
    this.#history();
    this.#programs();
    const remains = remainsOf(this.store.dir);
    if (this.#lostLogs > 0) remains["records whose log is lost"] = this.#lostLogs;
    return { counts: this.#counts, damage: this.#damage, remains };
  }

  #count(name: string, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
  }

  /** @param mend Does what it names; left out where nothing is to be done. */
  #found(damage: Omit<Damage, "mended">, mend?: [does: string, step: () => void]): void {
    let mended: string | null = null;
    if (this.options.repair && mend !== undefined) {
      try {
        mend[1]();
        mended = mend[0];
      } catch (error) {
        if (!isSystemError(error)) throw error;
        mended = null;
      }
    }
    this.#damage.push({ ...damage, mended });
  }

  #aside(path: string): void {
    const { dir, host } = this.store;
    host.files.makeDirectory(`${dir}/quarantine`);
    const name = path.slice(path.lastIndexOf("/") + 1);
    try {
      host.files.rename(path, `${dir}/quarantine/${name}.${host.unique()}`);
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #objects(): Promise<void> {
    const files: ObjectFile[] = [];
    for (const file of listObjects(this.store.dir)) {
      this.#count("objects");
      this.#count("bytes", file.isFile ? file.bytes : 0);
      if (file.digest === null || !file.isFile) {
        const what = file.isFile ? "its name is no digest" : "is not a regular file";
        const about = { part: "object", path: file.path, what } as const;
        this.#found(about, ["moved aside", () => this.#aside(file.path)]);
      } else files.push(file);
    }
    if (!this.options.quick) {
      const found = await hashObjects(files);
      for (const [i, file] of files.entries()) {
        const one = found[i];
        if (one === null || ("digest" in one && one.digest === file.digest)) continue;
        await this.#damagedObject(file, "error" in one ? `cannot be read: ${one.error}` : null);
      }
    }
    for (const file of files) {
      // A second name of a file of the user's has the user's mode.
      if ((file.mode & 0o222) === 0 || file.links > 1 || this.#bad.has(file.digest!)) continue;
      const what = `can be written to (mode ${file.mode.toString(8)})`;
      this.#found({ part: "object", path: file.path, what }, [
        "protected",
        () => this.store.host.files.setMode(file.path, 0o444),
      ]);
    }
  }

  async #damagedObject(file: ObjectFile, unreadable: string | null): Promise<void> {
    this.#bad.add(file.digest!);
    const about = { part: "object", path: file.path } as const;
    if (unreadable !== null) {
      const move: [string, () => void] = ["moved aside", () => this.#aside(file.path)];
      return this.#found({ ...about, what: unreadable }, move);
    }
    const what = "its content is not what its name says";
    if (!this.options.repair) return this.#found({ ...about, what });
    try {
      // Looks again: a run may have put the right content there meanwhile.
      await this.store.verify(file.digest!);
    } catch (error) {
      if (!(error instanceof DamagedObject)) throw error;
      this.#found({ ...about, what }, ["moved aside", () => {}]);
    }
  }

  async #packs(): Promise<void> {
    const { packs } = this.store;
    for (const { path, pack } of packs.all()) {
      this.#count("packs");
      this.#count("bytes", infoOf(path)?.size ?? 0);
      const about = { part: "object", path } as const;
      const bad = pack === null || this.options.quick ? [] : damagedIn(this.store, pack);
      for (const { digest } of bad) this.#bad.add(digest);
      if (pack === null) {
        const what = "its list of objects is not what its name says";
        this.#found({ ...about, what }, ["moved aside", () => this.#aside(path)]);
      } else if (bad.length > 0) {
        const what = `${bad.length} of its ${pack.index.length} objects are damaged`;
        if (!this.options.repair) this.#found({ ...about, what });
        else {
          await packs.moveAside(pack);
          this.#found({ ...about, what }, ["moved aside, the sound ones kept", () => {}]);
        }
      }
    }
  }

  #records(): void {
    const root = `${this.store.dir}/records`;
    for (const path of filesBelow(root)) {
      this.#count("records");
      const what = this.#recordTrouble(path, path.slice(root.length + 1));
      if (what === null) continue;
      // A log is no result, and a loss of power may take it while the record stays.
      if (what.log !== undefined && !this.options.repair) {
        this.#lostLogs++;
        continue;
      }
      const step: [string, () => void] = what.log === undefined
        ? ["dropped", () => this.store.host.files.remove(path)]
        : ["the log is forgotten", () => void this.store.putRecord({ ...what.log!, log: null })];
      this.#found({ part: "record", path, what: what.text }, step);
    }
  }

  /** What is wrong with a record; `log` when only its log is lost. */
  #recordTrouble(path: string, name: string): { text: string; log?: StageRecord } | null {
    const key = name.replace("/", "").replace(/\.json$/, "");
    if (!isDigest(key) || !/^..\/[^/]+\.json$/.test(name)) return { text: "its name is no key" };
    const record = this.store.getRecord(key);
    if (record === null) {
      // Dropped by another process since it was listed.
      return infoOf(path) === null ? null : { text: "cannot be read as a record" };
    }
    try {
      if (keyOf(record.components) !== key) {
        return { text: "its key is not that of its components" };
      }
    } catch {
      return { text: "its components cannot be read" };
    }
    for (const [output, entry] of Object.entries(record.outputs)) {
      if (this.#bad.has(entry.digest) || !this.#has(entry)) {
        return { text: `output "${output}" is damaged or not in the store` };
      }
    }
    if (record.log !== null && !this.#hasLog(record.log)) {
      return { text: "its log is damaged or not in the store", log: record };
    }
    return null;
  }

  #has(entry: StageRecord["outputs"][string]): boolean {
    try {
      if (!this.store.has(entry)) return false;
      return entry.form === "file" ||
        this.store.treeFiles(entry.digest).every(({ digest }) => !this.#bad.has(digest));
    } catch (error) {
      // Moved aside meanwhile, or an object that is no manifest.
      if (error instanceof DamagedObject || error instanceof TreeError) return false;
      throw error;
    }
  }

  #hasLog(log: unknown): boolean {
    if (!isDigest(log) || this.#bad.has(log)) return false;
    try {
      return Deno.statSync(this.store.objectPath(log)).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #history(): void {
    for (const path of filesBelow(`${this.store.dir}/runs`)) {
      if (!path.includes("/runs/parts/")) this.#count("runs");
      const part = /\/runs\/parts\/([0-9a-f]{64})\.json$/.exec(path)?.[1];
      const sound = part === undefined ? isJson(path) : isPart(path, part);
      if (!path.endsWith(".json") || sound || infoOf(path) === null) continue;
      const what = part === undefined
        ? "is not the record of a run"
        : "its content is not what its name says";
      const about = { part: "history", path, what } as const;
      this.#found(about, ["moved aside", () => this.#aside(path)]);
    }
  }

  #programs(): void {
    const dir = `${this.store.dir}/cache/bundles`;
    for (const name of namesIn(dir)) {
      const digest = /^([0-9a-f]{64})\.js$/.exec(name)?.[1];
      if (digest === undefined) continue;
      this.#count("programs");
      const path = `${dir}/${name}`;
      if (this.options.quick || isProgram(path, digest)) continue;
      const about = {
        part: "program",
        path,
        what: "its content is not what its name says",
      } as const;
      this.#found(about, ["removed", () => discard(this.store.host, path)]);
    }
  }
}

/** What cannot be read counts as damaged. */
function damagedIn({ packs }: Store, pack: Pack): readonly { readonly digest: Digest }[] {
  try {
    return packs.damagedIn(pack);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Removed by another process since it was listed.
    return error instanceof Deno.errors.NotFound ? [] : [...pack.index.members()];
  }
}

function isPart(path: string, digest: Digest): boolean {
  return sha256((textOf(path) ?? "").replace(/\n$/, "")) === digest;
}

function isProgram(path: string, digest: Digest): boolean {
  const text = textOf(path);
  return text === null ? infoOf(path) === null : sha256(text) === digest;
}
