/** The lock file of a paper on the command line: compared by every run, checked by --frozen, written by --update-lock. */

import { checkLock, type LockCheck } from "../committed/check.ts";
import { lockText, parseLock, type Presets } from "../committed/file.ts";
import { cameOf } from "../committed/outcome.ts";
import { updated } from "../committed/update.ts";
import { Failed } from "../failure.ts";
import { replaceFile } from "../report/report_file.ts";
import type { RunResult } from "../run/run.ts";
import type { Io } from "./command.ts";
import { compare, frozenLines } from "./comparison.ts";
import type { CommittedJson } from "./json.ts";
import type { LockMode } from "./lock_mode.ts";
import type { Place } from "./place.ts";
import type { Session } from "./session.ts";

/** How a run compares with its lock file. */
export interface Committed {
  readonly json: CommittedJson | null;
  readonly lines: readonly string[];
  /** With --frozen. */
  readonly frozen: LockCheck | null;
}

/**
 * Reads the lock file before a run that is useless without it.
 * @throws {Failed} `lock-missing` with --frozen, `lock-invalid` with --frozen and --update-lock.
 */
export function lockBefore(mode: LockMode, paper: string, preset: string, place: Place): void {
  if (mode === "compare") return;
  const path = place.committedFile(paper);
  const presets = readLock(path, place.show(path));
  if (mode === "update" || (presets !== null && Object.hasOwn(presets, preset))) return;
  throw new Failed({
    code: "lock-missing",
    message: presets === null
      ? "there is no lock file"
      : `it has no entry for the preset ${preset}`,
    where: place.show(path),
    mend: `--frozen compares with it. Write it on a machine that you trust: deno task reproduce ` +
      `${paper} --preset ${preset} --update-lock.`,
  });
}

/** Null when there is none. @throws {Failed} `lock-invalid`. */
export function readLock(path: string, name: string): Presets | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return parseLock(text, name);
}

/** Compares a completed run with the lock file, and writes that when asked. */
export async function committedResult(
  { store }: Session,
  result: RunResult,
  io: Io,
  mode: LockMode,
): Promise<Committed> {
  const path = io.place.committedFile(result.paper);
  const file = io.place.show(path);
  let presets: Presets | null;
  try {
    presets = readLock(path, file);
  } catch (error) {
    if (mode !== "compare" || !(error instanceof Failed)) throw error;
    const { where, message } = error.failure;
    // Messages may quote lines of the file.
    const text = `${where}: ${message.replace(/\s+/g, " ")}. Nothing is compared.`;
    io.err.write(`${io.err.paint.warn("warning")}: ${text}\n`);
    return { json: null, lines: [], frozen: null };
  }
  const lock = presets?.[result.preset];
  if (lock === undefined && mode !== "update") return { json: null, lines: [], frozen: null };
  const came = await cameOf(store, result);
  const check = checkLock(lock, came);
  const { json, lines } = check === null
    ? { json: null, lines: [] }
    : compare(lock!, came, check, file);
  if (mode === "frozen") return { json, lines: frozenLines(check!, file), frozen: check };
  if (mode === "compare") return { json, lines, frozen: null };
  const text = lockText(updated(presets ?? {}, result.preset, came));
  const isNew = presets === null || text !== Deno.readTextFileSync(path);
  if (isNew) replaceFile(path, text);
  return { json, lines: [...lines, isNew ? `Saved: ${file}` : `Unchanged: ${file}`], frozen: null };
}
