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
    await run(contextOf(job) as never);
    send({ done: true });
  } catch (error) {
    const e = error instanceof Error ? error : new Error(String(error));
    send({ error: { name: e.name, message: e.message, stack: stackOf(e) } });
    Deno.exit(1);
  }
  Deno.exit(0);
}

function stackOf(error: Error): string {
  const causes: string[] = [];
  for (let e: unknown = error; e instanceof Error; e = e.cause) causes.push(e.stack ?? String(e));
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
      async write(name: string, content: Uint8Array | string) {
        const slash = name.lastIndexOf("/");
        if (slash > 0) await Deno.mkdir(`${path}/${name.slice(0, slash)}`, { recursive: true });
        await write(`${path}/${name}`, content);
      },
    };
  }
  if (media === "application/json") {
    return { path, write: (value: unknown) => Deno.writeTextFile(path, toJson(value)) };
  }
  return { path, write: (content: Uint8Array | string) => write(path, content) };
}

function write(path: string, content: Uint8Array | string): Promise<void> {
  return typeof content === "string"
    ? Deno.writeTextFile(path, content)
    : Deno.writeFile(path, content);
}

/** JSON in insertion order; refuses what `JSON.stringify` would change without a word. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value, (name, part) => {
    if (typeof part === "number" && !Number.isFinite(part)) {
      throw new TypeError(
        `Output JSON cannot hold ${part}, found at "${name}"; write null or a string`,
      );
    }
    if (ArrayBuffer.isView(part)) {
      throw new TypeError(
        `Output JSON cannot hold a typed array, found at "${name}"; use Array.from`,
      );
    }
    return part;
  });
  if (text === undefined) throw new TypeError("Output JSON cannot hold undefined or a function");
  return text + "\n";
}
