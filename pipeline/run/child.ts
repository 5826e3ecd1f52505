/** Child processes of the engine: started so that they die with it, their output split into log and protocol. */

import type { Host } from "../host.ts";
import { MARK, type Message } from "./runner.ts";

/** How a child ended. */
export interface ChildEnd {
  readonly success: boolean;
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/** What a child says while it runs. */
export interface ChildListener {
  message(message: Message): void;
  /** A line of its log, without the line break. */
  line(line: string): void;
  /** A line of standard output that is no message; it is log unless this is given. */
  output?(line: string): void;
}

const live = new Set<Deno.ChildProcess>();

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It ended by itself.
  }
}

// `Deno.exit` and a normal end both come through here.
globalThis.addEventListener("unload", () => live.forEach(kill));

/** What the kernel can take from a child beyond what the program that it runs refuses itself. */
export interface Confinement {
  /** Whether it keeps the machine's network. */
  readonly network: boolean;
  /** False when it starts programs, none of which may outlive it. */
  readonly processes: boolean;
}

/** Makes the kernel kill a child when this process dies, even by `kill -9`. */
const WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"];
/** A name space without a network, still as the same user; `unshare` comes with `setpriv`. */
const OFFLINE = ["unshare", "--map-current-user", "--net", "--"];
/** The same with a name space of processes, which end with the first one of them. */
const ALONE = ["unshare", "--map-current-user", "--net", "--pid", "--fork", "--kill-child", "--"];

const works = new Map<string, Promise<boolean>>();

/** Whether this kernel lets this user start programs through `words`; asked once. */
function canWrap(words: readonly string[]): Promise<boolean> {
  const name = words.join(" ");
  const known = works.get(name);
  if (known !== undefined) return known;
  const answer = (async () => {
    if (Deno.build.os !== "linux") return false;
    try {
      const io = { stdin: "null", stdout: "null", stderr: "null" } as const;
      const args = [...words.slice(1), "true"];
      return (await new Deno.Command(words[0], { args, ...io }).output()).success;
    } catch {
      return false;
    }
  })();
  works.set(name, answer);
  return answer;
}

/** Whether the kernel keeps stages off the network here, native code and programs included. */
export function canConfine(): Promise<boolean> {
  return canWrap([...OFFLINE, ...WITH_PARENT]);
}

/** What a command is started through. */
async function wrapping(confine: Confinement | undefined): Promise<readonly string[]> {
  if (confine?.processes === false && !confine.network) {
    // The outer process dies with this one, and the name space with the outer process.
    const words = [...WITH_PARENT, ...ALONE];
    if (await canWrap(words)) return words;
  }
  if (confine?.network === false && await canConfine()) return [...OFFLINE, ...WITH_PARENT];
  return await canWrap(WITH_PARENT) ? WITH_PARENT : [];
}

/**
 * Runs a program of this machine to its end. It is killed when `signal` aborts, when this process exits and,
 * where the kernel can do it, when this process is killed.
 */
export async function runChild(
  host: Host,
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Record<string, string>;
    readonly signal: AbortSignal;
    /** As far as this machine can; nothing is taken when it is left out. */
    readonly confine?: Confinement;
  },
  listener: ChildListener,
): Promise<ChildEnd> {
  const { cwd, env, signal } = options;
  const wrapped = [...await wrapping(options.confine), command, ...args];
  signal.throwIfAborted();
  const child = host.spawn(wrapped[0], {
    args: wrapped.slice(1),
    cwd,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  live.add(child);
  const stop = () => kill(child);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [status] = await Promise.all([
      child.status,
      eachLine(child.stdout, (line) => receive(line, listener)),
      eachLine(child.stderr, (line) => listener.line(line)),
    ]);
    return status;
  } finally {
    // Reached early when the listener throws, e.g. because the disk with the log is full.
    kill(child);
    live.delete(child);
    signal.removeEventListener("abort", stop);
  }
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

function receive(line: string, listener: ChildListener): void {
  const at = line.indexOf(MARK);
  if (at < 0) return (listener.output ?? listener.line)(line);
  // A stage may have written a piece of a line itself just before.
  if (at > 0) listener.line(line.slice(0, at));
  let message: Message;
  try {
    message = JSON.parse(line.slice(at + 1));
  } catch {
    return listener.line(line);
  }
  listener.message(message);
}
