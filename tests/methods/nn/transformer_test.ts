// Blocks, masks, dropout of attention and a language model against torch.nn (tests/reference/networks.py).

import assert from "node:assert/strict";
import {
  block,
  type BlockParams,
  causalMask,
  crossBlock,
  decoder,
  type DecoderConfig,
  type DecoderParams,
  dropoutMasks,
  initDecoder,
  initSeparateCrossBlock,
  mlp,
  nextTokenLoss,
  paddingMask,
  selfAttention,
  type SeparateAttentionParams,
  type SeparateBlockParams,
  type SeparateCrossBlockParams,
  type WeightReader,
} from "../../../methods/nn/mod.ts";
import {
  add,
  cast,
  compile,
  concat,
  constant,
  type NdArray,
  reshape,
  sub,
  type Tensor,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { evaluate } from "../tensor/harness.ts";
import { attentionOf, checkCase, presence } from "./torch_case.ts";

const BATCH = 2, LENGTH = 5, CONTEXT = 3, WIDTH = 8, HIDDEN = 12, HEADS = 2;
const lengths = [5, 3], contextLengths = [2, 3];

const mlpOf = (w: WeightReader, at: string) => ({
  up: w.linear(`${at}linear1`, WIDTH, HIDDEN),
  down: w.linear(`${at}linear2`, HIDDEN, WIDTH),
});
const blockOf = (w: WeightReader, at = ""): SeparateBlockParams<NdArray> => ({
  norm1: w.norm(`${at}norm1`, WIDTH),
  attention: attentionOf(w, `${at}self_attn.`, WIDTH),
  norm2: w.norm(`${at}norm2`, WIDTH),
  mlp: mlpOf(w, at),
});
const crossBlockOf = (w: WeightReader): SeparateCrossBlockParams<NdArray> => ({
  ...blockOf(w),
  normCross: w.norm("norm2", WIDTH),
  cross: attentionOf(w, "multihead_attn.", WIDTH),
  norm2: w.norm("norm3", WIDTH),
});

const causal = () => constant(causalMask(LENGTH, "float64"));
const causalAndPadded = () => add(causal(), paddingMask(presence(lengths, LENGTH), "float64"));
/** The trees hold host arrays where they are built and tensors where they are used. */
const traced = <P>(p: unknown) => p as P;

for (const norm of ["post", "pre"] as const) {
  const activation = norm === "post" ? "relu" : "geluTanh";
  Deno.test(`block(), ${norm}-norm with ${activation}, follows TransformerEncoderLayer`, async () => {
    await checkCase(`${norm}-norm block`, blockOf, (p, { x }) => ({
      outputs: {
        output: block(traced<SeparateBlockParams>(p), x, {
          heads: HEADS,
          norm,
          activation,
          epsilon: 1e-6,
          mask: causalAndPadded(),
        }),
      },
      aux: {},
    }));
  });

  Deno.test(`crossBlock(), ${norm}-norm, follows TransformerDecoderLayer with a padded context`, async () => {
    await checkCase(`${norm}-norm cross block`, crossBlockOf, (p, { x, context }) => ({
      outputs: {
        output: crossBlock(traced<SeparateCrossBlockParams>(p), x, context, {
          heads: HEADS,
          norm,
          epsilon: 1e-6,
          mask: causal(),
          contextMask: paddingMask(presence(contextLengths, CONTEXT), "float64"),
        }),
      },
      aux: {},
    }));
  });
}

Deno.test("selfAttention() drops attention weights by a given mask", async () => {
  const mask = stream(5, "networks", "dropout").dropoutMask(0.5, [BATCH, HEADS, LENGTH, LENGTH]);
  const build = (w: WeightReader) => ({
    query: w.linear("query", WIDTH, WIDTH),
    key: w.linear("key", WIDTH, WIDTH),
    value: w.linear("value", WIDTH, WIDTH),
    out: w.linear("out", WIDTH, WIDTH),
  });
  await checkCase("attention dropout", build, (p, { x }) => ({
    outputs: {
      output: selfAttention(traced<SeparateAttentionParams>(p), x, {
        heads: HEADS,
        weightsDropout: cast(constant(mask), "float64"),
      }),
    },
    aux: {},
  }));
});

const config: DecoderConfig = {
  vocab: 11,
  width: WIDTH,
  layers: 2,
  heads: HEADS,
  hidden: HIDDEN,
  positions: 7,
  epsilon: 1e-6,
};

Deno.test("decoder() and nextTokenLoss() follow a model of torch.nn", async () => {
  const ids = stream(5, "networks", "ids").integers(0, config.vocab, [BATCH, LENGTH]);
  const build = (w: WeightReader): DecoderParams<NdArray> => ({
    token: w.array("token.weight", [config.vocab, WIDTH]),
    position: w.array("position.weight", [config.positions, WIDTH]),
    blocks: [0, 1].map((i) => blockOf(w, `blocks.${i}.`)),
    norm: w.norm("norm", WIDTH),
  });
  await checkCase("decoder", build, (p) => {
    const scores = decoder(config, traced<DecoderParams>(p), constant(ids));
    const loss = nextTokenLoss(scores, constant(ids));
    const masked = nextTokenLoss(scores, constant(ids), presence(lengths, LENGTH));
    return { outputs: { scores, loss, masked }, aux: {} };
  });
});

Deno.test("decoder() sees no token to come", async () => {
  const params = initDecoder(stream(1, "decoder"), config);
  const f = (p: DecoderParams, a: Tensor, b: Tensor) =>
    sub(decoder(config, p, a), decoder(config, p, b));
  const ids = (last: number): NdArray => ({
    dtype: "int32",
    shape: [1, 4],
    data: Int32Array.of(3, 1, 4, last),
  });
  const { data } = await evaluate(f, [params, ids(1), ids(9)]);
  const rows = data as Float32Array, seen = rows.subarray(0, 3 * config.vocab);
  assert.ok(seen.every((x) => x === 0) && rows.subarray(3 * config.vocab).some((x) => x !== 0));
});

Deno.test("block() takes fused and separate projections alike", async () => {
  const width = 8, x = stream(2, "x").normal([2, 3, width]);
  const apart = initSeparateCrossBlock(stream(2, "block"), width, 12);
  const f = (p: SeparateBlockParams, x: Tensor) => {
    const { query, key, value, out } = p.attention;
    const fused: BlockParams = {
      ...p,
      attention: {
        qkv: {
          w: concat([query.w, key.w, value.w], 1),
          b: concat([query.b, key.b, value.b], 0),
        },
        out,
      },
    };
    return sub(block(p, x, { heads: 2 }), block(fused, x, { heads: 2 }));
  };
  const { normCross: _, cross: __, ...params } = apart;
  const { data } = await evaluate(f, [params, x]);
  assert.ok((data as Float32Array).every((d) => Math.abs(d) < 1e-6));
});

Deno.test("dropout masks reach every branch of a block", async () => {
  const width = 4, shape = [1, 2, width];
  const masks = dropoutMasks(stream(3, "masks"), {
    attention: shape,
    mlp: shape,
    weights: [1, 2, 2, 2],
  }, { rate: 0.5, steps: 1 });
  const params = initSeparateCrossBlock(stream(3, "block"), width);
  const f = (p: SeparateCrossBlockParams, x: Tensor, m: typeof traceable) => {
    const one = (t: Tensor) => reshape(t, t.shape.slice(1));
    const dropout = { attention: one(m.attention), mlp: one(m.mlp), weights: one(m.weights) };
    const dropped = block(p, x, { heads: 2, dropout });
    const none = constant(zeros(shape));
    const silent = block(p, x, { heads: 2, dropout: { ...dropout, attention: none, mlp: none } });
    return { silent: sub(silent, x), dropped: sub(dropped, block(p, x, { heads: 2 })) };
  };
  const traceable = null as unknown as { attention: Tensor; mlp: Tensor; weights: Tensor };
  const { silent, dropped } = await evaluate(f, [
    params,
    stream(3, "x").normal(shape),
    masks,
  ]);
  assert.ok((silent.data as Float32Array).every((x) => x === 0));
  assert.ok((dropped.data as Float32Array).some((x) => x !== 0));
});

Deno.test("sequences beyond the position table are refused, and activations compile", () => {
  const params = initDecoder(stream(1, "decoder"), config);
  assert.throws(
    () =>
      compile((p: DecoderParams, ids: Tensor) => decoder(config, p, ids), [
        params,
        zeros([1, 8], "int32"),
      ]),
    /sequences of 8 tokens; the model has 7 positions/,
  );
  assert.throws(() => initDecoder(stream(1), { ...config, heads: 3 }), /width 8 .* heads 3/);
  for (const activation of ["gelu", "geluTanh", "relu"] as const) {
    const { mlp: map } = params.blocks[0];
    compile((p: SeparateBlockParams["mlp"], x: Tensor) => mlp(p, x, activation), [
      map,
      zeros([2, WIDTH]),
    ]);
  }
});
