// The table of operators names every export of the compiler, once, with the derivatives it has.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";

const page = new URL("../../../methods/docs/operators.md", import.meta.url);
const rows = (await Deno.readTextFile(page)).split("\n").flatMap((line) => {
  const match = /^\| `(\w+)`\s*\|(.*)\|(.*)\|\s*(\S.*?)\s*\|$/.exec(line);
  return match ? [{ name: match[1], derivatives: match[4] }] : [];
});
const exported = t as unknown as Record<string, unknown>;

Deno.test("the table of operators is complete", () => {
  const names = rows.map((row) => row.name);
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), [], "named twice");
  assert.deepEqual(names.toSorted(), Object.keys(exported).toSorted());
});

Deno.test("what the table says of derivatives holds for functions of one float tensor", async () => {
  const x = t.fromNumbers([0.3, 0.62, 0.84, 0.17], [2, 2], "float64");
  const notOfOne = ["grad", "valueAndGrad", "jacrev", "jacfwd", "hessian", "vmap", "checkpoint"];
  const found: string[] = [];
  for (const { name, derivatives } of rows) {
    if (derivatives === "–" || notOfOne.includes(name)) continue;
    const f = exported[name] as (x: t.Tensor) => t.Tensor;
    const isFloat = { value: false };
    let gradient: t.NdArray;
    try {
      gradient = await t.evaluate((x: t.Tensor) => {
        const y = f(name === "acosh" ? t.add(x, 1) : x);
        isFloat.value = y.dtype.startsWith("float");
        return t.grad((x: t.Tensor) => {
          const y = f(name === "acosh" ? t.add(x, 1) : x);
          return t.sum(t.mul(t.cast(y, "float64"), t.add(y.dtype === "float64" ? y : 0, 1)));
        })(x);
      }, [x]);
    } catch {
      continue; // Takes more than one float tensor.
    }
    const flat = t.toNumbers(gradient).every((g) => g === 0);
    const kind = !isFloat.value ? "none" : flat ? "0" : "any or piecewise";
    assert.ok(kind.includes(derivatives), `${name}: ${derivatives}, found ${kind}`);
    found.push(name);
  }
  assert.ok(found.length > 50, `only ${found.length}: ${found}`);
});
