/** The texts in a bundle that are for people: how to check it, how to run it, under which terms its data stand. */

import type { PlanFile } from "./plan_file.ts";

/** Text of `README.md` and `README.txt`. */
export function readmeText(plan: PlanFile, signed: boolean): string {
  const { paper, preset, provider } = plan;
  const signature = signed
    ? `

\`provenance.dsse.json\` holds an Ed25519 signature over \`provenance.intoto.json\`, which names the
digest of everything else. With the signer's public key:

    deno task bundle verify FILE.tar --public-key key.pub.pem`
    : "";
  return `# ${plan.title}

${plan.summary}

${plan.citation}

This is the archive of one run: paper \`${paper}\`, preset \`${preset}\`, provider \`${provider}\`,
${plan.nodes.length} nodes.

## Is every byte as it was written?

With nothing but tar and coreutils:

    tar xf FILE.tar
    cd ${topOf(plan)}
    sha256sum -c manifest-sha256.txt
    sha256sum -c tagmanifest-sha256.txt

(An archive in several parts: the same for each part. Files named in fetch.txt, if there is one, are
not in the archive; sha256sum then says that they are missing.)

## Is it what it says it is?

With Deno (https://deno.com), in \`data/sources\`, which is the project that made it:

    deno task bundle verify FILE.tar
    deno task bundle verify FILE.tar --rerun

The first checks every record, key and object and computes the verdicts again. The second runs
everything from the start, in an empty store, without network and without native code.${signature}

## How to run it, and to build on it

    cd data/sources
    deno task bundle import FILE.tar
    deno task reproduce ${paper} --preset ${preset} --provider ${provider}

finds everything in the store. Change something in \`stages/${paper}\` and run it again.

## What is where

- \`data/report.html\`: the report, for a browser
- \`data/plan.json\`: the stages, how they are connected, their parameters, their programs
- \`data/records/<key>.json\`: one record for each stage that ran: what it was made from, what came out
- \`data/blobs/sha256/<digest>\`: the files themselves: programs, inputs, outputs, logs, lists of trees
- \`data/sources/\`: the readable sources with configuration, claims, and lock file
- \`data/LICENCES.txt\`: the terms of the data
- \`data/ro-crate-metadata.json\`: all of this for other tools (RO-Crate 1.1, Provenance Run Crate 0.5)
- \`provenance.intoto.json\`: what was made from what (in-toto statement, SLSA provenance)
`;
}

/** Name of the folder in the archive. */
export function topOf({ paper, preset }: PlanFile): string {
  return `${paper}-${preset.replace(/[^A-Za-z0-9_.-]+/g, "_")}`;
}

/** Text of `LICENCES.txt`: the terms of the data as its sources state them. */
export function licencesText(plan: PlanFile): string {
  const lines = plan.nodes.flatMap(({ id, work }) => {
    if (work.type === "download") {
      const { url, license, sha256 } = work.source;
      return [`${id}\n  ${url}\n  licence: ${license}\n  sha256: ${sha256}\n`];
    }
    if (work.type !== "npm") return [];
    const { package: name, version, license, digest } = work.source;
    return [
      `${id}\n  npm package ${name} ${version}\n  licence: ${license}\n  sha256 of the list of its files: ${digest}\n`,
    ];
  });
  const head = "Terms of the data in this archive, as the sources of the data state them.\n" +
    "Code: see sources/LICENSE.\n\n";
  return head + (lines.length === 0 ? "No data from elsewhere.\n" : lines.join("\n"));
}
