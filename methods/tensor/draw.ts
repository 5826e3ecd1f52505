// Draws a program's graph: boxes for operators, clusters for loops and named scopes; as DOT and as SVG.
import { describe, TensorError } from "./types.ts";
import { sizeOf } from "./ndarray.ts";
import type { Program } from "./compile.ts";
import { type GraphView, type ModelView, type ViewNode, viewOf } from "./model_view.ts";

/** Options of {@linkcode draw}. */
export interface DrawOptions {
  /** Most operators to draw each in a box of its own; larger graphs are drawn by scope. @default 250 */
  readonly limit?: number;
  /** Most boxes when a graph is drawn by scope, as deep as fits. @default 60 */
  readonly boxes?: number;
}

/** Constants up to this many elements are left out. */
const SMALL = 16;

const quote = (text: string) =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

/** A part of the drawing: boxes, and parts inside. */
interface Cluster {
  readonly label: string;
  readonly boxes: string[];
  readonly parts: Map<string, Cluster>;
}

const cluster = (label: string): Cluster => ({ label, boxes: [], parts: new Map() });

/** Collects boxes and edges while the graph is walked. */
class Drawing {
  readonly root = cluster("");
  readonly #boxOf = new Map<string, string>();
  readonly #edges = new Set<string>();
  readonly #counts = new Map<string, { cluster: Cluster; label: string; nodes: number }>();
  #ids = 0;

  /** @param depth scopes drawn apart; deeper ones become one box each. null: every node is drawn */
  constructor(readonly view: ModelView, readonly depth: number | null) {}

  #label(title: string, name: string): string {
    const spec = this.view.specs.get(name);
    return spec ? `${title}\n${describe(spec)}` : title;
  }

  #box(where: Cluster, label: string, style: string): string {
    const id = `n${++this.#ids}`;
    where.boxes.push(`${id} [label=${quote(label)}, ${style}]`);
    return id;
  }

  value(where: Cluster, title: string, name: string, style: string): void {
    this.#boxOf.set(name, this.#box(where, this.#label(title, name), style));
  }

  #edge(from: string, to: string, style = ""): void {
    if (from !== to) this.#edges.add(`${from} -> ${to}${style}`);
  }

  /** The part in which a node of these scopes is drawn. */
  #part(where: Cluster, scopes: readonly string[]): Cluster {
    let part = where;
    for (const scope of scopes) {
      let next = part.parts.get(scope);
      if (next === undefined) part.parts.set(scope, next = cluster(scope));
      part = next;
    }
    return part;
  }

  /** The box of a node: its own, or that of its scope. */
  #nodeBox(where: Cluster, node: ViewNode): string {
    const { scope, operator, op, outputs, madeAt } = node;
    if (this.depth === null) {
      const part = this.#part(where, scope);
      const title = operator.toLowerCase() === op.toLowerCase() ? op : `${operator} (${op})`;
      const style = madeAt === "" ? "class=node" : `class=node, tooltip=${quote(madeAt)}`;
      return this.#box(part, this.#label(title, outputs[0]), style);
    }
    const path = scope.slice(0, this.depth);
    const part = this.#part(where, path.slice(0, -1));
    const label = path.at(-1) ?? "no scope";
    const key = [part, label] as const;
    for (const [id, known] of this.#counts) {
      if (known.cluster === key[0] && known.label === label) {
        known.nodes++;
        return id;
      }
    }
    const id = `n${++this.#ids}`;
    this.#counts.set(id, { cluster: part, label, nodes: 1 });
    return id;
  }

  graph(where: Cluster, graph: GraphView): void {
    for (const node of graph.nodes) {
      if (node.op === "Identity") {
        const source = this.#boxOf.get(node.inputs[0]);
        if (source) this.#boxOf.set(node.outputs[0], source);
        continue;
      }
      if (node.loop) {
        this.#loop(where, node, node.loop);
        continue;
      }
      if (node.branches) {
        this.#branches(where, node, node.branches);
        continue;
      }
      // What a step reads of a scanned tensor.
      if (node.op === "Gather" && graph !== this.view && node.inputs[1] === graph.inputs[0]) {
        this.value(where, "slice", node.outputs[0], "shape=ellipse, class=carry");
        this.#feed(where, node.inputs[0], this.#boxOf.get(node.outputs[0])!);
        continue;
      }
      const id = this.#nodeBox(where, node);
      for (const name of node.inputs) this.#feed(where, name, id);
      for (const name of node.outputs) this.#boxOf.set(name, id);
    }
  }

  /** An edge from what makes a value; large constants get a box, small ones none. */
  #feed(where: Cluster, name: string, id: string): void {
    const constant = this.view.constants.get(name);
    if (constant && !this.#boxOf.has(name)) {
      if (this.depth !== null || sizeOf(constant.shape) <= SMALL) return;
      this.value(where, "constant", name, "shape=note, class=constant");
    }
    const from = this.#boxOf.get(name);
    if (from) this.#edge(from, id);
  }

  #loop(where: Cluster, node: ViewNode, { body, steps }: NonNullable<ViewNode["loop"]>): void {
    const inside = cluster(steps === null ? "whileLoop" : `scan, ${steps} steps`);
    where.parts.set(node.outputs[0], inside);
    const carries = body.inputs.slice(2);
    carries.forEach((name, i) => {
      this.value(inside, "carry", name, "shape=ellipse, class=carry");
      this.#feed(where, node.inputs[2 + i], this.#boxOf.get(name)!);
    });
    this.graph(inside, body);
    body.outputs.slice(1).forEach((name, i) => {
      const made = this.#boxOf.get(name);
      if (!made) return;
      if (i < carries.length) {
        this.#edge(made, this.#boxOf.get(carries[i])!, " [style=dashed, constraint=false]");
      }
      this.#boxOf.set(node.outputs[i], made);
    });
  }

  #branches(where: Cluster, node: ViewNode, branches: NonNullable<ViewNode["branches"]>): void {
    const chosen = this.#box(
      where,
      this.#label("cond", node.outputs[0]),
      "shape=diamond, class=carry",
    );
    this.#feed(where, node.inputs[0], chosen);
    branches.forEach((branch, i) => {
      const inside = cluster(i === 0 ? "if true" : "if false");
      where.parts.set(`${node.outputs[0]} ${i}`, inside);
      this.graph(inside, branch);
      for (const name of branch.outputs) this.#feed(inside, name, chosen);
    });
    for (const name of node.outputs) this.#boxOf.set(name, chosen);
  }

  output(title: string, name: string): void {
    const from = this.#boxOf.get(name);
    this.value(this.root, title, name, "shape=ellipse, class=output");
    if (from) this.#edge(from, this.#boxOf.get(name)!);
  }

  /** Boxes of scopes, in place. Called once, at the end. */
  close(): void {
    for (const [id, { cluster, label, nodes }] of this.#counts) {
      const text = `${label}\n${nodes} ${nodes === 1 ? "node" : "nodes"}`;
      cluster.boxes.push(`${id} [label=${quote(text)}, class=node]`);
    }
  }

  get size(): number {
    return this.#ids;
  }

  dot(): string {
    let clusters = 0;
    const write = ({ label, boxes, parts }: Cluster, indent: string): string[] => {
      const inner = [...boxes, ...[...parts.values()].flatMap((p) => write(p, `${indent}  `))];
      if (indent === "  ") return inner.map((line) => line.startsWith(" ") ? line : indent + line);
      return [
        `${indent}subgraph cluster_${++clusters} {`,
        `${indent}  label=${quote(label)};`,
        ...inner.map((line) => line.startsWith(" ") ? line : `${indent}  ${line}`),
        `${indent}}`,
      ];
    };
    const colour: Record<string, string> = {
      input: "#dbeafe",
      output: "#dcfce7",
      carry: "#fef9c3",
      constant: "#f3f4f6",
      node: "#ffffff",
    };
    const painted = [...write(this.root, "  "), ...[...this.#edges].map((e) => `  ${e}`)]
      .map((line) => line.replace(/class=(\w+)/, (_, c) => `fillcolor="${colour[c]}"`));
    return [
      "digraph {",
      '  graph [fontname="Helvetica", fontsize=12, ranksep=0.35, nodesep=0.25, style=rounded, color="#9ca3af"];',
      '  node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=11, margin="0.18,0.07", color="#6b7280"];',
      '  edge [arrowsize=0.6, color="#6b7280"];',
      ...painted,
      "}",
      "",
    ].join("\n");
  }
}

function drawing(view: ModelView, program: Program<never, unknown>, depth: number | null) {
  const drawn = new Drawing(view, depth);
  const title = (name: string) => name.replace(/^in\./, "argument ").replace(/^out\.?/, "result ");
  for (const { name } of program.inputs) {
    drawn.value(drawn.root, title(name), name, "shape=ellipse, class=input");
  }
  drawn.graph(drawn.root, view);
  for (const { name } of program.outputs) drawn.output(title(name).trim(), name);
  drawn.close();
  return drawn;
}

function deepestScope({ nodes }: GraphView): number {
  return nodes.reduce(
    (most, { scope, loop, branches }) =>
      Math.max(
        most,
        scope.length,
        ...[...(loop ? [loop.body] : []), ...branches ?? []].map(deepestScope),
      ),
    0,
  );
}

/**
 * A program's graph in Graphviz's DOT: arguments blue, results green, a loop's carry and slices yellow, loops
 * and named scopes as clusters. A graph of more than `limit` boxes is drawn with one box for each scope;
 * without any named, `compile(…, { trace: true })` takes the names of functions.
 * @throws TensorError `argument` when the graph is that large and has no scopes
 */
export function drawDot(
  program: Program<never, unknown>,
  { limit = 250, boxes = 60 }: DrawOptions = {},
): string {
  const view = viewOf(program);
  const whole = drawing(view, program, null);
  if (whole.size <= limit) return whole.dot();
  // One box would do for all that has no scope, and say nothing.
  for (let depth = deepestScope(view); depth > 0; depth--) {
    const grouped = drawing(view, program, depth);
    if (depth === 1 || grouped.size <= boxes) return grouped.dot();
  }
  throw new TensorError(
    "argument",
    `draw: ${whole.size} boxes are more than the limit of ${limit}; compile with { trace: true } ` +
      "or name parts with namedScope() to draw a box for each, or raise the limit",
  );
}

/**
 * {@linkcode drawDot} as an SVG image. Loads Graphviz (WebAssembly) when first called.
 *
 * @example
 * ```ts
 * import { compile, draw, matmul, relu, type Tensor } from "./mod.ts";
 *
 * const layer = compile((w: Tensor, x: Tensor) => relu(matmul(x, w)), [
 *   { dtype: "float32", shape: [8, 4] },
 *   { dtype: "float32", shape: [2, 8] },
 * ]);
 * const path = await Deno.makeTempFile({ suffix: ".svg" });
 * await Deno.writeTextFile(path, await draw(layer));
 * await Deno.remove(path);
 * ```
 */
export async function draw(
  program: Program<never, unknown>,
  options: DrawOptions = {},
): Promise<string> {
  const dot = drawDot(program, options);
  const { instance } = await import("@viz-js/viz");
  const svg = (await instance()).renderString(dot, { format: "svg" });
  return svg.slice(svg.indexOf("<svg"));
}
