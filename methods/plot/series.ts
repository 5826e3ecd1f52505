/** How named series look: one style for a name, in every figure of a report. */

/** A CSS colour and, for readers who cannot tell the colours apart, a dash pattern and a symbol. */
export interface SeriesStyle {
  /** Name in the legend. */
  readonly label: string;
  /** E.g. `var(--series-1)`. */
  readonly colour: string;
  /** SVG dash array; none = solid. */
  readonly dash?: string;
  /** Line width. @default 1.5 */
  readonly width?: number;
}

/** Styles by series name. */
export type SeriesStyles = Readonly<Record<string, SeriesStyle>>;

/**
 * The style of `name`.
 * @throws Error naming the series when it has no style.
 */
export function styleOf(styles: SeriesStyles, name: string): SeriesStyle {
  const style = Object.hasOwn(styles, name) ? styles[name] : undefined;
  if (style === undefined) {
    throw new Error(`No style for the series "${name}"; known: ${Object.keys(styles).join(", ")}`);
  }
  return style;
}
