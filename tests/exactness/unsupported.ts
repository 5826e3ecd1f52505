// What a provider cannot run, by operator: the tests assert that nothing else fails there, and that these do.
import type { Other } from "./provider_comparison.ts";

export const unsupported: Readonly<Record<Other, Readonly<Record<string, string>>>> = {
  wasm: {},
  webgpu: {
    maxPool: "its derivative: the kernel gives no indices",
  },
  cuda: {},
};
