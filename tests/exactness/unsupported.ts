// What a provider cannot run or is imprecise at, by operator. The tests assert that nothing else fails there,
// and that what is listed as not running does not.
import type { Other } from "./provider_comparison.ts";

/** Operators that do not run, or whose derivative does not. */
export const unsupported: Readonly<Record<Other, Readonly<Record<string, string>>>> = {
  wasm: {},
  webgpu: {},
  cuda: {},
};

/** Operators whose kernel loses digits on some values: the tables show how many. */
export const imprecise: Readonly<Record<Other, Readonly<Record<string, string>>>> = {
  wasm: {},
  webgpu: {
    layerNorm:
      "rows whose mean is far larger than their deviation (1000 ± 1): the kernel subtracts " +
      "the squared mean from the mean square",
    asin: "the shading language promises three digits",
    acos: "the shading language promises three digits",
  },
  cuda: {},
};
