/** Where things are: the project, the store, the reports, and how paths are shown to the user. */

import type { Arguments } from "./options.ts";

/** Directories of one invocation; paths are absolute and have no final slash. */
export class Place {
  /** The project: what holds deno.json. Ends with a slash. */
  readonly root: URL;
  readonly rootDir: string;
  /** Where the user was when typing the command: `deno task` itself changes to the project. */
  readonly userDir: string;

  constructor(root: URL, userDir: string) {
    this.root = root;
    this.rootDir = decodeURIComponent(root.pathname).replace(/\/$/, "");
    this.userDir = userDir;
  }

  /** `--store`, relative to the user's directory; by default artifacts/store of the project. */
  storeDir(args: Arguments): string {
    return args.texts.store === undefined
      ? `${this.rootDir}/artifacts/store`
      : this.resolve(args.texts.store);
  }

  get reportsDir(): string {
    return `${this.rootDir}/artifacts/reports`;
  }

  /** Where the kept artifacts of a paper's preset are placed for people. */
  resultsDir(paper: string, preset: string): string {
    return `${this.rootDir}/artifacts/results/${paper}-${preset}`;
  }

  /** Where a paper's committed results are; unlike the store and the reports, in git. */
  committedFile(paper: string): string {
    return `${this.rootDir}/artifacts/${paper}.lock.yaml`;
  }

  /** A path as typed by the user, made absolute. */
  resolve(path: string): string {
    const base = new URL(`file://${encodeURI(this.userDir).replaceAll("#", "%23")}/`);
    const url = new URL(encodeURI(path).replaceAll("#", "%23").replaceAll("?", "%3F"), base);
    return decodeURIComponent(url.pathname).replace(/(?<=.)\/$/, "");
  }

  /** A path as shown: relative when inside the user's directory. */
  show(path: string): string {
    return path.startsWith(`${this.userDir}/`) ? path.slice(this.userDir.length + 1) : path;
  }
}
