/** Killed or failing at every step that changes the disk, writer and extractor leave nothing half-made. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { extractBag, verifyBag, writeBag } from "../../../pipeline/archive/bag/mod.ts";
import type { Host } from "../../../pipeline/host.ts";
import { diskFull, faultyHost } from "../faulty_host.ts";
import { payloadFile, smallContent, temporary, treeOf } from "./bag_rig.ts";

class Killed extends Error {}

/** Dies at its `n`-th step: that one and all later ones do nothing. */
function killedAt(n: number): { host: Host; died: () => boolean } {
  let steps = 0;
  const host = faultyHost(() => {
    if (++steps >= n) throw new Killed();
  });
  return { host, died: () => steps >= n };
}

/** Fails at its `n`-th step, as a full disk does; what is done to clean up succeeds. */
function failingAt(n: number): { host: Host; died: () => boolean } {
  let steps = 0;
  const host = faultyHost(() => {
    if (++steps === n) throw diskFull();
  });
  return { host, died: () => steps >= n };
}

const KINDS = [["killed", killedAt], ["failing", failingAt]] as const;

const many = Array.from({ length: 3 }, (_, i) => payloadFile(`f${i}`, `${i}`.repeat(2000)));
const content = { ...smallContent(), payload: many };

for (const [word, faulty] of KINDS) {
  for (const splitBytes of [undefined, 12_000]) {
    const what = splitBytes === undefined ? "one file" : "several parts";

    it(`writing ${what}, ${word} at every step`, async () => {
      using clean = temporary();
      const { parts } = await writeBag(`${clean.path}/a.tar`, content, { splitBytes });
      const whole = treeOf(clean.path);
      for (let n = 1;; n++) {
        using place = temporary();
        const { host, died } = faulty(n);
        const run = writeBag(`${place.path}/a.tar`, content, { splitBytes, host });
        const error = await run.then(() => null, (e) => e);
        const left = treeOf(place.path);
        for (const [path, bytes] of Object.entries(left)) {
          if (!path.endsWith(".partial")) assert.equal(bytes, whole[path], `step ${n}: ${path}`);
        }
        // Parts that have their names stay; they are whole.
        const unfinished = Object.keys(left).filter((path) => path.endsWith(".partial"));
        if (word === "failing") assert.deepEqual(unfinished, [], `step ${n}`);
        await writeBag(`${place.path}/a.tar`, content, { splitBytes });
        assert.deepEqual(treeOf(place.path), whole, `after step ${n}`);
        // That the folder cannot be flushed at the very end is no failure.
        if (error === null && !died()) {
          assert.ok(n > 4 * parts.length, `${n} steps`);
          break;
        }
      }
    });

    it(`unpacking ${what}, ${word} at every step`, async () => {
      using clean = temporary();
      const { parts } = await writeBag(`${clean.path}/a.tar`, content, { splitBytes });
      const files = parts.map((part) => part.file);
      await extractBag(files, `${clean.path}/out`);
      const whole = treeOf(`${clean.path}/out`);
      for (let n = 1;; n++) {
        using place = temporary();
        const out = `${place.path}/out`;
        const { host, died } = faulty(n);
        const error = await extractBag(files, out, {}, host).then(() => null, (e) => e);
        if (error === null) {
          assert.ok(!died() && n > 8, `${n} steps`);
          break;
        }
        if (word === "failing") {
          const left = treeOf(place.path);
          assert.deepEqual(left, {}, `step ${n}`);
        } else {
          for (const [path, bytes] of Object.entries(treeOf(place.path))) {
            if (!/^out\/(?:$|\.bag-partial)/.test(path)) {
              assert.equal(bytes, whole[path.slice("out/".length)], `step ${n}: ${path}`);
            }
          }
        }
        await extractBag(files, out);
        assert.deepEqual(treeOf(out), whole, `after step ${n}`);
      }
    });
  }
}

describe("killed from outside", () => {
  it("leaves no bag under its name that is not whole, and the next run cleans up", async () => {
    using place = temporary();
    const script = `
      import { writeBag } from "${new URL(
      "../../../pipeline/archive/bag/mod.ts",
      import.meta.url,
    )}";
      const endless = ReadableStream.from((async function* () {
        yield new Uint8Array(3_000_000);
        console.log("begun");
        await new Promise((resolve) => setTimeout(resolve, 1e9));
      })());
      const file = { path: "x", bytes: 1e9, digest: "0".repeat(64), open: () => endless };
      await writeBag(Deno.args[0], { info: {}, payload: [file], tags: [] });`;
    Deno.writeTextFileSync(`${place.path}/script.ts`, script);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", `${place.path}/script.ts`, `${place.path}/a.tar`],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    const names = () => [...Deno.readDirSync(place.path)].map((entry) => entry.name).sort();
    assert.match(names().join(), /^\.a\.tar\.[^,]*\.partial,script\.ts$/);
    // The other writer is alive: its file is left alone.
    await writeBag(`${place.path}/a.tar`, content);
    assert.match(names().join(), /^\.a\.tar\.[^,]*\.partial,a\.tar,script\.ts$/);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await writeBag(`${place.path}/a.tar`, content);
    assert.deepEqual(names(), ["a.tar", "script.ts"]);
    await verifyBag(`${place.path}/a.tar`);
  });
});
