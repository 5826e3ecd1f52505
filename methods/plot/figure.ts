/** Figures of several panels: a grid that wraps on narrow screens, a legend and a caption. */

import { Markup, markup } from "./markup.ts";
import type { SeriesStyle } from "./series.ts";
import { PANEL_WIDTH } from "./svg.ts";

/** One chart with its heading. */
export interface Panel {
  readonly title: string | Markup;
  readonly chart: Markup;
}

/** Panels side by side where there is room, one below the other where there is not. */
export function figure(a: {
  readonly panels: readonly Panel[];
  readonly caption?: string | Markup;
  readonly legend?: readonly SeriesStyle[];
}): Markup {
  const grid = "display:grid;gap:1.2rem 1.4rem;" +
    `grid-template-columns:repeat(auto-fill,minmax(min(100%,${PANEL_WIDTH - 34}px),1fr))`;
  return markup`<figure>${a.legend ? legend(a.legend) : null}<div style="${grid}">${
    a.panels.map((panel) =>
      markup`<div style="max-width:30rem;display:flex;flex-direction:column;justify-content:space-between"><div style="font-weight:600;font-size:.92rem;margin:0 0 .2rem">${panel.title}</div>${panel.chart}</div>`
    )
  }</div>${
    a.caption === undefined
      ? null
      : markup`${a.caption === undefined ? null : markup`<figcaption>${a.caption}</figcaption>`}`
  }</figure>\n`;
}

/** Swatches with names. */
function legend(styles: readonly SeriesStyle[]): Markup {
  return markup`<div style="display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:0 0 .7rem;font-size:.9rem">${
    styles.map((style) =>
      markup`<span style="white-space:nowrap">${swatch(style)} ${style.label}</span>`
    )
  }</div>`;
}

/** A short piece of the series' line. */
export function swatch(style: SeriesStyle): Markup {
  return markup`<svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><line x1="1" x2="25" y1="5" y2="5" stroke="${style.colour}" stroke-width="${
    (style.width ?? 1.5) + 1
  }"${style.dash ? new Markup(` stroke-dasharray="${style.dash}"`) : null}/></svg>`;
}
