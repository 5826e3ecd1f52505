/** What is wrong with local data, in words. */

import { Failed } from "../failure.ts";
import { isSystemError } from "../host.ts";
import type { LocalSource } from "../types.ts";

/** How to mend a name that trees cannot hold. */
export const RENAME = "Rename one, or leave it out with `exclude`.";

/** What the system says about a path, in words; other errors pass. */
export function unreadable(source: LocalSource, path: string, error: unknown): unknown {
  if (error instanceof Failed || !(error instanceof Error)) return error;
  // The file system's errors of Deno carry no path of their own for all calls; theirs end with it.
  const named = /'([^']+)'$/.exec(error.message)?.[1] ?? path;
  const where = named.includes("\ufffd")
    ? `${JSON.stringify(named)}, whose name is not UTF-8,`
    : named;
  if (error.name === "NotFound") {
    return named.includes("\ufffd")
      ? wrong(source, `${where} cannot be read`, "Rename it.")
      : new Missing(source, named);
  }
  if (error.name === "PermissionDenied" || error.name === "NotCapable") {
    return wrong(source, `${where} may not be read`, "Give yourself permission to read it.");
  }
  if (error.name === "NotADirectory" || error.name === "FilesystemLoop") {
    return wrong(source, `${where} cannot be reached: ${error.message}`, "Correct the path.");
  }
  return isSystemError(error)
    ? wrong(source, `${where} cannot be read: ${error.message}`, "Check the disk that holds it.")
    : error;
}

/** Data that are not there: told together, so that the user need not run once for each. */
export class Missing extends Failed {
  constructor(readonly source: LocalSource, readonly path: string) {
    super({
      code: "local-data",
      message: `${path} is not there`,
      where: `local_${source.form}[${source.name}]`,
      mend: ["Put the data there, or correct the path.", source.hint].filter(Boolean).join(" "),
    });
  }
}

/** One failure that names all that is missing, each hint once. */
export function allMissing(missing: readonly [Missing, ...Missing[]]): Failed {
  const [first, ...rest] = missing;
  if (rest.length === 0) return first;
  const hints = new Set(missing.flatMap(({ source }) => source.hint ?? []));
  return new Failed({
    code: "local-data",
    message: `${missing.length} files are not there:${
      missing.map(({ path }) => `\n  ${path}`).join("")
    }`,
    where: "local data",
    mend: ["Put the data there, or correct the paths.", ...hints].join(" "),
  });
}

/** A failure of one source. */
export function wrong({ form, name }: LocalSource, message: string, mend: string): Failed {
  return new Failed({ code: "local-data", message, where: `local_${form}[${name}]`, mend });
}
