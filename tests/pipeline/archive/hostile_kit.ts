/** How hostile archives are made from a right one. */

import { gzipSync } from "node:zlib";
import type { BagLimits } from "../../../pipeline/archive/bag/mod.ts";
import { sha256 } from "./bag_rig.ts";
import { bagMembers, type RawBag, type RawMember, rawTar } from "./raw_tar.ts";

/** Name, archive, what the message must say, limits. */
export type HostileCase = readonly [string, () => Uint8Array, RegExp, Partial<BagLimits>?];

/** A right bag with further members behind it. */
export const plus = (...members: RawMember[]) => () => rawTar([...bagMembers(), ...members]);
/** A right bag with further members in front of it. */
export const before = (...members: RawMember[]) => () => rawTar([...members, ...bagMembers()]);
export const bag = (change: RawBag) => () => rawTar(bagMembers(change));
/** A right bag whose payload file is another member. */
export const instead = (change: Partial<RawMember>) => () =>
  rawTar(bagMembers().map((m) => m.name === "bag/data/x" ? { ...m, ...change } : m));
export const whole = () => rawTar(bagMembers());
export const NONE = sha256("");
export const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
export const pax = (...records: [string, string][]) => instead({ pax: records });
