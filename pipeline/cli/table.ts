/** Tables for terminals: aligned columns where they fit, stacked blocks where they do not. */

import { clip } from "../report/format.ts";

/** One column: its heading and which side its cells keep to. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
}

/**
 * Lines of a table at most `width` columns wide. `paint` colours a padded cell; it must not change
 * its width. When the columns do not fit, each row becomes a block: its first cell, then
 * "heading: cell" lines.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: (text: string, row: number, column: number) => string = (t) => t,
): string[] {
  const size = (s: string) => [...s].length;
  const widths = columns.map((c, j) =>
    Math.max(size(c.head), ...rows.map((row) => size(row[j] ?? "")))
  );
  const pad = (text: string, j: number) => {
    const space = " ".repeat(Math.max(0, widths[j] - size(text)));
    return columns[j].align === "right" ? space + text : text + space;
  };
  if (widths.reduce((a, b) => a + b + 2, -2) <= width) {
    const line = (cells: string[]) => cells.join("  ").trimEnd();
    return [
      line(columns.map((c, j) => pad(c.head, j))),
      line(widths.map((w) => "─".repeat(w))),
      ...rows.map((row, i) => line(columns.map((_, j) => paint(pad(row[j] ?? "", j), i, j)))),
    ];
  }
  const label = Math.max(...columns.slice(1).map((c) => size(c.head)), 0);
  return rows.flatMap((row, i) => [
    paint(clip(row[0] ?? "", width), i, 0),
    ...columns.slice(1).map((c, j) => {
      const head = `  ${c.head.padEnd(label)}  `;
      return head + paint(clip(row[j + 1] ?? "", Math.max(1, width - size(head))), i, j + 1);
    }),
  ]);
}
