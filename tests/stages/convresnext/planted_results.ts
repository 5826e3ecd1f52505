// Results of a preset as they would be if the paper's claims held, or did not.

import type { KernelMethod, Outcome } from "../../../methods/convresnext/cell.ts";
import type { Cell } from "../../../methods/convresnext/cell.ts";
import type { CellResult, Method } from "../../../methods/convresnext/results.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { groupsOf } from "../../../stages/convresnext/cells.ts";
import type { ConvResNeXtConfig } from "../../../stages/convresnext/schema.ts";

/** Truths to plant; the defaults are the paper's. */
export interface Planted {
  /** Exponent of D of the network's error among irrelevant coordinates. */
  readonly netD?: number;
  /** Exponent of MN in the number of active paths under decay. */
  readonly activeWithDecay?: number;
  /** Factor on the error of networks of sixteen blocks. */
  readonly deep?: number;
}

/** Every cell of `config` with outcomes that follow power laws, with one per cent of noise. */
export function plantedResults(config: ConvResNeXtConfig, planted: Planted = {}): CellResult[] {
  return groupsOf(config).flatMap(({ study, arm, cells, baselines }) => {
    const methods: Method[] = baselines ? ["net", "krr", "gp"] : ["net"];
    return methods.flatMap((method) =>
      cells.map((cell): CellResult => ({
        study,
        arm,
        method,
        cell,
        outcomes: cell.seeds.map((seed) => outcome(arm, method, cell, seed, planted)),
      }))
    );
  });
}

function outcome(
  arm: string,
  method: Method,
  cell: Cell,
  seed: number,
  { netD = 0, activeWithDecay = 0, deep = 1 }: Planted,
): Outcome {
  const { n, data: { D, shape, risk }, network: { L, M, N }, decay, crowd } = cell;
  const name = [arm, method, n, D, L, M, N, String(decay), shape.kind === "torus" ? shape.d : 1];
  const random = stream(seed, "planted", ...name);
  const noise = () => Math.exp(0.01 * random.nextNormal());
  const kernelD = (_: KernelMethod) => arm === "filled" ? 1 : 0;
  const exponentD = method === "net" ? arm === "filled" ? netD : 0 : kernelD(method);
  const exponentN = (risk === "logistic" ? -0.4 : -0.8) *
    (shape.kind === "torus" ? 1 / shape.d : 1) * (arm === "depth" ? 1 - 1 / L : 1) *
    (method === "net" ? 1 : 0.8);
  const grown = decay > 0 ? activeWithDecay : 1;
  return {
    seed,
    error: n ** exponentN * D ** exponentD * (N > M ? deep : 1) * noise(),
    local: crowd && { inside: (method === "net" ? 1 : 3) * noise(), outside: noise() },
    degrees: risk === "squared" ? 20 : null,
    paths: method === "net"
      ? {
        active: Math.max(1, Math.round(4 * (M * N / 4) ** grown)),
        participation: 3 * (M * N) ** grown * noise(),
      }
      : null,
  };
}
