/** Numbers as text for readers: sensible digits, real minus signs, the same bytes everywhere. */

/** `value` with `digits` significant digits, no exponent between 1e-4 and 1e6: "0.0571", "−1.20". */
export function formatNumber(value: number, digits = 3): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return minus(`${mantissa} × 10${superscript(Number(exponent))}`);
  }
  // Digits after the point, from the size after rounding (0.9996 → 1.00).
  const magnitude = Number(size.toExponential(digits - 1).split("e")[1]);
  return minus(value.toFixed(Math.max(0, digits - 1 - magnitude)));
}

/** A share as per cent with its sign: 0.0123 → "+1.2 %", 0.004 → "+0.40 %". */
export function formatChange(value: number): string {
  const percent = 100 * value;
  const digits = Math.abs(percent) < 1 ? 2 : 1;
  const text = percent.toFixed(digits);
  return minus(
    `${Number(text) > 0 ? "+" : ""}${Number(text) === 0 ? text.replace("-", "") : text} %`,
  );
}

/** A p value: "0.031", "< 0.001". */
export function formatP(p: number): string {
  return p < 0.001 ? "< 0.001" : p >= 0.1 ? p.toFixed(2) : p.toFixed(3);
}

/** An effect or interval bound of a claim, by its scale. */
export function formatEffect(value: number, scale: "difference" | "log_ratio"): string {
  return scale === "log_ratio" ? formatChange(value) : formatNumber(value);
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}

function superscript(n: number): string {
  return [...String(n)].map((c) => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]).join("");
}
