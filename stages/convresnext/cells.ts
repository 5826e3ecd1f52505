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

/** What most cells share. */
function base(config: ConvResNeXtConfig, D: number): Omit<Cell, "n" | "decay"> {
  const { network, training, testPoints, seeds, target } = config;
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
  const arm = (name: string, width: number, decay: (D: number, n: number) => number): Group[] =>
    Ds.map((D, i) => {
      const shared = base(config, D);
      const cells = ns.map((n, j) => ({
        ...shared,
        data: { ...shared.data, irrelevant: width },
        n,
        decay: decay(i, j),
      }));
      return { study: "dimension", arm: name, name: `D=${D}`, cells, baselines: true };
    });
  return [
    ...arm("filled", irrelevant, (i, j) => filledDecay[i][j]),
    ...arm("embedded", 0, (_, j) => embeddedDecay[j]),
  ];
}

function localGroup(config: ConvResNeXtConfig): Group {
  const { D, n, target, crowd, decay } = config.local, shared = base(config, D);
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
  const { D, L: Ls, n: ns, decay } = config.depth, shared = base(config, D);
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
  const { D, n, paths, decays, steps } = config.sparsity, shared = base(config, D);
  return paths.map((M) => ({
    study: "sparsity",
    arm: "sparsity",
    name: `MN=${M}`,
    cells: decays.map((decay) => ({
      ...shared,
      network: { ...shared.network, M, N: 1 },
      training: { ...shared.training, steps },
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
