// Half-precision numbers widened to float32: IEEE binary16 and bfloat16. Both are exact.

let table: Float32Array | null = null;

/** The value of each of the 65,536 binary16 patterns. */
function binary16(): Float32Array {
  if (table !== null) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >>> 10) & 31, fraction = bits & 1023;
    const magnitude = exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
      ? (fraction === 0 ? Infinity : NaN)
      : (1024 + fraction) * 2 ** (exponent - 25);
    table[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return table;
}

/** IEEE binary16 (float16) bit patterns as numbers; NaNs lose their payload. */
export function widenFloat16(bits: Uint16Array): Float32Array {
  const values = binary16(), data = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) data[i] = values[bits[i]];
  return data;
}

/** bfloat16 bit patterns (the upper half of a float32) as numbers. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}
