/** A temporary project with a tiny paper, driven through the real command line as a subprocess. */

import { toyFiles } from "./toy.ts";

const repository = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command that is still running. */
export interface Running {
  readonly pid: number;
  /** Resolves when standard error has shown `text`; rejects when the command ends without. */
  shows(text: string): Promise<void>;
  kill(signal: Deno.Signal): void;
  readonly ended: Promise<Ended>;
}

/** A copy of the engine, with its own papers and store, or of all sources. Removed on disposal. */
export class Rig implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** @param files Path → content, written over the copy; by default the toy paper. */
  static async create(files: Readonly<Record<string, string>> = toyFiles): Promise<Rig> {
    const rig = await Rig.#copyOf(["pipeline"]);
    for (const [path, content] of Object.entries(files)) await rig.write(path, content);
    return rig;
  }

  /** A project that is there already; whoever made it removes it. */
  static at(dir: string): Rig {
    return new Rig(dir);
  }

  /** A copy of everything that runs: the engine, the methods and the papers. */
  static ofSources(): Promise<Rig> {
    return Rig.#copyOf(["pipeline", "methods", "stages"]);
  }

  static async #copyOf(trees: readonly string[]): Promise<Rig> {
    const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "rig-" }));
    const rig = new Rig(dir);
    for (const name of ["deno.json", "deno.lock"]) {
      await Deno.copyFile(repository + name, `${dir}/${name}`);
    }
    for (const tree of trees) await copyTree(repository + tree, `${dir}/${tree}`);
    return rig;
  }

  async write(path: string, content: string): Promise<void> {
    const full = `${this.dir}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, content);
  }

  read(path: string): Promise<string> {
    return Deno.readTextFile(`${this.dir}/${path}`);
  }

  /** Replaces text that must be there. */
  async edit(path: string, before: string, after: string): Promise<void> {
    const text = await this.read(path);
    if (!text.includes(before)) throw new Error(`${path} does not contain ${before}`);
    // A function: "$&" and the like in `after` mean nothing.
    await this.write(path, text.replace(before, () => after));
  }

  /** Runs `deno task <args>` without `deno task` itself, which adds nothing but time. */
  cli(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Runs `deno task <args>`. */
  task(...args: readonly string[]): Promise<Ended> {
    return this.#spawn(["task", ...args]).ended;
  }

  /** Starts a command and leaves it running. */
  start(...args: readonly string[]): Running {
    return this.#spawn(["run", "-q", "-A", "pipeline/cli/main.ts", ...args]);
  }

  #spawn(args: readonly string[]): Running {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: this.dir,
      env: { NO_COLOR: "1", INIT_CWD: this.dir },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let err = "";
    let over = false;
    let wake = () => {};
    const readErr = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stderr) {
        err += decoder.decode(chunk, { stream: true });
        wake();
      }
      over = true;
      wake();
    })();
    const ended = (async () => {
      const [status, out] = await Promise.all([
        child.status,
        new Response(child.stdout).text(),
        readErr,
      ]);
      return { code: status.code, out, err };
    })();
    return {
      pid: child.pid,
      kill: (signal) => child.kill(signal),
      ended,
      async shows(text) {
        while (!err.includes(text)) {
          if (over) throw new Error(`ended without showing ${JSON.stringify(text)}:\n${err}`);
          await new Promise<void>((resolve) => wake = resolve);
        }
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const entry of Deno.readDir(from)) {
    if (entry.isDirectory) await copyTree(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else await Deno.copyFile(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}
