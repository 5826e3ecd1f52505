/** Runs the project of a `FanOutRig` at the given directory, and prints what its stages say. */

import { FanOutRig } from "./fan_out_rig.ts";

const [root] = Deno.args;
await FanOutRig.at(root).run({
  texts: { a: "one", b: "slow!", c: "three" },
  wait: 60000,
  jobs: 1,
  onEvent: (event) => event.type === "log" && console.log(event.line),
});
