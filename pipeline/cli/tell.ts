/** Tells the user of a failure, in words or as JSON. */

import type { Failure } from "../types.ts";
import type { Io } from "./command.ts";

/** One message: what, where, how to mend, which log. As JSON on standard output when asked. */
export function tellFailure(io: Pick<Io, "out" | "err">, json: boolean, failure: Failure): void {
  if (json) {
    io.out.write(JSON.stringify({ error: failure }) + "\n");
    return;
  }
  const { paint } = io.err;
  const where = failure.where ? `${failure.where}: ` : "";
  io.err.write(`${paint.bad("error")}: ${where}${failure.message}\n`);
  if (failure.mend) io.err.write(`${failure.mend}\n`);
  if (failure.log) io.err.write(`log: ${failure.log}\n`);
}
