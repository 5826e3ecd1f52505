/** Figures: same bytes for the same numbers, page colours, escaping, and what is drawn where. */

import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import {
  effectChart,
  figure,
  intervalChart,
  lineChart,
  Markup,
  markup,
  pngDataUri,
  styleOf,
} from "../../../methods/plot/mod.ts";
import type { LinePoint } from "../../../methods/plot/mod.ts";

const STYLES = {
  a: { label: "Series A", colour: "var(--series-1)", width: 3 },
  b: { label: "Series <B>", colour: "var(--series-2)", dash: "4,2" },
};

const POINTS: LinePoint[] = [0, 1, 2].flatMap((x) => [
  { series: "a", x, y: x, low: x - 0.5, high: x + 0.5 },
  { series: "b", x, y: 2 - x },
]);

function lines(points = POINTS, extra = {}): string {
  return lineChart({
    label: 'say "A"',
    points,
    styles: STYLES,
    xLabel: "x",
    yLabel: "y",
    ...extra,
  }).text;
}

function effect(values: number[], region: [number, number] | null = [-0.1, 0.1]): string {
  return effectChart({
    label: "effect",
    values,
    mean: values.reduce((a, b) => a + b) / values.length,
    interval: [-0.2, 0.3],
    region,
    xLabel: "difference",
    colour: "var(--good)",
  }).text;
}

const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

Deno.test("charts have the same bytes on every run", () => {
  assert.equal(lines(), lines());
  assert.equal(effect([0.1, -0.1]), effect([0.1, -0.1]));
});

Deno.test("charts scale, describe themselves and take their colours from the page", () => {
  for (const svg of [lines(), effect([0.1, 0.2])]) {
    assert.match(svg, /^<svg /);
    assert.match(svg, /viewBox="0 0 344 \d+"/);
    assert.doesNotMatch(svg.slice(0, svg.indexOf(">")), / (width|height)=/);
    assert.match(svg, /role="img"/);
    assert.doesNotMatch(svg, /<style|white|#[0-9a-f]{3,6}\b|\bid="/);
  }
  assert.match(lines(), /aria-label="say &quot;A&quot;"/);
});

Deno.test("lineChart draws one line a series, a band only where there is an interval", () => {
  const svg = lines();
  assert.equal(count(svg, /fill="var\(--series-1\)"/g), 1);
  assert.equal(count(svg, /fill="var\(--series-2\)"/g), 0);
  assert.match(
    svg,
    /stroke="var\(--series-1\)"[^>]*stroke-width="3"|stroke-width="3"[^>]*stroke="var\(--series-1\)"/,
  );
  assert.match(svg, /stroke-dasharray="4,2"/);
  assert.equal(count(lines(POINTS, { bands: [] }), /fill="var\(--series-1\)"/g), 0);
});

Deno.test("tick labels keep their digits, coordinates lose theirs", () => {
  const svg = lines([0, 1 / 3, 1].map((x) => ({ series: "a", x, y: 0.01 * x })));
  assert.match(svg, />0\.002</);
  assert.doesNotMatch(svg, /d="[^"]*\.\d{3}/);
});

Deno.test("lineChart draws the first series last, on top", () => {
  const svg = lines(POINTS, { bands: [] });
  assert.ok(svg.indexOf("var(--series-1)") > svg.indexOf("var(--series-2)"));
});

Deno.test("effectChart shows each seed, the mean, zero and the shaded margin", () => {
  const svg = effect([0.1, 0.2, -0.05]);
  assert.equal(count(svg, /<circle/g), 4);
  assert.equal(count(svg, /<rect/g), 1);
  assert.equal(count(effect([0.1, 0.2], null), /<rect/g), 0);
});

Deno.test("effectChart survives equal values and a single seed", () => {
  assert.doesNotMatch(effect([0, 0, 0]), /NaN/);
  const single = effectChart({
    label: "one",
    values: [0],
    mean: 0,
    interval: null,
    region: null,
    xLabel: "x",
    colour: "var(--warn)",
  }).text;
  assert.doesNotMatch(single, /NaN/);
  assert.equal(count(single, /<circle/g), 2);
});

Deno.test("intervalChart names its rows and tags its columns once", () => {
  const svg = intervalChart({
    label: "recall",
    points: [
      { series: "a", value: 0.2, low: 0.1, high: 0.3, tag: "R@1" },
      { series: "a", value: 0.5, tag: "R@5" },
      { series: "b", value: 0.3, tag: "R@1" },
    ],
    styles: STYLES,
    xLabel: "recall",
  }).text;
  assert.equal(count(svg, /R@1/g), 1);
  assert.equal(count(svg, /R@5/g), 1);
  assert.match(svg, /Series &lt;B&gt;/);
  assert.equal(count(svg, /<circle/g), 3);
  assert.doesNotMatch(svg, />a</);
});

Deno.test("a series without a style is an error that lists the known ones", () => {
  assert.throws(() => styleOf(STYLES, "c"), /"c"; known: a, b/);
  assert.throws(() => lines([{ series: "c", x: 0, y: 0 }]), /"c"/);
});

Deno.test("figure escapes names, wraps panels and shows a legend with dashes", () => {
  const html = figure({
    panels: [{ title: "<p>", chart: new Markup("<svg></svg>") }],
    legend: [STYLES.a, STYLES.b],
    caption: "1 < 2",
  }).text;
  assert.match(html, /&#60;p&#62;/);
  assert.match(html, /Series &#60;B&#62;/);
  assert.match(html, /<figcaption>1 &#60; 2<\/figcaption>/);
  assert.match(html, /auto-fill/);
  assert.equal(count(html, /stroke-dasharray="4,2"/g), 1);
  assert.doesNotMatch(figure({ panels: [] }).text, /figcaption/);
});

Deno.test("markup escapes strings, keeps markup, joins lists and drops null and false", () => {
  const inner = markup`<b>${'"x"'}</b>`;
  assert.equal(markup`${inner}${null}${false}${[1, "<"]}`.text, "<b>&#34;x&#34;</b>1&#60;");
});

Deno.test("pngDataUri writes the pixels that it is given", () => {
  const rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 300, -5, 127.6];
  const bytes = Uint8Array.from(atob(pngDataUri(2, rgb).split(",")[1]), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  assert.deepEqual([view.getUint32(16), view.getUint32(20)], [2, 2]);
  const length = view.getUint32(33);
  assert.equal(new TextDecoder().decode(bytes.slice(37, 41)), "IDAT");
  const rows = inflateSync(bytes.slice(41, 41 + length));
  assert.deepEqual([...rows], [0, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 0, 128]);
  assert.throws(() => pngDataUri(2, [1, 2, 3]), /3 values for 2 × 2 × 3/);
});

Deno.test("a logarithmic x axis spaces powers of ten evenly, and shows the ticks that it is given", () => {
  const points = [1, 10, 100].map((x) => ({ series: "a", x, y: 1 + x }));
  const svg = lines(points, { xScale: "log", xTickFormat: (x: number) => x === 10 ? "ten" : "" });
  const [start, ...rest] = /aria-label="line"[^]*? d="M([^"]*)"/.exec(svg)![1].split("L");
  const [one, ten, hundred] = [start, ...rest].map((p) => Number(p.split(",")[0]));
  assert.ok(Math.abs(2 * ten - one - hundred) < 0.05, `${one} ${ten} ${hundred}`);
  assert.match(svg, />ten</);
});
