/** How designs are called and drawn, the same in every figure. */

import type { DesignName } from "../../../methods/minkowski/designs.ts";
import type { SeriesStyle, SeriesStyles } from "../../../methods/plot/mod.ts";
import type { ImageSet } from "../data_packages.ts";

/** Name in tables, and the colour of its lines. */
const DESIGN: Readonly<Record<DesignName, { readonly label: string; readonly colour: number }>> = {
  exp_quarter_d16: { label: "exp(−j/4), d = 16", colour: 1 },
  exp_half_d16: { label: "exp(−j/2), d = 16", colour: 2 },
  exp1_d16: { label: "exp(−j), d = 16", colour: 3 },
  exp2_d16: { label: "exp(−2j), d = 16", colour: 4 },
  exp4_d16: { label: "exp(−4j), d = 16", colour: 5 },
  exp1_d64: { label: "exp(−j), d = 64", colour: 6 },
  exp1_d256: { label: "exp(−j), d = 256", colour: 7 },
  poly2_d64: { label: "j⁻², d = 64", colour: 1 },
  poly4_d64: { label: "j⁻⁴, d = 64", colour: 3 },
  poly8_d64: { label: "j⁻⁸, d = 64", colour: 5 },
  iso_d4: { label: "isotropic, d = 4", colour: 8 },
  iso_d8: { label: "isotropic, d = 8", colour: 9 },
  iso_d16: { label: "isotropic, d = 16", colour: 10 },
};

export const IMAGE_LABELS: Readonly<Record<ImageSet, string>> = {
  mnist: "MNIST, 14×14",
  cifar10: "CIFAR-10, 8×8×3",
};

/** A design's name in words. */
export function designLabel(name: DesignName): string {
  return DESIGN[name].label;
}

/** Measured: solid. */
export function measuredStyle(name: DesignName): SeriesStyle {
  const { label, colour } = DESIGN[name];
  return { label, colour: `var(--series-${colour})`, width: 2 };
}

/** Lines of all designs: measured ones under their names, predictions under "predicted <name>", dashed. */
export const STYLES: SeriesStyles = Object.fromEntries(
  (Object.keys(DESIGN) as DesignName[]).flatMap((name) => {
    const style = measuredStyle(name);
    return [
      [name, style],
      [`predicted ${name}`, {
        ...style,
        label: `${style.label}, predicted`,
        dash: "3,2.5",
        width: 1.3,
      }],
    ];
  }),
);
