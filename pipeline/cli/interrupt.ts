/** Ctrl-C: the first asks the run to stop and keep what is finished, the second leaves at once. */

/** Exit code of a cancelled run: 128 + SIGINT. */
export const cancelledExit = 130;

/**
 * Signals closer together than this are one: Ctrl-C reaches this process from the terminal, and once
 * more from `deno task`, which passes it on.
 */
const SAME_MS = 400;

/**
 * Listens until `dispose`.
 * @param first Called once, on the first signal.
 * @param second Called before leaving on the second.
 */
export function onInterrupt(first: () => void, second: () => void): { dispose(): void } {
  let firstAt: number | null = null;
  const handle = () => {
    if (firstAt === null) {
      firstAt = performance.now();
      first();
    } else if (performance.now() - firstAt > SAME_MS) {
      second();
      Deno.exit(cancelledExit);
    }
  };
  // Windows knows no SIGTERM.
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, handle);
  return {
    dispose() {
      for (const signal of signals) Deno.removeSignalListener(signal, handle);
    },
  };
}
