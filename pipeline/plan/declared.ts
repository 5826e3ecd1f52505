/** What a stage declares from outside the sandbox: environment variables and programs of the machine. */

import { createHash } from "node:crypto";
import { Failed } from "../failure.ts";
import type { Digest, Work } from "../types.ts";

/** Names that a stage declares; empty for work without a module. */
export function declaredBy(
  work: Work,
): { readonly env: readonly string[]; readonly programs: readonly string[] } {
  return work.type === "module"
    ? { env: work.env ?? [], programs: work.programs ?? [] }
    : { env: [], programs: [] };
}

/** What declared variables and programs are now, as parts of a key's environment. */
export function declaredEnvironment(work: Work): Record<string, string> {
  const { env, programs } = declaredBy(work);
  return Object.fromEntries([
    ...env.map((name) => [`variable ${name}`, variableText(valueOf(name))]),
    ...programs.map((name) => [`program ${name}`, programDigest(name) ?? "(not found)"]),
  ]);
}

/** @throws {Failed} `environment` for a value that Deno cannot read. */
function valueOf(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    throw new Failed({
      code: "environment",
      message: `the variable ${name}, which a stage declares, has a value that is not Unicode`,
      where: name,
      mend: "Set it to other text, or unset it.",
    }, { cause: error });
  }
}

/** A variable's value, or words that no value can have when it is not set. */
function variableText(value: string | undefined): string {
  if (value === undefined) return "(not set)";
  return /^\(+not set\)$/.test(value) ? `(${value}` : value;
}

/**
 * Where a program is that a stage may start.
 *
 * @param name A name that is looked for along `PATH`, or an absolute path.
 * @returns null when there is none.
 */
export function findProgram(name: string): string | null {
  if (name.startsWith("/")) return isExecutable(name) ? name : null;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    // A relative entry would mean another program in each folder.
    if (folder.startsWith("/") && isExecutable(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}

/** Digests that this process made, by path and stamp. */
const known = new Map<string, Digest>();

/** SHA-256 of a program's file; null when there is none. */
export function programDigest(name: string): Digest | null {
  const path = findProgram(name);
  if (path === null) return null;
  try {
    const { dev, ino, mtime, size } = Deno.statSync(path);
    const stamp = [path, dev, ino, mtime?.getTime(), size].join(" ");
    let digest = known.get(stamp);
    if (digest === undefined) {
      digest = createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
      known.set(stamp, digest);
    }
    return digest;
  } catch {
    return null;
  }
}
