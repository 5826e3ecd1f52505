// Runs cases of one operator on a provider: values and derivatives of all of them in one program.
import * as t from "../../methods/tensor/mod.ts";
import type { Case } from "./cases.ts";
import { derivatives, interpret, leavesOf, type Precision } from "./programs.ts";

/** What one case gives. */
export interface CaseResult {
  readonly outputs: readonly t.NdArray[];
  readonly derivatives: readonly (readonly t.NdArray[])[];
}

/** How much of the cases to run. */
export interface Extent {
  /** Highest order of derivatives; each case has its own limit. */
  readonly order: number;
  /** Leaves are constants of the program, which the compiler and the runtime may fold. @default false */
  readonly constants?: boolean;
}

/** The program of some cases and its arguments. */
export function programOf(
  cases: readonly Case[],
  precision: Precision,
  { order, constants = false }: Extent,
) {
  const leaves = cases.map((c) => leavesOf(c, precision));
  const all = (x: readonly (readonly t.TensorLike[])[]) =>
    cases.map((c, i) => ({
      outputs: interpret(c, x[i]),
      derivatives: derivatives(c, x[i], precision, Math.min(order, c.derivatives.length)),
    }));
  // A number of the caller's keeps an otherwise constant program from having no input.
  const program = t.compile(
    (x: t.Tensor[][], one: t.Tensor) => [all(constants ? leaves : x), one] as const,
    [constants ? [] : leaves, { dtype: precision, shape: [] }],
    { name: cases[0].name },
  );
  const args: [t.NdArray[][], t.NdArray] = [constants ? [] : leaves, t.ones([], precision)];
  return { program, args };
}

/** @throws TensorError `unsupported` and others of compile() and load() */
export async function runCases(
  cases: readonly Case[],
  precision: Precision,
  provider: t.Provider,
  extent: Extent,
): Promise<CaseResult[]> {
  const { program, args } = programOf(cases, precision, extent);
  const executable = await t.load(program, { provider });
  try {
    return (await executable.run(...args))[0];
  } finally {
    await executable.dispose();
  }
}
