/** Unpacks bags into an empty directory, and nowhere else. */

import { discard, type Host, systemHost } from "../../host.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { type OpenPart, openParts, readPayload } from "./reader.ts";
import { BagError, type BagLimits } from "./types.ts";

/** Leftovers of an extraction that was killed begin so; the next one removes them. */
const PARTIAL = ".bag-partial-";
const BUFFER = 1 << 20;

/**
 * Unpacks a bag as `tar` would: each part's top folder appears in `directory`. Nothing is written before
 * all names, sizes and tag files have been checked, and nothing stays when a content is wrong.
 * @param directory Not there yet, or empty.
 * @returns the top folders' paths, in order.
 * @throws {BagError} and the file system's errors.
 */
export async function extractBag(
  files: string | readonly string[],
  directory: string,
  limits?: Partial<BagLimits>,
  host: Host = systemHost,
): Promise<string[]> {
  const parts = await openParts(files, limits);
  try {
    checkTops(parts);
    const made = claim(directory, parts, host);
    const partial = `${directory}/${PARTIAL}${host.unique()}`;
    const moved: string[] = [];
    try {
      for (const part of parts) {
        await extractPart(
          part,
          `${partial}/${part.index.top}`,
          { ...DEFAULT_LIMITS, ...limits },
          host,
        );
      }
      for (const { index: { top } } of parts) {
        host.files.rename(`${partial}/${top}`, `${directory}/${top}`);
        moved.push(`${directory}/${top}`);
      }
      host.files.remove(partial);
      return moved;
    } catch (error) {
      for (const path of moved) discard(host, path);
      discard(host, made ? directory : partial);
      throw error;
    }
  } finally {
    for (const part of parts) part.file.close();
  }
}

/** Makes sure that the directory is there, real and empty. @returns true when it was made here. */
function claim(directory: string, parts: readonly OpenPart[], host: Host): boolean {
  const bad = (message: string) => new BagError("request", parts[0].path, null, message);
  let found: Deno.FileInfo;
  try {
    found = Deno.lstatSync(directory.replace(/(?<=.)\/+$/, ""));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    host.files.makeDirectory(directory);
    return true;
  }
  if (found.isSymlink) throw bad(`${directory} is a link; name the directory itself`);
  if (!found.isDirectory) throw bad(`${directory} is not a directory`);
  const entries = [...Deno.readDirSync(directory)];
  const partial = entries.filter((e) => e.isDirectory && e.name.startsWith(PARTIAL));
  // Beside a leftover, top folders of this bag are what the killed extraction had put in their place.
  const tops = new Set(partial.length > 0 ? parts.map((part) => part.index.top) : []);
  const moved = entries.filter((e) => e.isDirectory && tops.has(e.name));
  if (partial.length + moved.length < entries.length) {
    throw bad(`${directory} is not empty; name an empty or a new directory`);
  }
  // The sign that these are leftovers goes last.
  for (const { name } of [...moved, ...partial]) host.files.remove(`${directory}/${name}`);
  return false;
}

function checkTops(parts: readonly OpenPart[]): void {
  const seen = new Set<string>();
  for (const { index, refuse } of parts) {
    const key = index.top.toLowerCase();
    if (seen.has(key)) refuse("clash", index.top, "another part has the same top folder");
    seen.add(key);
  }
}

async function extractPart(
  part: OpenPart,
  root: string,
  limits: BagLimits,
  host: Host,
): Promise<void> {
  const folders = new Folders(part, root, host);
  folders.make("data");
  for (const [path, bytes] of part.index.tags) host.files.writeNew(folders.fileAt(path), bytes);
  const written: string[] = [];
  await readPayload(part, limits, async (file, stream) => {
    const path = folders.fileAt(file.path);
    await writeStream(host, path, stream());
    written.push(path);
  });
  await host.files.flush(written);
}

async function writeStream(
  host: Host,
  path: string,
  stream: ReadableStream<Uint8Array>,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER);
  let filled = 0;
  let created = false;
  const spill = () => {
    const bytes = buffer.subarray(0, filled);
    if (created) host.files.appendBytes(path, bytes);
    else host.files.writeNew(path, bytes);
    created = true;
    filled = 0;
  };
  for await (const chunk of stream) {
    if (filled + chunk.length > BUFFER) spill();
    buffer.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled > 0 || !created) spill();
}

/** The folders made below an extraction's root; each is looked at before something is put into it. */
class Folders {
  readonly #part: OpenPart;
  readonly #root: string;
  readonly #host: Host;
  readonly #made = new Set<string>();

  constructor(part: OpenPart, root: string, host: Host) {
    this.#part = part;
    this.#root = root;
    this.#host = host;
    host.files.makeDirectory(root);
  }

  /** Makes the folders above a file. @returns the file's full path. */
  fileAt(path: string): string {
    const slash = path.lastIndexOf("/");
    if (slash !== -1) this.make(path.slice(0, slash));
    else this.#look("");
    return `${this.#root}/${path}`;
  }

  make(folder: string): void {
    if (!this.#made.has(folder)) {
      const slash = folder.lastIndexOf("/");
      if (slash !== -1) this.make(folder.slice(0, slash));
      this.#host.files.makeDirectory(`${this.#root}/${folder}`);
      this.#made.add(folder);
    }
    this.#look(folder);
  }

  /** Names are checked long before; this is for a directory that something else changes meanwhile. */
  #look(folder: string): void {
    const info = Deno.lstatSync(`${this.#root}/${folder}`);
    if (!info.isDirectory || info.isSymlink) {
      this.#part.refuse("name", folder, "its folder was replaced while the bag was unpacked");
    }
  }
}
