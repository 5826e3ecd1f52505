/** Runs a bundle's program in the stage sandbox, within limits, from the bundle alone. */

import { runChild } from "../child.ts";
import { childEnvironment } from "../environment.ts";
import { execute, type Finished } from "../executor.ts";
import { Failed } from "../failure.ts";
import { fetchPackages } from "../packages.ts";
import type { Store } from "../store.ts";
import type { Node, OutputEntry, Provider } from "../types.ts";

/** One run of one program. */
export interface ConfinedRun {
  readonly node: Node;
  readonly code: Uint8Array;
  readonly specifiers: readonly string[];
  readonly inputs: Readonly<Record<string, readonly OutputEntry[]>>;
  readonly provider: Provider;
  readonly threads: number;
  readonly lockFile: string | null;
  /** Wall time. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** A program that prints without end must not fill the disk. */
const LOG_BYTES = 64 << 20;

/**
 * Runs one program. The store's host sets its limits on memory and processor time.
 * @throws {Failed} `timeout`, `too-much-output`, or as `execute`.
 */
export async function runConfined(store: Store, run: ConfinedRun): Promise<Finished> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  run.signal.addEventListener("abort", stop, { once: true });
  if (run.signal.aborted) stop();
  let why: Failed | null = null;
  const end = (code: string, message: string) => {
    why ??= new Failed({ code, message, where: run.node.id });
    stop();
  };
  const timer = setTimeout(
    () => end("timeout", `it was stopped after ${run.timeoutSeconds} s (--timeout)`),
    1000 * run.timeoutSeconds,
  );
  let logged = 0;
  try {
    return await execute(store, {
      node: run.node,
      program: { code: run.code, specifiers: run.specifiers },
      inputs: run.inputs,
      provider: run.provider,
      threads: run.threads,
      lockFile: run.lockFile,
      signal: controller.signal,
      onProgress: () => {},
      onLog(line) {
        logged += line.length + 1;
        if (logged > LOG_BYTES) end("too-much-output", "it printed more than 64 MiB");
      },
    });
  } catch (error) {
    throw why ?? error;
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener("abort", stop);
  }
}

/** How packages may be had. */
export interface PackageAccess {
  readonly store: Store;
  readonly lockFile: string | null;
  /** False: only what Deno has cached. */
  readonly network: boolean;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that npm packages are in Deno's cache, with the integrity that the bundle's lock file gives.
 * @returns the specifiers that are not to be had, with the reason.
 */
export async function missingPackages(
  specifiers: readonly string[],
  access: PackageAccess,
): Promise<string[]> {
  if (specifiers.length === 0) return [];
  const { store, lockFile, network, signal } = access;
  // An empty folder: a configuration file in the bundle must not choose the registry.
  const root = `${store.dir}/tmp/${store.host.unique()}`;
  store.host.files.makeDirectory(root);
  const lock = `${root}/deno.lock`;
  if (lockFile !== null) store.host.files.copy(lockFile, lock);
  const flags = ["--no-config", lockFile === null ? "--no-lock" : `--lock=${lock}`];
  try {
    if (await isCached(store, root, [...flags, ...specifiers], signal)) return [];
    const missing: string[] = [];
    for (const specifier of specifiers) {
      if (await isCached(store, root, [...flags, specifier], signal)) continue;
      if (!network) {
        missing.push(`${specifier.slice("npm:".length)}: not in Deno's cache`);
        continue;
      }
      try {
        const fetching = { host: store.host, root, signal, onLog: () => {} };
        await fetchPackages([specifier], fetching, flags);
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        missing.push(error.failure.message);
      }
    }
    return missing;
  } finally {
    store.host.files.remove(root);
  }
}

async function isCached(
  store: Store,
  cwd: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const command = ["cache", "--cached-only", "--quiet", ...args];
  const env = childEnvironment();
  const silent = { message: () => {}, line: () => {} };
  const end = await runChild(store.host, Deno.execPath(), command, { cwd, env, signal }, silent);
  return end.success;
}
