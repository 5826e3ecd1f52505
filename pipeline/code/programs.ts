/** The programs of a pipeline's nodes, built as nodes become known. */

import { type Bundle, bundles } from "./code_identity.ts";
import type { Host } from "../host.ts";
import type { Node } from "../types.ts";

/** Programs by node; the nodes of one declaration share one. */
export class Programs {
  readonly #root: URL;
  readonly #store: { readonly dir: string; readonly host?: Host };
  readonly #byUrl = new Map<URL, Bundle>();

  /** @param store Programs are cached in `cache/bundles` under its directory. */
  constructor(root: URL, store: { readonly dir: string; readonly host?: Host }) {
    this.#root = root;
    this.#store = store;
  }

  /** Makes the programs of all nodes that execute a module, from the cache where nothing changed. */
  async add(nodes: readonly Node[]): Promise<void> {
    // The nodes of one declaration share its URL.
    const urls = new Set<URL>();
    for (const { work } of nodes) {
      if (work.type === "module" && !this.#byUrl.has(work.implementation)) {
        urls.add(work.implementation);
      }
    }
    if (urls.size === 0) return;
    const { dir, host } = this.#store;
    const found = await bundles(this.#root, [...urls], `${dir}/cache/bundles`, { host });
    for (const url of urls) this.#byUrl.set(url, found.get(url.href)!);
  }

  /** The program of a node; null when it executes no module. */
  readonly of = ({ work }: Node): Bundle | null =>
    work.type === "module" ? this.#byUrl.get(work.implementation)! : null;
}
