// vmap of every operator and of its gradient against a loop over single examples, each choice of batched arguments.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { cases } from "./vmap_cases.ts";
import { distance, evaluate, values } from "./harness.ts";

const SIZE = 3;

/** All non-empty choices of batched arguments. */
function choices(n: number): boolean[][] {
  return Array.from(
    { length: 2 ** n - 1 },
    (_, k) => Array.from({ length: n }, (_, i) => ((k + 1) >> i) % 2 === 1),
  );
}

for (const derivative of [false, true]) {
  Deno.test(`vmap() of ${derivative ? "the gradient of " : ""}every operator is the loop over examples`, async () => {
    for (const [name, shapes, f] of cases) {
      const scalar = (args: t.Tensor[]) => {
        const y = f(...args);
        return t.sum(t.mul(y, values(y.shape, 11)));
      };
      const g = (...args: t.Tensor[]): t.Tensor[] =>
        derivative ? t.grad(scalar)(args) : [f(...args)];
      for (const batched of choices(shapes.length)) {
        const args = shapes.map((shape, i) => values(batched[i] ? [SIZE, ...shape] : shape, i + 1));
        const [whole, loop] = await evaluate((...xs: t.Tensor[]) => {
          const one = (k: number) =>
            g(...xs.map((x, i) => batched[i] ? t.squeeze(t.slice(x, [k], [k + 1]), 0) : x));
          const rows = Array.from({ length: SIZE }, (_, k) => one(k));
          return [
            t.vmap(g, { inAxes: batched.map((b) => b ? 0 : null) })(...xs),
            rows[0].map((_, i) => t.stack(rows.map((r) => r[i]))),
          ];
        }, args as never) as t.NdArray[][];
        whole.forEach((x, i) => {
          assert.deepEqual(x.shape, loop[i].shape, `${name} ${batched}`);
          const worst = distance(t.toNumbers(x), t.toNumbers(loop[i]));
          assert.ok(worst < 1e-12, `${name}, batched ${batched}, output ${i}: off by ${worst}`);
        });
      }
    }
  });
}
