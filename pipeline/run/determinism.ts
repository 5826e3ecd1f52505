/** Runs a stage twice, or once more, and fails it when the bytes differ. */

import { outputsDifference } from "./difference.ts";
import { type Attempt, execute, type Finished } from "./executor.ts";
import { Failed } from "../failure.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type { OutputEntry } from "../types.ts";

/** How a stage was compared: with another run of now, or with what was stored. */
export type Against = "again" | "stored";

/**
 * Runs a stage and compares what it gives with its stored outputs, or with a second run when it has none.
 *
 * @param stored Outputs of an earlier run with the same key; null when there is none.
 * @throws {Failed} `nondeterministic` with the first difference; nothing is recorded then.
 */
export async function executeTwice(
  store: Store,
  attempt: Attempt,
  stored: Readonly<Record<string, OutputEntry>> | null,
): Promise<{ readonly finished: Finished; readonly against: Against }> {
  const finished = await execute(store, attempt);
  if (stored !== null) {
    try {
      await compare(store, attempt, stored, finished.outputs, "what is stored");
      return { finished, against: "stored" };
    } catch (error) {
      if (!(error instanceof DamagedObject)) throw error;
      // What was stored is no witness: ask the stage itself again.
    }
  }
  attempt.onProgress({ message: "again, to compare the bytes" });
  const second = await execute(store, attempt);
  await compare(store, attempt, finished.outputs, second.outputs, "the first run");
  return { finished: second, against: "again" };
}

async function compare(
  store: Store,
  { node }: Attempt,
  first: Readonly<Record<string, OutputEntry>>,
  second: Readonly<Record<string, OutputEntry>>,
  named: string,
): Promise<void> {
  const difference = await outputsDifference(store, node.outputs, first, second);
  if (difference === null) return;
  throw new Failed({
    code: "nondeterministic",
    message: `the same stage with the same inputs gave other bytes than ${named}; ${difference}`,
    where: node.id,
    mend:
      "Find what varies between runs: the time (Date, performance.now), the path of the stage's own " +
      "folder, the order in which parallel work ends, native threads. Math.random and crypto are seeded.",
  });
}
