/** Chooses a learning rate for each method, by the same rule and among the same rates for all. */

/** Rates tried and chosen. */
export interface Rates<Method extends string> {
  /** Geometric mean of the error over the calibration seeds, for each method and rate tried. */
  readonly tried: readonly {
    readonly method: Method;
    readonly lr: number;
    readonly error: number;
  }[];
  readonly chosen: Readonly<Record<Method, number>>;
}

/**
 * The rate of smallest geometric mean error, for each method; of equal ones the first.
 *
 * @param errorsOf Errors of a method at a rate, one for each calibration seed.
 * @param onTried Told after each; `steps` is their number in all.
 */
export async function chooseRates<Method extends string>(
  methods: readonly Method[],
  rates: readonly number[],
  errorsOf: (method: Method, lr: number) => Promise<readonly number[]>,
  onTried: (progress: { step: number; steps: number; loss: number }) => void,
): Promise<Rates<Method>> {
  const tried: { method: Method; lr: number; error: number }[] = [];
  const chosen: Partial<Record<Method, number>> = {};
  for (const method of methods) {
    let best = Infinity;
    for (const lr of rates) {
      const errors = await errorsOf(method, lr);
      const logs = errors.reduce((sum, error) => sum + Math.log(error), 0);
      const error = Math.exp(logs / errors.length);
      tried.push({ method, lr, error });
      onTried({ step: tried.length, steps: methods.length * rates.length, loss: error });
      if (error < best) {
        best = error;
        chosen[method] = lr;
      }
    }
  }
  return { tried, chosen: chosen as Rates<Method>["chosen"] };
}
