// Runs traced functions on small deterministic inputs, for the tests of the compiler.
import * as t from "../../../methods/tensor/mod.ts";

/** Deterministic values in about (−1.3, 1.3), irregular enough to avoid ties and kinks. */
export function values(
  shape: readonly number[],
  seed = 1,
  dtype: t.DType = "float64",
): t.NdArray {
  const n = t.sizeOf(shape);
  const at = (i: number) => {
    const s = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return (s - Math.floor(s)) * 2.6 - 1.3;
  };
  return t.fromNumbers(Array.from({ length: n }, (_, i) => at(i)), shape, dtype);
}

let kept = 0;

/** Writes the model into the folder TENSOR_MODELS, if set, for tests/reference/check_onnx.py. */
function keepModel(model: Uint8Array): void {
  const folder = Deno.env.get("TENSOR_MODELS");
  if (folder) Deno.writeFileSync(`${folder}/${Deno.pid}_${++kept}.onnx`, model);
}

/** Traces, loads on the CPU, runs once and disposes. */
export async function evaluate<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  args: { [K in keyof Args]: t.Host<Args[K]> },
  provider: t.Provider = "cpu",
): Promise<t.Host<R>> {
  const program = t.compile(f, args as { [K in keyof Args]: t.SpecOf<Args[K]> });
  keepModel(program.model);
  const executable = await t.load(program, { provider });
  try {
    return await executable.run(...args);
  } finally {
    await executable.dispose();
  }
}

/** Largest |a − b| / (1 + |b|). */
export function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((worst, x, i) => {
    const d = Math.abs(x - b[i]) / (1 + Math.abs(b[i]));
    return Number.isNaN(d) ? Infinity : Math.max(worst, d);
  }, 0);
}
