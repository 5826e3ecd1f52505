// What the settings of optimisers may be, checked when one is made: a misspelt name must not pass for a default.

import { shown } from "../tensor/tree.ts";
import { Refusal } from "./refusal.ts";

/** What a setting may be: a test, and its words for messages. */
export interface SettingRule {
  readonly ok: (value: unknown) => boolean;
  /** Continues "it must be". */
  readonly words: string;
}

/** A rule for each setting of S. */
export type SettingRules<S> = { readonly [K in keyof Required<S>]: SettingRule };

const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** A share that may not be everything, such as a decay of moments. */
export const below1: SettingRule = {
  ok: (value) => isNumber(value) && value >= 0 && value < 1,
  words: "a number in [0, 1)",
};

/** A number of at least 0. */
export const atLeast0: SettingRule = {
  ok: (value) => isNumber(value) && value >= 0,
  words: "a number of at least 0",
};

/** Any finite number. */
export const finite: SettingRule = { ok: isNumber, words: "a finite number" };

/** True or false. */
export const flag: SettingRule = {
  ok: (value) => typeof value === "boolean",
  words: "true or false",
};

/** One of some words. */
export function oneOf(...words: readonly string[]): SettingRule {
  return {
    ok: (value) => words.includes(value as string),
    words: words.map((word) => `"${word}"`).join(" or "),
  };
}

/** Names of PyTorch's and Optax's optimisers for what is called otherwise here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  betas: "beta1 and beta2",
  b1: "beta1",
  b2: "beta2",
  epsilon: "eps",
  wd: "weightDecay",
  decayrate: "alpha",
  initialaccumulatorvalue: "initial",
};

const plain = (name: string) => name.replaceAll("_", "").toLowerCase();

/** How a setting that is unknown here is called here, if it looks like one that is known. */
function meant(name: string, known: readonly string[]): string {
  if (["lr", "learningrate"].includes(plain(name)) && !known.includes("lr")) {
    return "; the learning rate is given to each step() as { lr }";
  }
  const same = known.find((one) => plain(one) === plain(name));
  const other = ELSEWHERE[plain(name)];
  const here = same ?? (other?.split(" and ").every((one) => known.includes(one)) ? other : null);
  return here === null ? "" : `; here it is ${here}`;
}

/** @throws Refusal `argument` unless `value` is a record. */
export function requireRecord(what: string, value: unknown): asserts value is object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new Refusal("argument", `${what} must be an object, not ${shown(value)}`);
}

/** @throws Refusal `argument` naming a key that is not among the known, and those that are. */
export function requireKnown(what: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new Refusal(
      "argument",
      `${what} "${key}" is unknown${meant(key, known)}; known are ${known.join(", ")}`,
    );
  }
}

/** @throws Refusal `argument` naming a setting that is unknown or out of its range. */
export function requireSettings(
  what: string,
  given: object,
  rules: Readonly<Record<string, SettingRule>>,
): void {
  requireKnown(what, given, Object.keys(rules));
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || rules[key].ok(value)) continue;
    throw new Refusal(
      "argument",
      `${what} "${key}" is ${shown(value)}; it must be ${rules[key].words}`,
    );
  }
}

const groupRules: Readonly<Record<string, SettingRule>> = { lrScale: finite, frozen: flag };

/**
 * Checks an optimiser's settings and those of its groups.
 *
 * @param rules those of the optimiser's own settings; none: they are not checked.
 * @throws Refusal `argument` naming the setting.
 */
export function requireOptions(
  name: string,
  settings: object,
  groups: unknown,
  rules?: Readonly<Record<string, SettingRule>>,
): void {
  const all = rules && { ...rules, groups: { ok: Array.isArray, words: "a list" } };
  if (all) requireSettings(`${name}: option`, { ...settings, groups }, all);
  (groups as readonly unknown[]).forEach((group, i) => {
    const at = `${name}: groups[${i}]`;
    requireRecord(at, group);
    requireKnown(`${at}: key`, group, ["where", "settings"]);
    const { where, settings } = group as { where?: unknown; settings?: unknown };
    if (typeof where !== "function") {
      throw new Refusal(
        "argument",
        `${at}.where is ${shown(where)}; it must be a function (path, leaf) => boolean`,
      );
    }
    requireRecord(`${at}.settings`, settings);
    if (rules) requireSettings(`${at}: setting`, settings, { ...rules, ...groupRules });
  });
}
