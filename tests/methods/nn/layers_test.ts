// Layers and blocks, values and gradients, against torch.nn (tests/reference/layers.py).

import assert from "node:assert/strict";
import {
  attention,
  block,
  type BlockParams,
  causalMask,
  type CrossAttentionParams,
  crossBlock,
  type CrossBlockParams,
  layerNorm,
  type LayerNormParams,
  linear,
  type LinearParams,
  selfAttention,
  type SelfAttentionParams,
} from "../../../methods/nn/mod.ts";
import {
  compile,
  constant,
  type Host,
  load,
  mul,
  type NdArray,
  type SpecOf,
  sum,
  type Tensor,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/layers.json" with { type: "json" };
import { assertWritten, type Written } from "./reference.ts";

const BATCH = 2, LENGTH = 5, CONTEXT = 3, WIDTH = 8, HEADS = 2;

interface Case {
  output: Written;
  inputGradients: Written[];
  gradients: Record<string, Written>;
}

function normal(name: string, shape: number[], std = 1): NdArray {
  return stream(5, "layers", name).normal(shape, { std });
}

/** torch keeps linear weights as [out, in]. */
function transposed({ shape: [rows, columns], data }: NdArray): NdArray {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = Number(data[i * columns + j]);
  }
  return { dtype: "float32", shape: [columns, rows], data: out };
}

function rows({ shape, data }: NdArray, from: number, to: number): NdArray {
  const width = shape.slice(1).reduce((a, b) => a * b, 1);
  return {
    dtype: "float32",
    shape: [to - from, ...shape.slice(1)],
    data: (data as Float32Array).slice(from * width, to * width),
  };
}

const weight = (name: string, shape: number[]) => normal(name, shape, 0.4);
const linearOf = (w: NdArray, b: NdArray) => ({ w: transposed(w), b });
const named = (prefix: string, outputs: number, inputs: number) =>
  linearOf(weight(`${prefix}weight`, [outputs, inputs]), weight(`${prefix}bias`, [outputs]));
const normOf = (prefix: string) => ({
  scale: weight(`${prefix}weight`, [WIDTH]),
  bias: weight(`${prefix}bias`, [WIDTH]),
});
const selfOf = (prefix: string) => ({
  qkv: linearOf(
    weight(`${prefix}in_proj_weight`, [3 * WIDTH, WIDTH]),
    weight(`${prefix}in_proj_bias`, [3 * WIDTH]),
  ),
  out: named(`${prefix}out_proj.`, WIDTH, WIDTH),
});
const crossOf = (prefix: string) => {
  const w = weight(`${prefix}in_proj_weight`, [3 * WIDTH, WIDTH]);
  const b = weight(`${prefix}in_proj_bias`, [3 * WIDTH]);
  return {
    query: linearOf(rows(w, 0, WIDTH), rows(b, 0, WIDTH)),
    keyValue: linearOf(rows(w, WIDTH, 3 * WIDTH), rows(b, WIDTH, 3 * WIDTH)),
    out: named(`${prefix}out_proj.`, WIDTH, WIDTH),
  };
};
const mlpOf = () => ({
  up: named("linear1.", 4 * WIDTH, WIDTH),
  down: named("linear2.", WIDTH, 4 * WIDTH),
});

/** Output, input gradients and parameter gradients of a layer for the reference's cotangent. */
async function evaluate<P>(
  layer: (p: P, inputs: Tensor[]) => Tensor,
  params: SpecOf<P> & Host<P>,
  inputs: NdArray[],
  output: Written,
): Promise<{ output: NdArray; inputs: NdArray[]; params: Host<P> }> {
  const cotangent = normal("cotangent", output.shape);
  const objective = ([p, xs]: [P, Tensor[]]): readonly [Tensor, Tensor] => {
    const y = layer(p, xs);
    return [sum(mul(y, constant(cotangent))), y];
  };
  const f = (p: P, xs: Tensor[]) => {
    const [[, y], [gp, gx]] = valueAndGrad(objective, { hasAux: true })([p, xs]);
    return { output: y, params: gp, inputs: gx };
  };
  const program = compile(f, [params, inputs]);
  const executable = await load(program, { provider: "cpu", threads: 1 });
  try {
    return await executable.run(params, inputs as Host<Tensor[]>);
  } finally {
    await executable.dispose();
  }
}

function check(name: string, tolerance: number, result: { output: NdArray; inputs: NdArray[] }) {
  const expected = (reference as unknown as Record<string, Case>)[name];
  assertWritten(result.output, expected.output, tolerance, `${name}: output`);
  result.inputs.forEach((g, i) =>
    assertWritten(g, expected.inputGradients[i], tolerance, `${name}: gradient of input ${i}`)
  );
}

const outputOf = (name: string) => (reference as unknown as Record<string, Case>)[name].output;
const gradientOf = (name: string, parameter: string) =>
  (reference as unknown as Record<string, Case>)[name].gradients[parameter];

const x = normal("x", [BATCH, LENGTH, WIDTH]);
const context = normal("context", [BATCH, CONTEXT, WIDTH]);
const causal = () => constant(causalMask(LENGTH));

Deno.test("linear() matches torch.nn.Linear", async () => {
  const params = named("", 3, WIDTH);
  const result = await evaluate(
    (p: LinearParams, [x]) => linear(p, x),
    params,
    [x],
    outputOf("linear"),
  );
  check("linear", 1e-6, result);
  const { w, b } = result.params;
  assertWritten(transposed(w), gradientOf("linear", "weight"), 1e-6, "weight");
  assertWritten(b, gradientOf("linear", "bias"), 1e-6, "bias");
});

Deno.test("layerNorm() matches torch.nn.LayerNorm", async () => {
  const params = normOf("");
  const result = await evaluate(
    (p: LayerNormParams, [x]) => layerNorm(p, x),
    params,
    [x],
    outputOf("layerNorm"),
  );
  check("layerNorm", 2e-6, result);
  const { scale, bias } = result.params;
  assertWritten(scale, gradientOf("layerNorm", "weight"), 2e-6, "scale");
  assertWritten(bias, gradientOf("layerNorm", "bias"), 2e-6, "bias");
});

Deno.test("selfAttention() with a causal mask matches torch.nn.MultiheadAttention", async () => {
  const params = selfOf("inner.");
  const result = await evaluate(
    (p: SelfAttentionParams, [x]) => selfAttention(p, x, { heads: HEADS, mask: causal() }),
    params,
    [x],
    outputOf("selfAttention"),
  );
  check("selfAttention", 5e-6, result);
  const { qkv } = result.params;
  const expected = gradientOf("selfAttention", "inner.in_proj_weight");
  assertWritten(transposed(qkv.w), expected, 5e-6, "qkv");
});

Deno.test("attention() across matches torch.nn.MultiheadAttention", async () => {
  const result = await evaluate(
    (p: CrossAttentionParams, [x, c]) => attention(p, x, c, { heads: HEADS }),
    crossOf("inner."),
    [x, context],
    outputOf("attention"),
  );
  check("attention", 5e-6, result);
});

Deno.test("attention() of one set of queries serves every batch item", async () => {
  const shared = rows(x, 0, 1);
  const doubled: NdArray = {
    ...x,
    data: Float32Array.from([...shared.data, ...shared.data] as number[]),
  };
  const layer = (p: CrossAttentionParams, [x, c]: Tensor[]) => attention(p, x, c, { heads: HEADS });
  const params = crossOf("inner."), like = outputOf("attention");
  const one = await evaluate(layer, params, [shared, context], like);
  const two = await evaluate(layer, params, [doubled, context], like);
  assertWritten(
    one.output,
    { shape: like.shape, values: [...two.output.data] as number[] },
    1e-6,
    "output",
  );
  const half = shared.data.length, [twice] = two.inputs;
  const summed = Array.from(
    { length: half },
    (_, i) => Number(twice.data[i]) + Number(twice.data[half + i]),
  );
  assertWritten(one.inputs[0], { shape: [...shared.shape], values: summed }, 5e-6, "gradient");
});

Deno.test("block() matches torch.nn.TransformerEncoderLayer, pre-norm with GELU", async () => {
  const params = {
    norm1: normOf("norm1."),
    attention: selfOf("self_attn."),
    norm2: normOf("norm2."),
    mlp: mlpOf(),
  };
  const result = await evaluate(
    (p: BlockParams, [x]) => block(p, x, { heads: HEADS, mask: causal() }),
    params,
    [x],
    outputOf("block"),
  );
  check("block", 1e-5, result);
  const { mlp } = result.params;
  assertWritten(transposed(mlp.up.w), gradientOf("block", "linear1.weight"), 1e-5, "up");
});

Deno.test("crossBlock() matches torch.nn.TransformerDecoderLayer, pre-norm with GELU", async () => {
  const params: CrossBlockParams<NdArray> = {
    norm1: normOf("norm1."),
    attention: selfOf("self_attn."),
    normCross: normOf("norm2."),
    cross: crossOf("multihead_attn."),
    norm2: normOf("norm3."),
    mlp: mlpOf(),
  };
  const result = await evaluate(
    (p: CrossBlockParams, [x, c]) => crossBlock(p, x, c, { heads: HEADS, mask: causal() }),
    params,
    [x, context],
    outputOf("crossBlock"),
  );
  check("crossBlock", 1e-5, result);
});

Deno.test("a width that the heads do not divide is refused with both numbers", () => {
  assert.throws(
    () =>
      compile(
        (p: SelfAttentionParams, x: Tensor) => selfAttention(p, x, { heads: 3 }),
        [selfOf("inner."), x],
      ),
    /width of 8 cannot be cut into 3 heads/,
  );
});
