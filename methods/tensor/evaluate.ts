// A function run once on host arrays, for trying things out and for tests.
import { compile, type Host, type SpecOf } from "./compile.ts";
import { load, type LoadOptions } from "./load.ts";

/**
 * Compiles `f` for the shapes of `args`, runs it once and frees it. To run more than once, `compile` and
 * `load` it yourself: tracing and opening a session take far longer than most runs.
 *
 * ```ts
 * import { evaluate, fromNested, matmul, type Tensor } from "./mod.ts";
 *
 * const a = fromNested([[1, 2], [3, 4]]);
 * const product = await evaluate((x: Tensor, y: Tensor) => matmul(x, y), [a, a]);
 * ```
 * @param args host arrays, one tree for each argument
 * @throws TensorError as compile(), load() and run() do
 */
export async function evaluate<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  args: { readonly [K in keyof Args]: Host<Args[K]> },
  options: LoadOptions = { provider: "cpu" },
): Promise<Host<R>> {
  const program = compile(f, args as unknown as { readonly [K in keyof Args]: SpecOf<Args[K]> });
  const executable = await load(program, options);
  try {
    return await executable.run(...args as unknown as { [K in keyof Args]: Host<Args[K]> });
  } finally {
    await executable.dispose();
  }
}
