// vmap of every operator and of its gradient against one evaluation an example.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import type { Case } from "./derivatives.ts";
import { distance, evaluate, values } from "./harness.ts";
import { operatorCases } from "./operator_cases.ts";

const size = 3;

/** Which inputs are mapped: all, and each alone where there are several. */
function mappings(count: number): boolean[][] {
  const all = Array.from({ length: count }, () => true);
  return count === 1 ? [all] : [all, ...all.map((_, i) => all.map((_, j) => i === j))];
}

function inputsOf([, shapes]: Case, mapped: readonly boolean[], seed: number): t.NdArray[] {
  return shapes.map((s, i) => values(mapped[i] ? [size, ...s] : s, seed + i));
}

/** The results and the gradient of one example, joined. */
function both([, , f]: Case): (x: t.Tensor[]) => t.Tensor {
  const total = (x: t.Tensor[]) => {
    const y = f(...x);
    return t.sum(t.mul(y, values(y.shape, 7)));
  };
  return (x) => t.concat([f(...x), ...t.grad(total)(x)].map((y) => t.reshape(y, [-1])));
}

async function disagreements(cases: readonly Case[]): Promise<string[]> {
  const runs = cases.flatMap((one, c) =>
    mappings(one[1].length).map((mapped) => ({
      name: `${one[0]}, mapped ${mapped}`,
      f: both(one),
      mapped,
      inputs: inputsOf(one, mapped, 50 * c),
    }))
  );
  const pairs = await evaluate(
    (all: t.Tensor[][]) =>
      runs.map(({ f, mapped }, r) => {
        const x = all[r];
        const example = (e: number) =>
          f(x.map((y, i) => mapped[i] ? t.squeeze(t.slice(y, [e], [e + 1]), 0) : y));
        return [
          t.vmap(f, { inAxes: [mapped.map((m) => m ? 0 : null)] })(x),
          t.stack(Array.from({ length: size }, (_, e) => example(e))),
        ];
      }),
    [runs.map((r) => r.inputs)],
  );
  return runs.flatMap(({ name }, r) => {
    const [actual, expected] = pairs[r].map(t.toNumbers);
    return distance(actual, expected) < 1e-9 ? [] : [`${name}: ${actual} instead of ${expected}`];
  });
}

for (const [name, cases] of Object.entries(operatorCases)) {
  Deno.test(`vmap computes what single examples compute: ${name}`, async () => {
    assert.deepEqual(await disagreements(cases), []);
  });
}
