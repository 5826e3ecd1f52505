// Trees of leaves: flattening to lists and rebuilding, with the path of each leaf for messages.
import { callSite } from "./call_site.ts";
import { TensorError, type Tree } from "./types.ts";

/** A tree's form: leaves are replaced by their index in the flat list. JSON-able. */
export type TreeShape = Tree<number>;

/** Flat leaves, their paths (`0.weights.w`), and the form to rebuild the tree. */
export interface Flat<L> {
  readonly leaves: L[];
  readonly paths: string[];
  readonly tree: TreeShape;
}

function isRecord(x: unknown): x is Record<string, unknown> {
  if (typeof x !== "object" || x === null) return false;
  const proto = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}

/** What a value is, for messages: `undefined`, `null`, `a number`, `an array`, `a Map`. */
export function kindOf(x: unknown): string {
  if (x === null || x === undefined) return `${x}`;
  const kind = Array.isArray(x)
    ? "array"
    : typeof x === "object"
    ? x.constructor?.name ?? "object"
    : typeof x;
  return `${/^[aeio]/i.test(kind) ? "an" : "a"} ${kind}`;
}

/** A value itself where it is short, else what it is, for messages: `undefined`, `"swish"`, `0.5`, `a list`. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** How to mend a tree that has this value in place of a leaf. */
function hintFor(x: unknown, path: string): string {
  if (typeof x === "number") return "; fromNested() makes arrays of numbers";
  if (ArrayBuffer.isView(x)) return "; ndarray() makes an array of it";
  if (x instanceof Promise) return "; await it";
  if (typeof x === "function") return "; is it to be called?";
  return x === undefined && path !== "" ? "; leave the key out, or is a name misspelt?" : "";
}

/**
 * Lists the leaves of a tree; record keys in sorted order, so that insertion order never matters.
 * @param leaf what a leaf is, for messages
 * @throws TensorError `tree` at a value that is neither a leaf, an array, nor a plain record.
 */
export function flatten<L>(
  tree: unknown,
  isLeaf: (x: unknown) => x is L,
  root = "",
  leaf = "a tensor",
): Flat<L> {
  const leaves: L[] = [];
  const paths: string[] = [];
  const visit = (x: unknown, path: string): TreeShape => {
    if (isLeaf(x)) {
      paths.push(path);
      return leaves.push(x) - 1;
    }
    const at = (key: string | number) => path === "" ? `${key}` : `${path}.${key}`;
    if (Array.isArray(x)) return x.map((item, i) => visit(item, at(i)));
    if (isRecord(x)) {
      const form: Record<string, TreeShape> = {};
      for (const key of Object.keys(x).sort()) form[key] = visit(x[key], at(key));
      return form;
    }
    throw new TensorError(
      "tree",
      `${callSite()?.operator ?? "tree"}: ${path === "" ? "the value" : `"${path}"`} is ${
        kindOf(x)
      }; expected ${leaf}, or an array or record of them${hintFor(x, path)}`,
    );
  };
  const form = visit(tree, root);
  return { leaves, paths, tree: form };
}

/** Rebuilds a tree from its form and flat leaves. The caller names the type. */
export function unflatten<T>(tree: TreeShape, leaves: readonly unknown[]): T {
  const build = (form: TreeShape): unknown => {
    if (typeof form === "number") return leaves[form];
    if (Array.isArray(form)) return form.map(build);
    const entries = Object.entries(form as Record<string, TreeShape>);
    return Object.fromEntries(entries.map(([key, value]) => [key, build(value)]));
  };
  return build(tree) as T;
}

/** Whether two trees have the same form. */
export function sameTree(a: TreeShape, b: TreeShape): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
