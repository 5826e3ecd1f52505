// cpu and cuda through onnxruntime-node; needs FFI and read access to the package.
import { TensorError } from "../types.ts";
import { type OpenSession, type OrtSession, sessionError, wrap } from "./session.ts";

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

/** Opens a session on the CPU or an NVIDIA GPU. */
export const openNative: OpenSession = async (model, { provider, threads, profile }) => {
  const ort = await runtime();
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: provider === "cuda" ? ["cuda"] : ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      // 4: fatal only; errors are thrown, and constant folding of unused branches is not worth a warning.
      logSeverityLevel: 4,
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    });
    return wrap(session as unknown as OrtSession, ort.Tensor as never, profile !== undefined);
  } catch (error) {
    throw sessionError(provider, error);
  }
};
