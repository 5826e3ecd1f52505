// Training of any length by one short program: it is run again and again, and the host carries the state.

import {
  compile,
  type Executable,
  type Host,
  load,
  type Provider,
  type SpecOf,
  TensorError,
} from "../tensor/mod.ts";

/** What a run has done so far. */
export interface Done<S, T> {
  /** Steps done. */
  readonly steps: number;
  /** Steps of this program, and what it reports of them. */
  readonly count: number;
  readonly trace: Host<T>;
  /** To be used before the call returns: the next program frees it. */
  readonly state: Host<S>;
}

/** A run of `steps` steps. */
export interface LongRun<F, S, X, T> {
  /** As many steps as the inputs hold, traced; a `scan`. `frozen` is what no step changes. */
  readonly run: (frozen: F, state: S, inputs: X) => readonly [S, T];
  readonly frozen: Host<F>;
  /** The state before the first step. It is freed by the first program. */
  readonly state: Host<S>;
  readonly steps: number;
  /** Steps of a program. */
  readonly chunk: number;
  /** Steps at which a program ends in any case, so that the state can be looked at there. @default none */
  readonly stops?: readonly number[];
  /** Inputs of steps `first` to `first + count − 1`, each leaf with a leading axis. */
  readonly inputs: (first: number, count: number) => Host<X>;
  readonly after?: (done: Done<S, T>) => void | Promise<void>;
  readonly provider: Provider;
  readonly threads: number;
  readonly name: string;
}

/**
 * Where programs begin, and how many steps each has.
 *
 * @throws RangeError unless a program has a step.
 */
export function pieces(steps: number, chunk: number, stops: readonly number[] = []): number[] {
  if (!(Number.isInteger(chunk) && chunk >= 1)) {
    throw new RangeError(`programs of ${chunk} steps; a whole number of at least 1 is needed`);
  }
  const counts: number[] = [];
  const ends = [...new Set([...stops, steps])].filter((end) => end > 0 && end <= steps);
  let at = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    for (; at < end; at += counts[counts.length - 1]) counts.push(Math.min(chunk, end - at));
  }
  return counts;
}

/**
 * The state after all steps. There is a program for each number of steps that occurs, two for most runs.
 * Beside a program's own values, memory holds the frozen arrays once and the state twice.
 *
 * @throws TensorError `argument` unless `steps` and `chunk` are whole numbers, at least 0 and 1.
 *
 * @example
 * ```ts
 * import { add, fromNumbers, mul, scan, type Tensor, zeros } from "../tensor/mod.ts";
 * import { longRun } from "./mod.ts";
 *
 * // Ten steps of an average, by programs of 4, 4 and 2.
 * const average = await longRun({
 *   name: "average",
 *   run: (rate: Tensor, state: Tensor, xs: Tensor) =>
 *     scan((m: Tensor, x: Tensor) => [add(mul(m, rate), x), x] as const, state, xs),
 *   frozen: fromNumbers([0.5], []),
 *   state: zeros([]),
 *   steps: 10,
 *   chunk: 4,
 *   inputs: (_, count) => fromNumbers(new Array(count).fill(1), [count]),
 *   provider: "cpu",
 *   threads: 1,
 * });
 * console.log(average.data[0]); // 1.998046875
 * ```
 */
export async function longRun<F, S, X, T>(a: LongRun<F, S, X, T>): Promise<Host<S>> {
  for (const [key, least] of [["steps", 0], ["chunk", 1]] as const) {
    if (Number.isSafeInteger(a[key]) && a[key] >= least) continue;
    throw new TensorError(
      "argument",
      `longRun: ${key} is ${a[key]}; it must be a whole number of at least ${least}`,
    );
  }
  type Args = [frozen: F, state: S, inputs: X];
  type Specs = readonly [SpecOf<F>, SpecOf<S>, SpecOf<X>];
  const programs = new Map<number, Executable<Args, readonly [S, T]>>();
  let state = a.state, steps = 0;
  try {
    for (const count of pieces(a.steps, a.chunk, a.stops)) {
      const inputs = a.inputs(steps, count);
      let program = programs.get(count);
      if (!program) {
        const specs = [a.frozen, state, inputs] as unknown as Specs;
        const compiled = compile<Args, readonly [S, T]>(a.run, specs, { name: a.name });
        program = await load(compiled, { ...a, donate: [1] });
        programs.set(count, program);
      }
      const [next, trace] = await program.run(a.frozen, state, inputs) as [Host<S>, Host<T>];
      state = next;
      steps += count;
      await a.after?.({ steps, count, trace, state });
    }
  } finally {
    for (const program of programs.values()) await program.dispose();
  }
  return state;
}
