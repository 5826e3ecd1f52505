// wasm and webgpu through onnxruntime-web.
import { type Provider, TensorError } from "../types.ts";
import { type OpenSession, type OrtSession, sessionError, wrap } from "./session.ts";

async function runtime(provider: Provider): Promise<typeof import("onnxruntime-web")> {
  try {
    if (provider === "wasm") return await import("onnxruntime-web");
    return await import("onnxruntime-web/webgpu");
  } catch (error) {
    throw new TensorError(
      "provider",
      `onnxruntime-web did not load (${
        error instanceof Error ? error.message.split("\n")[0] : error
      }); allow reading the npm cache`,
      { cause: error },
    );
  }
}

/** Opens a session in WebAssembly or on WebGPU. */
export const openWeb: OpenSession = async (model, { provider, threads }) => {
  const ort = await runtime(provider);
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: provider === "webgpu" ? ["webgpu"] : ["wasm"],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      logSeverityLevel: 3,
    });
    return wrap(session as unknown as OrtSession, ort.Tensor as never, false);
  } catch (error) {
    throw sessionError(provider, error);
  }
};
