/** The real command line killed from outside at random times, its stages left alive or not. */

import { Rig } from "../e2e/rig.ts";
import { type Extent, randomOf, type Tally } from "./tally.ts";
import type { Verdict, World } from "./world.ts";

/** Outputs by node, from `reproduce --json`. */
type Outputs = Readonly<Record<string, string>>;

interface Ended {
  readonly code: number;
  readonly outputs: Outputs;
  readonly text: string;
}

const PAPER = ["reproduce", "toy", "--json", "--no-report"];
/** Commands that are killed, one of which is drawn each time. */
const COMMANDS: readonly (readonly string[])[] = [
  PAPER,
  PAPER,
  [...PAPER, "--force"],
  ["gc", "--older-than", "0m", "--keep-runs", "1"],
  ["fsck", "--repair"],
  ["bundle", "toy", "-o", "toy.tar"],
  ["bundle", "import", "clean.tar"],
];

/** Kills commands with SIGKILL at random times; a plain run must then end as a clean one. */
export async function killFromOutside(_: World, tally: Tally, extent: Extent): Promise<void> {
  await using rig = await Rig.create();
  const clean = await reproduce(rig);
  if (clean.code !== 0 || Object.keys(clean.outputs).length === 0) {
    throw new Error(`the clean run failed: ${clean.text}`);
  }
  await rig.cli("bundle", "toy", "-o", "clean.tar");
  const random = randomOf(extent.seed + 4);
  for (let round = 0; round < extent.rounds / 2; round++) {
    if (round % 3 === 0) await Deno.remove(`${rig.dir}/artifacts`, { recursive: true });
    const command = COMMANDS[Math.floor(random() * COMMANDS.length)];
    const running = rig.start(...command.filter((word) => word !== "--no-report"));
    const after = 20 + random() * 700;
    const timer = setTimeout(() => {
      try {
        running.kill("SIGKILL");
      } catch {
        // It was faster.
      }
    }, after);
    const { code } = await running.ended;
    clearTimeout(timer);
    const where = `round ${round}: ${command[0]} after ${after.toFixed(0)} ms`;
    const verdict = await compare(rig, clean);
    tally.add("outside: random kill -9", where, verdict, code === 137 ? 1 : 0);
  }
}

async function compare(rig: Rig, clean: Ended): Promise<Verdict> {
  const now = await reproduce(rig);
  const help = now.code === 0 ? [] : [`the plain run ended with ${now.code}: ${now.text}`];
  const fsck = await rig.cli("fsck");
  if (fsck.code !== 0) help.push(`fsck: ${fsck.out}${fsck.err}`);
  const wrong = Object.keys(clean.outputs).filter((id) => now.outputs[id] !== clean.outputs[id])
    .map((id) => `${id}: ${now.outputs[id]} instead of ${clean.outputs[id]}`);
  return { wrong: now.code === 0 ? wrong : [], help };
}

async function reproduce(rig: Rig): Promise<Ended> {
  const { code, out, err } = await rig.cli("reproduce", "toy", "--json");
  let outputs: Outputs = {};
  try {
    const { stages }: { stages: { id: string; outputs: unknown }[] } = JSON.parse(out);
    outputs = Object.fromEntries(stages.map((one) => [one.id, JSON.stringify(one.outputs)]));
  } catch {
    // Said by the code.
  }
  return { code, outputs, text: err + out };
}

/** A stage that writes for a while, or for as long as there is a file "hold" in its folder, which it answers. */
const SLOW = `
const isHeld = () => {
  try {
    return Deno.statSync("hold").isFile;
  } catch {
    return false;
  }
};
export const run = async ({ params, outputs }) => {
  const bytes = Array.from({ length: params.count }, (_, i) => i + 1);
  for (let i = 0; i < 50 || isHeld(); i++) {
    Deno.writeTextFileSync(outputs.values.path, (isHeld() ? "[777]\\n" : "[666]\\n").repeat(1 + i % 9));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await outputs.values.write(bytes);
};
`;

/**
 * A stage that outlives its engine, as on systems that cannot tie a child to its parent, and goes on writing:
 * a run that starts meanwhile is not disturbed, and nothing of what is written late reaches the store.
 */
export async function orphans(_: World, tally: Tally, extent: Extent): Promise<void> {
  if (Deno.build.os !== "linux") return tally.skip("outside: stage left alive", "needs /proc");
  await using rig = await Rig.create();
  await rig.write("stages/toy/numbers_run.ts", SLOW);
  const path = await pathWithoutSetpriv(rig.dir);
  const clean = await reproduce(rig);
  for (let round = 0; round < Math.min(3, extent.rounds);) {
    await Deno.remove(`${rig.dir}/artifacts`, { recursive: true });
    const engine = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", "pipeline/cli/main.ts", "reproduce", "toy"],
      cwd: rig.dir,
      env: { PATH: path, INIT_CWD: rig.dir, NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const stage = await heldStageOf(engine.pid);
    if (stage === null) {
      // It was over before it could be held, which a busy machine makes likely: once more.
      await engine.status;
      continue;
    }
    const { pid: orphan, hold } = stage;
    engine.kill("SIGKILL");
    await engine.status;
    const help = isRunning(orphan) ? [] : ["the stage died with its engine"];
    const verdict = await compare(rig, clean);
    // A run that began meanwhile has swept it away, as a rule.
    await Deno.remove(hold).catch(() => {});
    while (isRunning(orphan)) await new Promise((resolve) => setTimeout(resolve, 20));
    const later = await compare(rig, clean);
    tally.add("outside: stage left alive", `round ${round++}`, {
      wrong: [...verdict.wrong, ...later.wrong],
      help: [...help, ...verdict.help, ...later.help],
    }, 1);
  }
}

/** A folder with links to everything on PATH but `setpriv`. */
async function pathWithoutSetpriv(dir: string): Promise<string> {
  const bin = `${dir}/bin`;
  await Deno.mkdir(bin);
  await Deno.symlink(Deno.execPath(), `${bin}/deno`);
  return bin;
}

/** The process of the stage that an engine runs, once it is held; null when it was over before. */
async function heldStageOf(engine: number): Promise<{ pid: number; hold: string } | null> {
  const stage = await stageOf(engine);
  if (stage === null) return null;
  const hold = `${stage.cwd}/hold`;
  try {
    Deno.writeTextFileSync(hold, "");
    while (!Deno.readTextFileSync(`${stage.cwd}/outputs/values.json`).includes("[777]")) {
      if (!isRunning(stage.pid)) return null;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } catch {
    // Its folder is gone.
    return null;
  }
  return { pid: stage.pid, hold };
}

/** The process of the stage that an engine runs, once it writes; null when the engine is over. */
async function stageOf(engine: number): Promise<{ pid: number; cwd: string } | null> {
  while (isRunning(engine)) {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        const command = Deno.readTextFileSync(`/proc/${name}/cmdline`);
        if (parent !== engine || !command.includes("job.json")) continue;
        const cwd = Deno.readLinkSync(`/proc/${name}/cwd`);
        if (Deno.statSync(`${cwd}/outputs/values.json`).size > 0) return { pid: Number(name), cwd };
      } catch {
        // It ended, or has not begun.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return null;
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
