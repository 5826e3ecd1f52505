/**
 * Which emoji show the same thing: a concept is an emoji without skin tone, gender, hair and
 * direction. Pictures of one concept are near-identical, so that a split must never separate them.
 *
 * Follows the structure of sequences in Unicode Technical Standard #51 (sections 2.2 to 2.4, 2.9
 * and 2.10) and its data files emoji-sequences and emoji-zwj-sequences.
 */

const ZERO_WIDTH_JOINER = "200D";
const VARIATION_SELECTOR = "FE0F";

/** Appearance only: skin tones, hair components, gender signs (after a joiner). */
const SKIN_TONES = new Set(["1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF"]);
const HAIR = new Set(["1F9B0", "1F9B1", "1F9B2", "1F9B3"]);
const GENDER_SIGNS = new Set(["2640", "2642"]);
/** "Facing right" (UTS #51 section 2.10). */
const DIRECTION = "27A1";

const ADULT = "1F9D1";
const CHILD = "1F9D2";
const FAMILY = "1F46A";

/** Gendered characters and the ungendered one that stands for them, where Unicode has a trio or pair. */
const UNGENDERED: Readonly<Record<string, string>> = {
  "1F468": ADULT, // man
  "1F469": ADULT, // woman
  "1F471": ADULT, // person: blond hair
  "1F9D4": ADULT, // person: beard
  "1F466": CHILD, // boy
  "1F467": CHILD, // girl
  "1F474": "1F9D3", // old man
  "1F475": "1F9D3", // old woman
  "1F934": "1FAC5", // prince; person with crown
  "1F478": "1FAC5", // princess
  "1F57A": "1F483", // man dancing; woman dancing
  "1F930": "1FAC4", // pregnant woman; pregnant person
  "1FAC3": "1FAC4", // pregnant man
  "1F936": "1F385", // Mrs. Claus; Santa Claus
};

/** Whole sequences that are another spelling of a concept, after ungendering. */
const SAME_AS: Readonly<Record<string, string>> = {
  "1F9D1-1F384": "1F385", // Mx Claus
  "1F9D1-1F91D-1F9D1": "1F46B", // people holding hands
  "1F46C": "1F46B", // men holding hands
  "1F46D": "1F46B", // women holding hands
  "1F9D1-2764-1F9D1": "1F491", // couple with heart
  "1F9D1-2764-1F48B-1F9D1": "1F48F", // kiss
  "1F9D1-1F37C": "1F931", // person feeding baby; breast-feeding
};

/**
 * A form of a hexcode that does not depend on how a vendor spells optional variation selectors.
 *
 * @param hexcode Code points in hexadecimal joined with `-`, any case: `2764-fe0f`.
 * @returns Upper case without variation selectors: `2764`.
 */
export function plainHexcode(hexcode: string): string {
  return hexcode.toUpperCase().split("-").filter((point) => point !== VARIATION_SELECTOR).join("-");
}

/** True when the sequence carries a skin tone modifier (a lone swatch is no modifier). */
export function hasSkinTone(hexcode: string): boolean {
  const points = plainHexcode(hexcode).split("-");
  return points.length > 1 && points.some((point) => SKIN_TONES.has(point));
}

/**
 * The concept that an emoji belongs to: `woman firefighter: dark skin tone`, `man firefighter` and
 * `firefighter` share one; so do all families, all couples that kiss, a man with any hair.
 *
 * @param hexcode Code points in hexadecimal joined with `-`.
 * @returns A key; equal keys mean one concept.
 */
export function conceptOf(hexcode: string): string {
  const points = plainHexcode(hexcode).split("-");
  if (points.length === 1) return SAME_AS[ungender(points[0])] ?? ungender(points[0]);
  const joined = points.includes(ZERO_WIDTH_JOINER);
  const kept = points.filter((point) =>
    point !== ZERO_WIDTH_JOINER && !SKIN_TONES.has(point) &&
    !(joined && (HAIR.has(point) || GENDER_SIGNS.has(point) || point === DIRECTION))
  ).map(ungender);
  const people = kept.filter((point) => point === ADULT || point === CHILD).length;
  if (kept.includes(CHILD) && people === kept.length && people > 1) return FAMILY;
  const key = kept.join("-");
  return SAME_AS[key] ?? key;
}

/**
 * True for families that name the gender of each member. Unicode 15.1 retired them: vendors now draw
 * many of them alike, so that the name does not describe the picture (UTS #51 section 2.7).
 */
export function isGenderedFamily(hexcode: string): boolean {
  const points = plainHexcode(hexcode).split("-");
  return points.length > 1 && conceptOf(hexcode) === FAMILY &&
    points.some((point) => point !== ADULT && point !== CHILD && point in UNGENDERED);
}

function ungender(point: string): string {
  return UNGENDERED[point] ?? point;
}
