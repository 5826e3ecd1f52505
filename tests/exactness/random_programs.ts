// Random programs: their loss, first and second derivatives here, beside what PyTorch gave.
import * as t from "../../methods/tensor/mod.ts";
import {
  cotangent,
  derivatives,
  direction,
  interpret,
  leavesOf,
  type Precision,
  type Steps,
} from "./programs.ts";

/** A program with the loss, and the norm and probe of each derivative in each input, in float64. */
export interface RandomProgram extends Steps {
  readonly expected: readonly number[];
}

/** One program a line. */
export function parsePrograms(text: string): RandomProgram[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as RandomProgram);
}

/** Largest difference allowed, relative to the number or 1. */
export const allowed = { float64: 1e-9, float32: 2e-4 } as const;

/** The numbers of {@linkcode RandomProgram.expected}, traced. */
function numbers(p: Steps, leaves: readonly t.Tensor[], precision: Precision): t.Tensor[] {
  const { name } = p;
  const terms = interpret(p, leaves).flatMap((y, k) =>
    y.dtype === precision ? [t.sum(t.mul(y, cotangent(name, k, y.shape, precision)))] : []
  );
  const levels = derivatives(p, leaves, precision, 2);
  const sketches = levels.flatMap((level) =>
    level.flatMap((g, i) => [
      t.sqrt(t.sum(t.square(g))),
      t.sum(t.mul(g, direction(name, i, g.shape, precision))),
    ])
  );
  return [terms.reduce((a, b) => t.add(a, b)), ...sketches];
}

/** Programs in one session: as many as compile in little time. */
const TOGETHER = 20;

/** Runs programs on the CPU and words each difference. */
export async function compareRandomPrograms(
  programs: readonly RandomProgram[],
  precision: Precision,
): Promise<string[]> {
  const failures: string[] = [];
  const attempt = async (some: readonly RandomProgram[]) => {
    const leaves = some.map((p) => leavesOf(p, precision));
    const program = t.compile(
      (x: t.Tensor[][]) => some.map((p, i) => numbers(p, x[i], precision)),
      [leaves],
    );
    const executable = await t.load(program, { provider: "cpu" });
    const results = await executable.run(leaves);
    await executable.dispose();
    some.forEach((p, i) => {
      const found = results[i].map((x) => Number(x.data[0]));
      const worst = Math.max(
        ...p.expected.map((e, k) => {
          const d = Math.abs(found[k] - e) / Math.max(1, Math.abs(e));
          return Number.isNaN(d) ? Infinity : d;
        }),
      );
      if (worst > allowed[precision]) {
        failures.push(`${p.name}, ${precision}, differs by ${worst}: ${found}, not ${p.expected}`);
      }
    });
  };
  for (let i = 0; i < programs.length; i += TOGETHER) {
    const some = programs.slice(i, i + TOGETHER);
    try {
      await attempt(some);
    } catch {
      for (const p of some) {
        try {
          await attempt([p]);
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          failures.push(`${p.name}, ${precision}: ${words}`);
        }
      }
    }
  }
  return failures;
}
