/** SHA-256 by the runtime itself: loading `node:crypto` costs more than all else that a certified run loads. */

/** SHA-256 of bytes, or of the UTF-8 form of a text, in lower-case hexadecimal digits. */
export async function webSha256(content: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
