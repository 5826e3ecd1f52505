/** A run that is certified to have nothing to do says the same again, until something that it depends on changes. */

import assert from "node:assert/strict";
import { decode, encode } from "../../pipeline/certificate/certificate.ts";
import type { Ended } from "./rig.ts";
import { Rig } from "./rig.ts";

const MARK = "says the certificate";
const folder = "artifacts/store/cache/certificates";

/** A project whose next `reproduce toy` is answered by a certificate, which says so. */
async function certified(...options: string[]): Promise<Rig> {
  const rig = await Rig.create();
  const first = await rig.cli("reproduce", "toy", ...options);
  assert.equal(first.code, 0, first.err);
  // What was written within two seconds of a run may change again without looking otherwise.
  await new Promise((resolve) => setTimeout(resolve, 3200));
  const idle = await rig.cli("reproduce", "toy", ...options);
  assert.match(idle.out, /nothing to run/);
  const [path, ...more] = [...Deno.readDirSync(`${rig.dir}/${folder}`)].map(({ name }) =>
    `${rig.dir}/${folder}/${name}`
  );
  assert.deepEqual(more, []);
  const certificate = await decode(Deno.readFileSync(path));
  assert.ok(certificate?.certified, "not certified");
  // The answer is what the run in full said, but for the time.
  const withoutTime = (text: string) => text.replace(/cached \(.*?\)/, "cached ()");
  const again = await rig.cli("reproduce", "toy", ...options);
  assert.equal(withoutTime(again.out), withoutTime(idle.out));
  assert.deepEqual([again.code, again.err], [0, ""]);
  const [before, after] = certificate.certified.said;
  const said = [before, `${after}${MARK}\n`] as const;
  const marked = { ...certificate, certified: { ...certificate.certified, said } };
  Deno.writeFileSync(path, await encode(marked));
  return rig;
}

const isMarked = ({ out }: Ended) => out.includes(MARK);

/** What is done to a project, and what the next run must say. */
const changes: Record<string, [change: (rig: Rig) => unknown, says: RegExp]> = {
  "a comment in a stage": [
    (rig) => rig.edit("stages/toy/times.ts", "A comment.", "Another."),
    /nothing to run, 6 nodes cached/,
  ],
  "code of a stage": [
    (rig) => rig.edit("stages/toy/times.ts", "x * factor", "x * factor + 1"),
    /5 ran, 1 cached/,
  ],
  "the configuration": [
    (rig) => rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3"),
    /5 ran, 1 cached/,
  ],
  "the pipeline": [
    (rig) => rig.edit("stages/toy/pipeline.ts", "factor: config.factor", "factor: 3"),
    /5 ran, 1 cached/,
  ],
  "the engine": [
    (rig) => rig.edit("pipeline/cli/end_of_run.ts", "nothing to run", "no work"),
    /no work, 6 nodes cached/,
  ],
  "an object that is gone": [
    (rig) => {
      const root = `${rig.dir}/artifacts/store/objects/sha256`;
      for (const { name } of Deno.readDirSync(root)) {
        Deno.removeSync(`${root}/${name}`, { recursive: true });
      }
    },
    /6 ran, 0 cached/,
  ],
  "a verdict whose bytes are damaged": [
    (rig) => {
      const root = `${rig.dir}/artifacts/store/objects/sha256`;
      for (const { name: a } of Deno.readDirSync(root)) {
        for (const { name: b } of Deno.readDirSync(`${root}/${a}`)) {
          const path = `${root}/${a}/${b}`;
          const text = Deno.readTextFileSync(path);
          if (!text.includes('"reproduced"')) continue;
          const { atime, mtime, mode } = Deno.statSync(path);
          Deno.chmodSync(path, 0o644);
          Deno.writeTextFileSync(path, text.replace("reproduced", "REPRODUCED"));
          Deno.chmodSync(path, mode! & 0o777);
          Deno.utimeSync(path, atime!, mtime!);
        }
      }
    },
    /1 ran, 5 cached[^]* reproduced /,
  ],
  "records that are gone": [
    (rig) => Deno.remove(`${rig.dir}/artifacts/store/records`, { recursive: true }),
    /6 ran, 0 cached/,
  ],
  "a report that is gone": [
    (rig) => Deno.remove(`${rig.dir}/artifacts/reports/toy-small.html`),
    /nothing to run[^]*Report: /,
  ],
  "a lock file that came": [
    (rig) => rig.write("artifacts/toy.lock.yaml", "not: [a lock file"),
    /nothing to run/,
  ],
};

Deno.test("a certificate answers until something changes", async (t) => {
  const cases = Object.entries(changes);
  // Most of their time is waiting for files to age.
  const rigs = await Promise.all(cases.map(() => certified()));
  for (const [i, [name, [change, says]]] of cases.entries()) {
    await t.step(name, async () => {
      await using rig = rigs[i];
      assert.ok(isMarked(await rig.cli("reproduce", "toy")), "the certificate was not used");
      await change(rig);
      const ended = await rig.cli("reproduce", "toy");
      assert.ok(!isMarked(ended), "the certificate was used");
      assert.match(ended.out, says);
    });
  }
});

Deno.test("other arguments have certificates of their own; runs are remembered", async () => {
  await using rig = await certified();
  assert.ok(isMarked(await rig.cli("reproduce", "toy")));
  for (
    const options of [["--json"], ["--jobs", "1"], ["--force"], ["--preset", "smoke"], [
      "--dry-run",
    ]]
  ) {
    const ended = await rig.cli("reproduce", "toy", ...options);
    assert.ok(!isMarked(ended), options.join(" "));
    assert.equal(ended.code, 0, ended.err);
  }
  const runs = JSON.parse((await rig.cli("runs", "--json")).out);
  const idle = runs.runs.filter((run: { counts: { cached: number } }) => run.counts.cached === 6);
  // In full, by the certificate, marked, as JSON.
  assert.equal(idle.length, 4 + 1, JSON.stringify(runs));
});

Deno.test("a paper that depends on more than files is planned every time", async () => {
  await using rig = await Rig.create();
  await rig.edit(
    "stages/toy/pipeline.ts",
    "count: config.count",
    "count: Number(Deno.readTextFileSync('count.txt'))",
  );
  await rig.write("count.txt", "5");
  assert.equal((await rig.cli("reproduce", "toy")).code, 0);
  await new Promise((resolve) => setTimeout(resolve, 3200));
  for (let turn = 0; turn < 2; turn++) {
    assert.match((await rig.cli("reproduce", "toy")).out, /nothing to run/);
  }
  await rig.write("count.txt", "6");
  assert.match((await rig.cli("reproduce", "toy")).out, /6 ran, 0 cached/);
});
