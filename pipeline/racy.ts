/** Which files may change without looking otherwise. */

/**
 * Milliseconds. A file that was written this shortly before it was looked at may change again and look the same: Deno
 * cuts modification times to 1 ms and status changes to 1 s, and file systems are coarser still. As git does, such
 * a file is not trusted by its looks.
 */
export const RACY_MS = 2000;
