/** Which names a bag's members may have: those that mean the same file on every system, and no other place. */

/** A component that needs no further look: none of the reserved names is made of these digits. */
const PLAIN = /^[0-9a-f]+$/;
/** Names of devices on Windows, with or without an extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
/** Control and format characters (direction overrides, zero-width ones), line separators, private use. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
const NOT_ON_WINDOWS = /[<>:"|?*]/;
const MAX_COMPONENT = 255;
const MAX_PATH = 4096;

const encoder = new TextEncoder();

/** Length in UTF-8. */
export function utf8Length(text: string): number {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length;
}

/** Why `path` (`/` between its components) cannot be a member's name; null when it can. */
export function badName(path: string): string | null {
  if (path === "") return "the name is empty";
  if (path.includes("\0")) return "the name contains a NUL";
  if (path.includes("\\")) return "the name contains a backslash";
  if (path.startsWith("/")) return "the name is absolute";
  if (/^[A-Za-z]:/.test(path)) return "the name begins with a drive letter";
  if (path.length > MAX_PATH || utf8Length(path) > MAX_PATH) {
    return `the name is longer than ${MAX_PATH} bytes`;
  }
  for (const component of path.split("/")) {
    if (component.length <= MAX_COMPONENT && PLAIN.test(component)) continue;
    const why = badComponent(component);
    if (why !== null) return why;
  }
  return null;
}

function badComponent(name: string): string | null {
  if (name === "") return "the name has an empty component";
  if (name === "." || name === "..") return `the name has the component "${name}"`;
  if (name.startsWith("~")) return "a component begins with ~, which stands for a home directory";
  if (utf8Length(name) > MAX_COMPONENT) return `a component is longer than ${MAX_COMPONENT} bytes`;
  if (INVISIBLE.test(name)) return "the name contains a control or invisible character";
  if (name.normalize("NFC") !== name) return "the name is not in Unicode's NFC form";
  if (/[. ]$/.test(name)) return "a component ends with a dot or a space, which Windows drops";
  if (DEVICE.test(name)) return "a component is a device's name on Windows";
  const char = NOT_ON_WINDOWS.exec(name);
  if (char !== null) return `the name contains ${char[0]}, which Windows does not allow`;
  return null;
}

/** What a file system that ignores case and Unicode form takes for the same name. */
function folded(path: string): string {
  return path.toUpperCase().toLowerCase().normalize("NFC");
}

/** The names of one archive, to find two that are, or on some system would be, the same. */
export class Names {
  /** By folded path: the path as first seen, and what it is. */
  readonly #seen = new Map<string, { path: string; kind: "file" | "folder"; stated: boolean }>();
  /** Folders that hold nothing so far, as stated by a member of their own. */
  readonly #empty = new Set<string>();

  /**
   * Takes a name that {@link badName} lets through.
   * @returns why it clashes with an earlier one, or null.
   */
  add(path: string, kind: "file" | "folder"): string | null {
    const slash = path.lastIndexOf("/");
    if (slash !== -1) {
      const why = this.#parents(path, slash);
      if (why !== null) return why;
    }
    const key = folded(path);
    const before = this.#seen.get(key);
    if (before === undefined) {
      this.#seen.set(key, { path, kind, stated: true });
      if (kind === "folder") this.#empty.add(path);
      return null;
    }
    if (before.path !== path) return differsOnlyInForm(before.path);
    if (before.kind !== kind) return "it is there both as a file and as a folder";
    if (before.stated) return "it is there twice";
    before.stated = true;
    return null;
  }

  /** A stated folder that holds nothing, which BagIt cannot express; null when there is none. */
  emptyFolder(except: string): string | null {
    for (const path of this.#empty) if (path !== except) return path;
    return null;
  }

  #parents(path: string, slash: number): string | null {
    const parent = path.slice(0, slash);
    this.#empty.delete(parent);
    const key = folded(parent);
    const before = this.#seen.get(key);
    if (before !== undefined) {
      if (before.path !== parent) return differsOnlyInForm(before.path);
      return before.kind === "folder" ? null : "it lies in a folder that is there as a file";
    }
    const further = parent.lastIndexOf("/");
    if (further !== -1) {
      const why = this.#parents(parent, further);
      if (why !== null) return why;
    }
    this.#seen.set(key, { path: parent, kind: "folder", stated: false });
    return null;
  }
}

function differsOnlyInForm(before: string): string {
  return `it differs only in case or Unicode form from ${before}`;
}
