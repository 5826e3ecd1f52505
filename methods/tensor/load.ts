// Loads a program on a provider and runs it on host arrays.
import { describe, type NdArray, type Provider, TensorError } from "./types.ts";
import { isFloat, Tensor } from "./node.ts";
import { bytesOf, isNdArray, sameSpec, sizeOf } from "./ndarray.ts";
import { flatten, kindOf, sameTree, unflatten } from "./tree.ts";
import type { Host, Program } from "./compile.ts";
import type { OpenSession } from "./providers/session.ts";

/** A program on a provider. */
export interface Executable<Args extends readonly unknown[] = readonly unknown[], R = unknown> {
  readonly provider: Provider;
  /**
   * Runs once; arguments and result have the trees of the traced function. The arrays must not change until the
   * result has come.
   * @throws TensorError `input` naming the argument that does not fit, `runtime` when ONNX Runtime fails
   */
  run(...args: { [K in keyof Args]: Host<Args[K]> }): Promise<Host<R>>;
  /** Frees the session. */
  dispose(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where and how to run. */
export interface LoadOptions {
  readonly provider: Provider;
  /** Threads within an operator on cpu; wasm and webgpu have one. @default 1 */
  readonly threads?: number;
  /** Refuse results that hold NaN or infinity. @default false */
  readonly finite?: boolean;
  /**
   * Positions of arguments whose memory a run frees when it has succeeded, e.g. the state of a training loop, which
   * its result replaces; else it waits for the garbage collector, and two or three copies pile up. The arrays are
   * empty then, so using them again is an error (JAX's `donate_argnums`). Arrays that share a buffer are left alone.
   * @default none
   */
  readonly donate?: readonly number[];
  /** Prefix of a profile that ONNX Runtime writes when the session ends; cpu and cuda. */
  readonly profile?: string;
}

async function opener(provider: Provider): Promise<OpenSession> {
  switch (provider) {
    case "cpu":
    case "cuda":
      return (await import("./providers/native.ts")).openNative;
    case "wasm":
    case "webgpu":
      return (await import("./providers/web.ts")).openWeb;
    default:
      throw new TensorError(
        "provider",
        `load: unknown provider "${provider}"; choose cpu, cuda, wasm or webgpu`,
      );
  }
}

/**
 * Prepares a program for repeated runs. Results on one provider, machine type and thread count are
 * the same bytes every time.
 * @throws TensorError `provider` when the provider cannot start, `unsupported` when it lacks an operator
 */
export async function load<Args extends readonly unknown[], R>(
  program: Program<Args, R>,
  options: LoadOptions,
): Promise<Executable<Args, R>> {
  requireProgram(program);
  if (typeof options !== "object" || options === null) {
    throw new TensorError("argument", `load: options expected, as in { provider: "cpu" }`);
  }
  const { provider, threads = 1, profile, finite = false, donate = [] } = options;
  if (!Array.isArray(donate)) {
    throw new TensorError("argument", "load: donate is a list of positions, as in [0]");
  }
  const positions = Array.isArray(program.inTree) ? program.inTree.length : 0;
  const far = donate.find((i) => !Number.isInteger(i) || i < 0 || i >= positions);
  if (far !== undefined) {
    throw new TensorError(
      "argument",
      `load: donate: ${program.name} has no argument ${far}; it takes ${positions}, counted from 0`,
    );
  }
  const double = [...program.inputs, ...program.outputs].some((s) => s.dtype === "float64");
  if (provider === "webgpu" && (double || program.dtypes?.includes("float64"))) {
    throw new TensorError(
      "unsupported",
      `${program.name}: provider webgpu has no float64; compile it for float32, or use cpu or wasm`,
    );
  }
  const open = await opener(provider);
  const sizes = Object.values(program.values).map(bytesOf);
  const session = await open(program.model, {
    provider,
    threads,
    profile,
    intermediates: sizes.reduce((total, bytes) => total + bytes, 0),
    largest: sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
    specs: { ...program.values, ...Object.fromEntries(program.inputs.map((s) => [s.name, s])) },
  });
  let disposed = false;
  const dispose = async () => {
    if (disposed) return;
    disposed = true;
    await session.dispose();
  };
  return {
    provider,
    async run(...args) {
      if (disposed) throw new TensorError("runtime", `${program.name}: run() after dispose()`);
      const arrays = checkArguments(program, args);
      try {
        const feeds = Object.fromEntries(arrays.map((x, i) => [program.inputs[i].name, x]));
        const results = await session.run(feeds, program.outputs);
        if (finite) results.forEach((x, i) => requireFinite(program, i, x));
        freeDonated(args, donate);
        return unflatten<Host<R>>(program.outTree, results);
      } catch (error) {
        if (error instanceof TensorError) throw error;
        throw (await import("./runtime_error.ts")).runtimeError(program, provider, error);
      }
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** @throws TensorError `argument` for what compile() did not make */
function requireProgram(program: unknown): void {
  const model = (program as Partial<Program> | null | undefined)?.model;
  if (model instanceof Uint8Array) return;
  const hint = program instanceof Uint8Array
    ? "decodeProgram() reads the bytes of a file"
    : "compile() makes one of a function";
  throw new TensorError("argument", `load: expected a program, got ${kindOf(program)}; ${hint}`);
}

/** Whether all bytes are 0 or 1. */
function holdsBits(data: Uint8Array): boolean {
  let all = 0;
  for (let i = 0; i < data.length; i++) all |= data[i];
  return all <= 1;
}

/** Gives the memory of donated arguments back now, but for buffers that another array uses too. */
function freeDonated(args: readonly unknown[], donate: readonly number[]): void {
  const leaves = args.map((arg) => flatten(arg, isNdArray).leaves);
  const uses = new Map<unknown, number>();
  for (const { data } of leaves.flat()) uses.set(data.buffer, (uses.get(data.buffer) ?? 0) + 1);
  for (const { data } of [...new Set(donate)].flatMap((i) => leaves[i])) {
    const { buffer } = data;
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === data.byteLength;
    if (isWhole && data.byteLength > 0 && uses.get(buffer) === 1) buffer.transfer(0);
  }
}

/** @throws TensorError `runtime` naming the first element of an output that is NaN or infinite */
function requireFinite(program: Program<never, unknown>, output: number, x: NdArray): void {
  if (!isFloat(x.dtype)) return;
  const data = x.data as Float32Array;
  const first = data.findIndex((v) => !Number.isFinite(v));
  if (first < 0) return;
  let count = 0;
  for (const v of data) if (!Number.isFinite(v)) count++;
  let rest = first;
  const index = x.shape.map((_, i) => {
    const stride = sizeOf(x.shape.slice(i + 1));
    const at = Math.floor(rest / stride);
    rest %= stride;
    return at;
  });
  const { name } = program.outputs[output];
  throw new TensorError(
    "runtime",
    `${program.name}: output ${name === "out" ? "" : `${name.slice(4)} `}has ${data[first]} at ` +
      `[${index.join(", ")}]; ${count} of ${data.length} elements are not finite`,
  );
}

function checkArguments(program: Program<never, unknown>, args: readonly unknown[]): NdArray[] {
  const traced = args.findIndex((x) => x instanceof Tensor);
  if (traced >= 0) {
    throw new TensorError(
      "input",
      `${program.name}: argument ${traced} is a traced tensor; a run takes host arrays`,
    );
  }
  const flat = flatten(args, isNdArray, "", "a host array");
  const given = new Map(flat.paths.map((path, i) => [`in.${path}`, flat.leaves[i]]));
  for (const spec of program.inputs) {
    const value = given.get(spec.name);
    const path = spec.name.slice(3);
    if (value === undefined) {
      throw new TensorError(
        "input",
        `${program.name}: argument ${path} is missing; expected ${describe(spec)}`,
      );
    }
    if (!sameSpec(value, spec)) {
      throw new TensorError(
        "input",
        `${program.name}: argument ${path} is ${describe(value)}; expected ${describe(spec)}`,
      );
    }
    if (value.data.byteLength !== bytesOf(value)) {
      throw new TensorError(
        "input",
        `${program.name}: argument ${path} holds ${value.data.length} elements; its shape says ${
          sizeOf(value.shape)
        }`,
      );
    }
    if (value.dtype === "bool" && !holdsBits(value.data as Uint8Array)) {
      throw new TensorError(
        "input",
        `${program.name}: argument ${path} is bool, but not all of its bytes are 0 or 1`,
      );
    }
    given.delete(spec.name);
  }
  const extra = given.keys().next();
  if (!extra.done || !sameTree(flat.tree, program.inTree)) {
    throw new TensorError(
      "input",
      `${program.name}: argument ${extra.value?.slice(3) ?? ""} is not one the program takes`,
    );
  }
  return flat.leaves;
}
