/**
 * Keeps the code on the pages the same as the files that tests run. A page has, before a block of code,
 *
 *     <!-- file: examples/rot13/rpc.ts -->
 *
 * `npm run docs:snippets` writes the file into the block; a test compares.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
/** The pages that may have such blocks. */
const PAGES: readonly string[] = ['README.md', 'docs/*.md', 'examples/*/README.md'];

const SNIPPET = /^<!-- file: (\S+) -->\n```(\S+)\n[\s\S]*?^```$/gm;

export type Page = { readonly name: string; readonly text: string };

export function pages(root: string = ROOT): Page[] {
  const names = globSync([...PAGES], { cwd: root }).sort();
  return names.map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
}

/** The files that a page shows. */
export function filesOf(text: string): string[] {
  return [...text.matchAll(SNIPPET)].map(([, file = '']) => file);
}

/** @returns the page, with the files as they are. @throws Error of the system for a file that does not exist */
export function withSnippets(text: string, root: string = ROOT): string {
  return text.replace(SNIPPET, (_, file: string, language: string) => {
    const code = readFileSync(join(root, file), 'utf8').trimEnd();
    return `<!-- file: ${file} -->\n\`\`\`${language}\n${code}\n\`\`\``;
  });
}

if (import.meta.main) {
  for (const { name, text } of pages()) {
    const written = withSnippets(text);
    if (written !== text) writeFileSync(join(ROOT, name), written);
  }
}
