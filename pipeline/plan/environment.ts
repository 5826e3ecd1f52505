/** The environment part of keys, which provider runs tensors, and what a child is permitted for it. */

import project from "../../deno.json" with { type: "json" };
import { declaredBy, declaredEnvironment } from "./declared.ts";
import {
  cudaLibraries,
  describeAdapter,
  instructionSet,
  knownAdapter,
  nvidiaDriver,
  nvidiaModel,
  remembered,
  VULKAN_VARIABLES,
  vulkanDrivers,
} from "./device.ts";
import { type Host, systemHost } from "../host.ts";
import type { Provider, Work } from "../types.ts";

export { instructionSet };

/** Bytes of a model with one `Neg`: the cheapest session that proves a provider. */
const PROBE_MODEL =
  "CAg6MgoLCgF4EgF5IgNOZWcSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgIQDQ==";

/**
 * What the results of a node depend on besides code, parameters and inputs.
 *
 * Every stage depends on the Deno version, and on its threads when it has several. A stage that computes
 * tensors also depends on the provider and the version of ONNX Runtime; natively also on the system and the family of
 * vector instructions, because kernels are chosen by it; on a GPU also on the device and its drivers. Variables
 * and programs that a stage declares count with their values and contents. A download has a pinned digest and
 * depends on nothing.
 *
 * @param threads Threads the stage is given: `min(cores, jobs)`.
 */
export function environmentOf(
  work: Work,
  provider: Provider,
  threads = 1,
): Record<string, string> {
  if (work.type !== "module") return {};
  const environment: Record<string, string> = {
    deno: Deno.version.deno,
    ...declaredEnvironment(work),
  };
  if (!work.provider) {
    // Stages are told their threads, and may divide their work by them.
    return threads === 1 ? environment : { ...environment, threads: String(threads) };
  }
  environment.provider = provider;
  environment.onnxruntime = runtimeVersion(provider);
  environment.threads = String(threads);
  if (provider === "wasm") return environment;
  environment.system = `${Deno.build.os}-${Deno.build.arch}`;
  if (provider === "cpu") environment.instructions = instructionSet();
  return Object.assign(environment, deviceOf(provider));
}

function deviceOf(provider: Provider): Record<string, string> {
  if (provider === "cuda") {
    const visible = Deno.env.get("CUDA_VISIBLE_DEVICES");
    return {
      gpu: nvidiaModel() ?? "unknown",
      driver: nvidiaDriver() ?? "unknown",
      libraries: cudaLibraries(),
      ...(visible === undefined ? {} : { devices: visible }),
    };
  }
  if (provider === "webgpu") {
    const driver = nvidiaDriver();
    return {
      adapter: knownAdapter(),
      vulkan: vulkanDrivers(),
      ...(driver === null ? {} : { driver }),
    };
  }
  return {};
}

/** The npm package that runs a provider, as an exact specifier from the project's import map. */
export function runtimePackage(provider: Provider): string {
  const name = provider === "cpu" || provider === "cuda" ? "onnxruntime-node" : "onnxruntime-web";
  return project.imports[name];
}

function runtimeVersion(provider: Provider): string {
  return runtimePackage(provider).replace(/^npm:/, "");
}

/** Which provider a run uses, and why, for people. */
export interface ProviderChoice {
  readonly provider: Provider;
  readonly reason: string;
}

/** Systems for which onnxruntime-node has a native library. */
const NATIVE = new Set([
  "linux-x86_64",
  "linux-aarch64",
  "darwin-aarch64",
  "windows-x86_64",
  "windows-aarch64",
]);

/**
 * The provider of a run: the one asked for, or for `auto` the fastest that works here: `cuda` when a
 * session can be created on it, else `cpu`, else `wasm`.
 *
 * Only a machine with an NVIDIA driver pays for a probe, and once per `cacheDir`.
 */
export async function chooseProvider(
  requested: Provider | "auto",
  options: { readonly cacheDir?: string; readonly host?: Host } = {},
): Promise<ProviderChoice> {
  const host = options.host ?? systemHost;
  if (requested === "webgpu") await describeAdapter(askAdapter, host, options.cacheDir);
  if (requested !== "auto") return { provider: requested, reason: "as requested" };
  const system = `${Deno.build.os}-${Deno.build.arch}`;
  if (!NATIVE.has(system)) {
    return { provider: "wasm", reason: `ONNX Runtime has no native library for ${system}` };
  }
  const gpu = nvidiaModel();
  if (gpu === null) return { provider: "cpu", reason: "no NVIDIA GPU found" };
  const problem = await cachedProbe(gpu, host, options.cacheDir);
  return problem === null
    ? { provider: "cuda", reason: `a CUDA session works on ${gpu}` }
    : { provider: "cpu", reason: `no CUDA session on ${gpu}: ${problem}` };
}

function cachedProbe(gpu: string, host: Host, cacheDir?: string): Promise<string | null> {
  const about = [gpu, nvidiaDriver(), cudaLibraries(), runtimePackage("cuda"), Deno.version.deno];
  return remembered("cuda_probe", about.join("\n"), () => probe("cuda"), host, cacheDir);
}

/** What the WebGPU adapter says of itself, asked in a child, because drivers stay in the process. */
async function askAdapter(): Promise<string> {
  const program = `const { info } = await navigator.gpu.requestAdapter() ?? {};
    console.log(info ? [info.description, info.vendor, info.architecture, info.device].join(" | ") : "none");
    Deno.exit(0);`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      "data:text/javascript," + encodeURIComponent(program),
    ],
    env: childEnvironment({ provider: "webgpu" }),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim() || "unknown";
}

/** Creates and runs a session on a provider in a child. @returns null when it works, else why not. */
export async function probe(provider: Provider): Promise<string | null> {
  // Only this entry of onnxruntime-web has the WebGPU kernels.
  const entry = runtimePackage(provider) + (provider === "webgpu" ? "/webgpu" : "");
  const program = `
    const ort = await import(${JSON.stringify(entry)});
    const model = Uint8Array.from(atob("${PROBE_MODEL}"), (c) => c.charCodeAt(0));
    const session = await ort.InferenceSession.create(model, { executionProviders: ["${provider}"] });
    const { y } = await session.run({ x: new ort.Tensor("float32", [2], [1]) });
    Deno.exit(y.data[0] === -2 ? 0 : 1);`;
  const npm = await npmCacheDir();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      "--cached-only",
      ...providerPermissions(provider, npm),
      "data:text/javascript," + encodeURIComponent(program),
    ],
    env: childEnvironment({ provider }),
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return null;
  const text = new TextDecoder().decode(stderr);
  return /^error: (?:Uncaught )?(?:\(in promise\) )?(.{1,200})/m.exec(text)?.[1] ??
    "the probe failed";
}

/** Permissions that a provider provably needs; `npm` is the folders of its packages, separated by commas. */
export function providerPermissions(provider: Provider, npm: string): string[] {
  const read = `--allow-read=${npm}`;
  // The native runtimes load a shared library; the others are WebAssembly and need none.
  return provider === "cpu" || provider === "cuda" ? [read, `--allow-ffi=${npm}`] : [read];
}

let knownNpmCache: Promise<string> | null = null;

/** Directory of Deno's npm cache. Asks Deno once a process. */
export function npmCacheDir(): Promise<string> {
  knownNpmCache ??= readNpmCacheDir();
  return knownNpmCache;
}

async function readNpmCacheDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config"],
    stdin: "null",
    stderr: "null",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/** Variables that a child needs to find Deno's cache and the user's registry. */
const PASSED = [
  "HOME",
  "PATH",
  "DENO_DIR",
  "XDG_CACHE_HOME",
  "LOCALAPPDATA",
  "USERPROFILE",
  "SYSTEMROOT",
  "NPM_CONFIG_REGISTRY",
];

/** What a provider's libraries are found by; what follows from it is in the key (see `deviceOf`). */
const PASSED_TO: Partial<Record<Provider, readonly string[]>> = {
  cuda: ["LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"],
  webgpu: ["LD_LIBRARY_PATH", ...VULKAN_VARIABLES],
};

/** Whose process an environment is for. */
export interface ChildOf {
  /** Null for a stage without tensors. @default null */
  readonly provider?: Provider | null;
  readonly work?: Work;
}

/**
 * The environment of a stage's process: few variables, and one locale and time zone everywhere, because number
 * formats and dates would otherwise differ between machines. The stage may read what it declares, nothing else.
 */
export function childEnvironment({ provider = null, work }: ChildOf = {}): Record<string, string> {
  const environment: Record<string, string> = { LANG: "C.UTF-8", TZ: "UTC", NO_COLOR: "1" };
  // WebGPU needs no permission in Deno, so without this every stage could compute on the graphics card.
  if (provider !== "webgpu") environment.DENO_WEBGPU_BACKEND = "noop";
  const pass = (name: string) => {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
    else delete environment[name];
  };
  for (const name of [...PASSED, ...PASSED_TO[provider ?? "cpu"] ?? []]) pass(name);
  if (work !== undefined) declaredBy(work).env.forEach(pass);
  return environment;
}
