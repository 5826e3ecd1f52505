/**
 * `deno task bench data`: a tree of 100,000 small files and one large file, in and out of the store, beside DVC.
 *
 * Options: --files=N (default 100000), --gigabytes=N (default 10, 0 leaves the large file out), --turns=N,
 * --dir=DIR (default the system's temporary directory), --dvc=PROGRAM, --json.
 */

import { parseArgs } from "node:util";
import { type DvcTimes, measureDvcFile, measureDvcTree } from "./dvc.ts";

const { values: options } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "data"),
  options: {
    files: { type: "string", default: "100000" },
    gigabytes: { type: "string", default: "10" },
    turns: { type: "string", default: "3" },
    dir: { type: "string" },
    dvc: { type: "string", default: "dvc" },
    json: { type: "boolean", default: false },
  },
});

interface Measured {
  /** Of the whole process. */
  readonly seconds: number;
  readonly megabytes: number;
  readonly said: string;
}

/** One step in a process of its own. */
async function step(...args: string[]): Promise<Measured> {
  const script = new URL("./step.ts", import.meta.url).pathname;
  const start = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...args],
  }).output();
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return { ...JSON.parse(new TextDecoder().decode(stdout)), seconds };
}

const remove = (path: string) => Deno.removeSync(path, { recursive: true });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Longer than what makes a stamp doubtful. */
const SETTLED_MS = 3200;

function makeTree(dir: string, files: number): void {
  const bytes = new Uint8Array(1024);
  for (let i = 0; i < files; i++) {
    if (i % 100 === 0) Deno.mkdirSync(`${dir}/${i / 100}`, { recursive: true });
    new DataView(bytes.buffer).setUint32(0, i);
    Deno.writeFileSync(`${dir}/${Math.floor(i / 100)}/${i}.bin`, bytes);
  }
}

const touched = (dir: string, n: number) =>
  Deno.writeTextFileSync(`${dir}/0/${n}.bin`, "x", { append: true });

async function measureTree(base: string, files: number): Promise<Record<string, Measured>> {
  const [data, store, out] = [`${base}/tree`, `${base}/store`, `${base}/out`];
  makeTree(data, files);
  await pause(SETTLED_MS);
  const add = await step("add", data, store);
  await pause(SETTLED_MS);
  await step("add", data, store);
  const unchanged = await step("add", data, store);
  touched(data, 1);
  const changed = await step("add", data, store);
  const restore = await step("restore", data, store, out);
  [data, store, out].forEach(remove);
  return { add, unchanged, changed, restore };
}

async function makeFile(path: string, gigabytes: number): Promise<void> {
  const command = `openssl enc -aes-128-ctr -pass pass:x -nosalt </dev/zero 2>/dev/null | ` +
    `head -c ${gigabytes * 1e9} > "$1" && sync -f "$1"`;
  await new Deno.Command("bash", { args: ["-c", command, "-", path] }).output();
}

async function measureFile(base: string, path: string): Promise<Record<string, Measured>> {
  const [store, out] = [`${base}/store`, `${base}/out`];
  const hash = await step("hash", path);
  const add = await step("add", path, store);
  remove(store);
  // In the process that added it; a later one reads the object once before it serves it.
  const restore = await step("add-and-restore", path, store, out);
  [store, out].forEach(remove);
  return { hash, add, restore: { ...restore, seconds: Number(restore.said) } };
}

/** The fastest of several turns of each step: other work on the machine only adds. */
async function fastest(
  turns: number,
  turn: () => Promise<Record<string, Measured>>,
): Promise<Record<string, Measured>> {
  let best: Record<string, Measured> = {};
  for (let i = 0; i < turns; i++) {
    const now = await turn();
    best = Object.fromEntries(
      Object.entries(now).map(([name, m]) => [
        name,
        best[name]?.seconds < m.seconds ? best[name] : m,
      ]),
    );
  }
  return best;
}

function tell(title: string, ours: Record<string, Measured>, dvc: DvcTimes | null): void {
  console.log(title);
  for (const [name, { seconds, megabytes }] of Object.entries(ours)) {
    const peer = dvc?.times[name];
    const beside = peer === undefined
      ? ""
      : `   DVC ${peer.toFixed(2)} s, ratio ${(peer / seconds).toFixed(1)}`;
    const memory = `${Math.round(megabytes)} MB`;
    console.log(
      `  ${name.padEnd(10)} ${seconds.toFixed(2).padStart(7)} s ${memory.padStart(7)}${beside}`,
    );
  }
}

const base = Deno.makeTempDirSync({ dir: options.dir, prefix: "bench-data-" });
try {
  const [files, gigabytes, turns] = [options.files, options.gigabytes, options.turns].map(Number);
  const dvc = { program: options.dvc, base };
  const tree = await fastest(turns, () => measureTree(base, files));
  const dvcTree = await measureDvcTree(dvc, (dir) => makeTree(dir, files), touched);
  const title = `${files.toLocaleString("en")} files of 1 KiB`;
  if (!options.json) {
    if (dvcTree === null) {
      console.log(
        "DVC was not found, so only our times follow; for the peer: pip install dvc==3.67.1",
      );
    } else console.log(`DVC ${dvcTree.version}`);
    tell(title, tree, dvcTree);
  }
  let file: Record<string, Measured> | null = null;
  let dvcFile: DvcTimes | null = null;
  if (gigabytes > 0) {
    const path = `${base}/large.bin`;
    await makeFile(path, gigabytes);
    await pause(SETTLED_MS);
    file = await fastest(turns, () => measureFile(base, path));
    dvcFile = await measureDvcFile(dvc, path);
    if (!options.json) {
      tell(`one file of ${gigabytes} GB`, file, dvcFile);
      console.log(`  add / hash ${(file.add.seconds / file.hash.seconds).toFixed(2)}`);
    }
  }
  if (options.json) console.log(JSON.stringify({ tree, dvcTree, file, dvcFile }, null, 2));
} finally {
  remove(base);
}
