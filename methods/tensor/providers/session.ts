// What a provider gives: a session over an ONNX model, fed with host arrays.
import { type DType, type NdArray, type Provider, type Spec, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";

/** An open ONNX Runtime session. */
export interface Session {
  run(
    feeds: Readonly<Record<string, NdArray>>,
    outputs: readonly (Spec & { readonly name: string })[],
  ): Promise<NdArray[]>;
  dispose(): Promise<void>;
}

/** How to open one. */
export interface SessionSettings {
  readonly provider: Provider;
  readonly threads: number;
  readonly profile?: string;
  /** Bytes of all intermediate values, were all kept at once. */
  readonly intermediates: number;
  /** Bytes of the largest of them. */
  readonly largest: number;
  /** Types and shapes of the model's values by name: inputs and intermediate ones. */
  readonly specs: Readonly<Record<string, Spec>>;
}

/** Opens a session; throws a TensorError that says what is missing. */
export type OpenSession = (model: Uint8Array, settings: SessionSettings) => Promise<Session>;

/** The parts of onnxruntime-common that both packages share. */
export interface OrtTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
  getData?(): Promise<unknown>;
  dispose?(): void;
}
/** The tensor constructor of either package. */
export type OrtTensorConstructor = new (
  type: DType,
  data: never,
  dims: readonly number[],
) => OrtTensor;

/** A session of either package. */
export interface OrtSession {
  run(feeds: Record<string, OrtTensor>, fetches: string[]): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
  endProfiling?(): void;
}

/** Wraps a session of either package. */
export function wrap(ort: OrtSession, Tensor: OrtTensorConstructor, profile: boolean): Session {
  return {
    async run(feeds, outputs) {
      const tensors: Record<string, OrtTensor> = {};
      for (const [name, x] of Object.entries(feeds)) {
        tensors[name] = new Tensor(x.dtype, x.data as never, x.shape);
      }
      const results = await ort.run(tensors, outputs.map((o) => o.name));
      return outputs.map(({ name, dtype, shape }) => {
        const given = results[name].data as NdArray["data"] | Uint16Array;
        const data = given instanceof Uint16Array
          ? new Float16Array(given.buffer as ArrayBuffer, given.byteOffset, given.length)
          : given;
        if (data.length !== sizeOf(shape)) {
          throw new TensorError(
            "runtime",
            `output ${name} has ${data.length} elements; [${shape.join(", ")}] expected`,
          );
        }
        return { dtype, shape, data };
      });
    },
    async dispose() {
      if (profile) ort.endProfiling?.();
      await ort.release();
    },
  };
}

/** The error for a session that cannot be made: an operator missing, or anything else. */
export function sessionError(provider: Provider, error: unknown): TensorError {
  const text = error instanceof Error ? error.message : String(error);
  const missing = /Could not find an implementation for (\S+?)\(\d+\)/.exec(text) ??
    /Provider type for (\S+) node .* is not set/.exec(text);
  if (missing) {
    return new TensorError(
      "unsupported",
      `provider ${provider} has no kernel for ${
        missing[1]
      } with these types; use another provider or dtype`,
      { cause: error },
    );
  }
  const hint = provider === "cuda"
    ? "; it needs CUDA 12, cuDNN 9 and the libraries that onnxruntime-node's install script downloads"
    : "";
  return new TensorError(
    "provider",
    `provider ${provider} cannot load the program: ${text.split("\n")[0]}${hint}`,
    { cause: error },
  );
}
