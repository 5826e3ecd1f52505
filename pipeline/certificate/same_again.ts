/** Answers a command whose certificate holds: says what was said before, and remembers the run. */

import type { Io } from "../cli/command.ts";
import { systemHost } from "../host.ts";
import { commitAt } from "../history/commit.ts";
import { rememberAgain } from "../history/run_file.ts";
import { duration } from "../report/format.ts";
import { shareWithGroup } from "../store/group.ts";
import type { Digest } from "../types.ts";
import { type Certificate, decode, holds } from "./certificate.ts";
import { certificatePath, type Occasion, storeOf } from "./occasion.ts";
import { webSha256 } from "./web_sha256.ts";

/** What a command is given by its terminal and place. */
export function occasionOf(args: readonly string[], { out, place }: Io): Occasion {
  return {
    root: place.rootDir,
    userDir: place.userDir,
    args,
    width: out.width(),
    colour: out.paint.strong("") !== "",
  };
}

/**
 * Runs `reproduce` when nothing that it depends on changed since it last had nothing to do.
 *
 * @returns false when that cannot be said: then it must be run in full. Nothing was said then.
 */
export async function sameAgain(args: readonly string[], io: Io): Promise<boolean> {
  const start = performance.now();
  const began = new Date();
  try {
    const certificate = await certificateOf(args, io);
    const certified = certificate?.certified ?? null;
    if (certificate === null || certified === null || !holds(certificate)) return false;
    const { store } = certificate;
    for (const digest of certified.read) if (!await isSound(store, digest)) return false;
    shareWithGroup(store);
    const seconds = (performance.now() - start) / 1000;
    const commit = await commitAt(io.place.rootDir, false);
    const run = { ...certified.past, began: began.toISOString(), seconds, commit };
    if (!rememberAgain({ dir: store, host: systemHost }, run)) return false;
    const time = certified.json ? String(Math.round(seconds * 1000) / 1000) : duration(seconds);
    io.out.write(certified.said.join(time));
    return true;
  } catch {
    // Whatever it is: the run in full either does without it or says what is wrong.
    return false;
  }
}

/** The certificate for a command, also one that says that there can be none. */
export async function certificateOf(args: readonly string[], io: Io): Promise<Certificate | null> {
  const store = storeOf(args, io.place.rootDir, io.place.userDir);
  if (store === null) return null;
  try {
    return await decode(Deno.readFileSync(await certificatePath(store, occasionOf(args, io))));
  } catch {
    return null;
  }
}

async function isSound(store: string, digest: Digest): Promise<boolean> {
  const path = `${store}/objects/sha256/${digest.slice(0, 2)}/${digest.slice(2)}`;
  return await webSha256(Deno.readFileSync(path)) === digest;
}
