// deno run -A tests/reference/random_programs.ts --cases 1000 [--first 10000] [--python python3]: makes random
// programs in a Python process with PyTorch and compares them here as they come; lists what differs.
import { parseArgs } from "@std/cli";
import { compareRandomPrograms, parsePrograms } from "../exactness/random_programs.ts";

const options = parseArgs(Deno.args, {
  string: ["cases", "first", "python"],
  default: { cases: "1000", first: "10000", python: "python3" },
});
const script = new URL("./random_programs.py", import.meta.url).pathname;
const process = new Deno.Command(options.python, {
  args: [script, "--first", options.first, "--count", options.cases],
  stdout: "piped",
}).spawn();

let rest = "", compared = 0, failed = 0;
async function compare(text: string): Promise<void> {
  const programs = parsePrograms(text);
  for (const precision of ["float64", "float32"] as const) {
    for (const failure of await compareRandomPrograms(programs, precision)) {
      failed++;
      console.log(failure);
    }
  }
  compared += programs.length;
  console.error(`${compared} of ${options.cases} programs compared, ${failed} failures`);
}
for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
  rest += text;
  const end = rest.lastIndexOf("\n");
  if (end < 0) continue;
  const whole = rest.slice(0, end);
  rest = rest.slice(end + 1);
  await compare(whole);
}
const { code } = await process.status;
console.log(`${compared} programs, ${failed} failures`);
Deno.exit(code !== 0 || failed > 0 ? 1 : 0);
