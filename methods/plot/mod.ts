/** Figures as inline SVG and HTML that follow the page's colours. */

export { effectChart } from "./effect_chart.ts";
export type { EffectChart } from "./effect_chart.ts";
export { figure, swatch } from "./figure.ts";
export type { Panel } from "./figure.ts";
export { intervalChart } from "./interval_chart.ts";
export type { IntervalPoint } from "./interval_chart.ts";
export { lineChart } from "./line_chart.ts";
export type { LineChart, LinePoint } from "./line_chart.ts";
export { Markup, markup } from "./markup.ts";
export { pngDataUri } from "./png.ts";
export { styleOf } from "./series.ts";
export type { SeriesStyle, SeriesStyles } from "./series.ts";
export { draw, PANEL_WIDTH } from "./svg.ts";
