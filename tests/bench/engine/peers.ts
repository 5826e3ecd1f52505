// The same DAG for the peers: node i reads `in/<i>` and the output of node i - N/10, and concatenates them.

import type { Command } from "./measure.ts";
import { LAYERS } from "./project.ts";

/** A tool that is measured beside the engine. */
export interface Peer {
  readonly name: string;
  /** Environment variable that may name the program. */
  readonly variable: string;
  readonly program: string;
  /** Beyond so many nodes it takes minutes. */
  readonly most: number;
  /** Writes a project for `nodes` nodes into an empty directory. */
  generate(dir: string, nodes: number): void;
  /** Done before the first `run`, to spare most of its time. */
  readonly prepare?: (dir: string, nodes: number, program: string) => readonly Command[];
  /** Does what there is to do. */
  run(dir: string, program: string): Command;
  /** Path of the file that node `i` reads, relative to the project. */
  input(i: number): string;
  /** Ends what was left running. */
  readonly stop?: (dir: string, program: string) => Command;
}

const indices = (nodes: number) => Array.from({ length: nodes }, (_, i) => i);

function write(dir: string, path: string, text: string): void {
  const full = `${dir}/${path}`;
  Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(full, text);
}

function writeInputs(dir: string, nodes: number): void {
  for (const i of indices(nodes)) write(dir, inFile(i), `${i}\n`);
  Deno.mkdirSync(`${dir}/out`);
}

const inFile = (i: number) => `in/${i}.txt`;
const outFile = (i: number) => `out/${i}.txt`;

/** What node `i` reads: its own file, and what is above it. */
function reads(i: number, nodes: number): string[] {
  const above = i - nodes / LAYERS;
  return above < 0 ? [inFile(i)] : [inFile(i), outFile(above)];
}

const make: Peer = {
  name: "make",
  variable: "BENCH_MAKE",
  program: "make",
  most: 10_000,
  generate(dir, nodes) {
    writeInputs(dir, nodes);
    const rules = indices(nodes).map((i) =>
      `${outFile(i)}: ${reads(i, nodes).join(" ")}\n\tcat $^ > $@\n`
    );
    write(dir, "Makefile", `all: ${indices(nodes).map(outFile).join(" ")}\n${rules.join("")}`);
  },
  run: (dir, program) => ({ program, args: ["-s", "-j2"], cwd: dir }),
  input: inFile,
};

const ninja: Peer = {
  name: "ninja",
  variable: "BENCH_NINJA",
  program: "ninja",
  most: 10_000,
  generate(dir, nodes) {
    writeInputs(dir, nodes);
    const rules = indices(nodes).map((i) =>
      `build ${outFile(i)}: cat ${reads(i, nodes).join(" ")}\n`
    );
    const rule = "rule cat\n  command = cat $in > $out\n  restat = 1\n";
    write(dir, "build.ninja", rule + rules.join(""));
  },
  run: (dir, program) => ({ program, args: ["--quiet", "-j2"], cwd: dir }),
  input: inFile,
};

const snakemake: Peer = {
  name: "Snakemake",
  variable: "BENCH_SNAKEMAKE",
  program: "snakemake",
  most: 1000,
  generate(dir, nodes) {
    writeInputs(dir, nodes);
    const width = nodes / LAYERS;
    write(
      dir,
      "Snakefile",
      `def above(wildcards):
    i = int(wildcards.i)
    return ["in/%d.txt" % i] + (["out/%d.txt" % (i - ${width})] if i >= ${width} else [])

rule all:
    input: expand("out/{i}.txt", i=range(${nodes}))

rule join:
    input: above
    output: "out/{i}.txt"
    wildcard_constraints: i="[0-9]+"
    shell: "cat {input} > {output}"
`,
    );
  },
  run: (dir, program) => ({ program, args: ["--quiet", "all", "--cores", "2"], cwd: dir }),
  input: inFile,
};

const bazel: Peer = {
  name: "Bazel, warm server",
  variable: "BENCH_BAZEL",
  program: "bazel",
  most: 1000,
  generate(dir, nodes) {
    writeInputs(dir, nodes);
    const rules = indices(nodes).map((i) => {
      const above = i - nodes / LAYERS;
      const sources = [inFile(i), ...(above < 0 ? [] : [`:join${above}`])];
      return `genrule(name="join${i}",srcs=${JSON.stringify(sources)},outs=["${
        outFile(i)
      }"],cmd="cat $(SRCS) > $@")\n`;
    });
    const all = indices(nodes).map((i) => `":join${i}"`).join(",");
    write(dir, "WORKSPACE", "");
    write(dir, "BUILD", `${rules.join("")}filegroup(name="everything",srcs=[${all}])\n`);
  },
  run: (dir, program) => ({
    program,
    args: [
      "--noblock_for_lock",
      "build",
      "--noshow_progress",
      "--ui_event_filters=-info",
      "--jobs=2",
      ":everything",
    ],
    cwd: dir,
  }),
  input: inFile,
  stop: (dir, program) => ({ program, args: ["shutdown"], cwd: dir }),
};

const turbo: Peer = {
  name: "Turbo",
  variable: "BENCH_TURBO",
  program: "turbo",
  most: 1000,
  generate(dir, nodes) {
    const width = nodes / LAYERS;
    const root = { name: "root", version: "1.0.0", private: true, packageManager: "npm@10.0.0" };
    write(dir, "package.json", JSON.stringify({ ...root, workspaces: ["packages/*"] }));
    const packages: Record<string, unknown> = {
      "": { name: "root", version: "1.0.0", workspaces: ["packages/*"] },
    };
    for (const i of indices(nodes)) {
      const above = i - width;
      const from = above < 0 ? "" : ` ../p${above}/dist/out.txt`;
      const dependencies = above < 0 ? {} : { dependencies: { [`p${above}`]: "*" } };
      const about = { name: `p${i}`, version: "1.0.0", ...dependencies };
      const scripts = { build: `cat src/in.txt${from} > dist/out.txt` };
      write(dir, `packages/p${i}/package.json`, JSON.stringify({ ...about, scripts }));
      write(dir, `packages/p${i}/src/in.txt`, `${i}\n`);
      write(dir, `packages/p${i}/dist/.keep`, "");
      packages[`node_modules/p${i}`] = { resolved: `packages/p${i}`, link: true };
      packages[`packages/p${i}`] = about;
    }
    const lock = { name: "root", version: "1.0.0", lockfileVersion: 3, requires: true, packages };
    write(dir, "package-lock.json", JSON.stringify(lock));
    write(dir, ".gitignore", "node_modules\ndist\n.turbo\n");
    const build = {
      dependsOn: ["^build"],
      outputs: ["dist/**"],
      inputs: ["src/**", "package.json"],
    };
    write(dir, "turbo.json", JSON.stringify({ tasks: { build } }));
  },
  // It starts npm for every package, which takes ten minutes for a thousand: a stand-in fills its cache.
  prepare(dir, _nodes, program) {
    const script = `#!/bin/sh
exec sh -c "$(sed -n 's/.*"build":"\\([^"]*\\)".*/\\1/p' package.json)"
`;
    write(dir, "stand-in/npm", script);
    Deno.chmodSync(`${dir}/stand-in/npm`, 0o755);
    const run = turbo.run(dir, program);
    const path = `${dir}/stand-in:${Deno.env.get("PATH")}`;
    return [{ ...run, env: { ...run.env, PATH: path } }];
  },
  run: (dir, program) => ({
    program,
    args: ["run", "build", "--output-logs=none", "--concurrency=2"],
    cwd: dir,
    env: { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  }),
  input: (i) => `packages/p${i}/src/in.txt`,
};

const dvc: Peer = {
  name: "DVC",
  variable: "BENCH_DVC",
  program: "dvc",
  most: 1000,
  generate(dir, nodes) {
    writeInputs(dir, nodes);
    const stages = indices(nodes).map((i) => {
      const deps = reads(i, nodes);
      return `  s${i}:\n    cmd: cat ${deps.join(" ")} > ${outFile(i)}\n    deps:\n` +
        deps.map((path) => `    - ${path}\n`).join("") + `    outs:\n    - ${outFile(i)}\n`;
    });
    write(dir, "dvc.yaml", `stages:\n${stages.join("")}`);
  },
  // Its first run takes time that grows with the square of the stages: `dvc commit` records the same end.
  prepare(dir, nodes, program) {
    for (const i of indices(nodes)) {
      const text = reads(i, nodes).map((path) => Deno.readTextFileSync(`${dir}/${path}`)).join("");
      write(dir, outFile(i), text);
    }
    return [
      { program, args: ["init", "--no-scm", "-q"], cwd: dir },
      { program, args: ["config", "core.analytics", "false"], cwd: dir },
      { program, args: ["config", "core.site_cache_dir", `${dir}/.site`], cwd: dir },
      { program, args: ["commit", "-f", "-q"], cwd: dir },
    ];
  },
  run: (dir, program) => ({ program, args: ["repro", "-q"], cwd: dir }),
  input: inFile,
};

/** Floors first, then what our users know. */
export const peers: readonly Peer[] = [ninja, make, bazel, turbo, snakemake, dvc];
