/** Turns Observable Plot options into SVG text, without a browser. */

import { plot } from "@observablehq/plot";
import type { PlotOptions } from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";
import { Markup } from "./markup.ts";

/** The width of a panel in its own units: it is legible at this width in CSS pixels, and fits a telephone. */
export const PANEL_WIDTH = 344;

/**
 * Draws one chart. The SVG scales with its container (`viewBox`, no fixed size), inherits the page's
 * font and takes colours as CSS custom properties, so one text serves light and dark pages. The same
 * options give the same bytes.
 *
 * @param label What the chart shows, for readers who cannot see it.
 */
export function draw(label: string, options: PlotOptions): Markup {
  const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
    readonly document: Document;
  };
  const chart = plot({
    width: PANEL_WIDTH,
    height: 230,
    marginLeft: 44,
    marginRight: 14,
    marginTop: 22,
    marginBottom: 36,
    ...options,
    document,
    figure: false,
  });
  // Plot's style sheet sets a white background and is repeated in each chart.
  chart.querySelector("style")?.remove();
  for (const name of ["class", "width", "height", "font-family"]) chart.removeAttribute(name);
  for (
    const [name, value] of [
      ["role", "img"],
      ["aria-label", label],
      ["font-size", "11"],
      ["font-family", "inherit"],
      ["style", "display:block;width:100%;height:auto;overflow:visible"],
    ]
  ) chart.setAttribute(name, value);
  return new Markup(shorten(chart.outerHTML));
}

/**
 * Coordinates to hundredths: smaller text, and no dependence on the last bits of a sine. Texts, such as
 * the labels of ticks, stay as they are.
 */
function shorten(svg: string): string {
  return svg.replace(
    / (d|[xy][12]?|c[xy]|r|width|height|transform)="[^"]*"/g,
    (attribute) =>
      attribute.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (n) => String(Number(Number(n).toFixed(2)) + 0)),
  );
}
