// Long short-term memory and gated recurrent units, by `scan`; weights lie as PyTorch's do.

import {
  add,
  broadcastTo,
  constant,
  flip,
  matmul,
  mul,
  type NdArray,
  reshape,
  scan,
  sigmoid,
  split,
  sub,
  tanh,
  type Tensor,
  TensorError,
  transpose,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { describe } from "../tensor/types.ts";
import { requireSequence, requireSizes } from "./checks.ts";
import { project } from "./layers.ts";

/**
 * One layer, laid out as in `torch.nn.LSTM` and `GRU` (where names are `weight_ih_l0` and so on): the
 * gates' rows one after another, i f g o for LSTM (G = 4) and r z n for GRU (G = 3).
 */
export type RecurrentParams<L = Tensor> = {
  /** [G·hidden, inputs]. */
  weightInput: L;
  /** [G·hidden, hidden]. */
  weightHidden: L;
  /** [G·hidden]. */
  biasInput: L;
  /** [G·hidden]. */
  biasHidden: L;
};

/** State of an LSTM: output and cell, each [batch, hidden]. */
export type LstmState<L = Tensor> = { h: L; c: L };

/** Options of {@link lstm} and {@link gru}. */
export interface RecurrentOptions<S> {
  /** State before the first step. @default zeros */
  initial?: S;
  /** Read the sequence from its end; outputs stay at their places. @default false */
  reverse?: boolean;
}

/** Uniform on ±1/√hidden as PyTorch's, each array from the stream's child of its name. */
function initRecurrent(
  stream: Stream,
  inputs: number,
  hidden: number,
  gates: number,
): RecurrentParams<NdArray> {
  const high = 1 / Math.sqrt(hidden);
  const draw = (name: string, shape: number[]) =>
    stream.child(name).uniform(shape, { low: -high, high });
  return {
    weightInput: draw("weightInput", [gates * hidden, inputs]),
    weightHidden: draw("weightHidden", [gates * hidden, hidden]),
    biasInput: draw("biasInput", [gates * hidden]),
    biasHidden: draw("biasHidden", [gates * hidden]),
  };
}

/** Initial parameters of an LSTM layer. */
export function initLstm(stream: Stream, inputs: number, hidden: number): RecurrentParams<NdArray> {
  requireSizes("initLstm", { inputs, hidden });
  return initRecurrent(stream, inputs, hidden, 4);
}

/** Initial parameters of a GRU layer. */
export function initGru(stream: Stream, inputs: number, hidden: number): RecurrentParams<NdArray> {
  requireSizes("initGru", { inputs, hidden });
  return initRecurrent(stream, inputs, hidden, 3);
}

/** The inputs' share of all gates of all steps, one product: x [batch, n, in] → [n, batch, G·hidden]. */
function inputGates(p: RecurrentParams, x: Tensor, bias: Tensor, reverse: boolean): Tensor {
  const gates = add(project(transpose(p.weightInput, [1, 0]), x), bias);
  const series = transpose(gates, [1, 0, 2]);
  return reverse ? flip(series, 0) : series;
}

function outputsOf(series: Tensor, reverse: boolean): Tensor {
  return transpose(reverse ? flip(series, 0) : series, [1, 0, 2]);
}

function parts(gates: Tensor, hidden: number, count: number): Tensor[] {
  return split(gates, new Array(count).fill(hidden), 1);
}

/** Width of the state. @throws TensorError `shape` for weights of another number of gates. */
function hiddenOf(owner: string, { weightHidden }: RecurrentParams, gates: number): number {
  const [rows, hidden] = weightHidden.shape;
  if (rows === gates * hidden) return hidden;
  throw new TensorError(
    "shape",
    `${owner}: weightHidden is ${describe(weightHidden)}; ${gates} gates need [${
      gates * hidden
    }, ${hidden}]: are these the parameters of another cell?`,
  );
}

const zeroState = (x: Tensor, hidden: number) =>
  broadcastTo(constant(0, x.dtype), [x.shape[0], hidden]);

/**
 * An LSTM layer (Hochreiter and Schmidhuber 1997, with a forget gate): c′ = σ(f) c + σ(i) tanh(g),
 * h′ = σ(o) tanh(c′).
 *
 * @param x [batch, n, inputs].
 * @returns outputs [batch, n, hidden] and the last state.
 * @throws TensorError `shape` for x without a batch axis, or weights of other gates.
 *
 * @example
 * ```ts
 * import { compile, zeros, type Tensor } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { initLstm, lstm, type RecurrentParams } from "./mod.ts";
 *
 * const layers = [initLstm(stream(7, "lstm", 0), 8, 16), initLstm(stream(7, "lstm", 1), 16, 16)];
 * const stacked = (layers: RecurrentParams[], x: Tensor) =>
 *   layers.reduce((y, p) => lstm(p, y)[0], x);
 * const program = compile(stacked, [layers, zeros([4, 10, 8])]);
 * console.log(program.outputs[0].shape); // [4, 10, 16]
 * ```
 */
export function lstm(
  p: RecurrentParams,
  x: Tensor,
  { initial, reverse = false }: RecurrentOptions<LstmState> = {},
): [Tensor, LstmState] {
  requireSequence("lstm", "x", x);
  const hidden = hiddenOf("lstm", p, 4);
  const start = initial ?? { h: zeroState(x, hidden), c: zeroState(x, hidden) };
  const given = inputGates(p, x, add(p.biasInput, p.biasHidden), reverse);
  const weight = transpose(p.weightHidden, [1, 0]);
  const [last, outputs] = scan(
    ({ h, c }: LstmState, gates: Tensor) => {
      const [i, f, g, o] = parts(add(gates, matmul(h, weight)), hidden, 4);
      const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
      const out = mul(sigmoid(o), tanh(next));
      return [{ h: out, c: next }, out] as const;
    },
    start,
    given,
  );
  return [outputsOf(outputs, reverse), last];
}

/**
 * A GRU layer (Cho et al., arXiv 1406.1078, in PyTorch's form, whose reset gate acts on the product):
 * n = tanh(nₓ + r (W h + b)), h′ = (1 − z) n + z h.
 *
 * @param x [batch, n, inputs].
 * @returns outputs [batch, n, hidden] and the last state [batch, hidden].
 * @throws TensorError `shape` for x without a batch axis, or weights of other gates.
 */
export function gru(
  p: RecurrentParams,
  x: Tensor,
  { initial, reverse = false }: RecurrentOptions<Tensor> = {},
): [Tensor, Tensor] {
  requireSequence("gru", "x", x);
  const hidden = hiddenOf("gru", p, 3);
  const given = inputGates(p, x, p.biasInput, reverse);
  const weight = transpose(p.weightHidden, [1, 0]);
  const bias = reshape(p.biasHidden, [1, 3 * hidden]);
  const [last, outputs] = scan(
    (h: Tensor, gates: Tensor) => {
      const [rx, zx, nx] = parts(gates, hidden, 3);
      const [rh, zh, nh] = parts(add(matmul(h, weight), bias), hidden, 3);
      const r = sigmoid(add(rx, rh)), z = sigmoid(add(zx, zh));
      const n = tanh(add(nx, mul(r, nh)));
      const out = add(mul(sub(1, z), n), mul(z, h));
      return [out, out] as const;
    },
    initial ?? zeroState(x, hidden),
    given,
  );
  return [outputsOf(outputs, reverse), last];
}
