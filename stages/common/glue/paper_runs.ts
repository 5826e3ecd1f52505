/** The nodes of one run each, of presets at the papers' scale: what both papers share. */

import type { z } from "zod";
import type { Artifact } from "../../../pipeline/types.ts";
import type { JsonKind } from "../../../pipeline/declare/artifact.ts";
import { benchmarkData } from "./benchmark_data.ts";
import type { BenchmarkRun } from "./runs.ts";
import type { BenchmarkName, benchmarkPreset, tuningSettings } from "./schema.ts";

type Preset = z.output<z.ZodObject<typeof benchmarkPreset>>;
type Settings = z.output<typeof tuningSettings>;

/** What a preset says of its runs; S are the settings of one task. */
export interface PaperRuns<S extends Settings> extends Preset {
  readonly tasks: readonly BenchmarkName[];
  readonly settings: Partial<Record<BenchmarkName, S>>;
}

/** One method at one budget. */
export interface PaperCell {
  readonly method: string;
  readonly budget: string;
}

/** Each method at each budget once. */
export function distinctCells<C extends PaperCell>(cells: readonly C[]): C[] {
  return [...new Map(cells.map((cell) => [`${cell.method}/${cell.budget}`, cell])).values()];
}

type Data = ReturnType<typeof benchmarkData>;

/** What the node of one run is given. */
export interface PaperRun<S, C> {
  readonly id: string;
  readonly task: Data["tasks"][number];
  /** All parameters but those of a paper's own. */
  readonly params: C & {
    readonly weights: string;
    readonly settings: Omit<S, "tokens" | "stride">;
    readonly seed: number;
    readonly heldOut: number;
    readonly computing: Preset["computing"];
  };
}

/**
 * Declares a node for each method, budget, task, rate and seed. To choose rates, every rate of the grid is
 * run on the calibration seeds, with texts held out of the training sets.
 *
 * @param open makes the declaration, given the user's model.
 */
export function paperRuns<S extends Settings, C extends PaperCell>(
  config: PaperRuns<S>,
  cells: readonly C[],
  open: (model: Data["model"]) => (run: PaperRun<S, C>) => Artifact<JsonKind<BenchmarkRun>>,
) {
  const { files, tasks: names, settings, rates, calibrate, calibration, computing } = config;
  const { tasks, tasksAbout, model } = benchmarkData(files, names, (name) => {
    const { tokens, stride } = settings[name]!;
    return { tokens, stride };
  });
  const declare = open(model), seeds = calibrate ? calibration.seeds : config.seeds;
  const runs = names.flatMap((name, i) => {
    const { tokens: _, stride: __, ...own } = settings[name]!;
    return cells.flatMap((cell) => {
      const { method, budget } = cell;
      const chosen = rates[method]?.[budget]?.[name] ?? own.lr;
      return (calibrate ? calibration.grid : [chosen]).flatMap((lr) =>
        seeds.map((seed) =>
          declare({
            id: `${name}/${method}/${budget}/${calibrate ? `${lr}/` : ""}${seed}`,
            task: tasks[i],
            params: {
              ...cell,
              weights: model.name,
              settings: { ...own, lr },
              seed,
              heldOut: calibrate ? calibration.heldOut : 0,
              computing,
            },
          })
        )
      );
    });
  });
  return { runs, tasksAbout, model };
}
