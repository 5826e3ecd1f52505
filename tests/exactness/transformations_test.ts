// Transformations of every operator in float64, on a few cases each where one costs much: vmap against one at a time, jvp and hessianVectorProduct
// against PyTorch's derivatives, checkpoint and cond against the plain call.
import assert from "node:assert/strict";
import * as t from "../../methods/tensor/mod.ts";
import { type Case, fewOf, groupBy, isExtreme, operatorOf, readCases } from "./cases.ts";
import { cotangent, derivatives, direction, interpret, leavesOf } from "./programs.ts";
import { difference } from "./tolerances.ts";

const TOLERANCE = 1e-12;
const cases = readCases().filter((c) => c.dtypes.includes("float64") && !isExtreme(c));
const isFloat = (x: t.Spec) => x.dtype === "float64";

/** Runs one program an operator and lists the cases where pairs of its results differ. */
async function pairsThatDiffer(
  chosen: readonly Case[],
  pairs: (c: Case, leaves: t.Tensor[]) => readonly (readonly [t.Tensor, t.TensorLike])[],
): Promise<string[]> {
  const failures: string[] = [];
  for (const [operator, list] of groupBy(chosen, operatorOf)) {
    const leaves = list.map((c) => leavesOf(c, "float64"));
    try {
      const program = t.compile(
        (x: t.Tensor[][], one: t.Tensor) =>
          [list.map((c, i) => pairs(c, x[i]).map(([a, b]) => [a, t.asTensor(b)])), one] as const,
        [leaves, { dtype: "float64", shape: [] }],
      );
      const executable = await t.load(program, { provider: "cpu" });
      const [results] = await executable.run(leaves, t.ones([], "float64"));
      await executable.dispose();
      list.forEach((c, i) =>
        results[i].forEach(([a, b], k) => {
          assert.deepEqual([...a.shape], [...b.shape], `${c.name}, pair ${k}`);
          const worst = difference(t.toNumbers(a), t.toNumbers(b), 1);
          if (!(worst <= TOLERANCE)) failures.push(`${c.name}, pair ${k}: ${worst}`);
        })
      );
    } catch (error) {
      failures.push(`${operator}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failures;
}

/** Another example of the same kind: elements in the opposite order. */
const other = (x: t.Tensor) =>
  t.sizeOf(x.shape) === 0 ? x : t.reshape(t.flip(t.reshape(x, [-1])), x.shape);

/** Values and gradients of a case. */
function everything(c: Case, leaves: readonly t.Tensor[]): t.Tensor[] {
  const order = Math.min(1, c.derivatives.length);
  return [...interpret(c, leaves), ...derivatives(c, leaves, "float64", order).flat()];
}

function mapped(c: Case, leaves: t.Tensor[], batched: (x: t.Tensor) => boolean) {
  const second = leaves.map((x) => batched(x) && isFloat(x) ? other(x) : x);
  const both = leaves.map((x, i) => batched(x) ? t.stack([x, second[i]]) : x);
  const inAxes = [leaves.map((x) => batched(x) ? 0 : null)];
  const together = t.vmap((x: t.Tensor[]) => everything(c, x), { inAxes })(both);
  const apart = [everything(c, leaves), everything(c, second)];
  return together.map((y, k) => [y, t.stack([apart[0][k], apart[1][k]])] as const);
}

const withLeaves = cases.filter((c) => c.inputs.some((i) => i.number === undefined));

Deno.test("vmap() of operators and of their gradients is one call after another", async () => {
  const chosen = withLeaves.filter((c) => leavesOf(c, "float64").some(isFloat));
  assert.deepEqual(await pairsThatDiffer(fewOf(chosen, 2), (c, x) => mapped(c, x, isFloat)), []);
});

Deno.test("vmap() over all arguments, indices and conditions too", async () => {
  assert.deepEqual(
    await pairsThatDiffer(fewOf(withLeaves, 2), (c, x) => mapped(c, x, () => true)),
    [],
  );
});

/** The function of the float leaves alone. */
function ofFloats(c: Case, leaves: readonly t.Tensor[]) {
  const floats = leaves.filter(isFloat);
  const filled = (x: readonly t.Tensor[]) => {
    let next = 0;
    return leaves.map((leaf) => isFloat(leaf) ? x[next++] : leaf);
  };
  const tangents = floats.map((x, i) => t.constant(direction(c.name, i, x.shape, "float64")));
  return { floats, tangents, f: (x: t.Tensor[]) => interpret(c, filled(x)) };
}

const weighed = (c: Case, ys: readonly t.Tensor[]) =>
  ys.flatMap((y, k) =>
    isFloat(y) ? [t.sum(t.mul(y, cotangent(c.name, k, y.shape, "float64")))] : []
  ).reduce((a, b) => t.add(a, b));

Deno.test("jvp() along a direction is PyTorch's gradient times it", async () => {
  const chosen = cases.filter((c) =>
    c.derivatives.length >= 1 && operatorOf(c) !== "cast" &&
    c.outputs.some((y) => y.dtype === "float")
  );
  const failures = await pairsThatDiffer(chosen, (c, leaves) => {
    const { floats, tangents, f } = ofFloats(c, leaves);
    const [, pushed] = t.jvp(f, floats, tangents);
    const gradient = c.derivatives[0].map((g, i) => t.ndarray(g, floats[i].shape));
    const expected = gradient.map((g, i) => t.sum(t.mul(g, tangents[i])));
    return [[weighed(c, pushed), expected.reduce((a, b) => t.add(a, b))]];
  });
  assert.deepEqual(failures, []);
});

Deno.test("hessianVectorProduct() is PyTorch's second derivative", async () => {
  const chosen = cases.filter((c) => c.derivatives.length >= 2);
  const failures = await pairsThatDiffer(chosen, (c, leaves) => {
    const { floats, tangents, f } = ofFloats(c, leaves);
    const product = t.hessianVectorProduct((x: t.Tensor[]) => weighed(c, f(x)), floats, tangents);
    return product.map((h, i) => [h, t.ndarray(c.derivatives[1][i], h.shape)] as const);
  });
  assert.deepEqual(failures, []);
});

Deno.test("checkpoint() and cond() leave values and gradients as they are", async () => {
  const chosen = fewOf(withLeaves.filter((c) => c.derivatives.length >= 1), 2);
  const failures = await pairsThatDiffer(chosen, (c, leaves) => {
    const { floats, f } = ofFloats(c, leaves);
    const plain = t.grad((x: t.Tensor[]) => weighed(c, f(x)))(floats);
    const again = t.checkpoint((x: t.Tensor[]) => weighed(c, f(x)));
    const chosen = (x: t.Tensor[]) =>
      t.cond(
        t.less(weighed(c, f(x)), Infinity),
        (x: t.Tensor[]) => weighed(c, f(x)),
        (x: t.Tensor[]) => t.mul(weighed(c, f(x)), 2),
        x,
      );
    return [again, chosen].flatMap((g) => t.grad(g)(floats).map((y, i) => [y, plain[i]] as const));
  });
  assert.deepEqual(failures, []);
});
