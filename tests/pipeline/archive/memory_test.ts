/** Memory stays bounded, whatever a bag holds or says it holds. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { openBag } from "../../../pipeline/archive/bag/mod.ts";
import { sha256, temporary } from "./bag_rig.ts";
import { bagMembers, END, rawMember, rawTar } from "./raw_tar.ts";

const PROCESS = new URL("./memory_process.ts", import.meta.url).pathname;

async function measure(what: string, megabytes: number) {
  using place = temporary();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROCESS, what, place.path, String(megabytes)],
  });
  const { stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(text !== "", new TextDecoder().decode(stderr));
  return JSON.parse(text) as { result: string; megabytes: number };
}

describe("memory", { skip: Deno.build.os !== "linux" }, () => {
  it("does not grow with the payload", async () => {
    const { result, megabytes } = await measure("whole", 300);
    assert.equal(result, "taken");
    assert.ok(megabytes < 350, `${megabytes} MB`);
  });

  for (const [what, message] of [["tag", /over the limit/], ["payload", /is missing/]] as const) {
    it(`does not grow with a bomb (${what})`, async () => {
      const { result, megabytes } = await measure(what, 512);
      assert.match(result, message);
      assert.ok(megabytes < 350, `${megabytes} MB`);
    });
  }
});

describe("a file of more than 8 GiB", () => {
  it("is told by a pax header and skipped, not read", async () => {
    using place = temporary();
    const path = `${place.path}/a.tar`;
    const size = 9 * 2 ** 30;
    const manifest = (right: string) => right.replace(/^.*data\/y\n/m, `${sha256("")}  data/y\n`);
    const members = bagMembers({ payload: { x: "hello", y: "" }, manifest });
    const last = members.pop()!;
    const pax = [["size", String(size)]] as const;
    Deno.writeFileSync(path, rawTar(members, rawMember({ ...last, size: 0, pax })));
    using file = Deno.openSync(path, { write: true });
    // A hole in the file: nothing is on the disk.
    file.truncateSync(file.statSync().size + size + END.length);
    using bag = await openBag(path);
    assert.equal(bag.payload.get("y")?.bytes, size);
  });
});
