/** Ctrl-C: the first asks the run to stop and keep what is finished, the second leaves at once. */

/** Exit code of a cancelled run: 128 + SIGINT. */
export const cancelledExit = 130;

/**
 * Listens until `dispose`.
 * @param first Called once, on the first signal.
 * @param second Called before leaving on the second.
 */
export function onInterrupt(first: () => void, second: () => void): { dispose(): void } {
  let count = 0;
  const handle = () => {
    count++;
    if (count === 1) first();
    else {
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
