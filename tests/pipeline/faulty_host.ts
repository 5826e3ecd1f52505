/** A host whose file-system steps fail or are counted as a test says. */

import { type FileSteps, type Host, systemHost } from "../../pipeline/host.ts";

/** Called before each step with its name and its main path; throws to make it fail. */
export type Before = (step: keyof FileSteps, path: string) => void;

/** The real machine, with `before` in front of every file-system step. */
export function faultyHost(before: Before): Host {
  const steps = systemHost.files as unknown as Record<string, (...args: unknown[]) => unknown>;
  const files = Object.fromEntries(
    Object.keys(steps).map((name) => [name, (...args: unknown[]) => {
      const path = args.findLast((arg) => typeof arg === "string") as string | undefined;
      before(name as keyof FileSteps, path ?? "");
      return steps[name](...args);
    }]),
  );
  return {
    ...systemHost,
    files: files as unknown as FileSteps,
    delay: (ms, signal) => systemHost.delay(Math.min(ms, 10), signal),
  };
}

/** What Deno throws when the disk is full. */
export function diskFull(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}
