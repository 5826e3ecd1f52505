// What a program takes, holds and costs: as data, and as a table to read.
import type { Spec } from "./types.ts";
import { bytesOf, sizeOf } from "./ndarray.ts";
import type { NamedSpec, Program } from "./compile.ts";
import { peakBytes } from "./memory.ts";
import { type GraphView, viewOf } from "./model_view.ts";

/** An argument of a program: a tree of arrays. */
export interface ArgumentSummary {
  /** Position in the argument list. */
  readonly argument: number;
  /** Arrays in its tree. */
  readonly arrays: number;
  readonly elements: number;
  readonly bytes: number;
}

/** How often an ONNX operator occurs. */
export interface OperatorSummary {
  /** ONNX operator, e.g. `Gemm`. */
  readonly operator: string;
  /** Nodes in the model, each loop body counted once. */
  readonly nodes: number;
  /**
   * Executions in one run: a loop's nodes times its steps, once if the data decide how many; both
   * branches of a conditional.
   */
  readonly executions: number;
}

/** What {@linkcode summary} finds. */
export interface ProgramSummary {
  readonly name: string;
  readonly arguments: readonly ArgumentSummary[];
  readonly inputs: readonly NamedSpec[];
  readonly outputs: readonly NamedSpec[];
  /** Most frequently executed first. */
  readonly operators: readonly OperatorSummary[];
  /** Floating point operations of one run: 2mnk a product, about 1 an element elsewhere. */
  readonly flops: number;
  readonly bytes: {
    readonly inputs: number;
    readonly outputs: number;
    /** Constants inside the model. */
    readonly constants: number;
    /**
     * Estimate of the most that intermediate values and results take at one time, beside inputs and
     * constants. ONNX Runtime rounds buffers up and may keep freed ones.
     */
    readonly peak: number;
  };
}

/** Parameters, operators, FLOPs and memory of a program, read off its model. */
export function summary(program: Program<never, unknown>): ProgramSummary {
  const view = viewOf(program);
  const groups = new Map<number, NamedSpec[]>();
  for (const spec of program.inputs) {
    const argument = Number(spec.name.split(".")[1]);
    groups.set(argument, [...groups.get(argument) ?? [], spec]);
  }
  const operators = new Map<string, { nodes: number; executions: number }>();
  const count = ({ nodes }: GraphView, times: number) => {
    for (const { op, loop, branches } of nodes) {
      const known = operators.get(op) ?? { nodes: 0, executions: 0 };
      operators.set(op, { nodes: known.nodes + 1, executions: known.executions + times });
      if (loop) count(loop.body, times * (loop.steps ?? 1));
      for (const branch of branches ?? []) count(branch, times);
    }
  };
  count(view, 1);
  const bytes = (specs: Iterable<Spec>) => [...specs].reduce((sum, s) => sum + bytesOf(s), 0);
  return {
    name: program.name,
    arguments: [...groups].map(([argument, specs]) => ({
      argument,
      arrays: specs.length,
      elements: specs.reduce((sum, s) => sum + sizeOf(s.shape), 0),
      bytes: bytes(specs),
    })),
    inputs: program.inputs,
    outputs: program.outputs,
    operators: [...operators].map(([operator, counts]) => ({ operator, ...counts }))
      .sort((a, b) =>
        b.executions - a.executions || b.nodes - a.nodes || (a.operator < b.operator ? -1 : 1)
      ),
    flops: program.flops,
    bytes: {
      inputs: bytes(program.inputs),
      outputs: bytes(program.outputs),
      constants: bytes(view.constants.values()),
      peak: peakBytes(view),
    },
  };
}

/** `12.3 k`, `4.56 G`: three digits and a decimal prefix. */
function scaled(value: number, unit: string): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  let power = 0, x = value;
  while (x >= 999.5 && power < prefixes.length - 1) {
    x /= 1000;
    power++;
  }
  const digits = power === 0 ? `${x}` : x.toPrecision(3);
  return `${digits} ${prefixes[power]}${unit}`;
}

/** Columns aligned: text to the left, numbers to the right. */
function table(rows: readonly (readonly (string | number)[])[]): string {
  const text = rows.map((row) =>
    row.map((x) => typeof x === "number" ? x.toLocaleString("en") : x)
  );
  const widths = text[0].map((_, i) => Math.max(...text.map((row) => row[i].length)));
  return text.map((row, r) =>
    row.map((x, i) =>
      typeof rows.at(-1)![i] === "number" || (r > 0 && typeof rows[r][i] === "number")
        ? x.padStart(widths[i])
        : x.padEnd(widths[i])
    ).join("  ").trimEnd()
  ).join("\n");
}

/** Inputs and outputs listed one by one; beyond that, by argument only. */
const LISTED = 24;

/**
 * {@linkcode summary} as tables of text.
 *
 * @example
 * ```ts
 * import { compile, matmul, summary, summaryText, type Tensor } from "./mod.ts";
 *
 * const program = compile((w: Tensor, x: Tensor) => matmul(x, w), [
 *   { dtype: "float32", shape: [784, 10] },
 *   { dtype: "float32", shape: [64, 784] },
 * ]);
 * console.log(summaryText(summary(program)));
 * ```
 */
export function summaryText(of: ProgramSummary): string {
  const specs = (title: string, list: readonly NamedSpec[]) => {
    const shown = list.slice(0, LISTED).map((s) =>
      [s.name, `${s.dtype}[${s.shape.join(", ")}]`, sizeOf(s.shape)] as const
    );
    const more = list.length - shown.length;
    return table([[title, "type and shape", "elements"], ...shown]) +
      (more > 0 ? `\n… and ${more} more` : "");
  };
  const { bytes } = of;
  return [
    `${of.name}: ${scaled(of.flops, "FLOP")} a run`,
    table([
      ["argument", "arrays", "elements", "bytes"],
      ...of.arguments.map((a) => [`${a.argument}`, a.arrays, a.elements, a.bytes] as const),
    ]),
    specs("input", of.inputs),
    specs("output", of.outputs),
    table([
      ["operator", "nodes", "executions"],
      ...of.operators.map((o) => [o.operator, o.nodes, o.executions] as const),
    ]),
    table([
      ["memory", "bytes", ""],
      ...([
        ["inputs", bytes.inputs],
        ["outputs", bytes.outputs],
        ["constants", bytes.constants],
        ["peak of intermediate values (estimate)", bytes.peak],
      ] as const).map(([what, n]) => [what, n, scaled(n, "B")] as const),
    ]),
  ].join("\n\n") + "\n";
}
