/** What can be read of the machine: vector instructions, memory, accelerators, and the adapter that WebGPU gives. */

import type { Host } from "../host.ts";

/** Widest first; kernels are chosen by the widest family that the processor has. */
const FAMILIES = [["avx512f", "avx512"], ["avx2", "avx2"], ["avx", "avx"], ["sve", "sve"]] as const;
let knownInstructionSet: string | null = null;

/** Family of vector instructions of the processor, e.g. `avx512`; `baseline` where it cannot be read. */
export function instructionSet(): string {
  knownInstructionSet ??= readInstructionSet();
  return knownInstructionSet;
}

function readInstructionSet(): string {
  const info = readIfThere("/proc/cpuinfo") ?? "";
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1] ?? "";
  const flags = new Set(line.trim().split(/\s+/));
  return FAMILIES.find(([flag]) => flags.has(flag))?.[1] ?? "baseline";
}

const MIB = 1024 * 1024;

/** Memory of the machine, or of the container that this process is in, in MiB. */
export function machineMemory(): number {
  const total = Deno.systemMemoryInfo().total;
  let bound = Infinity;
  try {
    // "max" where there is no bound.
    bound = Number(Deno.readTextFileSync("/sys/fs/cgroup/memory.max"));
  } catch {
    // No control groups.
  }
  return (bound > 0 ? Math.min(total, bound) : total) / MIB;
}

/** The first NVIDIA GPU's model; null without NVIDIA's driver. */
export function nvidiaModel(): string | null {
  try {
    for (const gpu of Deno.readDirSync("/proc/driver/nvidia/gpus")) {
      const text = readIfThere(`/proc/driver/nvidia/gpus/${gpu.name}/information`) ?? "";
      const model = /^Model:\s*(.+)$/m.exec(text)?.[1];
      if (model !== undefined) return model.trim();
    }
  } catch {
    // No NVIDIA driver.
  }
  return null;
}

/** Version of NVIDIA's kernel driver, from the text of `/proc/driver/nvidia/version`. */
export function nvidiaDriver(
  text = readIfThere("/proc/driver/nvidia/version"),
): string | null {
  return /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(text ?? "")?.[1] ?? null;
}

const CUDA_LIBRARY = /^lib(cudart|cublas|cublasLt|cudnn|cufft|curand)\.so\.(\d+)$/;
/** Where distributions and NVIDIA's packages put the libraries. */
const LIBRARY_FOLDERS = [
  "/usr/local/cuda/lib64",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
];
let knownLibraries: { path: string; text: string } | null = null;

/**
 * The CUDA libraries that are found first, with their full versions, e.g. `cublas 12.4.5.8, cudnn 9.1.0`.
 * Versions instead of `LD_LIBRARY_PATH` itself, which differs from user to user.
 *
 * @param path Folders that are looked through before the usual ones, separated by `:`.
 */
export function cudaLibraries(path = Deno.env.get("LD_LIBRARY_PATH") ?? ""): string {
  if (knownLibraries?.path === path) return knownLibraries.text;
  const found = new Map<string, string>();
  for (const folder of [...path.split(":").filter((f) => f !== ""), ...LIBRARY_FOLDERS]) {
    for (const file of namesIn(folder)) {
      const match = CUDA_LIBRARY.exec(file);
      if (match === null || found.has(match[1])) continue;
      found.set(match[1], versionOf(`${folder}/${file}`) ?? match[2]);
    }
  }
  const text = [...found].sort().map((pair) => pair.join(" ")).join(", ") || "unknown";
  knownLibraries = { path, text };
  return text;
}

/** The version in the name of the file that a library's short name leads to. */
function versionOf(path: string): string | null {
  try {
    return /\.so\.([\d.]+)$/.exec(Deno.realPathSync(path))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Variables that decide which Vulkan drivers are loaded. */
export const VULKAN_VARIABLES = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES", "DENO_WEBGPU_BACKEND"];

/** The installed Vulkan drivers with the version of the interface that each states. */
export function vulkanDrivers(): string {
  const named = Deno.env.get("VK_DRIVER_FILES") ?? Deno.env.get("VK_ICD_FILENAMES");
  const files = named !== undefined
    ? named.split(":")
    : ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d"].flatMap((folder) =>
      namesIn(folder).map((name) => `${folder}/${name}`)
    );
  const drivers = files.filter((path) => path.endsWith(".json")).map((path) => {
    const version = /"api_version"\s*:\s*"([^"]+)"/.exec(readIfThere(path) ?? "")?.[1];
    return `${path.slice(path.lastIndexOf("/") + 1)} ${version ?? "unknown"}`;
  });
  return drivers.sort().join(", ") || "none";
}

let adapter = "unknown";

/** What the WebGPU adapter calls itself, as far as {@link describeAdapter} found out. */
export function knownAdapter(): string {
  return adapter;
}

/**
 * Asks a child for the WebGPU adapter, once for each `cacheDir` and state of the drivers.
 *
 * @param ask Returns the adapter's own description.
 */
export async function describeAdapter(
  ask: () => Promise<string>,
  host: Host,
  cacheDir?: string,
): Promise<void> {
  const variables = [...VULKAN_VARIABLES, "LD_LIBRARY_PATH"].map((name) =>
    Deno.env.get(name) ?? ""
  );
  const about = [Deno.version.deno, vulkanDrivers(), nvidiaDriver() ?? "", ...variables].join("\n");
  adapter = await remembered("webgpu_adapter", about, ask, host, cacheDir);
}

/** The answer to a costly question about the machine, kept in a file while `about` stays the same. */
export async function remembered<T>(
  name: string,
  about: string,
  ask: () => Promise<T>,
  host: Host,
  cacheDir?: string,
): Promise<T> {
  const path = cacheDir === undefined ? null : `${cacheDir}/${name}.json`;
  if (path !== null) {
    try {
      const known = JSON.parse(Deno.readTextFileSync(path));
      if (known.about === about && "answer" in known) return known.answer;
    } catch {
      // Not asked yet.
    }
  }
  const answer = await ask();
  if (path !== null) {
    try {
      host.files.makeDirectory(cacheDir!);
      const temporary = `${path}.${host.unique()}`;
      host.files.writeNew(temporary, new TextEncoder().encode(JSON.stringify({ about, answer })));
      host.files.rename(temporary, path);
    } catch {
      // Only a cache: the next run asks again.
    }
  }
  return answer;
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** A text file of the machine; null when it is not there. */
export function readIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
