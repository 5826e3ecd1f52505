// Tools that run shell commands and know files: make, ninja, Snakemake, DVC.

import { write } from "./files.ts";
import { codePath, commandOf, DECLARED, thirdText, writeSteps } from "./python_steps.ts";
import type { Shape, Tool } from "./tool.ts";

/** What all peers have in common. */
export const common = {
  output: (name: string) => `out/${name}`,
  input: (name: string) => `in/${name}`,
  code: codePath,
  third: thirdText,
  stores: [],
  work: ["out"],
  version: numberOf,
};

/** The first thing like a version that `--version` says. */
export async function numberOf(program: string): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    const text = new TextDecoder().decode(stdout);
    return success ? /\d+(\.\d+)+/.exec(text)?.[0] ?? text.trim() : null;
  } catch {
    return null;
  }
}

/** A new project with inputs and steps, which `declare` completes. */
export async function newProject(
  shape: Shape,
  declare: (dir: string) => void | Promise<void>,
): Promise<string> {
  const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "trial-" }));
  writeSteps(dir, shape);
  await declare(dir);
  return dir;
}

const make: Tool = {
  ...common,
  name: "make",
  variable: "BENCH_MAKE",
  program: "make",
  own: /^\S*make /,
  setting: "`.DELETE_ON_ERROR`; code and helper are prerequisites; `make -s -j2`",
  create: (shape) =>
    newProject(shape, (dir) => {
      const rules = DECLARED.map((step) =>
        `${step.writes}: ${[...step.reads, ...step.code].join(" ")}\n\t${commandOf(step)}\n`
      );
      write(dir, "Makefile", `all: out/three.txt\n.DELETE_ON_ERROR:\n${rules.join("")}`);
    }),
  run: (_dir, program) => ({ program, args: ["-s", "-j2"] }),
};

const ninja: Tool = {
  ...common,
  name: "ninja",
  variable: "BENCH_NINJA",
  program: "ninja",
  own: /^\S*ninja /,
  setting: "`restat = 1`; code and helper are inputs; `ninja --quiet -j2`",
  create: (shape) =>
    newProject(shape, (dir) => {
      const rules = DECLARED.map((step) =>
        `rule ${step.name}\n  command = ${commandOf(step)}\n  restat = 1\n` +
        `build ${step.writes}: ${step.name} ${[...step.reads, ...step.code].join(" ")}\n`
      );
      write(dir, "build.ninja", rules.join(""));
    }),
  run: (_dir, program) => ({ program, args: ["--quiet", "-j2"] }),
};

const snakemake: Tool = {
  ...common,
  name: "Snakemake",
  variable: "BENCH_SNAKEMAKE",
  program: "snakemake",
  own: /snakemake/,
  setting: "default rerun triggers; code and helper are inputs of `shell` rules; " +
    "`snakemake --cores 2`; its between-workflow cache is off, as by default, so it has no store",
  create: (shape) =>
    newProject(shape, (dir) => {
      const rules = DECLARED.map((step) =>
        `rule ${step.name}:
    input: ${[...step.reads, ...step.code].map((path) => JSON.stringify(path)).join(", ")}
    output: "${step.writes}"
    shell: "${commandOf(step)}"
`
      );
      write(dir, "Snakefile", `rule all:\n    input: "out/three.txt"\n\n${rules.join("\n")}`);
    }),
  run: (_dir, program) => ({ program, args: ["--cores", "2", "--quiet", "all"] }),
  manual: (_dir, program) => [
    { says: "--unlock", command: { program, args: ["--unlock"] } },
    {
      says: "--rerun-incomplete",
      command: { program, args: ["--cores", "2", "--quiet", "all", "--rerun-incomplete"] },
    },
  ],
};

const dvc: Tool = {
  ...common,
  name: "DVC",
  variable: "BENCH_DVC",
  program: "dvc",
  own: /\/dvc /,
  stores: [".dvc/cache"],
  setting: "`dvc init --no-scm`, default cache (copies on this file system); code and helper are " +
    "`deps`; `dvc repro`",
  create: (shape, program) =>
    newProject(shape, async (dir) => {
      const list = (paths: readonly string[]) => paths.map((path) => `    - ${path}\n`).join("");
      const stages = DECLARED.map((step) =>
        `  ${step.name}:\n    cmd: ${commandOf(step)}\n` +
        `    deps:\n${list([...step.reads, ...step.code])}    outs:\n${list([step.writes])}`
      );
      write(dir, "dvc.yaml", `stages:\n${stages.join("")}`);
      // The state of a project is by default shared with others of this machine.
      const commands = [["init", "--no-scm", "-q"], [
        "config",
        "core.site_cache_dir",
        `${dir}/.site`,
      ]];
      for (const args of commands) await new Deno.Command(program, { args, cwd: dir }).output();
    }),
  run: (_dir, program) => ({ program, args: ["repro", "-q"] }),
  manual: () => [{
    says: "rm .dvc/tmp/rwlock",
    command: { program: "rm", args: ["-f", ".dvc/tmp/rwlock"] },
  }],
};

/** In the order of the table. */
export const filePeers: readonly Tool[] = [dvc, snakemake, make, ninja];
