// wasm and webgpu through onnxruntime-web; wasm needs no permission beyond reading the package.
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

async function requireAdapter(): Promise<void> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  if (!gpu || !(await gpu.requestAdapter())) {
    throw new TensorError(
      "provider",
      "provider webgpu found no adapter; install a Vulkan driver (in software: Debian's mesa-vulkan-drivers) or use provider cpu or wasm",
    );
  }
}

/** The last session asked for; ONNX Runtime refuses to make two WebGPU sessions at a time. */
let queue: Promise<unknown> = Promise.resolve();

/** Opens a session in WebAssembly or on WebGPU, on one thread whatever the settings say, in turn. */
export const openWeb: OpenSession = (model, settings) => {
  const session = queue.then(() => open(model, settings));
  queue = session.catch(() => {});
  return session;
};

const open: OpenSession = async (model, { provider }) => {
  if (provider === "webgpu") await requireAdapter();
  const ort = await runtime(provider);
  // With more, large programs wait forever under Deno: work is handed to workers that never start.
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      logSeverityLevel: 3,
    });
    return wrap(session as unknown as OrtSession, ort.Tensor as never, false);
  } catch (error) {
    throw sessionError(provider, error);
  }
};
