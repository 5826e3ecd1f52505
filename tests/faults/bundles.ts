/** Bundles of the toy pipeline, for faults while they are made and imported. */

import { createBundle } from "../../pipeline/archive/create.ts";
import { importBundle } from "../../pipeline/archive/import.ts";
import { openBundle } from "../../pipeline/archive/open_bundle.ts";
import type { Host } from "../../pipeline/host.ts";
import { plan } from "../../pipeline/plan/plan.ts";
import { Store } from "../../pipeline/store/store.ts";
import { toyPipeline } from "./toy.ts";

/** Makes a bundle of what the store holds. @returns its digest. */
export async function exportToy(
  project: string,
  storeDir: string,
  host: Host,
  file: string,
): Promise<string> {
  const request = {
    pipeline: toyPipeline(project),
    preset: "small",
    config: { seed: 1 },
    provider: "cpu" as const,
    jobs: 1,
    root: new URL(`file://${project}/`),
    store: await Store.open(storeDir, host),
  };
  const made = { ...request, plan: await plan(request), command: "", file };
  return (await createBundle(made)).digest;
}

/** Imports a bundle into a store. */
export async function importToy(storeDir: string, host: Host, file: string): Promise<void> {
  const store = await Store.open(storeDir, host);
  using bundle = await openBundle(file, { scratch: `${store.dir}/tmp` });
  await importBundle(bundle, store);
}
