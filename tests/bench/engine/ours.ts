// The engine on generated projects: nothing to do, one changed chain, and what a stage's process costs.

import { type Command, fastest, time, type Timed } from "./measure.ts";
import { generate, LAYERS, type Project } from "./project.ts";

/** What was measured at one size. */
export interface OursAtSize {
  readonly nodes: number;
  readonly modules: number;
  /** With nothing to do. */
  readonly reproduce: Timed;
  readonly task: Timed;
  readonly explain: Timed;
  readonly dryRun: Timed;
  /** With one file changed; null where it was not measured. */
  readonly changed: Timed | null;
}

/** What sandboxed processes cost. */
export interface StageCost {
  /** Seconds of engine and process together, a stage, by number of stages. */
  readonly perStage: Readonly<Record<number, number>>;
  /** Seconds of the smallest possible Deno process. */
  readonly floor: number;
}

const deno = Deno.execPath();

/** A command of ours in a project. */
export function cli(dir: string, ...args: string[]): Command {
  return { program: deno, args: ["run", "-A", "pipeline/cli/main.ts", ...args], cwd: dir };
}

/** Executes all stages inside one process, then once from the command line for report and caches. */
export async function finish({ dir }: Project): Promise<void> {
  const script = new URL("./fill.ts", import.meta.url).pathname;
  await time({ program: deno, args: ["run", "-A", script, dir], cwd: dir });
  await time(cli(dir, "reproduce", "sweep"));
  // Files that were written just now are read again until they are two seconds old.
  await new Promise((resolve) => setTimeout(resolve, 3500));
  await time(cli(dir, "reproduce", "sweep"));
}

/** Measures a project of `nodes` nodes. */
export async function measureOurs(
  shape: { readonly nodes: number; readonly modules: number; readonly change: boolean },
  turns: number,
): Promise<OursAtSize> {
  using project = generate(shape);
  await finish(project);
  const { dir } = project;
  const reproduce = await fastest(cli(dir, "reproduce", "sweep"), turns);
  const task = await fastest({
    program: deno,
    args: ["task", "-q", "reproduce", "sweep"],
    cwd: dir,
  }, turns);
  const explain = await fastest(cli(dir, "explain", "sweep"), turns);
  const dryRun = await fastest(cli(dir, "reproduce", "sweep", "--dry-run"), turns);
  let changed: Timed | null = null;
  if (shape.change) {
    for (let turn = 0; turn < turns; turn++) {
      project.change(turn, `changed ${turn}`);
      const timed = await time(cli(dir, "reproduce", "sweep"));
      if (changed === null || timed.seconds < changed.seconds) changed = timed;
    }
  }
  return { ...shape, reproduce, task, explain, dryRun, changed };
}

/** Processes that one changed file starts: its chain and the judge. */
export const CHAIN = LAYERS + 1;

/** Cold runs one stage at a time, less the start of the engine. */
export async function measureStages(sizes: readonly number[], turns: number): Promise<StageCost> {
  const empty = Deno.makeTempFileSync({ suffix: ".js" });
  Deno.writeTextFileSync(empty, "Deno.exit(0);\n");
  const flags = ["run", "--no-prompt", "--no-config", "--no-lock", "--quiet", "--no-code-cache"];
  const { seconds: floor } = await fastest(
    { program: deno, args: [...flags, empty], cwd: Deno.cwd() },
    2 * turns,
  );
  Deno.removeSync(empty);
  const perStage: Record<number, number> = {};
  for (const nodes of sizes) {
    using project = generate({ nodes });
    const cold = await time(cli(project.dir, "reproduce", "sweep", "--jobs", "1"));
    const none = await fastest(cli(project.dir, "reproduce", "sweep", "--jobs", "1"), turns);
    perStage[nodes] = (cold.seconds - none.seconds) / (nodes + 1);
  }
  return { perStage, floor };
}
