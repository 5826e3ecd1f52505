// Einstein summation, as transpositions and matrix products.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import { asTensor, isFloat, Tensor, type TensorLike } from "../node.ts";
import { broadcastShapes, sameDType } from "../shape.ts";
import { broadcastTo, reshape, sum, transpose } from "./structure.ts";
import { diagonal } from "./arrangement.ts";
import { matmul } from "./linear.ts";
import { mul } from "./elementwise.ts";

/** A tensor whose axes have labels, all distinct. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

interface Equation {
  readonly terms: readonly (readonly string[])[];
  readonly output: readonly string[];
}

function fail(equation: string, why: string): never {
  throw new TensorError("argument", `einsum "${equation}": ${why}`);
}

/** Splits a term in labels; the ellipsis becomes labels "…0" (the last axis), "…1", and so on. */
function labelsOf(equation: string, term: string, hidden: number): string[] {
  const parts = term.split("...");
  if (parts.length > 2 || !/^[A-Za-z]*$/.test(parts.join(""))) {
    fail(equation, `"${term}" is not a list of letters with at most one ellipsis`);
  }
  const ellipsis = Array.from({ length: hidden }, (_, i) => `…${hidden - 1 - i}`);
  return parts.length === 1 ? [...term] : [...parts[0], ...ellipsis, ...parts[1]];
}

function parse(equation: string, operands: readonly Tensor[]): Equation {
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  const inputs = left.split(",");
  if (more.length > 0 || inputs.length !== operands.length) {
    fail(equation, `${inputs.length} terms for ${operands.length} operands`);
  }
  let most = 0;
  const terms = inputs.map((term, i) => {
    const letters = term.replace("...", "").length;
    const hidden = operands[i].shape.length - letters;
    if (hidden < 0 || (hidden > 0 && !term.includes("..."))) {
      fail(equation, `"${term}" has ${letters} labels for ${describe(operands[i])}`);
    }
    most = Math.max(most, hidden);
    return labelsOf(equation, term, term.includes("...") ? hidden : 0);
  });
  const all = terms.flat();
  if (right !== undefined) {
    const output = labelsOf(equation, right, right.includes("...") ? most : 0);
    const bad = output.find((l, i) => !all.includes(l) || output.indexOf(l) !== i);
    if (bad !== undefined) fail(equation, `output label "${bad}" is repeated or in no term`);
    return { terms, output };
  }
  // Implicit output: the ellipsis, then labels that occur once, in alphabetical order.
  const once = [...new Set(all)].filter((l) =>
    !l.startsWith("…") && all.indexOf(l) === all.lastIndexOf(l)
  );
  return { terms, output: [...labelsOf(equation, "...", most), ...once.sort()] };
}

/** The diagonal over a label that occurs twice, until all are distinct. */
function distinct(x: Tensor, labels: readonly string[]): Labelled {
  const second = labels.findIndex((l, i) => labels.indexOf(l) !== i);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]);
  const rest = labels.filter((_, i) => i !== first && i !== second);
  return distinct(diagonal(x, { axis1: first, axis2: second }), [...rest, labels[second]]);
}

/** Sums out labels that nobody needs. */
function reduceTo({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((l, i) => needed.has(l) ? [] : [i]);
  if (axes.length === 0) return { x, labels };
  return { x: sum(x, axes), labels: labels.filter((l) => needed.has(l)) };
}

function arranged({ x, labels }: Labelled, order: readonly string[]): Tensor {
  return transpose(x, order.map((l) => labels.indexOf(l)));
}

/** The product of two tensors, summed over labels that are not needed afterwards. */
function contract(one: Labelled, other: Labelled, after: ReadonlySet<string>): Labelled {
  const needed = (mine: Labelled, theirs: Labelled) =>
    reduceTo(mine, new Set([...after, ...theirs.labels]));
  const a = needed(one, other), b = needed(other, one);
  const shared = a.labels.filter((l) => b.labels.includes(l));
  const batch = shared.filter((l) => after.has(l)), inner = shared.filter((l) => !after.has(l));
  const rows = a.labels.filter((l) => !shared.includes(l));
  const columns = b.labels.filter((l) => !shared.includes(l));
  const labels = [...batch, ...rows, ...columns];
  const size = ({ x, labels }: Labelled, list: readonly string[]) =>
    list.map((l) => x.shape[labels.indexOf(l)]);
  const shape = [...size(a, batch), ...size(a, rows), ...size(b, columns)];
  if (inner.length === 0 || !isFloat(a.x.dtype)) {
    const left = reshape(arranged(a, [...batch, ...rows, ...inner]), [
      ...size(a, batch),
      ...size(a, rows),
      ...columns.map(() => 1),
      ...size(a, inner),
    ]);
    const right = reshape(arranged(b, [...batch, ...columns, ...inner]), [
      ...size(b, batch),
      ...rows.map(() => 1),
      ...size(b, columns),
      ...size(b, inner),
    ]);
    const product = mul(left, right);
    return {
      x: inner.length === 0 ? product : sum(product, inner.map((_, i) => labels.length + i)),
      labels,
    };
  }
  const batches = size(a, batch);
  const [m, k, n] = [size(a, rows), size(a, inner), size(b, columns)].map(sizeOf);
  const lead = batch.length === 0 ? [] : [sizeOf(batches)];
  const left = reshape(arranged(a, [...batch, ...rows, ...inner]), [...lead, m, k]);
  const right = reshape(arranged(b, [...batch, ...inner, ...columns]), [...lead, k, n]);
  return { x: reshape(matmul(left, right), shape), labels };
}

/** Multiplications of the product of two tensors. */
function costOf(a: Labelled, b: Labelled): number {
  const sizes = new Map([a, b].flatMap(({ x, labels }) => labels.map((l, i) => [l, x.shape[i]])));
  return sizeOf([...sizes.values()]);
}

/** Gives all terms one size for each label, replicating unit axes under an ellipsis. */
function checkSizes(equation: string, terms: readonly Labelled[]): Labelled[] {
  const sizes = new Map<string, number>();
  for (const { x, labels } of terms) {
    labels.forEach((l, i) => {
      const known = sizes.get(l) ?? (l.startsWith("…") ? 1 : x.shape[i]);
      const joint = l.startsWith("…")
        ? broadcastShapes([known], [x.shape[i]])?.[0]
        : known === x.shape[i]
        ? known
        : undefined;
      if (joint === undefined) {
        throw new TensorError(
          "shape",
          `einsum "${equation}": label "${l[0]}" has sizes ${known} and ${x.shape[i]} in ${
            terms.map((t) => describe(t.x)).join(" and ")
          }`,
        );
      }
      sizes.set(l, joint);
    });
  }
  return terms.map(({ x, labels }) => ({
    x: broadcastTo(x, labels.map((l) => sizes.get(l)!)),
    labels,
  }));
}

/**
 * Sum of products over labelled axes, as NumPy's and PyTorch's `einsum`: `einsum("bij,bjk->bik", a, b)`.
 * Without `->` the result has the labels that occur once, in alphabetical order. A label twice in one
 * term takes the diagonal; `...` stands for further axes, which broadcast. Products over shared labels
 * become matrix products; more than two operands are multiplied in pairs, the cheapest first.
 * @throws TensorError `argument` for a malformed equation, `shape` where sizes differ
 */
export function einsum(equation: string, ...operands: readonly TensorLike[]): Tensor {
  const first = operands.find((x): x is Tensor => x instanceof Tensor);
  const inputs = operands.map((x) => asTensor(x, first?.dtype));
  if (inputs.length === 0) fail(equation, "no operands");
  sameDType("einsum", ...inputs);
  const { terms, output } = parse(equation, inputs);
  // A repeated label's own sizes must agree before its diagonal is taken.
  inputs.forEach((x, i) => {
    const bad = terms[i].find((l, j) => x.shape[j] !== x.shape[terms[i].indexOf(l)]);
    if (bad !== undefined) {
      fail(equation, `label "${bad}" names axes of two sizes in ${describe(x)}`);
    }
  });
  let rest = checkSizes(equation, inputs.map((x, i) => distinct(x, terms[i])));
  while (rest.length > 1) {
    let best: [number, number] = [0, 1];
    for (let i = 0; i < rest.length; i++) {
      for (let j = i + 1; j < rest.length; j++) {
        if (costOf(rest[i], rest[j]) < costOf(rest[best[0]], rest[best[1]])) best = [i, j];
      }
    }
    const [a, b] = best.map((i) => rest[i]);
    const others = rest.filter((_, i) => !best.includes(i));
    const after = new Set([...output, ...others.flatMap((t) => t.labels)]);
    rest = [contract(a, b, after), ...others];
  }
  const last = reduceTo(rest[0], new Set(output));
  return arranged(last, output);
}
