import assert from "node:assert/strict";
import { commitAt } from "../../../pipeline/history/commit.ts";

/** True when git can be started. */
function git(dir: string, ...args: string[]): boolean {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  try {
    return new Deno.Command("git", { args: ["-C", dir, ...identity, ...args], stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

Deno.test("the commit is the same from git and from its files, also packed and in a worktree", async () => {
  const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "commit-" }));
  try {
    assert.equal(await commitAt(dir, true), null);
    if (!git(dir, "init", "-q")) return;
    assert.equal(await commitAt(dir, false), null);
    Deno.writeTextFileSync(`${dir}/file`, "a");
    git(dir, "add", "file");
    git(dir, "commit", "-q", "-m", "a");
    const clean = await commitAt(dir, true);
    assert.match(clean!.id, /^[0-9a-f]{40}$/);
    assert.equal(clean!.changed, false);
    const quick = { id: clean!.id, changed: null };
    assert.deepEqual(await commitAt(dir, false), quick);
    Deno.mkdirSync(`${dir}/below`);
    assert.deepEqual(await commitAt(`${dir}/below`, false), quick);
    Deno.writeTextFileSync(`${dir}/file`, "b");
    assert.deepEqual(await commitAt(dir, true), { ...quick, changed: true });
    git(dir, "worktree", "add", "-q", `${dir}/other`);
    assert.deepEqual(await commitAt(`${dir}/other`, false), quick);
    git(dir, "pack-refs", "--all");
    assert.deepEqual(await commitAt(dir, false), quick);
    assert.deepEqual(await commitAt(`${dir}/other`, false), quick);
    git(dir, "checkout", "-q", "--detach");
    assert.deepEqual(await commitAt(dir, false), quick);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
