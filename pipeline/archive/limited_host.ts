/** A host whose child processes get limits on memory, time and the size of files: for strangers' programs. */

import { type Host, systemHost } from "../host.ts";

/** What one process of a stranger may use. */
export interface Limits {
  /** Bytes of memory. */
  readonly memory: number;
  /** Seconds of a processor. */
  readonly cpuSeconds: number;
  /** Bytes of one file that it writes. */
  readonly fileBytes: number;
}

/** What a Deno process maps when it starts, most of it never touched. */
const DENO_BYTES = 640e6;

/** Whether this system has `prlimit`; without it only V8's own limit on its heap holds. */
export function hasProcessLimits(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const io = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return new Deno.Command("prlimit", { args: ["--version"], ...io }).outputSync().success;
  } catch {
    return false;
  }
}

/**
 * Puts limits on every Deno process that is started through the host.
 *
 * The limit is on data, not on address space: V8 and WebAssembly reserve terabytes that they never use.
 */
export function limitedHost({ memory, cpuSeconds, fileBytes }: Limits, host = systemHost): Host {
  const wrap = hasProcessLimits();
  const heap = Math.max(64, Math.floor(memory / 2 ** 20));
  return {
    ...host,
    spawn(command, options) {
      const args = [...options.args ?? []].map(String);
      const run = args.indexOf("run");
      if (run >= 0) args.splice(run + 1, 0, `--v8-flags=--max-old-space-size=${heap}`);
      if (!wrap) return host.spawn(command, { ...options, args });
      const limits = [
        `--data=${Math.ceil(memory + DENO_BYTES)}`,
        `--cpu=${Math.ceil(cpuSeconds)}`,
        `--fsize=${Math.ceil(fileBytes)}`,
        "--core=0",
      ];
      return host.spawn("prlimit", { ...options, args: [...limits, "--", command, ...args] });
    },
  };
}
