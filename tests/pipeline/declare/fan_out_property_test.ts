/** Random histories of a list: what a plan says is what a run does, and only what is new runs. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Plan } from "../../../pipeline/types.ts";
import { FanOutRig } from "./fan_out_rig.ts";

/** A list's items by name; few texts, so that items are often equal. */
const texts = fc.dictionary(
  fc.constantFrom("a", "b", "c", "d", "e"),
  fc.constantFrom("x", "yy", "zzz", "w"),
  { maxKeys: 5 },
);

/** What a plan promises about the nodes that it knows. */
function promises({ nodes }: Plan): Map<string, string> {
  return new Map(nodes.map(({ node, status }) => [node.id, status]));
}

Deno.test("whatever happens to a list, only what was never computed runs, and plans keep their word", async () => {
  const property = fc.asyncProperty(
    fc.array(texts, { minLength: 2, maxLength: 4 }),
    async (history) => {
      using rig = new FanOutRig();
      const splits = new Set<string>();
      const counted = new Set<string>();
      const added = new Set<string>();
      for (const list of history) {
        const items = Object.entries(list).sort(([a], [b]) => a < b ? -1 : 1);
        const promised = promises(await rig.plan({ texts: list }));
        const { outcomes, sections } = await rig.run({ texts: list });
        const status = new Map(outcomes.map((o) => [o.id, o.status]));
        const name = JSON.stringify(items);
        assert.equal(status.get("split"), splits.has(name) ? "cached" : "ran");
        assert.deepEqual(
          outcomes.map(({ id }) => id),
          ["split", ...items.map(([name]) => `count[${name}]`), "add"],
        );
        const fresh = new Set(items.map(([, text]) => text).filter((text) => !counted.has(text)));
        const ran = items.filter(([name]) => status.get(`count[${name}]`) === "ran");
        assert.deepEqual(new Set(ran.map(([, text]) => text)), fresh);
        assert.equal(ran.length, fresh.size, "equal items are computed once");
        const lengths = items.map(([, text]) => text.length);
        assert.deepEqual(JSON.parse(sections[0].html), lengths);
        assert.equal(status.get("add"), added.has(JSON.stringify(lengths)) ? "cached" : "ran");
        assert.equal(promised.has("each[split.texts]"), !splits.has(name));
        for (const [id, said] of promised) {
          if (id.startsWith("each[")) continue;
          if (said === "cached") assert.equal(status.get(id), "cached", id);
          // A node that would run may find that an equal one did its work.
          if (said === "run" && id === "split") assert.equal(status.get(id), "ran", id);
        }
        const after = await rig.plan({ texts: list });
        assert.ok(after.nodes.every(({ status }) => status === "cached"));
        assert.deepEqual(after.nodes.map(({ key }) => key), outcomes.map(({ key }) => key));
        splits.add(name);
        for (const [, text] of items) counted.add(text);
        added.add(JSON.stringify(lengths));
      }
    },
  );
  await fc.assert(property, { numRuns: 6, seed: 11 });
});
