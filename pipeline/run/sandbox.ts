/** What one stage's process is permitted: the flags that Deno is started with. */

import { declaredBy, findProgram } from "../plan/declared.ts";
import { npmCacheDir, providerPermissions } from "../plan/environment.ts";
import { Failed } from "../failure.ts";
import type { Host } from "../host.ts";
import { packageFolders, type ProgramLock, programLock } from "../code/program_lock.ts";
import type { Node, Provider } from "../types.ts";

/** Seeds `Math.random` and `crypto` of every stage, so that a stage that uses them repeats itself. */
const SEED = 1;

/** Whose process it is. */
export interface Sandboxed {
  readonly node: Node;
  /** Exact npm specifiers that the program imports. */
  readonly specifiers: readonly string[];
  /** Packages that the program reaches, with their integrity, as they are in its key. @default not compared */
  readonly packages?: Readonly<Record<string, string>>;
  readonly provider: Provider;
  /** The project's lock file; null when it has none. */
  readonly lockFile: string | null;
}

/**
 * Deno's flags for one attempt: everything is refused unless the declaration needs it.
 *
 * @param path The attempt's directory, where the process starts. The lock file is written there.
 * @throws {Failed} `program-missing` when a declared program is not on this machine; `lock-changed` when
 * `deno.lock` names other packages than the key.
 */
export async function sandboxFlags(
  host: Host,
  path: string,
  { node, specifiers, packages, provider, lockFile }: Sandboxed,
): Promise<string[]> {
  const lock = programLock(lockFile, specifiers);
  if (packages !== undefined) checkLock(lock, packages, node.id);
  const flags = [
    "run",
    "--no-prompt",
    "--no-config",
    "--no-remote",
    "--cached-only",
    "--no-code-cache",
    "--quiet",
    `--seed=${SEED}`,
    "--allow-write=./outputs",
    ...lockFlags(host, path, lockFile, lock?.text ?? null),
  ];
  // Relative to the attempt: in a flag a comma ends a path.
  const reads = ["."];
  const tensors = node.work.type === "module" && node.work.provider;
  if (tensors || specifiers.length > 0) {
    const cache = await npmCacheDir();
    const folders = lock === null ? [] : packageFolders(cache, lock.packages);
    // Without a lock file nobody knows which packages belong to which.
    const readable = folders.length === 0 ? [cache] : folders;
    if (!tensors) reads.push(...readable);
    else {
      for (const flag of providerPermissions(provider, readable.join(","))) {
        if (flag.startsWith("--allow-read=")) reads.push(flag.slice("--allow-read=".length));
        else flags.push(flag);
      }
    }
  }
  // Deno takes each flag once.
  flags.push(`--allow-read=${reads.join(",")}`);
  const { env, programs } = declaredBy(node.work);
  if (env.length > 0) flags.push(`--allow-env=${env.join(",")}`);
  if (programs.length > 0) {
    programs.forEach((name) => checkProgram(name, node.id));
    // By name: Deno looks along the same PATH, whose folders may have commas in their names.
    flags.push(`--allow-run=${programs.join(",")}`);
  }
  return flags;
}

/** The file may be written anew, e.g. by `deno install`, while a long run goes on. */
function checkLock(
  lock: ProgramLock | null,
  packages: Readonly<Record<string, string>>,
  where: string,
): void {
  const found = lock?.integrities ?? {};
  const names = new Set([...Object.keys(packages), ...Object.keys(found)]);
  const other = [...names].find((name) => packages[name] !== found[name]);
  if (other === undefined) return;
  throw new Failed({
    code: "lock-changed",
    message: `deno.lock changed since the run was planned: ${other} is not as it was`,
    where,
    mend: "Run the same command again.",
  });
}

/** @param own The program's part of the lock file; null when it cannot be told. */
function lockFlags(
  host: Host,
  path: string,
  lockFile: string | null,
  own: string | null,
): string[] {
  const copy = `${path}/deno.lock`;
  if (own !== null) {
    host.files.writeNew(copy, new TextEncoder().encode(own));
    return [`--lock=${copy}`, "--frozen"];
  }
  if (lockFile === null) return ["--no-lock"];
  // A copy: Deno writes to a lock file when it thinks that something is missing from it.
  host.files.copy(lockFile, copy);
  return [`--lock=${copy}`];
}

function checkProgram(name: string, where: string): void {
  if (findProgram(name) !== null) return;
  throw new Failed({
    code: "program-missing",
    message: `the program ${
      JSON.stringify(name)
    }, which the stage declares, is not on this machine`,
    where,
    mend: "Install it so that it is found along PATH, or correct `programs` in the declaration.",
  });
}
