/** A process of another user on a shared store: `deno run store_user.ts STORE WHAT…`; prints one JSON value. */

import { Store } from "../../../pipeline/store/store.ts";
import type { OutputEntry, StageRecord } from "../../../pipeline/types.ts";

const [dir, what, ...rest] = Deno.args;
const store = await Store.open(dir);
const key = "a".repeat(64);

if (what === "put") {
  const [from, node] = rest;
  const outputs: Record<string, OutputEntry> = {
    out: { ...(await store.putTree(from)), form: "tree", media: "m" },
  };
  const code = { digest: key, files: {}, packages: {} };
  const record: StageRecord = {
    version: 1,
    key,
    node,
    stage: node,
    components: { code, params: {}, inputs: {}, environment: {}, outputs: {} },
    outputs,
    seconds: 1,
    finished: "2026-01-01T00:00:00Z",
    log: null,
  };
  await store.putRecord(record);
  store.rememberLast("paper", "small", node, key);
  store.close();
  console.log(JSON.stringify(outputs.out.digest));
} else {
  const [to] = rest;
  const hit = store.hit(key);
  if (hit !== null) await store.materialize(hit.outputs.out, to);
  const last = store.lastComponents("paper", "small", "one") !== null;
  store.close();
  console.log(JSON.stringify({ hit: hit !== null, last }));
}
