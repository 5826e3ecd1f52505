/** Parts that lie about each other, and callers that ask for what cannot be. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  BagError,
  extractBag,
  readBag,
  verifyBag,
  writeBag,
} from "../../../pipeline/archive/bag/mod.ts";
import { systemHost } from "../../../pipeline/host.ts";
import { payloadFile, sha256, smallContent, temporary, treeOf } from "./bag_rig.ts";
import { bagMembers, bytesOf, type RawMember, rawTar } from "./raw_tar.ts";

/** How a part differs from a right one. */
interface RawPart {
  readonly payload?: Record<string, string>;
  readonly top?: string;
  readonly place?: string;
  /** Content of group-sha256.txt; none when not given. */
  readonly list?: string;
}

const lines = (payload: Record<string, string>) =>
  Object.entries(payload).map(([path, text]) => `${sha256(text)}  data/${path}\n`).join("");
const LIST = lines({ a: "1", b: "2" });
const FIRST: RawPart = { payload: { a: "1" }, place: "1 of 2", list: LIST };
const SECOND: RawPart = { payload: { b: "2" }, place: "2 of 2", top: "bag2" };

function build(part: RawPart, group: string): Uint8Array {
  const info = `Bag-Group-Identifier: sha256:${group}\nBag-Count: ${part.place}\n`;
  const list = part.list;
  const tagManifest = (right: string) =>
    list === undefined ? right : `${right}${sha256(list)}  group-sha256.txt\n`;
  const members: RawMember[] = bagMembers({ payload: part.payload, info, tagManifest });
  if (list !== undefined) members.unshift({ name: "bag/group-sha256.txt", content: list });
  return rawTar(members.map((member) => ({
    ...member,
    name: (member.name as string).replace(/^bag\//, `${part.top ?? "bag"}/`),
  })));
}

async function refusal(parts: readonly RawPart[], group = sha256(LIST)): Promise<string | null> {
  using place = temporary();
  const files = parts.map((part, i) => {
    Deno.writeFileSync(`${place.path}/${i}.tar`, build(part, group));
    return `${place.path}/${i}.tar`;
  });
  const before = treeOf(place.path);
  const error = await extractBag(files, `${place.path}/out`).then(() => null, (e) => e);
  if (error === null) return null;
  assert.ok(error instanceof BagError, error?.stack);
  assert.deepEqual(treeOf(place.path), before);
  return error.message;
}

describe("parts of a bag", () => {
  it("are taken when they are right", async () => {
    assert.equal(await refusal([FIRST, SECOND]), null);
    assert.equal(await refusal([SECOND, FIRST]), null);
  });

  const cases: [string, RawPart[], RegExp, string?][] = [
    ["the list is another", [FIRST, SECOND], /its SHA-256 is not the Bag-Group/, sha256("x")],
    [
      "the list is missing",
      [{ ...FIRST, list: undefined }, SECOND],
      /group-sha256.txt: it is missing/,
    ],
    ["both have a list", [FIRST, { ...SECOND, list: LIST }], /only the first part has it/],
    [
      "both have a file",
      [FIRST, { ...SECOND, payload: { a: "1", b: "2" } }],
      /an earlier part has it/,
    ],
    ["one has another content", [FIRST, { ...SECOND, payload: { b: "3" } }], /does not list it so/],
    [
      "one has a file more",
      [FIRST, { ...SECOND, payload: { b: "2", c: "" } }],
      /does not list it so/,
    ],
    ["a file is in none", [FIRST, { ...SECOND, payload: {} }], /lists it, but no part's/],
    ["one counts otherwise", [FIRST, { ...SECOND, place: "2 of 3" }], /a part of another bag/],
    ["one is beyond the last", [FIRST, { ...SECOND, place: "3 of 2" }], /it is part 3 of 2/],
    ["both are the first", [FIRST, { ...SECOND, place: "1 of 2" }], /part 1 is given twice/],
    ["both have one top folder", [FIRST, { ...SECOND, top: "bag" }], /the same top folder/],
    [
      "a top folder differs in case only",
      [FIRST, { ...SECOND, top: "BAG" }],
      /the same top folder/,
    ],
  ];
  for (const [name, parts, message, group] of cases) {
    it(`are refused when ${name}`, async () => {
      assert.match(await refusal(parts, group) ?? "taken", message);
    });
  }

  it("are refused when a list names no group", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    const tagManifest = (right: string) => `${right}${sha256(LIST)}  group-sha256.txt\n`;
    const list = { name: "bag/group-sha256.txt", content: bytesOf(LIST) };
    Deno.writeFileSync(file, rawTar([...bagMembers({ tagManifest }), list]));
    await assert.rejects(verifyBag(file), /bag-info.txt names no group/);
  });
});

describe("what a caller cannot have", () => {
  it("is refused", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    await writeBag(file, smallContent());
    await assert.rejects(verifyBag([]), /no file is given/);
    await assert.rejects(verifyBag([file, file], { parts: 1 }), /more than 1 parts/);
    await assert.rejects(verifyBag(place.path), /it is not a file/);
    await assert.rejects(
      writeBag(file, smallContent(), { splitBytes: 1e6, compress: "gzip" }),
      /both compressed and split/,
    );
    const payload = Array.from(
      { length: 1100 },
      (_, i) => payloadFile(`${i}`, "x".repeat(300_000)),
    );
    await assert.rejects(
      writeBag(file, { info: {}, payload, tags: [] }, { splitBytes: 500_000 }),
      /1000 are the most/,
    );
    await assert.rejects(
      writeBag(file, smallContent(), { splitBytes: 5000 }),
      /its metadata: does not fit/,
    );
    await assert.rejects(writeBag(file, smallContent(), { top: "../x" }), /component/);
    await assert.rejects(writeBag(file, smallContent(), { top: "a/b" }), /not one folder/);
    await verifyBag(file);
  });
});

describe("a stream that the sink keeps", () => {
  it("fails when it is read after its turn, and the rest is read all the same", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    await writeBag(file, smallContent());
    let kept: ReadableStream<Uint8Array> | null = null;
    let count = 0;
    await readBag(file, {
      onPayload: (_path, _digest, _bytes, stream) => {
        kept ??= stream;
        count++;
      },
    });
    assert.equal(count, 6);
    await assert.rejects(new Response(kept).text(), /not read in its turn/);
  });

  it("may be given up half-way", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    await writeBag(file, { info: {}, tags: [], payload: [payloadFile("x", "y".repeat(1e6))] });
    await readBag(file, {
      onPayload: async (_path, _digest, _bytes, stream) => {
        const reader = stream.getReader();
        await reader.read();
        await reader.cancel();
      },
    });
  });
});

describe("a directory that something changes while a bag is unpacked", () => {
  it("is not followed out", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    await writeBag(file, smallContent());
    Deno.mkdirSync(`${place.path}/elsewhere`);
    const makeDirectory = (path: string) => {
      systemHost.files.makeDirectory(path);
      if (!path.endsWith("/data/b")) return;
      Deno.removeSync(path, { recursive: true });
      Deno.symlinkSync(`${place.path}/elsewhere`, path);
    };
    const host = { ...systemHost, files: { ...systemHost.files, makeDirectory } };
    await assert.rejects(extractBag(file, `${place.path}/out`, {}, host), /folder was replaced/);
    assert.deepEqual(Object.keys(treeOf(place.path)).sort(), ["a.tar", "elsewhere/"]);
  });
});
