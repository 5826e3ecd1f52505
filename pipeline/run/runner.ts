/** The child's side of an attempt: reads the job file, calls the stage, reports. Bundled into every stage program. */

/** One artifact as the child sees it. */
export interface JobArtifact {
  readonly form: "file" | "tree";
  readonly media: string;
  readonly path: string;
  /** For lists: what an item is. */
  readonly of?: { readonly media: string; readonly extension: string };
}

/** What the parent writes to the job file. */
export interface Job {
  readonly inputs: Readonly<Record<string, JobArtifact | readonly JobArtifact[]>>;
  readonly outputs: Readonly<Record<string, JobArtifact>>;
  readonly params: unknown;
  readonly provider: string;
  readonly threads: number;
}

/** What the child prints, one JSON object a line after {@link MARK}; all other lines are log. */
export type Message =
  | { readonly progress: Readonly<Record<string, unknown>> }
  | { readonly done: true }
  | { readonly error: { readonly name: string; readonly message: string; readonly stack: string } };

/** Starts a protocol line: a control character that no log line begins with. */
export const MARK = "\x1e";

/** Shortest time between two progress lines, in milliseconds. */
const PROGRESS_EVERY = 100;

/** Runs one attempt of a stage. Ends the process. */
export async function main(run: (context: never) => Promise<void>): Promise<never> {
  const consoles = console as unknown as Record<string, unknown>;
  for (const name of ["log", "info", "debug", "dir", "table"]) consoles[name] = console.error;
  try {
    const job: Job = JSON.parse(Deno.readTextFileSync(Deno.args[0]));
    if (typeof run !== "function") {
      throw new TypeError('the module exports "run", but not as a function');
    }
    await run(contextOf(job) as never);
    await allWritten();
    send({ done: true });
  } catch (error) {
    const e = error instanceof Error ? error : new Error(inWords(error));
    const [name, message] = [cut(String(e.name), 100), cut(String(e.message), 10_000)];
    send({ error: { name, message, stack: cut(stackOf(e), 100_000) } });
    Deno.exit(1);
  }
  Deno.exit(0);
}

/** Writes under way. */
const writing = new Set<Promise<void>>();

/** Takes note of a write, because a stage may forget to wait for it. */
function noted(write: Promise<void>): Promise<void> {
  writing.add(write);
  const over = () => void writing.delete(write);
  write.then(over, over);
  // A promise of its own: that the other is listened to must not hide a failure that nobody handles.
  return write.then(() => {});
}

/** Waits for all writes: the end of the process would cut them off, and the rest count as the output. */
async function allWritten(): Promise<void> {
  while (writing.size > 0) {
    await Promise.allSettled(writing);
    // A turn of the event loop, in which a failure that nobody handles ends the process.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} … (${text.length} characters)`;
}

/** Anything can be thrown. */
function inWords(thrown: unknown): string {
  const text = typeof thrown === "object" && thrown !== null ? JSON.stringify(thrown) : undefined;
  return text ?? String(thrown);
}

/** Causes that are told, as an error can be its own. */
const MOST_CAUSES = 10;

function stackOf(error: Error): string {
  const causes: string[] = [];
  for (let e: unknown = error; e instanceof Error && causes.length < MOST_CAUSES; e = e.cause) {
    causes.push(String(e.stack ?? e));
  }
  return causes.join("\nCaused by ");
}

function send(message: Message): void {
  const line = new TextEncoder().encode(`${MARK}${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < line.length;) sent += Deno.stdout.writeSync(line.subarray(sent));
}

function contextOf(job: Job): unknown {
  const each = <A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
  let last = -Infinity;
  return {
    inputs: each(job.inputs, (a) => "path" in a ? reader(a) : a.map(reader)),
    outputs: each(job.outputs, writer),
    params: job.params,
    provider: job.provider,
    threads: job.threads,
    progress(progress: Record<string, unknown>) {
      const now = performance.now();
      const final = progress.step !== undefined && progress.step === progress.steps;
      if (now - last < PROGRESS_EVERY && !final) return;
      last = now;
      send({ progress });
    },
  };
}

/** What the items of a list may be called. */
export const ITEM_NAME = /^[A-Za-z0-9_][A-Za-z0-9._=+@-]{0,99}$/;

function reader({ form, media, path, of }: JobArtifact): unknown {
  if (of !== undefined) {
    return {
      path,
      names: () =>
        Promise.resolve(
          list(path, "").map((name) => name.slice(0, name.length - of.extension.length)).sort(),
        ),
      item: (name: string) => reader(itemOf(path, of, name)),
    };
  }
  if (form === "tree") {
    return {
      path,
      list: () => Promise.resolve(list(path, "").sort()),
      bytes: (name: string) => Deno.readFile(`${path}/${name}`),
      text: (name: string) => Deno.readTextFile(`${path}/${name}`),
    };
  }
  if (media === "application/json") {
    return { path, read: async () => JSON.parse(await Deno.readTextFile(path)) };
  }
  return { path, bytes: () => Deno.readFile(path), text: () => Deno.readTextFile(path) };
}

function list(root: string, prefix: string): string[] {
  const names: string[] = [];
  for (const entry of Deno.readDirSync(`${root}/${prefix}`)) {
    const name = prefix + entry.name;
    if (entry.isDirectory) names.push(...list(root, `${name}/`));
    else names.push(name);
  }
  return names;
}

function itemOf(path: string, of: NonNullable<JobArtifact["of"]>, name: string): JobArtifact {
  if (!ITEM_NAME.test(name)) {
    throw new TypeError(
      `${JSON.stringify(name)} cannot be the name of an item: use up to 100 letters, digits and ` +
        "._=+@-, and begin with a letter, digit or _",
    );
  }
  return { form: "file", media: of.media, path: `${path}/${name}${of.extension}` };
}

function writer({ form, media, path, of }: JobArtifact): unknown {
  if (of !== undefined) {
    const names = new Set<string>();
    const item = (name: string) => {
      const made = writer(itemOf(path, of, name)) as { write(value: unknown): Promise<void> };
      if (names.has(name)) {
        throw new TypeError(`The list has an item ${JSON.stringify(name)} already`);
      }
      names.add(name);
      return made;
    };
    return {
      path,
      item,
      add: async (name: string, value: unknown) => await item(name).write(value),
    };
  }
  if (form === "tree") {
    return {
      path,
      write(name: string, content: Uint8Array | string) {
        const slash = name.lastIndexOf("/");
        const folder = slash > 0
          ? Deno.mkdir(`${path}/${name.slice(0, slash)}`, { recursive: true })
          : Promise.resolve();
        return noted(folder.then(() => write(`${path}/${name}`, content)));
      },
    };
  }
  if (media === "application/json") {
    return { path, write: (value: unknown) => noted(Deno.writeTextFile(path, toJson(value))) };
  }
  return { path, write: (content: Uint8Array | string) => noted(write(path, content)) };
}

function write(path: string, content: Uint8Array | string): Promise<void> {
  return typeof content === "string"
    ? Deno.writeTextFile(path, content)
    : Deno.writeFile(path, content);
}

/** What JSON has no form for, with what to write instead; it would become `{}` without a word. */
const FORMLESS: Readonly<Record<string, string>> = {
  Map: "use Object.fromEntries",
  Set: "use Array.from",
  WeakMap: "write an object",
  WeakSet: "write a list",
  Promise: "await it",
  ArrayBuffer: "use Array.from on a typed array",
  SharedArrayBuffer: "use Array.from on a typed array",
  Error: "write its message",
  RegExp: "write its source",
};

/** JSON in insertion order; refuses what `JSON.stringify` would change without a word. */
function toJson(value: unknown): string {
  const refuse = (what: string, name: string, mend: string): never => {
    throw new TypeError(`Output JSON cannot hold ${what}, found at "${name}"; ${mend}`);
  };
  const text = JSON.stringify(value, function (this: unknown, name, part) {
    if (typeof part === "number" && !Number.isFinite(part)) {
      refuse(String(part), name, "write null or a string");
    }
    if (ArrayBuffer.isView(part)) refuse("a typed array", name, "use Array.from");
    if (typeof part === "object" && part !== null) {
      const kind = Object.prototype.toString.call(part).slice("[object ".length, -1);
      const mend = Object.hasOwn(FORMLESS, kind) ? FORMLESS[kind] : null;
      if (mend !== null) refuse(/^[AE]/.test(kind) ? `an ${kind}` : `a ${kind}`, name, mend);
    } else if (Array.isArray(this) && part !== null && isLeftOut(part)) {
      refuse(part === undefined ? "undefined in a list" : `a ${typeof part}`, name, "write null");
    }
    return part;
  });
  if (text === undefined) throw new TypeError("Output JSON cannot hold undefined or a function");
  return text + "\n";
}

/** What JSON leaves out of objects, and turns into null in lists. */
function isLeftOut(part: unknown): boolean {
  return part === undefined || typeof part === "function" || typeof part === "symbol";
}
