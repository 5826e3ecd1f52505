import assert from "node:assert/strict";
import { parse } from "acorn";
import { freeNames } from "../../../pipeline/certificate/free_names.ts";

const cases: Record<string, string[]> = {
  "a; let b = c; b": ["a", "c"],
  "x.y; x['z']; x[w]": ["w", "x"],
  "({ k: v, [c]: 1, s })": ["c", "s", "v"],
  "let { p, q: r = d, ...rest } = o; p; r; rest; q": ["d", "o", "q"],
  "let [a, , b = e] = f; a; b": ["e", "f"],
  // `let` ends with its block, `var` and functions do not.
  "{ let Date = 1; Date } Date": ["Date"],
  "{ var Date = 1 } Date": [],
  "function f() { if (1) { var n = 1 } return n } f()": [],
  "f(); function f() { return arguments }": [],
  "function f(Date = now) { return Date } Date": ["Date", "now"],
  "const f = function g() { return g }; g": ["g"],
  "const f = (a) => a + b": ["b"],
  "class A { m = x; #n = 1; k() { return this.#n + A.y } } A": ["x"],
  "const B = class C { m() { return C } }; C": ["C"],
  "for (const i of xs) i; i": ["i", "xs"],
  "for (let i = 0; i < n; i++) {} i": ["i", "n"],
  "try { t } catch (e) { e } e": ["e", "t"],
  "try { t } catch { u }": ["t", "u"],
  "switch (s) { case 1: let v = 2; v } v": ["s", "v"],
  "label: for (;;) { break label }": [],
  "import { a as b } from 'm'; b; a": ["a"],
  "import * as n from 'm'; import d from 'm'; n; d": [],
  "export const e = g; export { e as h }": ["g"],
  "export default function () { return z }": ["z"],
  "`${t}`; tag`x`; new K(); typeof u; y?.m": ["K", "t", "tag", "u", "y"],
  "import.meta.url": [],
};

for (const [code, expected] of Object.entries(cases)) {
  Deno.test(`free names of ${code}`, () => {
    const program = parse(code, { ecmaVersion: "latest", sourceType: "module" });
    assert.deepEqual([...freeNames(program)].sort(), expected);
  });
}
