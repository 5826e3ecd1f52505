/** Budget of what has none: nothing is pruned, adapted or compressed. */
export const WHOLE = "all";
