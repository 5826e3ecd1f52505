/** The direction of a test. */

/** `less`: the mean difference is below the null value; `greater`: above; `two-sided`: either. */
export type Alternative = "less" | "greater" | "two-sided";
