// deno run -A tests/exactness/write_models.ts FOLDER: writes the ONNX model of every differential case and of
// the papers' models, with inputs and what the CPU gives, for tests/reference/check_onnx.py.
import * as t from "../../methods/tensor/mod.ts";
import { encode } from "../../methods/tensor/safetensors.ts";
import { type Case, operatorOf, readCases } from "./cases.ts";
import { models } from "./models.ts";
import { programOf } from "./run_cases.ts";

const folder = Deno.args[0];
if (folder === undefined) {
  console.error("which folder? deno run -A tests/exactness/write_models.ts FOLDER");
  Deno.exit(2);
}
await Deno.mkdir(folder, { recursive: true });

/** Arrays by name as safetensors, which has no name for some dtypes of ONNX: bool goes as int32. */
function arrays(names: readonly string[], list: readonly t.NdArray[]): Uint8Array {
  const plain = list.map((x) =>
    x.dtype === "bool" ? t.fromNumbers(t.toNumbers(x), x.shape, "int32") : x
  );
  return encode(Object.fromEntries(names.map((name, i) => [name, plain[i]])));
}

async function write(
  name: string,
  program: t.Program<readonly unknown[], unknown>,
  args: readonly unknown[],
): Promise<void> {
  const executable = await t.load(program, { provider: "cpu" });
  const results = t.flatten(await executable.run(...args as t.NdArray[]), t.isNdArray).leaves;
  await executable.dispose();
  const given = t.flatten(args, t.isNdArray).leaves;
  const file = (end: string) => `${folder}/${name.replaceAll(/[^\w.-]+/g, "_")}${end}`;
  await Deno.writeFile(file(".onnx"), program.model);
  await Deno.writeFile(file(".in.safetensors"), arrays(program.inputs.map((s) => s.name), given));
  await Deno.writeFile(
    file(".out.safetensors"),
    arrays(program.outputs.map((s) => s.name), results),
  );
}

/** Cases of one operator in one model, up to this many. */
const TOGETHER = 12;
let written = 0, cases = 0;
for (const precision of ["float32", "float64"] as const) {
  const order = precision === "float64" ? 2 : 1;
  let group: Case[] = [];
  const flush = async () => {
    if (group.length === 0) return;
    const { program, args } = programOf(group, precision, { order });
    await write(`${operatorOf(group[0])}_${precision}_${written++}`, program as never, args);
    cases += group.length;
    group = [];
  };
  for (const c of readCases().filter((c) => c.dtypes.includes(precision))) {
    const full = group.length === TOGETHER;
    if (full || group.length > 0 && operatorOf(group[0]) !== operatorOf(c)) await flush();
    group.push(c);
  }
  await flush();
}
for (const { name, program, args } of await models()) {
  await write(name, program, args);
  written++;
}
console.log(`${written} models of ${cases} cases in ${folder}`);
