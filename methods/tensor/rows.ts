// Keeps work on [batch, …, width] tensors in the [rows, width] form that matrix products use, so that
// the reshapes between layers meet and vanish. On small models they are a tenth of the run time.
import { sizeOf } from "./ndarray.ts";
import { apply, type Node, type Tensor } from "./node.ts";
import { sameShape } from "./shape.ts";
import { reductionOf, reshape, reshapeSource } from "./ops/structure.ts";
import { layerNormPrimitive } from "./ops/normalization.ts";

/** The [rows, width] tensor that `x` [..., width] reshapes, or null. */
function rowsOf(x: Tensor): Tensor | null {
  const source = x.shape.length > 2 ? reshapeSource(x) : null;
  const fits = source?.shape.length === 2 && source.shape[1] === x.shape[x.shape.length - 1];
  return fits ? source : null;
}

/** `x` as [rows, width] if it has the leading axes `lead` or broadcasts as a vector; else null. */
function asRows(x: Tensor, lead: readonly number[]): Tensor | null {
  if (x.shape.length <= 1) return x;
  if (!sameShape(x.shape.slice(0, -1), lead)) return null;
  return rowsOf(x) ?? reshape(x, [sizeOf(lead), x.shape[lead.length]]);
}

/** An equal expression over rows, or null. */
export function onRows(node: Node, inputs: readonly Tensor[]): readonly Tensor[] | null {
  if (!inputs.some((x) => rowsOf(x) !== null)) return null;
  const [out] = node.outputs;
  if (node.primitive.elementwise) {
    const lead = out.shape.slice(0, -1);
    const rows = inputs.map((x) => asRows(x, lead));
    if (rows.some((x) => x === null)) return null;
    const [y] = apply(node.primitive, rows as Tensor[], node.attributes);
    return [reshape(y, out.shape)];
  }
  const [x] = inputs;
  const rows = rowsOf(x);
  if (rows === null) return null;
  const last = x.shape.length - 1;
  if (node.primitive === layerNormPrimitive as unknown) {
    const attributes = node.attributes as { axis: number };
    if (attributes.axis !== last) return null;
    const parts = apply(node.primitive, [rows, inputs[1], inputs[2]], { ...attributes, axis: 1 });
    return parts.map((y, i) => reshape(y, node.outputs[i].shape));
  }
  const axes = reductionOf(node);
  if (axes === null) return null;
  const across = axes.length === 1 && axes[0] === last;
  const down = axes.length === last && axes.every((a, i) => a === i);
  if (!across && !down) return null;
  const [y] = apply(node.primitive, [rows], { axes: [across ? 1 : 0], keepDims: true });
  return [reshape(y, out.shape)];
}
