/** Every hostile archive is refused in one line, and nothing is written outside the target or left in it. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  BagError,
  type BagLimits,
  extractBag,
  verifyBag,
} from "../../../pipeline/archive/bag/mod.ts";
import { smallContent, temporary, treeOf } from "./bag_rig.ts";
import { writeBag } from "../../../pipeline/archive/bag/mod.ts";
import { bagMembers, rawTar } from "./raw_tar.ts";
import { BAGIT, FETCH, LIMITS } from "./hostile_contents.ts";
import { CLASHES, FORMAT, NAMES, TYPES } from "./hostile_headers.ts";
import type { HostileCase } from "./hostile_kit.ts";

/** Extracts between canaries; the target is absent, or there and empty. */
async function refuse(
  bytes: Uint8Array,
  limits: Partial<BagLimits> | undefined,
  there: boolean,
): Promise<BagError> {
  using place = temporary();
  const archive = `${place.path}/a/b/evil.tar`;
  const target = `${place.path}/a/b/target`;
  Deno.mkdirSync(`${place.path}/a/b`, { recursive: true });
  if (there) Deno.mkdirSync(target);
  Deno.writeFileSync(archive, bytes);
  for (const folder of ["", "/a", "/a/b"]) {
    Deno.writeTextFileSync(`${place.path}${folder}/canary`, "alive");
  }
  const before = treeOf(place.path);
  const error = await extractBag(archive, target, limits).then(() => null, (e) => e);
  assert.ok(error instanceof BagError, `not refused, or by a defect: ${error?.stack ?? error}`);
  assert.deepEqual(treeOf(place.path), before);
  const again = await verifyBag(archive, limits).then(() => null, (e) => e);
  assert.equal(again?.message, error.message);
  return error;
}

function group(title: string, cases: readonly HostileCase[]): void {
  describe(`${title} (${cases.length})`, () => {
    cases.forEach(([name, build, message, limits], i) => {
      it(`refuses ${name}`, async () => {
        const error = await refuse(build(), limits, i % 2 === 0);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
        assert.ok(error.message.length < 500, error.message);
      });
    });
  });
}

describe("a right archive built by hand", () => {
  it("is taken", async () => {
    using place = temporary();
    const file = `${place.path}/right.tar`;
    Deno.writeFileSync(file, rawTar(bagMembers()));
    await verifyBag(file);
    await extractBag(file, `${place.path}/out`);
    assert.equal(treeOf(`${place.path}/out`)["bag/data/x"], "hello");
  });

  it("may have digests in capitals", async () => {
    using place = temporary();
    const file = `${place.path}/right.tar`;
    const manifest = (right: string) => right.replace(/[0-9a-f]{64}/, (d) => d.toUpperCase());
    Deno.writeFileSync(file, rawTar(bagMembers({ manifest })));
    await verifyBag(file);
  });
});

group("names that are not safe everywhere", NAMES);
group("members in each other's place", CLASHES);
group("members that are not files", TYPES);
group("archives that break the format", FORMAT);
group("archives that ask for too much", LIMITS);
group("bags that lie", BAGIT);
group("fetch.txt that lies", FETCH);

describe("the directory that a bag is unpacked into", () => {
  async function refused(prepare: (target: string) => void, message: RegExp) {
    using place = temporary();
    await writeBag(`${place.path}/a.tar`, smallContent());
    const target = `${place.path}/target`;
    prepare(target);
    const before = treeOf(place.path);
    await assert.rejects(
      extractBag(`${place.path}/a.tar`, target),
      (error) => error instanceof BagError && message.test(error.message),
    );
    assert.deepEqual(treeOf(place.path), before);
  }

  it("must be empty", () =>
    refused((target) => {
      Deno.mkdirSync(target);
      Deno.writeTextFileSync(`${target}/mine`, "");
    }, /is not empty/));
  it("must not hold a link", () =>
    refused((target) => {
      Deno.mkdirSync(target);
      Deno.symlinkSync("nowhere", `${target}/bag`);
    }, /is not empty/));
  it("must not be a file", () =>
    refused((t) => Deno.writeTextFileSync(t, ""), /is not a directory/));
  it("must not be a link to an empty directory", () =>
    refused((target) => {
      Deno.mkdirSync(`${target}-real`);
      Deno.symlinkSync(`${target}-real`, target);
    }, /is a link/));
  it("must not be a link, written with a slash", async () => {
    using place = temporary();
    await writeBag(`${place.path}/a.tar`, smallContent());
    Deno.mkdirSync(`${place.path}/real`);
    Deno.symlinkSync(`${place.path}/real`, `${place.path}/link`);
    await assert.rejects(extractBag(`${place.path}/a.tar`, `${place.path}/link/`), /is a link/);
  });

  it("keeps nothing of an extraction that was killed", async () => {
    using place = temporary();
    await writeBag(`${place.path}/a.tar`, smallContent());
    Deno.mkdirSync(`${place.path}/out/.bag-partial-1/bag`, { recursive: true });
    await extractBag(`${place.path}/a.tar`, `${place.path}/out`);
    assert.deepEqual([...Deno.readDirSync(`${place.path}/out`)].map((e) => e.name), ["bag"]);
  });
});
