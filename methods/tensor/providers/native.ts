// cpu and cuda through onnxruntime-node; needs FFI and read access to the package.
import { type DType, type NdArray, TensorError } from "../types.ts";
import { blockConvolutions, convolves } from "./blocked.ts";
import { channelBlock } from "./channel_block.ts";
import { keepLargeBlocks } from "./heap.ts";
import {
  type OpenSession,
  type OrtSession,
  type OrtTensorConstructor,
  sessionError,
  type SessionSettings,
  wrap,
} from "./session.ts";

async function runtime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    throw new TensorError(
      "provider",
      `onnxruntime-node did not load (${
        error instanceof Error ? error.message.split("\n")[0] : error
      }); allow FFI and reading the npm cache, or use provider wasm`,
      { cause: error },
    );
  }
}

/**
 * The package's tensor, with float16 as 16-bit words: its binary part finds no elements in a Float16Array.
 */
function tensorOf(
  ort: typeof import("onnxruntime-node"),
): OrtTensorConstructor {
  return class {
    constructor(type: DType, data: NdArray["data"], dims: readonly number[]) {
      const tensor = new ort.Tensor(type as "float32", data as Float32Array, dims);
      if (data instanceof Float16Array) {
        const value = new Uint16Array(data.buffer, data.byteOffset, data.length);
        Object.defineProperty(tensor, "cpuData", { value });
      }
      return tensor;
    }
  } as unknown as OrtTensorConstructor;
}

/** Bytes of intermediate values from which on a program does without ONNX Runtime's arena. */
const LARGE_PROGRAM = 1e9;

/** Bytes of a block from which on glibc maps it anew each time. */
const MAPPED = 2 ** 25;

/** The model as this processor takes it fastest. */
async function laidOut(
  ort: typeof import("onnxruntime-node"),
  model: Uint8Array,
  { provider, specs }: SessionSettings,
): Promise<Uint8Array> {
  if (provider !== "cpu" || !convolves(specs)) return model;
  const block = await channelBlock(ort);
  return block === null ? model : blockConvolutions(model, block, specs);
}

/** Opens a session on the CPU or an NVIDIA GPU. */
export const openNative: OpenSession = async (model, settings) => {
  const { provider, threads, profile, intermediates, largest } = settings;
  const ort = await runtime();
  const large = intermediates >= LARGE_PROGRAM;
  if (large && largest > MAPPED) keepLargeBlocks();
  try {
    const session = await ort.InferenceSession.create(await laidOut(ort, model, settings), {
      executionProviders: provider === "cuda" ? ["cuda"] : ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      // Its plan of one large block costs a tenth of memory more than the arena alone and saves no time.
      enableMemPattern: false,
      // The arena grows by doubling: a sixth more memory for a large encoder, for 4 % of its time. Small programs,
      // which allocate often for their size, lose a tenth of their speed without it.
      enableCpuMemArena: !large,
      // 4: fatal only; errors are thrown, and constant folding of unused branches is not worth a warning.
      logSeverityLevel: 4,
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    });
    return wrap(session as unknown as OrtSession, tensorOf(ort), profile !== undefined);
  } catch (error) {
    throw sessionError(provider, error);
  }
};
