/** `--remote` through the real command line: two checkouts and a cache server between them. */

import assert from "node:assert/strict";
import { FakeRemote } from "../pipeline/remote/fake_remote.ts";
import { Rig } from "./rig.ts";

/** True when some file below holds the text. */
function holds(dir: string, text: string): boolean {
  return [...Deno.readDirSync(dir)].some(({ name, isDirectory, isFile }) =>
    isDirectory
      ? holds(`${dir}/${name}`, text)
      : isFile && Deno.readTextFileSync(`${dir}/${name}`).includes(text)
  );
}

Deno.test("--remote: the second checkout runs nothing, and passwords stay where they were typed", async () => {
  await using server = new FakeRemote();
  const address = server.url.replace("//", "//ann:open-sesame@");
  await using one = await Rig.create();
  await using two = await Rig.create();
  const plan = await two.cli("explain", "toy", "--remote", address);
  assert.match(
    plan.out,
    /They may come from the remote cache http:\/\/127\.0\.0\.1:\d+, which is asked/,
  );
  assert.equal(server.seen.length, 0);

  const first = await one.cli("reproduce", "toy", "--remote", address);
  assert.match(first.out, /^Remote cache http:\/\/127\.0\.0\.1:\d+: 6 uploaded \(\d+ kB\)$/m);
  const second = await two.cli("reproduce", "toy", "--remote", address, "--json");
  const { stages, remote } = JSON.parse(second.out);
  assert.deepEqual(
    stages.map(({ status, reason }: Record<string, string>) => [status, reason]),
    Array(6).fill(["cached", "from the remote cache"]),
  );
  assert.deepEqual([remote.fetched.results, remote.sent.results, remote.gaveUp], [6, 0, false]);
  const failing = await two.cli("reproduce", "toy", "--remote", `${address}x`);
  assert.equal(failing.code, 2);
  for (const { out, err } of [plan, first, second, failing]) {
    assert.doesNotMatch(out + err, /open-sesame/);
  }
  for (const rig of [one, two]) assert.equal(holds(`${rig.dir}/artifacts`, "open-sesame"), false);
  assert.match(
    (await two.cli("runs", "--json")).out,
    /"command":"deno task reproduce toy --remote http:\/\/127/,
  );
});

Deno.test("--remote that is not there is one line, and the run goes on", async () => {
  await using rig = await Rig.create();
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const ended = await rig.cli(
    "reproduce",
    "toy",
    "--remote",
    `http://127.0.0.1:${port}`,
    "--quiet",
  );
  assert.equal(ended.code, 0);
  assert.match(
    ended.err,
    /^warning: the remote cache http:\/\/127\.0\.0\.1:\d+ cannot be reached \(connection refused\); .*\n$/,
  );
  assert.match(ended.out, /6 ran, 0 cached/);
});
