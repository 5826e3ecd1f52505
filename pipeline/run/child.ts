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
  const read = [
    new Lines(child.stdout, (line) => receive(line, listener)),
    new Lines(child.stderr, (line) => listener.line(line)),
  ];
  try {
    const reading = Promise.all(read.map((lines) => lines.end));
    // Also when the reading fails, e.g. because the disk with the log is full.
    const status = await Promise.race([child.status, reading.then(() => child.status)]);
    // Programs that it started may hold its output open for as long as they like.
    if (options.confine?.processes === false) await untilSilent(host, read);
    await reading;
    return status;
  } finally {
    // Reached early when the listener throws, e.g. because the disk with the log is full.
    kill(child);
    live.delete(child);
    signal.removeEventListener("abort", stop);
  }
}

/** Longer lines are cut: a progress bar may never end one. In UTF-16 units; messages are shorter. */
const LONGEST_LINE = 1 << 18;

/** Reads a stream line by line. */
class Lines {
  /** When all is read. */
  readonly end: Promise<void>;
  /** Pieces read so far. */
  pieces = 0;
  readonly #reader: ReadableStreamDefaultReader<string>;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (line: string) => void) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    this.end = this.#read(take);
  }

  async #read(take: (line: string) => void): Promise<void> {
    // Not one text that grows: each piece is looked at once, however long the line.
    let parts: string[] = [];
    let length = 0;
    const flush = () => {
      take(parts.join(""));
      parts = [];
      length = 0;
    };
    while (true) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.pieces++;
      const [first, ...others] = value.split("\n");
      parts.push(first);
      length += first.length;
      for (const line of others) {
        flush();
        parts.push(line);
        length = line.length;
      }
      if (length > LONGEST_LINE) flush();
    }
    if (length > 0) flush();
  }

  /** Reads no further. */
  stop(): void {
    this.#reader.cancel().catch(() => {});
  }
}

/** How long a process that ended may have left something to read, in milliseconds. */
const SILENCE_MS = 500;

/** Stops reading what nobody writes to: twice in a row nothing came. */
async function untilSilent(host: Host, read: readonly Lines[]): Promise<void> {
  const ended = new AbortController();
  const all = Promise.allSettled(read.map(({ end }) => end)).then(() => ended.abort());
  for (let before = -1, idle = 0; idle < 2;) {
    await host.delay(SILENCE_MS, ended.signal);
    if (ended.signal.aborted) return await all;
    const now = read.reduce((sum, { pieces }) => sum + pieces, 0);
    idle = now === before ? idle + 1 : 0;
    before = now;
  }
  for (const lines of read) lines.stop();
}

function receive(line: string, listener: ChildListener): void {
  const at = line.indexOf(MARK);
  if (at < 0) return (listener.output ?? listener.line)(line);
  // A stage may have written a piece of a line itself just before.
  if (at > 0) listener.line(line.slice(0, at));
  const message = messageIn(line.slice(at + 1));
  if (message === null) return listener.line(line);
  listener.message(message);
}

/** A message of the runner; null for anything else, which a stage may write itself. */
function messageIn(text: string): Message | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { progress, done, error } = fieldsOf(value);
  if (done === true) return { done };
  if (progress !== undefined) {
    const { step, steps, loss, message } = fieldsOf(progress);
    const parts = {
      ...(typeof step === "number" ? { step } : {}),
      ...(typeof steps === "number" ? { steps } : {}),
      ...(typeof loss === "number" ? { loss } : {}),
      ...(message === undefined ? {} : { message: String(message) }),
    };
    return { progress: parts };
  }
  const { name, message, stack } = fieldsOf(error);
  if ([name, message, stack].some((part) => typeof part !== "string")) return null;
  return { error: { name, message, stack } as { name: string; message: string; stack: string } };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
