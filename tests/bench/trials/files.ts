// Finds, damages and edits files behind the back of a tool.

/** All regular files below `dir`; links are not followed. */
export function filesBelow(dir: string): string[] {
  const found: string[] = [];
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(dir)];
  } catch {
    return [];
  }
  for (const { name, isDirectory, isFile } of entries) {
    const path = `${dir}/${name}`;
    if (isDirectory) found.push(...filesBelow(path));
    else if (isFile) found.push(path);
  }
  return found;
}

/** Size in bytes; -1 when it is not there. */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return -1;
  }
}

/** Whether a file has these bytes. */
export function holds(path: string, bytes: Uint8Array): boolean {
  if (sizeOf(path) !== bytes.length) return false;
  const found = Deno.readFileSync(path);
  return found.every((byte, i) => byte === bytes[i]);
}

/** Changes bytes in place; `hidden`: size, mode and modification time (to the nanosecond) are put back. */
export async function changeInPlace(
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
  { hidden }: { hidden: boolean },
): Promise<void> {
  const mode = Deno.statSync(path).mode! & 0o7777;
  const reference = Deno.makeTempFileSync();
  await touch("-r", path, reference);
  Deno.chmodSync(path, mode | 0o600);
  const file = Deno.openSync(path, { write: true });
  const bytes = change(Deno.readFileSync(path));
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  file.close();
  if (hidden) {
    await touch("-r", reference, path);
    Deno.chmodSync(path, mode);
  }
  Deno.removeSync(reference);
}

/** Another bit in the middle of the file. */
export function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length >> 1] ^= 1;
  return copy;
}

/** Runs `touch`. */
export async function touch(...args: string[]): Promise<void> {
  const { success } = await new Deno.Command("touch", { args }).output();
  if (!success) throw new Error(`touch ${args.join(" ")} failed`);
}

/** Replaces text that must be there. */
export function edit(path: string, before: string, after: string): void {
  const text = Deno.readTextFileSync(path);
  if (!text.includes(before)) throw new Error(`${path} does not contain ${before}`);
  Deno.writeTextFileSync(path, text.replace(before, () => after));
}

/** Writes a file and the folders above it. */
export function write(dir: string, path: string, text: string): void {
  const full = `${dir}/${path}`;
  Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(full, text);
}
