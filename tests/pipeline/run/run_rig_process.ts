/** Runs a rig's project in a process of its own: `ROOT [KILL_AT]`; kills itself at the given file-system step. */

import { faultyHost } from "../faulty_host.ts";
import { Rig } from "./run_rig.ts";

const [root, killAt = "Infinity"] = Deno.args;
let step = 0;
const host = faultyHost(() => {
  if (++step === Number(killAt)) Deno.kill(Deno.pid, "SIGKILL");
});
const result = await Rig.at(root, host).run({
  onEvent: (event) => event.type === "log" && console.log(event.line),
});
console.log(JSON.stringify(result.outcomes));
