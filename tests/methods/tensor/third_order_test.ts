// Derivatives of operators, to third order where they are smooth.
import * as t from "../../../methods/tensor/mod.ts";
import { type Case, checkGradients, checkThirdOrder } from "./derivatives.ts";
import { operatorCases } from "./operator_cases.ts";

/** A smooth function around an operator, so that linear ones have third derivatives too. */
const curved = ([name, shapes, f]: Case): Case => [
  name,
  shapes,
  (...x) => t.exp(t.mul(f(...x.map(t.sin)), 0.3)),
];

for (const [name, cases] of Object.entries(operatorCases)) {
  Deno.test(`gradients agree with central differences: ${name}`, () => checkGradients(cases));
  Deno.test(`second and third derivatives agree with central differences: ${name}`, () =>
    checkThirdOrder(name === "convolutions" ? cases.map(curved) : cases));
}
