/** Inputs that are written to while a stage runs: its result must not be kept. */

import assert from "node:assert/strict";
import { Store } from "../../../pipeline/store/store.ts";
import type { RunEvent } from "../../../pipeline/types.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";

/** A `side` that waits until somebody changed its input, then reads it. */
const WAITING = {
  side: `export const run = async ({ inputs, outputs }) => {
    const before = await Deno.readTextFile(inputs.numbers.path);
    console.log("reading");
    while (await Deno.readTextFile(inputs.numbers.path) === before) await new Promise((r) => setTimeout(r, 5));
    await outputs.out.write(2);
  };`,
};

/** Writes to the object of an output in place, as a program with a hard link to it would. */
async function writeTo(rig: Rig, output: string, text: (old: string) => string): Promise<void> {
  const store = await Store.open(rig.storeDir);
  const path = store.objectPath(output);
  Deno.chmodSync(path, 0o644);
  const old = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text(old));
}

for (
  const [name, text] of Object.entries({
    "of the same size": (old: string) => old.replace(/\d/, (d) => String((Number(d) + 1) % 10)),
    "of another size": (old: string) => old + " ",
  })
) {
  Deno.test(`an input that gets other bytes ${name} fails the stage, and a re-run mends it`, async () => {
    using rig = Rig.create(WAITING);
    rig.write({
      judge: `export const run = ({ outputs }) => outputs.verdicts.write([]);`,
    });
    let numbers = "";
    const changing: Promise<void>[] = [];
    const result = await rig.run({
      onEvent(event: RunEvent) {
        if (event.type === "finished" && event.node.id === "make") {
          numbers = event.outcome.outputs.numbers;
        }
        if (event.type === "log" && event.line === "reading") {
          changing.push(writeTo(rig, numbers, text));
        }
      },
    });
    await Promise.all(changing);
    const { failure, status } = outcomeOf(result, "side");
    assert.equal(status, "failed");
    assert.equal(failure!.code, "input-changed");
    assert.match(failure!.message, /^input "numbers" was written to while the stage ran/);
    rig.write({
      side:
        `export const run = async ({ inputs, outputs }) => outputs.out.write((await inputs.numbers.read()).seed);`,
    });
    const again = await rig.run();
    assert.equal(again.ok, true, JSON.stringify(again.outcomes));
    assert.equal(outcomeOf(again, "make").status, "ran");
    assert.equal(outcomeOf(again, "make").outputs.numbers, numbers);
    const store = await Store.open(rig.storeDir);
    const { out } = outcomeOf(again, "side").outputs;
    assert.equal(new TextDecoder().decode(await store.readObject(out)).trim(), "1");
  });
}

Deno.test("an input that is touched, with the same bytes, fails nothing", async () => {
  using rig = Rig.create({
    side: `export const run = async ({ inputs, outputs }) => {
      const { mtime } = await Deno.stat(inputs.numbers.path);
      console.log("reading");
      while ((await Deno.stat(inputs.numbers.path)).mtime <= mtime) await new Promise((r) => setTimeout(r, 5));
      await outputs.out.write(2);
    };`,
  });
  let numbers = "";
  const result = await rig.run({
    onEvent(event: RunEvent) {
      if (event.type === "finished" && event.node.id === "make") {
        numbers = event.outcome.outputs.numbers;
      }
      if (event.type === "log" && event.line === "reading") {
        const path = `${rig.storeDir}/objects/sha256/${numbers.slice(0, 2)}/${numbers.slice(2)}`;
        Deno.utimeSync(path, new Date(), new Date(Date.now() + 60_000));
      }
    },
  });
  assert.deepEqual(statuses(result), { make: "ran", judge: "ran", tell: "ran", side: "ran" });
});
