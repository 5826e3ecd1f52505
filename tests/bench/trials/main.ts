// `deno task bench trials`: what each tool does when things go wrong: kills, damage, edits behind its back.
//
// Peers take part when they are installed: on PATH, or named by BENCH_DVC, BENCH_SNAKEMAKE, BENCH_MAKE,
// BENCH_NINJA, BENCH_BAZEL, BENCH_TURBO, BENCH_WIREIT. Needs Linux and, for the peers, Python.
// Options: --markdown prints results.md; --json one JSON object; --tool=NAME, --trial=ID keep one; --jobs=N tools at
// a time; --seconds=N that the step to be caught takes, --long=N in trial 1; --settle=N.

import { parseArgs } from "node:util";
import { cachePeers } from "./cache_peers.ts";
import { Copy } from "./copy.ts";
import { ours } from "./ours.ts";
import { filePeers } from "./peers.ts";
import { type Column, markdown, notes, plainTable } from "./table.ts";
import type { Tool } from "./tool.ts";
import { type Result, type Trial, trials } from "./trials.ts";

const { values: options } = parseArgs({
  args: Deno.args.slice(1),
  options: {
    markdown: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    tool: { type: "string", default: "" },
    trial: { type: "string", default: "" },
    jobs: { type: "string", default: "2" },
    seconds: { type: "string", default: "12" },
    long: { type: "string", default: "40" },
    settle: { type: "string", default: "3" },
  },
});
if (Deno.build.os !== "linux") {
  console.error("The trials look for processes in /proc, so they need Linux.");
  Deno.exit(2);
}
const seconds = Number(options.seconds);
const long = Number(options.long);
const settle = Number(options.settle);
const chosen = trials.filter(({ id }) => options.trial === "" || id === options.trial);
const tools = [ours, ...filePeers, ...cachePeers].filter(({ name }) =>
  options.tool === "" || name.toLowerCase() === options.tool.toLowerCase()
);

async function tried(trial: Trial, tool: Tool, program: string): Promise<Result> {
  const open = (shape: { pause: number }) => Copy.create({ tool, program }, shape);
  const result = await trial.run({ open, seconds, long, settle });
  const note = result.note === undefined ? "" : ` (${result.note})`;
  console.error(`${tool.name}, ${trial.id} ${trial.title}: ${result.grade}${note}`);
  return result;
}

async function columnOf(tool: Tool): Promise<Column> {
  const { name, variable, setting } = tool;
  const program = (variable && Deno.env.get(variable)) || tool.program;
  const version = await tool.version(program);
  const results = new Map<string, Result>();
  for (const trial of version === null ? [] : chosen) {
    try {
      results.set(trial.id, await tried(trial, tool, program));
    } catch (error) {
      console.error(`${name}, ${trial.id} could not be tried: ${error}`);
    }
  }
  return { name, version, variable, setting, results };
}

/** Type of the file system that holds temporary files. */
async function fileSystem(): Promise<string> {
  const dir = Deno.makeTempDirSync();
  const args = ["-f", "-c", "%T", dir];
  const { stdout } = await new Deno.Command("stat", { args }).output();
  Deno.removeSync(dir);
  return new TextDecoder().decode(stdout).trim().replace("ext2/ext3", "ext4");
}

/** As `deno fmt` wants it. */
async function formatted(page: string): Promise<Uint8Array> {
  const args = ["fmt", "--ext", "md", "--line-width", "100", "-"];
  const io = { stdin: "piped", stdout: "piped" } as const;
  const child = new Deno.Command(Deno.execPath(), { args, ...io }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(page));
  await writer.close();
  return (await child.output()).stdout;
}

const columns: Column[] = [];
const queue = tools.map((tool, at) => ({ tool, at }));
const workers = Array.from({ length: Number(options.jobs) }, async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    columns[next.at] = await columnOf(next.tool);
  }
});
await Promise.all(workers);
if (options.json) {
  const all = columns.map((column) => ({ ...column, results: Object.fromEntries(column.results) }));
  console.log(JSON.stringify(all, null, 2));
} else if (options.markdown) {
  const machine = `Linux, ${navigator.hardwareConcurrency} cores, ${await fileSystem()}`;
  const page = markdown(chosen, columns, { machine, seconds, long, settle });
  await Deno.stdout.write(await formatted(page));
} else {
  console.log([plainTable(chosen, columns), "", ...notes(chosen, columns)].join("\n"));
}
