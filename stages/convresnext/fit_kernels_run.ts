/** Fits the kernel methods to the samples of a group of cells. */

import { KERNEL_METHODS, runKernelMethod } from "../../methods/convresnext/cell.ts";
import type { Run } from "../../pipeline/types.ts";
import type { fitKernels } from "./fit_kernels.ts";

export const run: Run<typeof fitKernels> = async ({ params: { cells }, outputs, progress }) => {
  const seeds = cells[0].seeds.length, steps = KERNEL_METHODS.length * cells.length * seeds;
  let step = 0;
  for (const method of KERNEL_METHODS) {
    const outcomes = cells.map((cell) =>
      runKernelMethod(method, cell, () => progress({ step: ++step, steps, message: method }))
    );
    await outputs[method].write(outcomes);
  }
};
