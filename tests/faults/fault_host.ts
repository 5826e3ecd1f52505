/** A host that numbers the engine's steps and, at the chosen one, kills its process or fails. */

import { type FileSteps, type Host, systemHost } from "../../pipeline/host.ts";
import { spawnHere } from "./stage_process.ts";

/** What happens at which step. Steps count from 1. */
export type Fault =
  | { readonly kind: "none" }
  /** The process dies before or after the step, or, for writes, half-way. */
  | { readonly kind: "kill"; readonly at: number; readonly when: "before" | "after" | "torn" }
  /** The step fails with a system error; `until`: so do all steps up to this one. */
  | {
    readonly kind: "error";
    readonly at: number;
    readonly until?: number;
    readonly code: ErrorCode;
  }
  /** The machine loses power before the step: what was not flushed is in doubt. */
  | { readonly kind: "power"; readonly at: number; readonly journal: string };

/** Errors of the system that the engine must live through. */
export type ErrorCode = keyof typeof ERRORS;

const ERRORS = {
  ENOSPC: "No space left on device (os error 28)",
  EIO: "Input/output error (os error 5)",
  EROFS: "Read-only file system (os error 30)",
  EMFILE: "Too many open files (os error 24)",
  EDQUOT: "Disk quota exceeded (os error 122)",
  /** Half of the bytes are written before the disk is full. */
  SHORT: "No space left on device (os error 28)",
};

/** The codes, in order. */
export const CODES = Object.keys(ERRORS) as readonly ErrorCode[];

/** What a machine that loses power has not made sure of. */
export interface Journal {
  /** Files that were written and not flushed. */
  readonly unflushed: readonly string[];
  /** Names that were given, in order; the directory's entry may be lost. */
  readonly named: readonly { from: string | null; to: string; replaced: boolean }[];
}

/** Settings beside the fault. */
export interface Rigging {
  readonly project: string;
  /** Stages run in processes of their own. @default false */
  readonly realStages?: boolean;
  /** Instead of the real clock. */
  readonly now?: () => Date;
  /** File systems that cannot lock. @default false */
  readonly noLocks?: boolean;
  /** Nobody keeps others from computing the same: each process has leases of its own. @default false */
  readonly noLeases?: boolean;
  /** Told of each step. */
  readonly onStep?: (number: number, name: string, path: string) => void;
}

/** The real machine with one fault. */
export class FaultHost implements Host {
  /** Steps so far. */
  steps = 0;
  readonly files: FileSteps;
  readonly #unflushed = new Set<string>();
  readonly #named: { from: string | null; to: string; replaced: boolean }[] = [];

  constructor(readonly fault: Fault, readonly rigging: Rigging) {
    const real = systemHost.files as unknown as Record<string, (...args: unknown[]) => unknown>;
    this.files = Object.fromEntries(
      Object.keys(real).map((name) => [name, (...args: unknown[]) => {
        const path = args.findLast((arg) => typeof arg === "string") as string ?? "";
        return this.#step(name, name === "writeNew" ? args[0] as string : path, () => {
          this.#note(name, args);
          const result = real[name](...this.#ownLease(args));
          return name === "openLock" && (rigging.noLocks || rigging.noLeases)
            ? withoutLocks(result)
            : result;
        }, () => this.#half(name, args));
      }]),
    ) as unknown as FileSteps;
  }

  now(): Date {
    return this.rigging.now?.() ?? systemHost.now();
  }

  unique(): string {
    return systemHost.unique();
  }

  delay(milliseconds: number, signal: AbortSignal): Promise<void> {
    return systemHost.delay(Math.min(milliseconds, 20), signal);
  }

  spawn(command: string, options: Deno.CommandOptions): Deno.ChildProcess {
    const args = options.args ?? [];
    const isStage = args.at(-1)?.endsWith("/job.json") ?? false;
    return this.#step("spawn", args.at(-1) ?? command, () => {
      if (!isStage || this.rigging.realStages) return systemHost.spawn(command, options);
      return spawnHere(this.rigging.project, args, (path) => this.#step("stage", path, () => {}));
    });
  }

  #step<T>(name: string, path: string, act: () => T, half: () => boolean = () => false): T {
    const number = ++this.steps;
    this.rigging.onStep?.(number, name, path);
    const { fault } = this;
    switch (fault.kind) {
      case "none":
        return act();
      case "kill": {
        if (number !== fault.at) return act();
        if (fault.when === "torn") half();
        if (fault.when !== "after") die();
        const result = act();
        if (result instanceof Promise) return result.then(die, die) as T;
        return die();
      }
      case "power":
        if (number !== fault.at) return act();
        Deno.writeTextFileSync(
          fault.journal,
          JSON.stringify({ unflushed: [...this.#unflushed], named: this.#named }),
        );
        return die();
      case "error":
        if (number < fault.at || number > (fault.until ?? fault.at)) return act();
        // A failing disk does not stop what only frees space.
        if (name === "remove" && fault.code !== "EROFS" && fault.code !== "EIO") return act();
        if (fault.code === "SHORT") half();
        throw Object.assign(new Error(ERRORS[fault.code]), {
          code: fault.code === "SHORT" ? "ENOSPC" : fault.code,
        });
    }
  }

  #ownLease(args: unknown[]): unknown[] {
    if (!this.rigging.noLeases) return args;
    const own = (arg: unknown) =>
      typeof arg === "string" && arg.includes("/leases/") ? `${arg}.${Deno.pid}` : arg;
    return args.map(own);
  }

  /** Does half of a write. */
  #half(name: string, args: unknown[]): boolean {
    try {
      if (name === "writeNew") {
        const bytes = args[1] as Uint8Array;
        systemHost.files.writeNew(args[0] as string, bytes.subarray(0, bytes.length >> 1));
      } else if (name === "append") {
        const text = args[1] as string;
        systemHost.files.append(args[0] as string, text.slice(0, text.length >> 1));
      } else if (name === "copy") {
        const bytes = Deno.readFileSync(args[0] as string);
        systemHost.files.writeNew(args[1] as string, bytes.subarray(0, bytes.length >> 1));
      } else return false;
      return true;
    } catch {
      return false;
    }
  }

  /** Remembers what a loss of power would put in doubt. */
  #note(name: string, args: unknown[]): void {
    if (this.fault.kind !== "power") return;
    const [from, to] = args as string[];
    if (name === "writeNew" || name === "append") this.#unflushed.add(from);
    else if (name === "copy") this.#unflushed.add(to);
    else if (name === "flush") {
      for (const path of args[0] as string[]) this.#unflushed.delete(path);
    } else if (name === "rename") {
      this.#named.push({ from, to, replaced: exists(to) });
      for (const path of [...this.#unflushed]) {
        if (path !== from && !path.startsWith(from + "/")) continue;
        this.#unflushed.delete(path);
        this.#unflushed.add(to + path.slice(from.length));
      }
    } else if (name === "link") this.#named.push({ from: null, to, replaced: false });
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function die(): never {
  Deno.kill(Deno.pid, "SIGKILL");
  while (true);
}

/** A file as file systems without locks give it. */
function withoutLocks(file: unknown): unknown {
  const refuse = () => {
    throw Object.assign(new Error("Function not implemented (os error 38)"), { code: "ENOSYS" });
  };
  return new Proxy(file as Deno.FsFile, {
    get(target, name) {
      if (/lock/i.test(String(name))) return refuse;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
