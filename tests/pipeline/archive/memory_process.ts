/** Run by memory_test.ts: one large thing done with bags, then the most memory it took, in megabytes. */

import { createHash } from "node:crypto";
import { extractBag, verifyBag, writeBag } from "../../../pipeline/archive/bag/mod.ts";
import { streamOf } from "./bag_rig.ts";
import { END, rawMember } from "./raw_tar.ts";

const [what, directory, megabytes] = Deno.args;
const bytes = Number(megabytes) * 1e6;
const CHUNK = new Uint8Array(100_000).fill(7);
const chunks = function* () {
  for (let i = 0; i < bytes / CHUNK.length; i++) yield CHUNK;
};

/** A gzip file that inflates to these bytes, made in a stream. */
async function bomb(path: string, head: Uint8Array): Promise<void> {
  const zeros = new Uint8Array(100_000);
  const parts = function* () {
    yield head;
    for (let i = 0; i < bytes / zeros.length; i++) yield zeros;
    yield END;
  };
  const stream = streamOf(parts()) as ReadableStream<Uint8Array<ArrayBuffer>>;
  await Deno.writeFile(path, stream.pipeThrough(new CompressionStream("gzip")));
}

async function refused(name: string): Promise<void> {
  await bomb(`${directory}/a.tar`, rawMember({ name, size: bytes }).slice(0, 512));
  await verifyBag(`${directory}/a.tar`, { inflateRatio: 2000 });
}

const deeds: Record<string, () => Promise<void>> = {
  async whole() {
    const hash = createHash("sha256");
    for (const chunk of chunks()) hash.update(chunk);
    const open = () => streamOf(chunks());
    const file = { path: "big", bytes, digest: hash.digest("hex"), open };
    await writeBag(`${directory}/a.tar`, { info: {}, payload: [file], tags: [] });
    await verifyBag(`${directory}/a.tar`);
    await extractBag(`${directory}/a.tar`, `${directory}/out`);
  },
  tag: () => refused("bag/x"),
  payload: () => refused("bag/data/x"),
};

const result = await deeds[what]().then(() => "taken", (error) => String(error.message));
const peak = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
console.log(JSON.stringify({ result, megabytes: Math.round(Number(peak) / 1000) }));
