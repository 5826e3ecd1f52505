import assert from "node:assert/strict";
import {
  type Certificate,
  decode,
  encode,
  holds,
  looks,
} from "../../../pipeline/certificate/certificate.ts";
import { storeOf } from "../../../pipeline/certificate/occasion.ts";

const hex = "0123456789abcdef".repeat(4);
const store = "/s/store";
const example: Certificate = {
  store,
  certified: {
    said: ["before ", " after\n"],
    json: false,
    past: { version: 2, paper: "p" } as never,
    read: [hex],
  },
  paths: [
    "/project/deno.json",
    `${store}/objects/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`,
    `${store}/records/${hex.slice(0, 2)}/${hex.slice(2)}.json`,
    `${store}/records/odd.json`,
  ],
  stamps: Float64Array.from({ length: 20 }, (_, i) => i * 1.5),
};

Deno.test("a certificate is read as it was written", async () => {
  assert.deepEqual(await decode(await encode(example)), example);
});

Deno.test("no flipped bit and no cut is believed", async () => {
  const bytes = await encode(example);
  for (let bit = 0; bit < bytes.length * 8; bit += 7) {
    const damaged = bytes.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(await decode(damaged), null, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length += 13) {
    assert.equal(await decode(bytes.slice(0, length)), null, `length ${length}`);
  }
});

Deno.test("files that look otherwise are noticed, and only those", async (t) => {
  const dir = await Deno.makeTempDir();
  const [path, absent, object] = ["file", "absent", "objects/sha256/ab"].map((n) => `${dir}/${n}`);
  Deno.mkdirSync(`${dir}/objects/sha256`, { recursive: true });
  const long = Date.now() + 60_000;
  const fresh = () => {
    Deno.writeTextFileSync(path, "one");
    Deno.writeTextFileSync(object, "one");
    const paths = [path, absent, object];
    return { ...example, paths, stamps: looks(paths, long)! };
  };
  const changes: Record<string, () => void> = {
    "another size": () => Deno.writeTextFileSync(path, "three"),
    "the same size at another time": () => Deno.utimeSync(path, 1, 1),
    "another file in its place": () => {
      Deno.writeTextFileSync(`${path}.new`, "one");
      Deno.renameSync(`${path}.new`, path);
    },
    "it is gone": () => Deno.removeSync(path),
    "a folder in its place": () => {
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    },
    "something where nothing was": () => Deno.writeTextFileSync(absent, ""),
    "an object is gone": () => Deno.removeSync(object),
    "an object is shorter": () => Deno.truncateSync(object, 1),
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.step(name, () => {
      const certificate = fresh();
      assert.ok(holds(certificate));
      change();
      assert.ok(!holds(certificate));
      for (const one of [path, absent]) {
        try {
          Deno.removeSync(one);
        } catch {
          // It is the one that was removed.
        }
      }
    });
  }
  await t.step("links to an object come and go", () => {
    const certificate = fresh();
    Deno.linkSync(object, `${dir}/link`);
    assert.ok(holds(certificate));
  });
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a file that changed since just before the run started is not certified", async () => {
  const path = await Deno.makeTempFile();
  const { mtime } = Deno.statSync(path);
  assert.equal(looks([path], mtime!.getTime() + 1000), null);
  assert.notEqual(looks([path], mtime!.getTime() + 4000), null);
  // An older time of modification does not hide the change of status.
  Deno.utimeSync(path, 1, 1);
  assert.equal(looks([path], mtime!.getTime() + 1000), null);
  await Deno.remove(path);
});

Deno.test("only arguments that are understood lead to a store", () => {
  const of = (...args: string[]) => storeOf(["reproduce", ...args], "/root", "/user");
  assert.equal(of("toy"), "/root/artifacts/store");
  assert.equal(of("toy", "--json", "--preset", "smoke", "--jobs=2"), "/root/artifacts/store");
  assert.equal(of("toy", "--store", "x/y"), "/user/x/y");
  assert.equal(of("toy", "--store=/x"), "/x");
  for (
    const args of [
      [],
      ["toy", "more"],
      ["toy", "--force"],
      ["toy", "--frozen"],
      ["toy", "-n"],
      [
        "toy",
        "--remote=http://h",
      ],
      ["toy", "--until", "x"],
      ["toy", "--store=a b"],
    ]
  ) assert.equal(of(...args), null, args.join(" "));
  assert.equal(storeOf(["explain", "toy"], "/root", "/user"), null);
});
