// bfloat16 numbers, which weights are published in and the compiler has no type for.

/** bfloat16 bit patterns (the upper half of a float32) as float32 numbers; exact. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}
