/** Files that a user supplies: what is wrong with one, told with its place and what was expected. */

/** Where in a file something is wrong. */
export interface FilePlace {
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number;
  readonly column?: string;
}

/** A user's file is not what it should be. */
export class UserFileError extends Error {
  override name = "UserFileError";

  constructor(readonly place: FilePlace, found: string, expected: string) {
    const { file, line, column } = place;
    const where = `${file}${line === undefined ? "" : `:${line}`}${
      column === undefined ? "" : `, column "${column}"`
    }`;
    super(`${where}: ${found}; expected ${expected}`);
  }
}

/** A file's text. @throws UserFileError when it is not UTF-8. */
export function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UserFileError({ file }, "bytes that are no UTF-8", "text in UTF-8");
  }
}
