// The BERT-form encoder: values and gradients in float64 against Hugging Face's BertModel, adapters.

import assert from "node:assert/strict";
import {
  bert,
  bertConfigOf,
  bertFromCheckpoint,
  type BertParams,
  dropoutMasks,
  initBert,
  initCnn,
  type Linear,
  linear,
  linearPaths,
  mapLinears,
  type ModelDropout,
  modelDropoutShapes,
} from "../../../methods/nn/mod.ts";
import {
  add,
  asTensor,
  compile,
  constant,
  fromNumbers,
  type Host,
  load,
  matmul,
  mul,
  type NdArray,
  ndarray,
  reshape,
  sub,
  sum,
  type Tensor,
  treeLeaves,
  treeMap,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/minilm.json" with { type: "json" };
import { evaluate } from "../tensor/harness.ts";
import { assertCompact, type Sample } from "./reference.ts";
import { checkGradients } from "./torch_case.ts";

const { small } = reference;
const gradients = small.gradients as Record<string, Sample>;
const config = bertConfigOf(small.config);
const draw = (name: string, shape: readonly number[], std = 1): NdArray => {
  const { data } = stream(5, "bert", name).normal(shape, { std });
  return fromNumbers(data as Float32Array, shape, "float64");
};
const checkpoint = Object.fromEntries(
  Object.entries(gradients).map(([name, { shape }]) => [name, draw(name, shape, 0.4)]),
);
const params = bertFromCheckpoint(config, checkpoint);
const LENGTH = 7;
const inputs = {
  ids: stream(5, "bert", "ids").integers(0, config.vocab, [3, LENGTH]),
  types: stream(5, "bert", "types").integers(0, 2, [3, LENGTH]),
  mask: ndarray(
    Int32Array.from(
      small.lengths.flatMap((n) => Array.from({ length: LENGTH }, (_, i) => i < n ? 1 : 0)),
    ),
    [3, LENGTH],
  ),
};
type Inputs = { ids: Tensor; types: Tensor; mask: Tensor };

Deno.test("bert() and its gradients match BertModel in float64", async () => {
  const f = (params: BertParams, inputs: Inputs) => {
    const [[value, { last, pooled }], gradient] = valueAndGrad((p: BertParams) => {
      const { last, pooled } = bert(config, p, inputs);
      const weighted = (x: Tensor, name: string) => sum(mul(x, constant(draw(name, x.shape))));
      const value = add(weighted(last, "last"), weighted(pooled!, "pooled"));
      return [value, { last, pooled: pooled! }] as const;
    }, { hasAux: true })(params);
    return { value, last, pooled, gradient };
  };
  const executable = await load(compile(f, [params, inputs]), { provider: "cpu" });
  const result = await executable.run(params, inputs);
  await executable.dispose();
  assertCompact(result.last, small.last, 1e-9, "last states");
  assertCompact(result.pooled, small.outPooled, 1e-9, "pooled");
  assert.ok(Math.abs(Number(result.value.data[0]) - small.value) < 1e-9 * Math.abs(small.value));
  const build = (arrays: Record<string, NdArray>) => bertFromCheckpoint(config, arrays);
  checkGradients(gradients, build, result.gradient, 1e-8, "bert");
});

Deno.test("bert() takes functions in place of its linear maps: adapters and factorised maps", async () => {
  const model = initBert(stream(3, "model"), config, { pooler: true });
  const rank = 2;
  const adapters = Object.fromEntries(
    linearPaths(model).map((path) => {
      const [inputs, outputs] = path.endsWith("up")
        ? [config.width, config.hidden]
        : path.endsWith("down")
        ? [config.hidden, config.width]
        : [config.width, config.width];
      const matrix = (name: string, shape: number[]) =>
        stream(3, path, name).normal(shape, { std: 0.3 });
      return [path, { a: matrix("a", [inputs, rank]), b: matrix("b", [rank, outputs]) }];
    }),
  );
  assert.equal(Object.keys(adapters).length, 6 * config.layers + 1);
  type Adapters = Record<string, { a: Tensor; b: Tensor }>;
  const f = (base: BertParams, adapters: Adapters, inputs: Inputs) => {
    const low = (path: string, x: Tensor) => matmul(matmul(x, adapters[path].a), adapters[path].b);
    const run = (replace: (path: string, map: { w: Tensor; b: Tensor }) => Linear) =>
      bert(config, mapLinears(base, (map, path) => replace(path, map)), inputs).last;
    const beside = run((path, map) => (x) => add(linear(map, x), low(path, x)));
    const merged = run((path, { w, b }) => ({
      w: add(w, matmul(adapters[path].a, adapters[path].b)),
      b,
    }));
    const [, gradient] = valueAndGrad((adapters: Adapters) => {
      const adapted = mapLinears(
        base,
        (map, path) => (x) =>
          add(linear(map, x), matmul(matmul(x, adapters[path].a), adapters[path].b)),
      );
      const { last, pooled } = bert(config, adapted, inputs);
      return add(sum(mul(last, last)), sum(pooled!));
    })(adapters);
    return { beside, difference: sub(beside, merged), plain: run((_, map) => map), gradient };
  };
  const result: Host<ReturnType<typeof f>> = await evaluate(f, [model, adapters, inputs]);
  const largest = (x: NdArray) => Math.max(...(x.data as Float32Array).map(Math.abs));
  assert.ok(largest(result.difference) < 1e-4 * largest(result.beside));
  assert.notDeepEqual(result.plain.data, result.beside.data);
  for (const { path, leaf } of treeLeaves(result.gradient)) {
    assert.ok(largest(leaf as NdArray) > 0, `no gradient reaches ${path}`);
  }
});

Deno.test("bert() without mask and types takes every token, of type 0", async () => {
  const f = (p: BertParams, { ids, types, mask }: Inputs) =>
    sub(bert(config, p, { ids }).last, bert(config, p, { ids, types, mask }).last);
  const zeros = { ...inputs.types, data: new Int32Array(3 * LENGTH) };
  const ones = { ...inputs.mask, data: new Int32Array(3 * LENGTH).fill(1) };
  const { data } = await evaluate(f, [params, { ids: inputs.ids, types: zeros, mask: ones }]);
  assert.ok((data as Float64Array).every((x) => Math.abs(x) < 1e-12));
});

Deno.test("bert() drops at every place that its shapes name", async () => {
  const shapes = modelDropoutShapes(config, 3, LENGTH);
  const masks = dropoutMasks(stream(8, "dropout"), shapes, { rate: 0.5, steps: 1 });
  const model = initBert(stream(8, "model"), config);
  const f = (p: BertParams, { ids }: Inputs, given: ModelDropout) => {
    const dropout = treeMap<ModelDropout>((leaf) => {
      const mask = asTensor(leaf);
      return reshape(mask, mask.shape.slice(1));
    }, given);
    const ones = treeMap<ModelDropout>((leaf) => add(mul(leaf, 0), 1), dropout);
    const plain = bert(config, p, { ids }).last;
    // One mask at a time: all but one place keep everything.
    const each = treeLeaves(dropout).map(({ path }) => {
      const one = treeMap<ModelDropout>(
        (leaf, at, other) => at === path ? other : leaf,
        ones,
        dropout,
      );
      return sub(bert(config, p, { ids }, { dropout: one }).last, plain);
    });
    return { each, none: sub(bert(config, p, { ids }, { dropout: ones }).last, plain) };
  };
  const { each, none } = await evaluate(f, [model, inputs, masks]);
  const zero = (x: NdArray) => (x.data as Float32Array).every((d) => Math.abs(d) < 1e-6);
  assert.equal(each.length, 1 + 3 * config.layers);
  assert.ok(zero(none));
  each.forEach((difference: NdArray, i: number) => assert.ok(!zero(difference), `mask ${i}`));
});

Deno.test("mapLinears() finds linear maps, not convolutions, in arrays and tensors alike", () => {
  const cnn = initCnn(stream(1), { image: 8, channels: 1, widths: [2], hidden: 3, classes: 2 });
  assert.deepEqual(linearPaths(cnn), ["head.up", "head.down"]);
});

Deno.test("what does not fit is refused by name", () => {
  assert.throws(() => bertConfigOf({ model_type: "gpt2" }), /"model_type" is "gpt2"/);
  assert.throws(
    () => bertConfigOf({ ...small.config, hidden_size: "16" }),
    /"hidden_size" must be a positive integer, not "16"/,
  );
  assert.throws(() => bertConfigOf({ ...small.config, hidden_act: "mish" }), /"mish"; supported/);
  const name = "encoder.layer.1.attention.self.key.weight";
  const { [name]: _, ...rest } = checkpoint;
  assert.throws(() => bertFromCheckpoint(config, rest), /no "encoder\.layer\.1\..*key\.weight"/);
  const wrong = { ...checkpoint, [name]: { ...checkpoint[name], shape: [8, 32] } };
  assert.throws(() => bertFromCheckpoint(config, wrong), /has shape \[8, 32\].*wants \[16, 16\]/);
  const prefixed = Object.fromEntries(Object.entries(checkpoint).map(([k, v]) => [`bert.${k}`, v]));
  assert.deepEqual(bertFromCheckpoint(config, prefixed), params);
  const old = Object.fromEntries(
    Object.entries(checkpoint).map(([name, x]) => [
      name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
        "LayerNorm.bias",
        "LayerNorm.beta",
      ),
      x,
    ]),
  );
  assert.deepEqual(bertFromCheckpoint(config, old), params);
  assert.throws(
    () =>
      compile((p: BertParams, ids: Tensor) => bert(config, p, { ids }).last, [
        params,
        { dtype: "int32", shape: [1, 13] },
      ]),
    /sequences of 13 tokens; the model has 12 positions/,
  );
});
