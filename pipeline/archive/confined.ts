/** Runs a bundle's program in the stage sandbox, within limits, from the bundle alone. */

import { npmCacheDir } from "../plan/environment.ts";
import { execute, type Finished } from "../run/executor.ts";
import { Failed } from "../failure.ts";
import { fetchPackages } from "../sources/packages.ts";
import { packageFolders, type ProgramLock, programLock } from "../code/program_lock.ts";
import type { Store } from "../store/store.ts";
import type { Node, OutputEntry, Provider } from "../types.ts";
import { printable } from "./bag/mod.ts";

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
 * @throws {Failed} `timeout`, `too-much-output`, `undeclared-import`, or as `execute`.
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
    await checkImports(store, run, controller.signal);
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

/**
 * Deno reads what a program imports by a constant name before it looks at permissions: without this look
 * a program could read any file of the machine as a module, as JSON or as text.
 */
async function checkImports(store: Store, run: ConfinedRun, signal: AbortSignal): Promise<void> {
  const { host } = store;
  const dir = `${store.dir}/tmp/${host.unique()}`;
  host.files.makeDirectory(dir);
  try {
    host.files.writeNew(`${dir}/program.js`, run.code);
    const flags = ["--json", "--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm"];
    const child = host.spawn(Deno.execPath(), {
      args: ["info", ...flags, `${dir}/program.js`],
      clearEnv: true,
      env: { DENO_DIR: `${dir}/cache`, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal,
    });
    const { stdout, success } = await child.output();
    signal.throwIfAborted();
    const refuse = (message: string): never => {
      throw new Failed({ code: "undeclared-import", message, where: run.node.id });
    };
    if (!success) refuse("what its program imports cannot be told");
    for (const specifier of importsIn(stdout)) {
      if (/^(?:npm|node|data):/.test(specifier)) continue;
      refuse(`its program imports ${printable(specifier)}, which is not in the bundle`);
    }
  } finally {
    host.files.remove(dir);
  }
}

/** Names that a module graph as Deno tells it holds, besides its root. */
function importsIn(stdout: Uint8Array): string[] {
  const { roots, modules }: { roots: string[]; modules: { specifier: string }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return modules.map(({ specifier }) => specifier).filter((name) => !roots.includes(name));
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
 * @returns the packages that are not to be had, with the reason.
 */
export async function missingPackages(
  specifiers: readonly string[],
  access: PackageAccess,
): Promise<string[]> {
  if (specifiers.length === 0) return [];
  const { store, lockFile, network, signal } = access;
  const lock = programLock(lockFile, specifiers);
  if (lock === null) return ["the bundle's lock file does not hold the packages of its programs"];
  const absent = await absentPackages(lock);
  if (absent.length === 0) return [];
  if (!network) return absent.map((name) => `${name} is not in Deno's cache`);
  // An empty folder: a configuration file in the bundle must not choose the registry.
  const root = `${store.dir}/tmp/${store.host.unique()}`;
  store.host.files.makeDirectory(root);
  try {
    store.host.files.writeNew(`${root}/deno.lock`, new TextEncoder().encode(lock.text));
    const flags = ["--no-config", `--lock=${root}/deno.lock`];
    await fetchPackages(specifiers, { host: store.host, root, signal, onLog: () => {} }, flags);
    return [];
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return [...absent.map((name) => `${name} is not in Deno's cache`), error.failure.message];
  } finally {
    store.host.files.remove(root);
  }
}

/** Packages of a lock file that Deno has not cached, apart from those for other systems. */
async function absentPackages({ text, packages }: ProgramLock): Promise<string[]> {
  const cache = await npmCacheDir();
  const { npm = {} }: { npm?: Record<string, { os?: unknown; cpu?: unknown }> } = JSON.parse(text);
  return packages.filter((name) =>
    npm[name]?.os === undefined && npm[name]?.cpu === undefined &&
    packageFolders(cache, [name]).length === 0
  );
}
