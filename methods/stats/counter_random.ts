/** Random numbers for resampling: a hash of (seed, counter), so that each draw depends on its index only. */

/** MurmurHash3's 32-bit finaliser (Appleby, public domain): a bijection that mixes all bits. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The draw number `counter` of stream `seed`: a 32-bit unsigned integer. Good enough for resampling,
 * not for cryptography. Counters beyond 2³² wrap.
 */
export function drawUint32(seed: number, counter: number): number {
  return mix((mix((seed ^ 0x9e3779b9) >>> 0) + mix((counter + 0x7f4a7c15) >>> 0)) >>> 0);
}

/** Uniform in [0, 1). */
export function drawUniform(seed: number, counter: number): number {
  return drawUint32(seed, counter) / 2 ** 32;
}
