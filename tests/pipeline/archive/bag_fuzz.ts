/**
 * Fuzzes the reader of bags: `deno task fuzz [mutations] [seed]`. A damaged bag is refused with a
 * {@link BagError}, or gives exactly what the undamaged one gives; nothing else may happen.
 */

import { gunzipSync, gzipSync } from "node:zlib";
import { BagError, extractBag, verifyBag, writeBag } from "../../../pipeline/archive/bag/mod.ts";
import { mutate, type Random, seeded } from "./bag_mutations.ts";
import { forge, treeOfMembers } from "./bag_forgeries.ts";
import { rawTar } from "./raw_tar.ts";
import { payloadFile, smallContent, temporary, treeOf } from "./bag_rig.ts";

/** A right bag, and what comes out of it. */
export interface Specimen {
  readonly name: string;
  readonly files: readonly Uint8Array[];
  readonly tree: string;
}

/** Bags of every kind that the writer makes. */
export async function specimens(): Promise<Specimen[]> {
  using place = temporary();
  const small = smallContent();
  const fetch = [{
    url: "https://example.org/x",
    bytes: 5,
    path: "elsewhere",
    digest: payloadFile("", "hello").digest,
  }];
  const many = Array.from({ length: 8 }, (_, i) => payloadFile(`f${i}`, `${i}`.repeat(1000)));
  const kinds = [
    ["plain", small, {}],
    ["tiny", { info: {}, payload: [payloadFile("a", "hello")], tags: [] }, {}],
    ["empty", { info: {}, payload: [], tags: [] }, {}],
    ["fetch", { ...small, fetch }, {}],
    ["gzip", small, { compress: "gzip" }],
    ["parts", { ...small, payload: many }, { splitBytes: 14_000 }],
  ] as const;
  const found = [];
  for (const [name, content, options] of kinds) {
    const { parts } = await writeBag(`${place.path}/${name}.tar`, content, options);
    const files = parts.map((part) => part.file);
    await extractBag(files, `${place.path}/${name}`);
    found.push({
      name,
      files: files.map((file) => Deno.readFileSync(file)),
      tree: told(treeOf(`${place.path}/${name}`)),
    });
  }
  return found;
}

function told(tree: Record<string, string>): string {
  return JSON.stringify(Object.entries(tree).sort(([a], [b]) => a < b ? -1 : 1));
}

/** Long enough for the slowest machine; a reader that needs it hangs. */
const HANGS_MS = 60_000;

/** How damaged bags ended. */
export interface Counts {
  mutations: number;
  refused: number;
  /** Taken, with the right content. */
  harmless: number;
  /** What should not happen. */
  readonly defects: string[];
  /** Refusals by kind of problem. */
  readonly problems: Record<string, number>;
}

/** Damages bags `count` times and looks at what the reader makes of them. */
export async function fuzz(count: number, seed: number): Promise<Counts> {
  const kinds = await specimens();
  return await tryAll(count, seed, (random) => {
    const specimen = kinds[random(kinds.length)];
    const { files, names } = damage(specimen, random);
    return { files, tree: specimen.tree, told: `${specimen.name}: ${names.join(", ")}` };
  });
}

/** The same with bags that are put together to be wrong, their checksums and manifests right. */
export async function fuzzForged(count: number, seed: number): Promise<Counts> {
  return await tryAll(count, seed, (random) => {
    const { members, names } = forge(random);
    const tree = told(treeOfMembers(members));
    return { files: [rawTar(members)], tree, told: names.join(", ") };
  });
}

async function tryAll(
  count: number,
  seed: number,
  next: (random: Random) => { files: Uint8Array[]; tree: string; told: string },
): Promise<Counts> {
  const counts: Counts = { mutations: 0, refused: 0, harmless: 0, defects: [], problems: {} };
  using place = temporary();
  Deno.writeTextFileSync(`${place.path}/canary`, "alive");
  for (let i = 0; i < count; i++) {
    const { files, tree, told } = next(seeded(seed + i));
    const paths = files.map((bytes, n) => {
      Deno.writeFileSync(`${place.path}/${n}.tar`, bytes);
      return `${place.path}/${n}.tar`;
    });
    counts.mutations++;
    const defect = await judge(paths, `${place.path}/out`, tree, counts);
    if (defect !== null) counts.defects.push(`seed ${seed + i}, ${told}: ${defect}`);
    for (const path of paths) Deno.removeSync(path);
    const left = [...Deno.readDirSync(place.path)].map((entry) => entry.name);
    if (left.join() !== "canary") {
      counts.defects.push(`seed ${seed + i}, ${told}: left behind ${left.join(", ")}`);
    }
  }
  return counts;
}

function damage(specimen: Specimen, random: Random): { files: Uint8Array[]; names: string[] } {
  const files = [...specimen.files];
  const which = random(files.length);
  // Half of the damage to a compressed bag is done to what is inside.
  const inside = specimen.name === "gzip" && random(2) === 0;
  const bytes = inside ? new Uint8Array(gunzipSync(files[which])) : files[which];
  const mutant = mutate(bytes, random);
  files[which] = inside ? new Uint8Array(gzipSync(mutant.bytes)) : mutant.bytes;
  return { files, names: mutant.names };
}

/** @returns what is wrong with how the reader took the bag, or null. */
async function judge(
  paths: string[],
  out: string,
  tree: string,
  counts: Counts,
): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("hangs")), HANGS_MS);
  });
  try {
    await Promise.race([extractBag(paths, out), hang]);
    const found = told(treeOf(out));
    Deno.removeSync(out, { recursive: true });
    counts.harmless++;
    return found === tree ? null : "taken, with another content";
  } catch (error) {
    if (!(error instanceof BagError)) return String((error as Error).stack ?? error);
    counts.refused++;
    counts.problems[error.problem] = (counts.problems[error.problem] ?? 0) + 1;
    return error.message.includes("\n") ? `more than one line: ${error.message}` : null;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Flips single bits of a bag that is not compressed, every `step`-th from `first`.
 * @returns how many, and those that were not noticed.
 */
export async function flipBits(
  bytes: Uint8Array,
  first: number,
  step: number,
): Promise<{ flips: number; missed: number[] }> {
  using place = temporary();
  const path = `${place.path}/a.tar`;
  Deno.writeFileSync(path, bytes);
  using file = Deno.openSync(path, { write: true });
  const missed: number[] = [];
  let flips = 0;
  const put = (at: number, byte: number) => {
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array([byte]));
  };
  for (let bit = first; bit < bytes.length * 8; bit += step) {
    const at = bit >> 3;
    put(at, bytes[at] ^ 1 << (bit & 7));
    const error = await verifyBag(path).then(() => null, (e) => e);
    if (error === null) missed.push(bit);
    else if (!(error instanceof BagError)) throw error;
    put(at, bytes[at]);
    flips++;
  }
  return { flips, missed };
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 20_000);
  const seed = Number(Deno.args[1] ?? 1);
  const tiny = (await specimens()).find((specimen) => specimen.name === "tiny")!;
  const { flips, missed } = await flipBits(tiny.files[0], 0, 1);
  console.log(`${flips} single bits flipped, ${missed.length} not noticed`);
  let bad = missed.length;
  for (const [what, run] of [["damaged", fuzz], ["forged", fuzzForged]] as const) {
    const { mutations, refused, harmless, problems, defects } = await run(count, seed);
    console.log(
      `${mutations} ${what} bags: ${refused} refused, ${harmless} taken with the right content, ` +
        `${defects.length} defects`,
    );
    const kinds = Object.entries(problems).sort().map(([problem, n]) => `${problem} ${n}`);
    console.log(`  refused for: ${kinds.join(", ")}`);
    for (const defect of defects.slice(0, 20)) console.error(defect);
    bad += defects.length;
  }
  console.log(`memory ${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MB`);
  if (missed.length > 0) console.error(`not noticed: bits ${missed.slice(0, 20).join(", ")}`);
  Deno.exit(bad > 0 ? 1 : 0);
}
