/** A process that takes a lease, says so, and holds it until it is killed: `STORE KEY`. */

import { acquireLease } from "../../../pipeline/store/lease.ts";
import { Store } from "../../../pipeline/store/store.ts";

const [dir, key] = Deno.args;
const store = await Store.open(dir);
using _lease = await acquireLease(store, key, new AbortController().signal, () => {});
console.log("held");
await new Promise((resolve) => setTimeout(resolve, 600_000));
