// deno run -A tests/exactness/providers.ts [operator ...]: compares the providers that start here with the
// CPU and writes the tables of methods/docs/providers.md; with operators, prints theirs alone.
import { groupBy, operatorOf, readCases } from "./cases.ts";
import { models } from "./models.ts";
import {
  comparable,
  compareModel,
  compareOperators,
  OTHERS,
  unavailable,
} from "./provider_comparison.ts";
import { BEGIN, type Column, END, report } from "./report.ts";

const only = Deno.args;
const cases = readCases().filter((c) => only.length === 0 || only.includes(operatorOf(c)));
const papers = only.length === 0 ? await models() : [];
const columns: Column[] = [];
for (const provider of OTHERS) {
  const absent = await unavailable(provider);
  console.error(absent === null ? `comparing ${provider}` : absent);
  const compared = absent === null
    ? await compareOperators(comparable(cases, provider), provider)
    : [];
  const rows = [];
  for (const model of absent === null ? papers : []) rows.push(await compareModel(model, provider));
  columns.push({ provider, absent, operators: compared, models: rows });
}
const names = [...groupBy(cases, operatorOf).keys()];
const text = report(names, papers.map((m) => m.name), columns);
if (only.length > 0) {
  console.log(text);
} else {
  const path = new URL("../../methods/docs/providers.md", import.meta.url);
  const before = await Deno.readTextFile(path);
  const [head, rest] = before.split(BEGIN);
  await Deno.writeTextFile(path, head + text + rest.split(END)[1]);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path.pathname] }).output();
  console.log(text);
}
Deno.exit();
