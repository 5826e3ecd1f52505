/** Declares what the tests use of highs 1.15.3, whose own types know no default export. */

export interface Solver {
  /** Solves a problem in the LP format of CPLEX. */
  solve(problem: string): {
    readonly Status: string;
    readonly ObjectiveValue: number;
    readonly Columns: Readonly<Record<string, { readonly Primal: number }>>;
  };
}

export default function highs(): Promise<Solver>;
