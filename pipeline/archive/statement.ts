/** The in-toto statement of a bundle: what was made, and from what, as SLSA provenance. */

import { sha256 } from "../canonical.ts";
import { byCodeUnits } from "../store/tree_manifest.ts";
import type { Digest, StageRecord } from "../types.ts";
import { byBytes } from "./bag/layout.ts";
import { formatManifest } from "./bag/manifest.ts";
import type { PlanFile } from "./plan_file.ts";

/** Says how to read `externalParameters`. Names the format, leads nowhere. */
const BUILD_TYPE = "urn:reproduce:bundle:v1";
/** The statement's subject that stands for all files of the bundle. */
export const PAYLOAD_SUBJECT = "manifest-sha256.txt";

/** A file of the payload as manifests list it. */
interface Listed {
  /** Relative to `data/`. */
  readonly path: string;
  readonly digest: Digest;
}

/** One digest over the names and digests of all payload files; that of the manifest when the bundle is one file. */
export function payloadDigest(files: Iterable<Listed>): Digest {
  const entries = [...files].map(({ path, digest }) => [`data/${path}`, digest] as const);
  return sha256(formatManifest(entries.sort(([a], [b]) => byBytes(a, b))));
}

interface Descriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/** What to state. */
export interface Stated {
  readonly plan: PlanFile;
  /** By node. */
  readonly records: ReadonlyMap<string, StageRecord>;
  readonly files: Iterable<Listed>;
}

/** The statement as JSON text. Depends on the contents of the bundle alone. */
export function statementOf({ plan, records, files }: Stated): string {
  const subject: Descriptor[] = Object.entries(plan.targets).map(([name, { node, output }]) => ({
    name,
    digest: { sha256: records.get(node)!.outputs[output].digest },
  }));
  const all = [...files];
  const report = all.find(({ path }) => path === "report.html");
  if (report !== undefined) subject.push({ name: report.path, digest: { sha256: report.digest } });
  subject.push({ name: PAYLOAD_SUBJECT, digest: { sha256: payloadDigest(all) } });
  const times = [...records.values()].map(timesOf);
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject,
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          paper: plan.paper,
          preset: plan.preset,
          provider: plan.provider,
          targets: Object.keys(plan.targets),
        },
        internalParameters: { nodes: plan.nodes.length },
        resolvedDependencies: dependencies(plan, records),
      },
      runDetails: {
        // Nobody vouches for the machine: a signature says who made the bundle, not where it ran.
        builder: { id: "urn:reproduce:local" },
        metadata: {
          startedOn: times.map(({ start }) => start).sort()[0],
          finishedOn: times.map(({ end }) => end).sort().at(-1),
        },
      },
    },
  };
  return JSON.stringify(statement, null, 1) + "\n";
}

/** When a node's stage ran. */
export function timesOf({ finished, seconds }: StageRecord): { start: string; end: string } {
  const end = new Date(finished);
  return {
    start: new Date(end.getTime() - Math.round(1000 * seconds)).toISOString(),
    end: end.toISOString(),
  };
}

function dependencies(plan: PlanFile, records: Stated["records"]): Descriptor[] {
  const found = new Map<string, Descriptor>();
  for (const { id, work } of plan.nodes) {
    const { components } = records.get(id)!;
    for (const [name, integrity] of Object.entries(components.code.packages)) {
      found.set(`npm ${name}`, { uri: packageUri(name), digest: integrityDigest(integrity) });
    }
    const { deno } = components.environment;
    if (deno !== undefined) found.set(`deno ${deno}`, { uri: `pkg:generic/deno@${deno}` });
    switch (work.type) {
      case "npm": {
        const { package: name, version, digest } = work.source;
        const uri = packageUri(`${name}@${version}`);
        found.set(`data ${id}`, { name: id, uri, digest: { sha256: digest } });
        break;
      }
      case "download": {
        const { url, sha256 } = work.source;
        found.set(`data ${id}`, { name: id, uri: url, digest: { sha256 } });
        break;
      }
      case "source": {
        const { name, digest } = work.source;
        found.set(`data ${id}`, {
          name,
          uri: `blobs/sha256/${digest}`,
          digest: { sha256: digest },
        });
        break;
      }
      case "module": {
        const { digest } = work.program;
        const name = work.implementation;
        found.set(`program ${digest}`, {
          name,
          uri: `blobs/sha256/${digest}`,
          digest: { sha256: digest },
        });
      }
    }
  }
  return [...found].sort(([a], [b]) => byCodeUnits(a, b)).map(([, descriptor]) => descriptor);
}

/** `pkg:npm/%40scope/name@1.2.3`. */
function packageUri(name: string): string {
  const exact = name.split("_")[0].replace(/^@/, "%40");
  return `pkg:npm/${exact}`;
}

/** `sha512-…` in base64, as hexadecimal under the algorithm's name. */
function integrityDigest(integrity: string): Record<string, string> | undefined {
  const match = /^(sha\d+)-([A-Za-z0-9+/]+=*)$/.exec(integrity);
  if (match === null) return undefined;
  const bytes = Uint8Array.from(atob(match[2]), (c) => c.charCodeAt(0));
  return { [match[1]]: bytes.toHex() };
}
