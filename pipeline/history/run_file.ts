/** How a run gets into the history: one file, and parts that runs share. */

import { type Host, replaceFile } from "../host.ts";
import type { Digest } from "../types.ts";
import type { PastRun } from "./past_run.ts";

/** Where a store's history is. */
export function historyDir(store: { readonly dir: string }): string {
  return `${store.dir}/runs`;
}

/**
 * Writes a run that shares configuration and keys with an earlier one.
 * @returns false when the earlier one's parts are gone.
 */
export function rememberAgain(store: HistoryStore, run: Omit<PastRun, "id">): boolean {
  if (!touchPart(store, run.config) || !touchPart(store, run.nodes)) return false;
  writeRun(store, { ...run, id: newId(store) });
  return true;
}

/** The store whose history it is. */
export interface HistoryStore {
  readonly dir: string;
  readonly host: Host;
}

/** A name for a run. */
export function newId({ host }: HistoryStore): string {
  return host.unique().replaceAll("-", "").slice(0, 8);
}

/** Writes the file of a run. */
export function writeRun(store: HistoryStore, run: PastRun): PastRun {
  const path = `${historyDir(store)}/${run.began.replaceAll(":", "-")}-${run.id}.json`;
  replaceFile(store.host, store.dir, path, encode(JSON.stringify(run)));
  return run;
}

/** A sign for gc, which removes what nobody named for a while. @returns false when it is not there. */
export function touchPart(store: HistoryStore, digest: Digest): boolean {
  try {
    store.host.files.touch(partPath(store, digest), store.host.now());
    return true;
  } catch {
    return false;
  }
}

/** Where a part is. */
export function partPath(store: { readonly dir: string }, digest: Digest): string {
  return `${historyDir(store)}/parts/${digest}.json`;
}

/** The bytes of a file of the history. */
export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\n");
}
