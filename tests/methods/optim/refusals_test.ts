// What optimisers refuse: each mistake once passed in silence or failed with a message about something else.

import assert from "node:assert/strict";
import {
  accumulateGradients,
  adagrad,
  adam,
  adamw,
  allFinite,
  cosineRate,
  inSequence,
  layoutOf,
  learningRates,
  linearRate,
  longRun,
  lossInParts,
  lossScaling,
  type Optimizer,
  optimizerOf,
  rmsprop,
  sgd,
  stepRate,
  warmupCosine,
} from "../../../methods/optim/mod.ts";
import {
  compile,
  type DType,
  full,
  grad,
  matmul,
  mean,
  type NdArray,
  square,
  sub,
  type Tensor,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { values } from "../tensor/harness.ts";
import { evaluate } from "../tensor/harness.ts";
import { refuses } from "../tensor/refuses.ts";

const params = { a: { w: zeros([1]) }, b: zeros([2, 3]) };
const withW = (w: NdArray) => ({ ...params, a: { w } });
type Loose = (...args: unknown[]) => never;

/** Traces one step with whatever is given. */
function stepOf(
  optimizer: Optimizer,
  { p = params, gradients = p, state = optimizer.init(p), options = { lr: 0.1 } }: {
    p?: unknown;
    gradients?: unknown;
    state?: unknown;
    options?: unknown;
  },
): void {
  const host = [p, gradients, state, options] as const;
  const f = (...traced: unknown[]) => (optimizer.step as Loose)(...traced);
  // Numbers and missing options are not arguments of programs.
  const plain = options === undefined || typeof (options as { lr: unknown }).lr !== "object";
  const args = plain ? host.slice(0, 3) : host;
  compile((...traced: unknown[]) => plain ? f(...traced, options) : f(...traced), args as never);
}

Deno.test("a gradient, a slot, a rate or a scale of another shape or dtype is refused by name", () => {
  for (const optimizer of [sgd({ momentum: 0.9 }), adam(), rmsprop(), adagrad()]) {
    refuses(
      () => stepOf(optimizer, { gradients: withW(zeros([3])) }),
      "shape",
      /^\w+: the gradient of "a\.w" is float32\[3\], the parameter float32\[1\]; take grad\(\)/,
    );
    const state = optimizer.init(params), [slot] = Object.keys(state.slots);
    const other = { ...state, slots: { ...state.slots, [slot]: withW(zeros([])) } };
    refuses(
      () => stepOf(optimizer, { state: other }),
      "shape",
      new RegExp(
        `the slot ${slot} of "a.w" is float32\\[\\], the parameter float32\\[1\\]; .*init`,
      ),
    );
  }
  const double = withW(zeros([1], "float64"));
  refuses(
    () => stepOf(adam(), { gradients: double }),
    "dtype",
    /"a\.w" is float64\[1\].*float32\[1\]/,
  );
  for (const key of ["lr", "gradientScale"]) {
    const options = { lr: zeros([]), [key]: zeros([2, 3]) };
    refuses(
      () => stepOf(adam(), { options }),
      "shape",
      new RegExp(`adam: ${key} is float32\\[2, 3\\]`),
    );
  }
  const whole = { n: zeros([2], "int32"), w: zeros([1]) };
  refuses(() => adam().init(whole), "dtype", /adam: the parameter "n" is int32\[2\]/);
  const frozen = { where: (path: string) => path === "n", settings: { frozen: true } };
  assert.equal(adam({ groups: [frozen] }).init(whole).slots.m.n.dtype, "int32");
  refuses(() => sgd().init({ n: 1 }), "argument", /"n" is a number; fromNested\(\)/);
});

Deno.test("float16 parameters take the float32 gradients that lossScaling() gives", () => {
  const p = { w: zeros([2], "float16") }, optimizer = adam(), scaling = lossScaling();
  const f = (p: { w: Tensor }, state: never, g: { w: Tensor }, scale: never) => {
    const { gradients } = scaling.unscale(g, scale);
    assert.equal(gradients.w.dtype, "float32");
    return optimizer.step(p, gradients, state, { lr: 0.1 })[0];
  };
  const args = [p, optimizer.init(p), p, scaling.init()] as never;
  assert.deepEqual(compile(f, args).outputs.map(({ dtype }) => dtype), ["float16"]);
});

Deno.test("a state of another optimiser, or none, is refused with what is needed", () => {
  const given = (optimizer: Optimizer, state: unknown) => () => stepOf(optimizer, { state });
  const momentum = sgd({ momentum: 0.9 }).init(params);
  refuses(
    given(adam(), momentum),
    "argument",
    /^adam: the state has slots \{velocity\}; it needs m and v: make it with init/,
  );
  const plain = adam().init(params);
  refuses(given(adam({ amsgrad: true }), plain), "argument", /slots \{m, v\}; .* m, v and vMax/);
  refuses(given(sgd(), plain), "argument", /^sgd: the state has slots \{m, v\}; it needs none/);
  refuses(
    given(adam(), params),
    "argument",
    /adam: the state has \{a, b\}; it needs \{step, slots\}/,
  );
  const other = adam().init({ b: zeros([2, 3]) });
  refuses(given(adam(), other), "tree", /slots m have no leaf "a\.w"/);
  refuses(given(adam(), { ...plain, step: zeros([2]) }), "shape", /step is float32\[2\]/);
  const step = adam().step as Loose;
  refuses(() => step(params, params, { lr: 0.1 }), "argument", /options where the state belongs/);
  refuses(() => step(params, params), "argument", /adam: the state is undefined; make it/);
  refuses(() => step(params, undefined, plain, { lr: 1 }), "argument", /gradients are undefined/);
  const more = { ...params, c: zeros([]) };
  refuses(() => stepOf(adam(), { gradients: more }), "tree", /gradients have a leaf "c"/);
});

Deno.test("options of a step that are missing, unknown or not finite are refused", () => {
  const given = (options: unknown) => () => {
    const state = adam().init(params);
    (adam().step as Loose)(params, params, state, options);
  };
  refuses(
    given(undefined),
    "argument",
    /got undefined in the place of its options; give it \{ lr \}/,
  );
  refuses(given({}), "argument", /the options of step\(\) are \{\} and have no lr/);
  refuses(given({ learningRate: 1 }), "argument", /are \{learningRate\} and have no lr/);
  refuses(given({ lr: NaN }), "argument", /lr is NaN/);
  refuses(given({ lr: "0.1" }), "argument", /lr is "0\.1"; it must be a number or a scalar tensor/);
  refuses(
    given({ lr: 1, gradient_scale: 1 }),
    "argument",
    /"gradient_scale" is unknown; .* gradientScale/,
  );
});

Deno.test("settings that are unknown or out of range are refused with those that are known", () => {
  const make = (f: unknown, settings: unknown) => () => (f as Loose)(settings);
  refuses(
    make(adam, { weight_decay: 0.1 }),
    "argument",
    /^adam: option "weight_decay" is unknown; here it is weightDecay; known are beta1, beta2, eps/,
  );
  refuses(make(adam, { betas: [0.9, 0.99] }), "argument", /"betas" is unknown; .* beta1 and beta2/);
  refuses(make(sgd, { lr: 0.1 }), "argument", /^sgd: option "lr" .* given to each step/);
  refuses(make(adam, { decay: "decouple" }), "argument", /must be "coupled" or "decoupled"/);
  refuses(make(adam, { beta1: 1 }), "argument", /"beta1" is 1; it must be a number in \[0, 1\)/);
  refuses(make(sgd, { nesterov: 1 }), "argument", /"nesterov" is 1; it must be true or false/);
  refuses(make(rmsprop, { eps: -1 }), "argument", /^rmsprop: option "eps" is -1/);
  refuses(make(adagrad, { initial: zeros([]) }), "argument", /^adagrad: .* is an object/);
  refuses(make(adamw, { betas: [] }), "argument", /^adamw: option "betas"/);
  const group = (where: unknown, settings: unknown) =>
    make(adam, { groups: [{ where, settings }] });
  const all = () => true;
  refuses(group("b", {}), "argument", /groups\[0\]\.where is "b"; it must be a function/);
  refuses(group(all, undefined), "argument", /groups\[0\]\.settings must be an object/);
  refuses(group(all, { lr: 1 }), "argument", /groups\[0\]: setting "lr" is unknown; .* lrScale/);
  refuses(group(all, { frozen: 1 }), "argument", /"frozen" is 1; it must be true or false/);
  assert.ok(adam({ beta1: undefined, groups: [{ where: all, settings: { lrScale: -1 } }] }));
});

Deno.test("a group that no parameter belongs to is refused; one behind another is not", () => {
  const none = sgd({ groups: [{ where: (path) => path === "bias", settings: { frozen: true } }] });
  const text = /^sgd: no parameter belongs to groups\[0\]; .* the parameters are a\.w, b$/;
  refuses(() => none.init(params), "argument", text);
  refuses(() => stepOf(none, { state: sgd().init(params) }), "argument", text);
  const shadowed = sgd({
    groups: [
      { where: () => true, settings: { lrScale: 2 } },
      { where: (path) => path === "b", settings: { lrScale: 3 } },
    ],
  });
  stepOf(shadowed, {});
  const own = optimizerOf({ slots: () => [], update: ({ param }) => ({ param, slots: {} }) }, {}, [
    { where: () => false, settings: {} },
  ]);
  refuses(() => own.init(params), "argument", /^optimizer: no parameter/);
});

Deno.test("the flat adamw says what it takes", () => {
  const init = adamw().init as Loose;
  refuses(
    () => init(params),
    "argument",
    /^adamw: .* is a tree; one flat vector .*trainSteps.*ravel.* adam\(\{ decay: "decoupled" \}\)/,
  );
  refuses(() => init(), "argument", /is undefined; one flat vector/);
  refuses(() => init(zeros([2, 2])), "shape", /is float32\[2, 2\]; one flat float32 vector/);
  refuses(() => init(zeros([2], "float64")), "dtype", /is float64\[2\]; .* float dtypes/);
  const state = adamw().init(zeros([4]));
  const step = (options = {}, given: { s?: unknown; g?: unknown; o?: unknown } = {}) => () =>
    (adamw(options).step as Loose)(given.s ?? state, given.g ?? zeros([4]), given.o ?? { lr: 1 });
  refuses(
    step({}, { g: zeros([1]) }),
    "shape",
    /the gradient is float32\[1\], the parameter float32\[4\]/,
  );
  const moments = { ...state, v: zeros([1]) };
  refuses(step({}, { s: moments }), "shape", /the moment v is float32\[1\]/);
  refuses(step({}, { s: adam().init(params) }), "argument", /the state has no params, m, v, t/);
  refuses(
    step({}, { o: {} }),
    "argument",
    /^adamw: the options of step\(\) are \{\} and have no lr/,
  );
  refuses(step({}, { o: { lr: zeros([4]) } }), "shape", /lr is float32\[4\]/);
  refuses(
    step({}, { o: { lr: 1, decay: 1 } }),
    "argument",
    /"decay" is unknown; known are lr, upd/,
  );
  refuses(step({ segments: [1, 3] }), "shape", /t is float32\[1\]; 2 segments want \[2\]/);
  const updateMask = zeros([3]);
  refuses(step({}, { o: { lr: 1, updateMask } }), "shape", /updateMask is float32\[3\]/);
  refuses(step({ decayMask: zeros([1]) }), "shape", /decayMask is float32\[1\]; .* want \[4\]/);
});

Deno.test("lossInParts() and its gradient are those of the whole batch in every float dtype", async () => {
  type Batch = { x: Tensor; y: Tensor };
  for (
    const [dtype, tolerance] of [["float64", 1e-14], ["float32", 1e-6], ["float16", 1e-2]] as const
  ) {
    const loss = (w: Tensor) => ({ x, y }: Batch) => mean(square(sub(matmul(x, w), y)));
    const f = (w: Tensor, batch: Batch) => {
      const whole = (w: Tensor) => loss(w)(batch);
      const cut = (w: Tensor) => lossInParts(loss(w), 2)(batch);
      return { values: [whole(w), cut(w)], gradients: [grad(whole)(w), grad(cut)(w)] };
    };
    const draw = (shape: number[], seed: number) => values(shape, seed, dtype as DType);
    const batch = { x: draw([8, 3], 1), y: draw([8], 2) };
    const result = await evaluate(f, [draw([3], 3), batch]);
    for (const [a, b] of [result.values, result.gradients] as NdArray[][]) {
      assert.equal(b.dtype, dtype);
      a.data.forEach((v, i) => {
        const error = Math.abs(Number(v) - Number(b.data[i]));
        assert.ok(error < tolerance, `${dtype} differs by ${error}`);
      });
    }
  }
});

Deno.test("batches that cannot be cut, and trees without leaves, are refused", () => {
  const given = (loss: (b: { x: Tensor; y: Tensor }) => Tensor, items: number, y: number[]) => () =>
    compile(lossInParts(loss, items), [{ x: zeros([4, 3]), y: zeros(y) }]);
  const total = ({ x }: { x: Tensor }) => mean(x);
  refuses(given(total, 3, [4]), "shape", /a batch of 4 cannot be cut into parts of 3/);
  refuses(given(total, 2, [2]), "shape", /lossInParts: "y" is float32\[2\]/);
  refuses(given(({ y }) => y, 2, [4]), "shape", /the loss is float32\[2\], and must be a scalar/);
  const accumulate = accumulateGradients((w: Tensor) => [mean(w), w]) as Loose;
  refuses(() => accumulate(zeros([2]), {}), "argument", /the batches hold no tensor/);
  refuses(() => allFinite({}), "tree", /allFinite: the tree has no leaves/);
  refuses(() => layoutOf({ w: full([2], 1, "int32") }), "dtype", /layoutOf: parameter w is int32/);
  refuses(() => (layoutOf as Loose)({ w: undefined }), "tree", /layoutOf: "w" is undefined/);
});

Deno.test("schedules and long runs name the setting that is missing", async () => {
  const loose = (f: unknown, ...args: unknown[]) => () => (f as Loose)(...args);
  refuses(
    loose(warmupCosine, { warmup: 1, steps: 9 }),
    "argument",
    /warmupCosine: peak is undefined/,
  );
  refuses(loose(linearRate, { from: 0, to: 1 }), "argument", /linearRate: steps is undefined/);
  refuses(loose(cosineRate, { peak: 1 }), "argument", /cosineRate: steps is undefined/);
  refuses(loose(stepRate, { base: 1 }), "argument", /stepRate: at is undefined/);
  refuses(loose(inSequence, cosineRate({ peak: 1, steps: 2 })), "argument", /part 0 is no \[sch/);
  refuses(() => learningRates((i) => 1 / (i - 3), 2, 5), "argument", /gives Infinity at step 3/);
  const run = longRun as unknown as (a: unknown) => Promise<never>;
  await assert.rejects(run({ steps: 3 }), /longRun: chunk is undefined; it must be a whole number/);
});
