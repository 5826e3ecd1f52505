/** Under what a command is given: everything but files that decides what it says and does. */

import { instructionSet, machineMemory, nvidiaModel } from "../plan/device.ts";
import { webSha256 } from "./web_sha256.ts";

/** Raise when certificates mean something else, so that older ones are not looked at. */
const VERSION = 1;

/** What a command line is told by its surroundings. */
export interface Occasion {
  /** The project's directory, absolute. */
  readonly root: string;
  /** Where the user is: paths are shown relative to it. */
  readonly userDir: string;
  /** As typed, the command first. */
  readonly args: readonly string[];
  /** Columns of standard output. */
  readonly width: number;
  readonly colour: boolean;
}

/** Options that change what is said or where, not what is done with a result. */
const FLAGS = new Set(["--json", "--quiet", "-q", "--"]);
const VALUED = new Set(["--preset", "--provider", "--jobs", "--store"]);

/**
 * The directory of the store that plain `reproduce` arguments name.
 *
 * @returns null when there is an argument that certificates know nothing of.
 */
export function storeOf(args: readonly string[], root: string, userDir: string): string | null {
  let store: string | null = null;
  let papers = 0;
  for (let i = 1; i < args.length; i++) {
    const [name, ...rest] = args[i].split("=");
    if (VALUED.has(name)) {
      const value = rest.length > 0 ? rest.join("=") : args[++i];
      if (name === "--store") store = value ?? null;
    } else if (args[i].startsWith("-")) {
      if (!FLAGS.has(args[i])) return null;
    } else papers++;
  }
  if (args[0] !== "reproduce" || papers !== 1) return null;
  // Other forms of a path are left to those who know them all.
  if (store !== null && !/^[\w./-]+$/.test(store)) return null;
  if (store === null) return `${root}/artifacts/store`;
  return store.startsWith("/") ? store : `${userDir}/${store}`;
}

/** Where the certificate of an occasion is: its name holds all that is no file. */
export async function certificatePath(store: string, occasion: Occasion): Promise<string> {
  const variables = ["REPRODUCE_REMOTE", "REPRODUCE_REMOTE_MODE", "REPRODUCE_REMOTE_HEADER"];
  const about = [
    VERSION,
    occasion,
    variables.map((name) => Deno.env.get(name) ?? null),
    [Deno.version.deno, Deno.build.target, Deno.uid()],
    [navigator.hardwareConcurrency, machineMemory(), instructionSet(), nvidiaModel()],
  ];
  return `${store}/cache/certificates/${await webSha256(JSON.stringify(about))}`;
}
