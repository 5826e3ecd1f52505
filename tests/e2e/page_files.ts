/** The files of a paper that a page of the documentation shows. */

/**
 * Code blocks whose first line names a file, as path → content. That line is no part of the file: CSV has
 * no comments.
 */
export async function filesOfPage(name: string): Promise<Record<string, string>> {
  const markdown = await Deno.readTextFile(
    new URL(`../../pipeline/docs/${name}`, import.meta.url),
  );
  const blocks = markdown.matchAll(/^```[\w ]+\n(?:\/\/|#) (stages\/\S+)\n([^]*?)^```$/gm);
  return Object.fromEntries([...blocks].map(([_, path, code]) => [path, code]));
}
