/** Corners of layers, optimisers and their files where values were once wrong or lost. */

import { describe, it } from "@std/testing/bdd";
import assert from "node:assert/strict";
import * as nn from "../../../methods/nn/mod.ts";
import * as o from "../../../methods/optim/mod.ts";
import * as t from "../../../methods/tensor/mod.ts";
import { refuses } from "../tensor/refuses.ts";

describe("layers", () => {
  const half = (value: number, shape: number[]) => t.full(shape, value, "float16");

  it("layer norm in float16 keeps epsilons that float16 does not know", async () => {
    const norm = (x: t.Tensor) => t.layerNorm(x, half(1, [4]), half(0, [4]), 1e-12);
    assert.deepEqual(t.toNested(await t.evaluate(norm, [half(3, [1, 4])])), [[0, 0, 0, 0]]);
    const large = await t.evaluate(norm, [t.fromNested([[300, -300, 300, -300]], "float16")]);
    assert.deepEqual(t.toNested(large), [[1, -1, 1, -1]]);
  });

  it("the mean of a text without tokens is 0 in float16 too", async () => {
    const pooled = await t.evaluate(nn.meanPool, [half(3, [1, 2, 2]), t.zeros([1, 2])]);
    assert.deepEqual(t.toNested(pooled), [[0, 0]]);
  });

  it("a decoder's configuration is refused: its states see one side", () => {
    const config = {
      model_type: "bert",
      vocab_size: 11,
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 6,
      max_position_embeddings: 6,
      type_vocab_size: 1,
    };
    assert.equal(nn.bertConfigOf({ ...config, hidden_act: "silu" }).activation, "silu");
    refuses(
      () => nn.bertConfigOf({ ...config, is_decoder: true }),
      "input",
      /"is_decoder" is true/,
    );
  });

  it("a vocabulary's part keeps the dtype of the table", () => {
    const encoder = {
      config: { vocab: 2, width: 1 },
      params: { embeddings: { token: t.fromNested([[0.1], [0.2]], "float64") } },
      vocabulary: Int32Array.of(0, 1),
    };
    const { token } = nn.withVocabulary(encoder, Int32Array.of(1)).params.embeddings;
    assert.deepEqual([token.dtype, t.toNested(token)], ["float64", [[0.2]]]);
  });

  it("scores refuse labels that are no class", () => {
    const logits = t.fromNested([[1, 2], [3, 1]]);
    refuses(
      () => nn.scoreLogits(logits, t.fromNumbers([1, 5], [2], "int64")),
      "input",
      /label 5 of text 1 is outside 0 … 1/,
    );
  });
});

describe("optimisers", () => {
  it("the flat AdamW goes on after a gradient whose square is infinite, as the tree does", async () => {
    const w = t.ones([2]), layout = o.layoutOf({ w }), flat = o.adamw({ weightDecay: 0 });
    type P = { w: t.Tensor };
    const train = o.trainSteps<P, t.Tensor, []>({
      layout,
      optimizer: flat,
      clip: 1,
      loss: (p, g) => [t.sum(t.mul(p.w, g)), []],
    });
    const gradients = t.fromNested([[1, 2], [1e20, 1], [1, 2]]), lr = t.full([3], 0.1);
    const [state] = await t.evaluate(
      (s: o.AdamWState, g: t.Tensor, lr: t.Tensor) => train(s, { batch: g, lr }),
      [flat.init(layout.pack({ w })), gradients, lr],
    );
    const tree = o.adam();
    const [{ p }] = await t.evaluate(
      (p: t.Tensor, s: o.OptimizerState<t.Tensor>, g: t.Tensor) =>
        t.scan(
          (c: { p: t.Tensor; s: o.OptimizerState<t.Tensor> }, g: t.Tensor) => {
            const gradientScale = o.clipFactor(g, 1);
            const [p, s] = o.adam().step(c.p, g, c.s, { lr: 0.1, gradientScale });
            return [{ p, s }, []];
          },
          { p, s },
          g,
        ),
      [w, tree.init(w), gradients],
    );
    // torch.nn.utils.clip_grad_norm_ and torch.optim.AdamW end at 0.7512.
    t.toNumbers(state.params).forEach((v, i) => {
      assert.ok(Math.abs(v - 0.7512) < 1e-4, `${v}`);
      assert.ok(Math.abs(v - t.toNumbers(p)[i]) < 1e-6);
    });
  });

  it("averages and packed vectors take no leaf of another shape", () => {
    refuses(
      () => o.emaUpdate({ a: t.constant(t.zeros([1])) }, { a: t.constant(t.ones([3])) }, 0.9),
      "shape",
      /the average of "a" is float32\[1\], the parameter float32\[3\]/,
    );
    refuses(
      () => o.layoutOf({ w: t.zeros([2, 3]) }).pack({ w: t.zeros([3, 2]) }),
      "tree",
      /pack: parameter w \[3, 2\] does not match the layout's w \[2, 3\]/,
    );
  });

  it("micro-batches accumulate a loss of another dtype than the parameters", async () => {
    const scaling = o.lossScaling();
    const mean = (p: t.Tensor, x: t.Tensor, s: o.LossScale) =>
      o.accumulateGradients<t.Tensor, t.Tensor, []>((p, x) => [
        scaling.scaleLoss(t.sum(t.mul(p, x)), s),
        [],
      ])(p, x).slice(0, 2) as [t.Tensor, t.Tensor];
    const x = t.fromNested([[1, 2, 3], [3, 2, 1]], "float16");
    const state = { ...scaling.init(), scale: t.full([], 2) };
    const [value, g] = await t.evaluate(mean, [t.ones([3], "float16"), x, state]);
    assert.deepEqual([value.dtype, t.item(value)], ["float32", 12]);
    assert.deepEqual([g.dtype, t.toNested(g)], ["float16", [4, 4, 4]]);
  });

  it("a frozen integer leaf has no initial sum of squares", () => {
    const groups = [{ where: (path: string) => path === "ids", settings: { frozen: true } }];
    const { slots } = o.adagrad({ initial: 0.1, groups })
      .init({ ids: t.zeros([2], "int64"), w: t.zeros([1]) });
    assert.deepEqual(t.toNested(slots.sumSquare.ids), [0, 0]);
    assert.deepEqual(t.toNumbers(slots.sumSquare.w), [Math.fround(0.1)]);
  });

  it("schedules at and beyond their ends", () => {
    assert.equal(o.polynomialRate(1, 0)(0), 0);
    assert.deepEqual([0, 5, 10, 11].map(o.polynomialRate(2, 10, 2)), [2, 0.5, 0, 0]);
    refuses(() => o.stepRate({ base: 1, at: 0 }), "argument", /steps > 0 expected/);
    refuses(
      () => o.learningRates(o.constantRate(1), 0, 2.5),
      "argument",
      /count is 2.5; a number of steps expected/,
    );
  });
});
