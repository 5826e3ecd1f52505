// An estimate of the memory that a program's intermediate values take at their peak.
import { bytesOf } from "./ndarray.ts";
import { type GraphView, type ModelView, type ViewNode } from "./model_view.ts";

/** ONNX operators whose result is its first input under another name or shape. */
const views = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/** ONNX operators that may write their result over an input of the same size that nobody needs any more. */
const inPlace = new Set(
  [
    ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Neg", "Abs", "Sign", "Floor", "Exp"],
    ...["Log", "Sqrt", "Sin", "Cos", "Tanh", "Sigmoid", "Relu", "Erf", "Clip", "HardSigmoid"],
  ],
);

/** Names that a graph uses of the graphs around it, and its own. */
function usedNames(node: ViewNode): string[] {
  const graphs = [...(node.loop ? [node.loop.body] : []), ...node.branches ?? []];
  return [...node.inputs, ...graphs.flatMap((g) => [...g.nodes.flatMap(usedNames), ...g.outputs])];
}

/**
 * The most bytes of intermediate values and results that are alive at one time when nodes run in their
 * order, arguments and constants not counted. Reshapes are free, elementwise operators write over an
 * input that dies; a loop holds its carry, one body's values, and what it stacks; of branches
 * the larger counts.
 */
export function peakBytes({ specs, ...graph }: ModelView): number {
  const sizeOfName = (name: string) => {
    const spec = specs.get(name);
    return spec === undefined ? null : bytesOf(spec);
  };
  const sum = (names: readonly string[]) =>
    names.reduce((total, name) => total + (sizeOfName(name) ?? 0), 0);

  const peakOf = ({ nodes, outputs }: GraphView): number => {
    const owner = new Map<string, string>();
    for (const { op, inputs, outputs } of nodes) {
      for (const name of outputs) {
        owner.set(name, views.has(op) ? owner.get(inputs[0]) ?? "" : name);
      }
    }
    const lastUse = new Map<string, number>();
    const use = (name: string, at: number) => {
      const buffer = owner.get(name);
      if (buffer) lastUse.set(buffer, at);
    };
    nodes.forEach((node, i) => {
      for (const name of [...usedNames(node), ...node.outputs]) use(name, i);
    });
    for (const name of outputs) use(name, nodes.length);

    const sizes = new Map<string, number>();
    let current = 0, peak = 0;
    nodes.forEach((node, i) => {
      const dying = [...new Set(node.inputs.map((name) => owner.get(name) ?? ""))]
        .filter((buffer) => sizes.has(buffer) && lastUse.get(buffer) === i);
      const fresh = node.outputs.filter((name) => owner.get(name) === name);
      // A temporary inside an operator is about as large as what it is made from.
      const guess = Math.max(0, ...node.inputs.map((name) => sizeOfName(name) ?? 0));
      for (const name of fresh) {
        const size = sizeOfName(name) ?? guess;
        const reused = inPlace.has(node.op) && dying.find((buffer) => sizes.get(buffer) === size);
        if (reused) {
          sizes.delete(reused);
          current -= size;
        }
        sizes.set(name, size);
        current += size;
      }
      peak = Math.max(peak, current);
      if (node.loop) {
        const { body } = node.loop;
        const carry = sum(body.inputs.slice(2));
        const stacked = sum(node.outputs.slice(body.inputs.length - 2));
        const outside = current - sum(node.outputs);
        const running = carry + peakOf(body) + stacked;
        peak = Math.max(peak, outside + running, current + stacked);
      }
      if (node.branches) {
        peak = Math.max(peak, current - sum(node.outputs) + Math.max(...node.branches.map(peakOf)));
      }
      for (const [buffer, size] of sizes) {
        if ((lastUse.get(buffer) ?? i) > i) continue;
        sizes.delete(buffer);
        current -= size;
      }
    });
    return peak;
  };
  return peakOf(graph);
}
