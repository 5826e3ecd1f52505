/** `deno task watch`: runs a paper again whenever something that it may depend on was saved. */

import { pastRuns } from "../history/past_run.ts";
import { findPaper } from "../declare/project.ts";
import { plural } from "../report/format.ts";
import { Changes, type Watched } from "./changes.ts";
import type { Command, Io } from "./command.ts";
import { cancelledExit, onInterrupt } from "./interrupt.ts";
import { type Arguments, usage } from "./options.ts";
import { remoteOptions } from "./remote_options.ts";
import { planOptions } from "./session.ts";

const command: Command = {
  spec: {
    name: "watch",
    describe: "Runs a paper, and again whenever a file of the project or a local source is " +
      "saved. Only what the change concerns runs. Errors are shown, and watching goes on. Ctrl-C ends it.",
    positional: { name: "paper", optional: false },
    options: {
      ...planOptions,
      ...remoteOptions,
      restart: {
        type: "flag",
        describe: "A save during a run stops it and starts anew; finished stages are kept. " +
          "Without: the run comes to its end first.",
      },
    },
    examples: ["deno task watch optima --preset smoke"],
  },
  async run(args, io) {
    const paper = args.positional;
    if (paper === null) throw usage(command.spec, "Which paper?");
    // A slip of the name is told at once; other mistakes can be mended while this watches.
    await findPaper(io.place.root, paper);
    return await new Watch(paper, args, io).run();
  },
};
export default command;

class Watch {
  readonly #stop = new AbortController();
  #child: Deno.ChildProcess | null = null;

  constructor(readonly paper: string, readonly args: Arguments, readonly io: Io) {}

  async run(): Promise<number> {
    const end = () => {
      this.#stop.abort();
      this.#interrupt();
    };
    const interrupt = onInterrupt(end, () => {});
    try {
      await this.#watch();
      return cancelledExit;
    } finally {
      interrupt.dispose();
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    let watched = this.#watched();
    let changes = new Changes(watched);
    try {
      for (let runs = 1; !signal.aborted; runs++) {
        const overtaken = await this.#reproduce(changes);
        if (signal.aborted) return;
        if (overtaken) continue;
        const now = this.#watched();
        if (listOf(now) !== listOf(watched)) {
          watched = now;
          changes[Symbol.dispose]();
          changes = new Changes(watched);
        }
        this.#say(`Waiting for changes (${plural(runs, "run")} so far). Ctrl-C ends.`);
        const paths = await changes.next(signal);
        if (!signal.aborted) this.#say(`Changed: ${this.#shown(paths)}`);
      }
    } finally {
      changes[Symbol.dispose]();
    }
  }

  /**
   * One run, in a process of its own: modules that are loaded once stay as they were.
   * @returns true when a change stopped it.
   */
  async #reproduce(changes: Changes): Promise<boolean> {
    const { place } = this.io;
    const main = new URL("./main.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", main, "reproduce", this.paper, ...this.#options()],
      cwd: place.rootDir,
      env: { INIT_CWD: place.userDir },
      stdin: "null",
    }).spawn();
    this.#child = child;
    const done = new AbortController();
    const ended = child.status.then(() => done.abort());
    let overtaken = false;
    if (this.args.flags.has("restart")) {
      const either = AbortSignal.any([done.signal, this.#stop.signal]);
      const paths = await changes.next(either);
      overtaken = paths.length > 0;
      if (overtaken) {
        this.#say(`Changed: ${this.#shown(paths)}. Starting anew.`);
        this.#interrupt();
      }
    }
    await ended;
    this.#child = null;
    return overtaken;
  }

  #interrupt(): void {
    try {
      this.#child?.kill("SIGINT");
    } catch {
      // It ended by itself.
    }
  }

  #options(): string[] {
    const { texts, counts, flags } = this.args;
    return [
      ...Object.entries({ ...texts, ...counts }).flatMap((
        [name, value],
      ) => [`--${name}`, `${value}`]),
      ...[...flags].filter((name) => name !== "restart").map((name) => `--${name}`),
    ];
  }

  /** The project without its results, and the local sources of the last run. */
  #watched(): Watched {
    const { place } = this.io;
    const root = place.rootDir;
    const store = place.storeDir(this.args);
    const results = `${root}/artifacts`;
    const isInside = (path: string, dir: string) => path === dir || path.startsWith(`${dir}/`);
    const trees = [...Deno.readDirSync(root)]
      .filter(({ name, isDirectory }) =>
        isDirectory && !/^\.|^node_modules$|^artifacts$/.test(name)
      )
      .map(({ name }) => `${root}/${name}`)
      .filter((dir) => !isInside(store, dir));
    const folders = [root];
    const files = new Set<string>();
    for (const source of this.#sources(store)) {
      if (trees.some((dir) => isInside(source, dir))) continue;
      try {
        if (Deno.statSync(source).isDirectory) trees.push(source);
        else {
          files.add(source);
          folders.push(source.slice(0, source.lastIndexOf("/")) || "/");
        }
      } catch {
        // Gone; the run has said so.
      }
    }
    const counts = (path: string) => {
      if (isInside(path, results) || isInside(path, store)) return false;
      const parent = path.slice(0, path.lastIndexOf("/"));
      return parent === root || files.has(path) || trees.some((dir) => isInside(path, dir));
    };
    return { trees: trees.sort(), folders: [...new Set(folders)].sort(), counts };
  }

  /** Absolute paths. */
  #sources(store: string): string[] {
    for (const { paper, sources } of pastRuns({ dir: store })) {
      if (paper !== this.paper) continue;
      const root = this.io.place.rootDir;
      return (sources ?? []).map((path) => path.startsWith("/") ? path : `${root}/${path}`);
    }
    return [];
  }

  #shown(paths: readonly string[]): string {
    const root = `${this.io.place.rootDir}/`;
    const names = paths.map((path) => path.startsWith(root) ? path.slice(root.length) : path);
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    return names.slice(0, 3).join(", ") + more;
  }

  #say(line: string): void {
    this.io.err.write(this.io.err.paint.muted(line) + "\n");
  }
}

function listOf({ trees, folders }: Watched): string {
  return JSON.stringify([trees, folders]);
}
