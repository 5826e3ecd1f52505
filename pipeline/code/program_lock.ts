/** The part of a project's lock file that one program needs, and where those packages lie. */

import { ImportMap, type Lock, splitPackage } from "./import_map.ts";
import { Failed } from "../failure.ts";

/** What one program may import. */
export interface ProgramLock {
  /** A lock file with the program's packages and nothing else: with `--frozen`, no other can be imported. */
  readonly text: string;
  /** `name@version` of each package that the program reaches. */
  readonly packages: readonly string[];
  /** The same, with the integrity of each. */
  readonly integrities: Readonly<Record<string, string>>;
}

const NONE: ProgramLock = { text: '{"version":"5"}\n', packages: [], integrities: {} };

/** Parsed lock file and what was cut from it, while its time and size stay. */
const known = new Map<
  string,
  { stamp: string; lock: Lock; cut: Map<string, ProgramLock | null> }
>();

/**
 * Cuts a program's part out of the lock file.
 *
 * @param lockFile Path of the project's `deno.lock`, or null when it has none.
 * @param specifiers Exact npm specifiers that the program imports.
 * @returns null when the lock file does not hold all of them, so that nothing can be pinned.
 */
export function programLock(
  lockFile: string | null,
  specifiers: readonly string[],
): ProgramLock | null {
  if (specifiers.length === 0) return NONE;
  if (lockFile === null) return null;
  const { mtime, size } = Deno.statSync(lockFile);
  const stamp = `${mtime?.getTime()} ${size}`;
  let entry = known.get(lockFile);
  if (entry?.stamp !== stamp) {
    entry = { stamp, lock: JSON.parse(Deno.readTextFileSync(lockFile)), cut: new Map() };
    known.set(lockFile, entry);
  }
  const name = specifiers.join(" ");
  let cut = entry.cut.get(name);
  if (cut === undefined) entry.cut.set(name, cut = cutOut(entry.lock, specifiers));
  return cut;
}

function cutOut(lock: Lock, specifiers: readonly string[]): ProgramLock | null {
  const wanted = specifiers.map(packageOf);
  let integrities: Record<string, string>;
  try {
    integrities = ImportMap.ofLock(lock).integrities(wanted);
  } catch (error) {
    if (error instanceof Failed) return null;
    throw error;
  }
  const packages = Object.keys(integrities);
  const text = JSON.stringify({
    version: lock.version ?? "5",
    specifiers: Object.fromEntries(wanted.map((name) => {
      // With the versions of its peers, where it has any.
      const key = packages.find((p) => p === name || p.startsWith(`${name}_`))!;
      return [`npm:${name}`, splitPackage(key).version];
    })),
    npm: Object.fromEntries(packages.map((name) => [name, lock.npm![name]])),
  });
  return { text, packages, integrities };
}

/** `npm:@scope/name@1.2.3/sub` → `@scope/name@1.2.3`. */
function packageOf(specifier: string): string {
  return /^npm:\/?((?:@[^/]+\/)?[^/]+)/.exec(specifier)![1];
}

/**
 * The folders of packages in Deno's npm cache, as far as they are there: those for other systems are not.
 *
 * @param cache Directory of Deno's npm cache.
 */
export function packageFolders(cache: string, packages: readonly string[]): readonly string[] {
  const registries = list(cache).map((name) => `${cache}/${name}`);
  const folders = packages.flatMap((key) => {
    const { name, version } = splitPackage(key);
    // A package with peers may lie there several times, as `1.2.3_1`.
    const bare = version.split("_")[0];
    return registries.flatMap((registry) =>
      list(`${registry}/${name}`).filter((v) => v === bare || v.startsWith(`${bare}_`))
        .map((v) => `${registry}/${name}/${v}`)
    );
  });
  return [...new Set(folders)];
}

function list(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].filter((e) => e.isDirectory).map((e) => e.name).sort();
  } catch {
    return [];
  }
}
