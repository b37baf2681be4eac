/** Formats source text with prettier, by the configuration of the project that the file belongs to. */
import { format as formatText, getFileInfo, type Options, resolveConfig } from 'prettier';

/**
 * Formats text.
 * @param text what to format
 * @param file the absolute path of its file, which need not exist: decides the language and the configuration
 * @returns the formatted text
 */
export async function format(text: string, file: string): Promise<string> {
  return formatText(text, await optionsFor(file));
}

/**
 * Tells whether text is formatted already.
 * @param text what to check
 * @param file the absolute path of its file
 */
export async function isFormatted(text: string, file: string): Promise<boolean> {
  return (await format(text, file)) === text;
}

async function optionsFor(file: string): Promise<Options> {
  const { inferredParser } = await getFileInfo(file, { resolveConfig: true });
  if (inferredParser === null) throw new RangeError(`prettier knows no parser for ${file}`);
  // Without the cache: a change of .prettierrc counts at once.
  return { ...(await resolveConfig(file, { editorconfig: true, useCache: false })), filepath: file };
}
