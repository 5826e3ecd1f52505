// The DeBERTa encoder: values and gradients in float64 against Hugging Face's DebertaV2Model, adapters.

import assert from "node:assert/strict";
import { initSvdAdapters, withSvdAdapters } from "../../../methods/adalora/mod.ts";
import { splitLinears, withLowRanks } from "../../../methods/losparse/mod.ts";
import { logBucket, relativeRows } from "../../../methods/nn/disentangled.ts";
import {
  deberta,
  debertaConfigOf,
  debertaFromCheckpoint,
  type DebertaParams,
  initDeberta,
  linearPaths,
  type ModelDropout,
  modelDropoutShapes,
} from "../../../methods/nn/mod.ts";
import {
  cast,
  compile,
  constant,
  expandDims,
  fromNumbers,
  grad,
  load,
  mul,
  type NdArray,
  ones,
  sub,
  sum,
  type Tensor,
  valueAndGrad,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/deberta.json" with { type: "json" };
import { evaluate } from "../tensor/harness.ts";
import { assertCompact, numbersOf, type Sample } from "./reference.ts";
import { checkGradients } from "./torch_case.ts";

interface Case {
  hidden_size: number;
  pos_att_type: string;
  lengths: number[];
  value: number;
  hidden: Sample[];
  gradients: Record<string, Sample>;
}
const cases = reference.cases as unknown as Record<string, Case>;

const draw = (name: string, shape: readonly number[], std = 1): NdArray => {
  const { data } = stream(5, "deberta", name).normal(shape, { std });
  return fromNumbers(data as Float32Array, shape, "float64");
};

const checkpointOf = ({ gradients }: Case) =>
  Object.fromEntries(
    Object.entries(gradients).map(([name, { shape }]) => [name, draw(name, shape, 0.4)]),
  );

const inputsOf = (name: string, lengths: readonly number[], vocab: number) => {
  const n = lengths[0];
  const present = lengths.flatMap((k) => Array.from({ length: n }, (_, i) => i < k ? 1 : 0));
  return {
    ids: stream(5, "deberta", name, "ids").integers(1, vocab, [lengths.length, n]),
    mask: fromNumbers(present, [lengths.length, n], "int32"),
  };
};
type Inputs = { ids: Tensor; mask: Tensor };

for (const [name, expected] of Object.entries(cases)) {
  Deno.test(`deberta() and its gradients match DebertaV2Model in float64: ${name}`, async () => {
    const { hidden_size, pos_att_type } = expected;
    const config = debertaConfigOf({ ...reference.config, hidden_size, pos_att_type });
    const checkpoint = checkpointOf(expected);
    const build = (arrays: Record<string, NdArray>) => debertaFromCheckpoint(config, arrays);
    const params = build(checkpoint);
    const inputs = inputsOf(name, expected.lengths, config.vocab);
    const f = (params: DebertaParams, inputs: Inputs) => {
      const [[value, hidden], gradient] = valueAndGrad((p: DebertaParams) => {
        const real = expandDims(cast(inputs.mask, "float64"), 2);
        const hidden = deberta(config, p, inputs).hidden.map((states) => mul(states, real));
        const last = hidden[hidden.length - 1];
        return [sum(mul(last, constant(draw(`${name} last`, last.shape)))), hidden] as const;
      }, { hasAux: true })(params);
      return { value, hidden, gradient };
    };
    const executable = await load(compile(f, [params, inputs]), { provider: "cpu" });
    const { value, hidden, gradient } = await executable.run(params, inputs);
    await executable.dispose();
    assert.equal(hidden.length, expected.hidden.length);
    hidden.forEach((states: NdArray, i: number) =>
      assertCompact(states, expected.hidden[i], 1e-9, `states ${i}`)
    );
    const difference = Math.abs(Number(value.data[0]) - expected.value);
    assert.ok(difference < 1e-9 * Math.abs(expected.value), `value differs by ${difference}`);
    checkGradients(expected.gradients, build, gradient, 1e-8, "deberta");
  });
}

Deno.test("distances have the buckets of transformers, as far as version 3's table goes and beyond", () => {
  const { buckets, positions, values } = reference.buckets;
  const expected = numbersOf(values);
  assert.deepEqual(
    expected.map((_, distance) => logBucket(distance, buckets, positions)),
    expected,
  );
  const { rows, places } = relativeRows(700, { span: buckets, buckets, positions });
  const at = (distance: number) => rows[places[distance + 699]];
  assert.equal(at(0), 256);
  assert.equal(at(-128), 128);
  assert.equal(at(699), 511);
  assert.equal(at(-699), 0);
  assert.deepEqual(
    relativeRows(3, { span: 4, buckets: 0, positions: 4 }),
    { rows: [2, 3, 4, 5, 6], places: [0, 1, 2, 3, 4] },
  );
});

const json = { ...reference.config, hidden_size: 24, pos_att_type: "c2p|p2c" };
const small = debertaConfigOf({ ...json, pos_att_type: ["c2p", "p2c"] });
const model = initDeberta(stream(3, "model"), small);
const { ids, mask } = inputsOf("long", [20, 9, 1], small.vocab);

Deno.test("adapters beside deberta()'s maps leave it unchanged at Λ = 0, and gradients reach each", async () => {
  const paths = linearPaths(model);
  assert.equal(paths.length, 6 * small.layers);
  const adapters = initSvdAdapters(stream(3, "adapters"), model, { rank: 2 });
  const f = (
    p: DebertaParams,
    adapters: Record<string, { q: Tensor; lambda: Tensor; p: Tensor }>,
  ) => {
    const run = (a: typeof adapters) =>
      deberta(small, withSvdAdapters(p, a, 1), { ids: constant(ids), mask: constant(mask) }).last;
    const difference = sub(
      run(adapters),
      deberta(small, p, {
        ids: constant(ids),
        mask: constant(mask),
      }).last,
    );
    return {
      difference,
      gradient: grad((a: typeof adapters) => sum(mul(run(a), run(a))))(adapters),
    };
  };
  const { difference, gradient } = await evaluate(f, [model, adapters]);
  assert.ok((difference.data as Float32Array).every((x) => Math.abs(x) < 1e-5));
  for (const path of paths) {
    const { lambda } = gradient[path];
    assert.ok((lambda.data as Float32Array).some((x) => x !== 0), path);
  }
});

Deno.test("LoSparse's split of all maps leaves deberta() unchanged", async () => {
  const { params, lowRanks } = splitLinears(model, { ratio: 0.3 });
  const f = (p: DebertaParams, s: DebertaParams, l: typeof lowRanks) => {
    const inputs = { ids: constant(ids), mask: constant(mask) };
    const parts = l as unknown as Parameters<typeof withLowRanks>[1];
    return sub(deberta(small, p, inputs).last, deberta(small, withLowRanks(s, parts), inputs).last);
  };
  const { data } = await evaluate(f, [model, params, lowRanks] as never);
  assert.ok((data as Float32Array).every((x) => Math.abs(x) < 2e-5));
});

Deno.test("deberta() drops at every place that its shapes name, and padding changes no token", async () => {
  const shapes = modelDropoutShapes(small, 3, 20);
  const f = (p: DebertaParams, other: Tensor) => {
    const run = (ids: Tensor, dropout?: ModelDropout) =>
      deberta(small, p, { ids, mask: constant(mask) }, { dropout }).last;
    const full = (make: typeof ones) => ({
      embeddings: constant(make(shapes.embeddings)),
      blocks: shapes.blocks.map(({ attention, mlp, weights }) => ({
        attention: constant(make(attention)),
        mlp: constant(make(mlp)),
        weights: constant(make(weights!)),
      })),
    });
    const plain = run(constant(ids)), kept = full(ones), none = full(zeros);
    const each = [
      run(constant(ids), { ...kept, embeddings: none.embeddings }),
      ...kept.blocks.flatMap((_, i) =>
        (["attention", "mlp", "weights"] as const).map((place) =>
          run(constant(ids), {
            ...kept,
            blocks: kept.blocks.map((b, k) =>
              k === i ? { ...b, [place]: none.blocks[i][place] } : b
            ),
          })
        )
      ),
    ].map((states) => sub(states, plain));
    const real = expandDims(cast(constant(mask), "float32"), 2);
    return {
      kept: sub(run(constant(ids), kept), plain),
      each,
      padding: mul(sub(run(other), plain), real),
    };
  };
  const changed = {
    ...ids,
    data: (ids.data as Int32Array).map((id, k) => mask.data[k] ? id : (id + 1) % small.vocab),
  };
  const { kept, each, padding } = await evaluate(f, [model, changed]);
  const largest = (x: NdArray) => Math.max(...(x.data as Float32Array).map(Math.abs));
  assert.ok(largest(kept) < 1e-6);
  assert.equal(largest(padding), 0);
  assert.equal(each.length, 1 + 3 * small.layers);
  each.forEach((difference: NdArray, i: number) =>
    assert.ok(largest(difference) > 1e-3, `mask ${i}`)
  );
});

Deno.test("other forms of DeBERTa, and weights that do not fit, are refused by name", () => {
  const refused = (change: object, why: RegExp) =>
    assert.throws(() => debertaConfigOf({ ...json, ...change }), why);
  refused({ model_type: "deberta" }, /"model_type" is "deberta", not "deberta-v2"/);
  refused({ conv_kernel_size: 3 }, /"conv_kernel_size" is 3; 0 is supported/);
  refused({ share_att_key: false }, /"share_att_key" is false; true is supported/);
  refused({ pos_att_type: "c2p|p2p" }, /"pos_att_type" has "p2p"/);
  refused({ type_vocab_size: 2 }, /"type_vocab_size" is 2/);
  const checkpoint = checkpointOf(cases.short);
  const prefixed = Object.fromEntries(
    Object.entries(checkpoint).map(([name, array]) => [`deberta.${name}`, array]),
  );
  const config = debertaConfigOf(json);
  assert.deepEqual(
    debertaFromCheckpoint(config, prefixed),
    debertaFromCheckpoint(config, checkpoint),
  );
  const { "encoder.rel_embeddings.weight": _, ...rest } = checkpoint;
  assert.throws(() => debertaFromCheckpoint(config, rest), /no "encoder\.rel_embeddings\.weight"/);
});
