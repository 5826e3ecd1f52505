/** Small parts of a crate's JSON-LD: identifiers, references, and what values are called. */

import type { StageRecord } from "../types.ts";
import type { PlanWork } from "./plan_file.ts";
import { timesOf } from "./statement.ts";

/** One entity of the graph. */
export type Entity = Readonly<Record<string, unknown>> & { readonly "@id": string };
/** A reference to an entity. */
export const ref = (id: string) => ({ "@id": id });
/** References to entities: left out when there are none, not in a list when there is one. */
export function refs(field: string, ids: Iterable<string>): Readonly<Record<string, unknown>> {
  const distinct = [...new Set(ids)].map(ref);
  if (distinct.length === 0) return {};
  return { [field]: distinct.length === 1 ? distinct[0] : distinct };
}
/** `@id` of something that is no file. */
export const fragment = (...parts: string[]) => `#${parts.map(encodeURIComponent).join("/")}`;
/** `@id` of a file: its path as a relative URI. */
export const fileId = (path: string) => path.split("/").map(encodeURIComponent).join("/");
/** `@id` of an object. */
export const blobId = (digest: string) => `blobs/sha256/${digest}`;

/** `@id` of the tool that did a node's work: its program, a package's page, the engine's import of local data. */
export function toolId(work: PlanWork): string {
  switch (work.type) {
    case "module":
      return blobId(work.program.digest);
    case "npm":
      return packageUrl(work.source.package, work.source.version);
    case "download":
      return fragment("download", work.source.name);
    case "source":
      return "#local-data";
  }
}

/** An exact npm package as a package URL: `pkg:npm/%40scope/name@1.2.3`. */
export function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

/** With an offset: the profile's validator does not take the letter Z. */
export function crateTimes(record: StageRecord): { start: string; end: string } {
  const { start, end } = timesOf(record);
  return { start: start.replace("Z", "+00:00"), end: end.replace("Z", "+00:00") };
}

/** Names of the parameters that have a value. */
export function paramNames(params: unknown): string[] {
  return typeof params === "object" && params !== null && !Array.isArray(params)
    ? Object.keys(params).filter((name) => (params as Record<string, unknown>)[name] !== undefined)
    : [];
}

/** Schema.org's name for the type of a value. */
export function scalarType(value: unknown): string {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "Integer" : "Float";
    case "boolean":
      return "Boolean";
    case "string":
      return "Text";
    default:
      return "PropertyValue";
  }
}

/** A media tag of the engine as an IANA media type. */
export function encodingOf(media: string): string {
  return media.includes("/") ? media : "application/octet-stream";
}
