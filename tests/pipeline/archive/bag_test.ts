/** What is written into a bag comes out of it, and the bytes depend on the content alone. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  type BagContent,
  BagError,
  extractBag,
  openBag,
  readBag,
  verifyBag,
  writeBag,
} from "../../../pipeline/archive/bag/mod.ts";
import {
  encoder,
  payloadFile,
  sha256,
  smallContent,
  streamOf,
  temporary,
  treeOf,
} from "./bag_rig.ts";

async function payloadOf(content: BagContent): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const file of content.payload) {
    found[file.path] = new TextDecoder().decode(await file.open() as Uint8Array);
  }
  return found;
}

async function read(files: string | string[]) {
  const tags: string[] = [];
  const payload: Record<string, string> = {};
  await readBag(files, {
    onTag: (path) => void tags.push(path),
    onPayload: async (path, digest, bytes, stream) => {
      const content = new Uint8Array(await new Response(stream).arrayBuffer());
      assert.equal(sha256(content), digest);
      assert.equal(content.length, bytes);
      payload[path] = new TextDecoder().decode(content);
    },
  });
  return { tags, payload };
}

describe("writing and reading a bag", () => {
  for (const compress of [false, "gzip"] as const) {
    it(`gives back what was put in${compress ? ", compressed" : ""}`, async () => {
      using place = temporary();
      const file = `${place.path}/a.tar`;
      const written = await writeBag(file, smallContent(), { compress });
      assert.equal(written.digest, sha256(Deno.readFileSync(file)));
      assert.equal(written.bytes, Deno.statSync(file).size);
      assert.deepEqual(Object.keys(treeOf(place.path)), ["a.tar"]);
      const { tags, payload } = await read(file);
      assert.deepEqual(payload, await payloadOf(smallContent()));
      assert.deepEqual(tags, [
        "README.txt",
        "bag-info.txt",
        "bagit.txt",
        "manifest-sha256.txt",
        "meta/notes.json",
        "tagmanifest-sha256.txt",
      ]);
      using bag = await openBag(file);
      assert.equal(await new Response(bag.open("b/grün.txt")).text(), "hällo\n");
      assert.equal(await new Response(bag.open("a")).text(), "1");
      assert.deepEqual(bag.info, [
        ["Source-Organization", "nobody"],
        ["External-Identifier", "small"],
        ["Payload-Oxum", "538.6"],
      ]);
    });
  }

  it("gives the same bytes for the same content in another order", async () => {
    using place = temporary();
    const content = smallContent();
    const reversed = {
      ...content,
      payload: [...content.payload as Iterable<never>].reverse(),
      tags: [...content.tags].reverse(),
    };
    const a = await writeBag(`${place.path}/a.tar`, content);
    const b = await writeBag(`${place.path}/b.tar`, reversed);
    assert.equal(a.digest, b.digest);
    // The format is fixed: another digest here means that bags made before can no longer be made again.
    assert.equal(a.digest, "3c65ed5e2456336dc6a3ad0db96df8dbb9d7a7db99e1e0c6868556b141bba507");
  });

  it("extracts as tar does", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    await writeBag(file, smallContent(), { top: "top" });
    Deno.mkdirSync(`${place.path}/tar`);
    const tar = new Deno.Command("tar", { args: ["xf", file, "-C", `${place.path}/tar`] });
    assert.ok((await tar.output()).success);
    assert.deepEqual(await extractBag(file, `${place.path}/ours`), [`${place.path}/ours/top`]);
    assert.deepEqual(treeOf(`${place.path}/ours`), treeOf(`${place.path}/tar`));
  });

  it("keeps an empty payload", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    await writeBag(file, { info: {}, payload: [], tags: [] });
    await verifyBag(file);
    await extractBag(file, `${place.path}/out`);
    assert.equal(treeOf(`${place.path}/out`)["bag/data/"], "");
  });

  it("names payload that is elsewhere", async () => {
    using place = temporary();
    const file = `${place.path}/a.tar`;
    const entry = {
      url: "https://example.org/big%20file",
      bytes: 10,
      path: "big",
      digest: sha256(""),
    };
    await writeBag(file, { ...smallContent(), fetch: [entry] });
    using bag = await openBag(file);
    assert.deepEqual([...bag.missing.values()], [entry]);
    assert.equal(bag.payload.has("big"), false);
    await bag.read({});
  });
});

describe("a bag in several parts", () => {
  it("is read in any order, and not with a part left out, doubled or of another bag", async () => {
    using place = temporary();
    const payload = Array.from({ length: 20 }, (_, i) => payloadFile(`f${i}`, `${i}`.repeat(2000)));
    const content = { ...smallContent(), payload };
    const { parts } = await writeBag(`${place.path}/a.tar`, content, { splitBytes: 20_000 });
    assert.deepEqual(
      parts.map((part) => part.file.slice(place.path.length + 1)),
      parts.map((_, i) => `a.${i + 1}-of-${parts.length}.tar`),
    );
    assert.ok(parts.length > 2);
    for (const part of parts) assert.ok(Deno.statSync(part.file).size <= 20_000);
    const files = parts.map((part) => part.file);
    const { payload: found } = await read(files.toReversed());
    assert.deepEqual(found, await payloadOf(content));
    const tops = await extractBag(files, `${place.path}/out`);
    assert.equal(tops.length, parts.length);

    const other = { ...content, payload: payload.slice(1) };
    const others = await writeBag(`${place.path}/b.tar`, other, { splitBytes: 20_000 });
    await writeBag(`${place.path}/whole.tar`, content);
    const refusals: [string[], RegExp][] = [
      [files.slice(1), /part 1 must be given too$/],
      [files.slice(0, 1), /part 2, 3, /],
      [[...files, files[0]], /part 1 is given twice$/],
      [[...files.slice(0, -1), others.parts.at(-1)!.file], /a part of another bag$/],
      [[...files, `${place.path}/whole.tar`], /a bag of its own/],
    ];
    for (const [list, message] of refusals) {
      await assert.rejects(
        verifyBag(list),
        (error) => error instanceof BagError && message.test(error.message),
      );
    }
  });

  it("refuses a payload file that does not fit", async () => {
    using place = temporary();
    const payload = [payloadFile("small", "1"), payloadFile("large", "x".repeat(30_000))];
    await assert.rejects(
      writeBag(`${place.path}/a.tar`, { info: {}, payload, tags: [] }, { splitBytes: 20_000 }),
      /data\/large: does not fit in 20000 bytes/,
    );
    assert.deepEqual(treeOf(place.path), {});
  });
});

describe("what the writer refuses", () => {
  const file = payloadFile("x", "abc");
  const cases: [string, Partial<BagContent>, RegExp][] = [
    ["fewer bytes", { payload: [{ ...file, bytes: 4 }] }, /has 3 bytes instead of 4/],
    ["more bytes", { payload: [{ ...file, bytes: 2 }] }, /has more than the 2 bytes/],
    ["another content", { payload: [{ ...file, digest: sha256("") }] }, /its SHA-256 is ba7816/],
    ["a digest that is none", { payload: [{ ...file, digest: "abc" }] }, /is not a SHA-256/],
    ["a size that is none", { payload: [{ ...file, bytes: 1.5 }] }, /its size is not a number/],
    ["a file twice", { payload: [file, file] }, /it is there twice/],
    ["a way out", { payload: [payloadFile("../x", "")] }, /component "\.\."/],
    ["BagIt's own file", { tags: [{ path: "bagit.txt", bytes: encoder.encode("") }] }, /itself/],
    ["a tag file in data/", { tags: [{ path: "data/x", bytes: encoder.encode("") }] }, /data\//],
    ["a line break", { info: { a: "b\nc" } }, /more than a line/],
    ["a label", { info: { "a:b": "c" } }, /cannot be a label/],
    ["a file: address", {
      fetch: [{ url: "file:///etc/passwd", path: "y", bytes: 1, digest: file.digest }],
    }, /not https: or http:/],
  ];
  for (const [name, change, message] of cases) {
    it(`refuses ${name}, and leaves nothing`, async () => {
      using place = temporary();
      const content = { info: {}, payload: [file], tags: [], ...change };
      await assert.rejects(writeBag(`${place.path}/a.tar`, content), message);
      assert.deepEqual(treeOf(place.path), {});
    });
  }

  it("stops a stream that has more than it should", async () => {
    using place = temporary();
    let given = 0;
    const endless = (function* () {
      while (true) yield new Uint8Array(++given && 1000);
    })();
    const content = { info: {}, tags: [], payload: [{ ...file, open: () => streamOf(endless) }] };
    await assert.rejects(writeBag(`${place.path}/a.tar`, content), /more than the 3 bytes/);
    assert.ok(given < 5);
  });
});
