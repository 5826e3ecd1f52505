/** The cells of every study, from the configuration. */

import type { Cell } from "../../methods/convresnext/cell.ts";
import type { Shape } from "../../methods/convresnext/sample.ts";
import type { StudyName } from "../../methods/convresnext/results.ts";
import type { ConvResNeXtConfig } from "./schema.ts";

/** Cells that one node computes, one after the other. */
export interface Group {
  readonly study: StudyName;
  readonly arm: string;
  /** Names the group within its study and arm. */
  readonly name: string;
  readonly cells: readonly Cell[];
  /** Whether the kernel methods are fitted to these cells too. */
  readonly baselines: boolean;
}

/** All groups; those that take longest come first, so that they are not waited for at the end. */
export function groupsOf(config: ConvResNeXtConfig): Group[] {
  return [
    ...sparsityGroups(config).reverse(),
    ...dimensionGroups(config).reverse(),
    ...intrinsicGroups(config),
    localGroup(config),
    classificationGroup(config),
    depthGroup(config),
    interchangeGroup(config),
  ];
}

/** What most cells share, with what a study trains otherwise. */
function base(
  config: ConvResNeXtConfig,
  D: number,
  otherwise: Partial<Cell["training"]> = {},
): Omit<Cell, "n" | "decay"> {
  const { network, testPoints, seeds, target } = config;
  const training = { ...config.training, ...otherwise };
  const data = {
    shape: { kind: "spiral", target } as Shape,
    D,
    irrelevant: 0,
    risk: "squared" as const,
  };
  return { data, network, training, testPoints, seeds, crowd: null };
}

function dimensionGroups(config: ConvResNeXtConfig): Group[] {
  const { D: Ds, n: ns, irrelevant, filledDecay, embeddedDecay } = config.dimension;
  const arm = (name: string, width: number, decays: readonly (readonly number[])[]): Group[] =>
    Ds.map((D, i) => {
      const shared = base(config, D), data = { ...shared.data, irrelevant: width };
      const cells = ns.map((n, j) => ({ ...shared, data, n, decay: decays[i][j] }));
      return { study: "dimension", arm: name, name: `D=${D}`, cells, baselines: true };
    });
  return [...arm("filled", irrelevant, filledDecay), ...arm("embedded", 0, embeddedDecay)];
}

function localGroup(config: ConvResNeXtConfig): Group {
  const { D, n, target, crowd, decay, training } = config.local;
  const shared = base(config, D, training);
  const data = { ...shared.data, shape: { kind: "spiral", target } as Shape };
  return {
    study: "local",
    arm: "local",
    name: `n=${n}`,
    cells: [{ ...shared, data, n, decay, crowd }],
    baselines: true,
  };
}

function classificationGroup(config: ConvResNeXtConfig): Group {
  const { D, n: ns, decay } = config.classification, shared = base(config, D);
  const data = { ...shared.data, risk: "logistic" as const };
  return {
    study: "classification",
    arm: "classification",
    name: `D=${D}`,
    cells: ns.map((n, j) => ({ ...shared, data, n, decay: decay[j] })),
    baselines: false,
  };
}

function intrinsicGroups(config: ConvResNeXtConfig): Group[] {
  const { D, d: ds, n: ns, amplitude, decay } = config.intrinsic, shared = base(config, D);
  return ds.map((d) => {
    const data = { ...shared.data, shape: { kind: "torus", d, amplitude } as Shape };
    return {
      study: "intrinsic",
      arm: "intrinsic",
      name: `d=${d}`,
      cells: ns.map((n, j) => ({ ...shared, data, n, decay: decay[j] })),
      baselines: false,
    };
  });
}

function depthGroup(config: ConvResNeXtConfig): Group {
  const { D, L: Ls, n: ns, decay, training } = config.depth;
  const shared = base(config, D, training);
  const cells = Ls.flatMap((L) =>
    ns.map((n, j) => ({
      ...shared,
      network: { ...shared.network, L },
      n,
      decay: decay[j],
    }))
  );
  return { study: "depth", arm: "depth", name: `D=${D}`, cells, baselines: false };
}

function sparsityGroups(config: ConvResNeXtConfig): Group[] {
  const { D, n, paths, decays, training } = config.sparsity;
  const shared = base(config, D, training);
  return paths.map((M) => ({
    study: "sparsity",
    arm: "sparsity",
    name: `MN=${M}`,
    cells: decays.map((decay) => ({
      ...shared,
      network: { ...shared.network, M, N: 1 },
      n,
      decay,
    })),
    baselines: false,
  }));
}

function interchangeGroup(config: ConvResNeXtConfig): Group {
  const { D, n, shapes, decay } = config.interchange, shared = base(config, D);
  const cells = shapes.map(([M, N]) => ({
    ...shared,
    network: { ...shared.network, M, N },
    n,
    decay,
  }));
  return { study: "interchange", arm: "interchange", name: `n=${n}`, cells, baselines: false };
}
