/** Says in one message why a stage's process failed, and what its author or user can do. */

import type { ChildEnd } from "./child.ts";
import { DISK_FULL, isDiskFull, isSystemError } from "../host.ts";
import { refusalIn, refusedRead } from "./refusal.ts";
import type { Failure, Provider } from "../types.ts";

/** What is known about a failed process. */
export interface FailedChild {
  readonly node: string;
  readonly end: ChildEnd;
  /** The error that the stage threw, when the runner could still report it. */
  readonly error: { readonly name: string; readonly message: string } | null;
  /** The last lines of the log. */
  readonly tail: readonly string[];
  /** What its tensors run on; null when it has none. */
  readonly provider: Provider | null;
  /** Exact npm specifiers that its program imports. */
  readonly specifiers?: readonly string[];
  /** The store's directory, which also holds attempts. */
  readonly store: string;
  readonly log: string;
}

/** How many log lines a message quotes. */
const QUOTED = 6;

/** Turns a failed process into a failure; the most specific cause wins. */
export function childFailure(child: FailedChild): Failure {
  const about = { where: child.node, log: child.log };
  const text = [
    child.error === null ? "" : `${child.error.name}: ${child.error.message}`,
    ...child.tail,
  ]
    .join("\n");
  if (child.end.signal === "SIGINT" || child.end.signal === "SIGTERM") {
    return { code: "cancelled", message: "stopped while it ran", ...about, mend: RESUME };
  }
  if (DISK_FULL.test(text)) return { ...noSpace(child.store), ...about };
  return undeclaredAccess(text, child, about) ?? strayRead(child, about) ??
    runtimeMissing(child, text, about) ??
    noMemory(child, text, about) ??
    missingPackage(text, about) ?? stageExit(child, about);
}

type About = Pick<Failure, "where" | "log">;

/** Tells how an interrupted run goes on. */
export const RESUME = "Run the same command again: finished stages are kept.";

/** The disk that holds the store is full. */
export function noSpace(store: string): Failure {
  return {
    code: "no-space",
    message: "no space left on the disk",
    where: store,
    mend:
      `Free space on the disk that holds ${store}, or choose another place with --store. ${RESUME}`,
  };
}

/** The failure behind an error of the operating system about the store's files; null for other errors. */
export function storeFailure(error: unknown, store: string): Failure | null {
  if (isDiskFull(error)) return noSpace(store);
  if (!isSystemError(error) || !error.message.includes(store)) return null;
  return {
    code: "store",
    message: `the store cannot be used: ${error.message}`,
    where: store,
    mend: `Make its files readable and writable, or choose another place with --store. ${RESUME}`,
  };
}

function undeclaredAccess(text: string, child: FailedChild, about: About): Failure | null {
  const found = refusalIn(text, child);
  return found === null ? null : { code: "undeclared-access", ...found, ...about };
}

/**
 * A file that is looked for beside the program: stages run in a folder of their own, so a path that
 * is relative, or relative to the module, leads there.
 */
function strayRead({ error, store }: FailedChild, about: About): Failure | null {
  const match = error?.name === "NotFound" ? /: \w+ '([^'\n]+)'/.exec(error.message) : null;
  if (match === null) return null;
  const attempts = `${store}/attempts/`;
  const inside = match[1].startsWith(attempts);
  if (match[1].startsWith("/") && !inside) return null;
  const path = inside ? match[1].slice(attempts.length).replace(/^[^/]+\//, "") : match[1];
  if (/^(inputs|outputs)\//.test(path)) return null;
  const { message, mend } = refusedRead(path, store);
  return {
    code: "undeclared-access",
    message: `${message}; a stage runs in a folder of its own`,
    ...about,
    mend,
  };
}

const RUNTIME = new RegExp(
  [
    "onnxruntime_binding\\.node",
    "libonnxruntime\\S*: cannot open",
    "(?:cannot|could not|couldn't) (?:find|load)[^\n]*onnxruntime",
    "no available backend found",
    "provider \\w+ (?:found no|cannot load)",
    "Failed to load shared library",
    "dlopen[^\n]*onnxruntime",
    "onnxruntime[^\n]*dlopen",
  ].join("|"),
  "i",
);

const RUNTIME_MEND =
  "Use --provider wasm, which needs no native library; or delete the onnxruntime package from " +
  "Deno's npm cache (deno info names the folder) and run again to fetch it anew.";
/** What a provider needs that the user may lack. */
const DEVICE_MEND: Partial<Record<Provider, string>> = {
  cuda: "Use --provider cpu, or install what is missing.",
  webgpu: "Use --provider cpu, or --provider wasm.",
  wasm: "Use --provider cpu.",
};
/** What a processor sends to a program that runs damaged code. */
const CRASHES = ["SIGBUS", "SIGSEGV", "SIGILL", "SIGABRT", "SIGFPE"];

function runtimeMissing(child: FailedChild, text: string, about: About): Failure | null {
  const { end: { signal }, provider } = child;
  const native = provider === "cpu" || provider === "cuda";
  if (native && signal !== null && CRASHES.includes(signal)) {
    return {
      code: "onnxruntime",
      message: `native code crashed (${signal}), most likely ONNX Runtime: its library in Deno's ` +
        "npm cache may be damaged",
      ...about,
      mend: RUNTIME_MEND,
    };
  }
  const found = RUNTIME.exec(text);
  if (found === null) return null;
  const line = text.split("\n").find((l) => RUNTIME.test(l)) ?? found[0];
  return {
    code: "onnxruntime",
    message: `ONNX Runtime could not start: ${line.trim().slice(0, 300)}`,
    ...about,
    mend: DEVICE_MEND[provider ?? "cpu"] ?? RUNTIME_MEND,
  };
}

const MEMORY = /out of memory|bad_alloc|allocation failed|Failed to allocate memory|heap limit/i;

function noMemory({ end }: FailedChild, text: string, about: About): Failure | null {
  // The kernel's out-of-memory killer and cluster limits both send SIGKILL.
  const killed = end.signal === "SIGKILL" || end.code === 137;
  if (!killed && !MEMORY.test(text)) {
    if (end.signal === null) return null;
    return {
      code: "killed",
      message: `the stage's process was ended by ${end.signal}`,
      ...about,
      mend: "Native code crashed or another program ended it; the log has its last words.",
    };
  }
  return {
    code: killed ? "killed" : "out-of-memory",
    message: killed
      ? "the stage's process was killed from outside, most likely because memory ran out"
      : "the stage ran out of memory",
    ...about,
    mend:
      "Run fewer stages at a time (--jobs 1), choose a smaller preset, or close other programs.",
  };
}

function missingPackage(text: string, about: About): Failure | null {
  const name = /npm package not found in cache: "([^"]+)"/i.exec(text)?.[1] ??
    /Could not find npm package '([^']+)'/i.exec(text)?.[1];
  if (name === undefined) return null;
  return {
    code: "package-missing",
    message: `the npm package ${name} is not in Deno's cache, and stages have no network`,
    ...about,
    mend: `Connect to the network and run: deno cache npm:${name}`,
  };
}

/** What Deno says when nothing is under way and the program is not over. */
const NEVER = "Top-level await promise never resolved";

/** How Deno words an error that ends a process. */
const UNCAUGHT =
  /^error: Uncaught (?:\(in promise\) )?(?:\(in worker "[^"\n]*"\) )?([^\n]{1,1000})/m;

function stageExit({ end, error, tail }: FailedChild, about: About): Failure {
  if (error !== null) {
    const place = placeIn(tail);
    const message = `${error.name}: ${error.message}${place === null ? "" : ` (${place})`}`;
    return { code: "stage-exit", message, ...about };
  }
  if (!end.success && tail.some((line) => line.includes(NEVER))) {
    const message = "the stage waits for a promise that nothing fulfils any more";
    const mend = "Look for a callback or an event that does not come.";
    return { code: "stage-exit", message, ...about, mend };
  }
  const uncaught = end.success ? null : UNCAUGHT.exec(tail.join("\n"))?.[1] ?? null;
  if (uncaught !== null) {
    const message = `an error that nothing in the stage handles: ${uncaught}`;
    return { code: "stage-exit", message, ...about };
  }
  const lines = tail.filter((line) => line.trim() !== "").slice(-QUOTED);
  const said = lines.length === 0 ? "it printed nothing" : `its last lines:\n${lines.join("\n")}`;
  return {
    code: "stage-exit",
    message: end.success
      ? `the stage's process ended before its work was done; ${said}`
      : `the stage's process ended with code ${end.code}; ${said}`,
    ...about,
  };
}

/** Where the paper's code was when it failed, e.g. `stages/coin/toss.ts:12:5`, from its stack trace. */
function placeIn(stack: readonly string[]): string | null {
  for (const line of stack) {
    // Frames of the engine, of packages and of Deno have other paths.
    const place = /^\s+at (?:.* \()?((?:stages|methods)\/[^():]+:\d+:\d+)\)?$/.exec(line);
    if (place !== null) return place[1];
  }
  return null;
}
