/** Sections about the teacher and about single images. */

import {
  figure,
  lineChart,
  Markup,
  markup,
  pngDataUri,
  styleOf,
} from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { Metrics, Sample } from "../../../methods/optima/metrics.ts";
import { POLICY_STYLES } from "./names.ts";
import type { Section } from "../../common/section.ts";

const SHOWN: readonly string[] = ["optima", "all", "none"];

/** Held-out images with the captions that the models generate. */
export function samplesSection(metrics: Metrics): Section | null {
  if (metrics.samples.length === 0) return null;
  const policies = SHOWN.filter((policy) => metrics.samples.some((s) => policy in s.students));
  return {
    id: "samples",
    title: "Generated captions",
    html: markup`<p>Held-out images with their caption and the captions that the models write, of
the first seed. They illustrate; nothing is tested with them.</p>
<div style="display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))">${
      metrics.samples.map((sample) => card(sample, policies))
    }</div>`,
  };
}

function card(sample: Sample, policies: readonly string[]): Markup {
  const source = typeof sample.image === "string"
    ? sample.image
    : pngDataUri(sample.image.size, sample.image.rgb);
  const rows: readonly (readonly [string, string])[] = [
    ["teacher", sample.teacher],
    ...policies.map((policy) =>
      [styleOf(POLICY_STYLES, policy).label, sample.students[policy] ?? "–"] as const
    ),
  ];
  return markup`<div style="display:flex;gap:.8rem;border:1px solid var(--line);border-radius:6px;padding:.7rem">
<img src="${source}" alt="${sample.reference}" width="64" height="64" style="width:64px;height:64px;flex:none;image-rendering:pixelated;border-radius:4px;background:#fff">
<div style="min-width:0;font-size:.88rem"><div style="font-weight:600">${sample.reference}</div>${
    rows.map(([name, caption]) =>
      markup`<div><span class="muted">${name}:</span> ${
        caption === sample.reference
          ? markup`<span style="color:var(--good)">${caption}</span>`
          : caption
      }</div>`
    )
  }</div></div>\n`;
}

/** The teacher's loss curve and its held-out results. */
export function teacherSection(metrics: Metrics): Section {
  const { curve, metrics: scores } = metrics.teacher;
  const panels = curve.length < 2 ? [] : [{
    title: "Teacher",
    chart: lineChart({
      label: "Training loss of the teacher by step",
      points: curve.map(({ step, loss }) => ({ series: "teacher", x: step, y: loss })),
      styles: { teacher: { label: "teacher", colour: "var(--accent)" } },
      xLabel: "optimiser steps",
      yLabel: "training loss",
    }),
  }];
  return {
    id: "teacher",
    title: "The teacher",
    html:
      markup`<p>One teacher is trained for all students: contrastive loss plus twice the captioning
loss, on the training split.${
        Object.keys(scores).length > 0 ? " On held-out items:" : null
      }</p><ul class="facts">${
        Object.entries(scores).map(([name, value]) =>
          markup`<li>${name.replaceAll("_", " ")} <b>${formatNumber(value)}</b></li>`
        )
      }</ul>${panels.length > 0 && figure({ panels, caption: "Training loss of the teacher." })}`,
  };
}
