/** Checks that the links of documents lead to files of the package, and to headings that exist. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A link that leads nowhere, and why. */
export type DeadLink = { readonly page: string; readonly link: string; readonly reason: string };

/** `[text](target)`, `![text](target)` and `<img src="target">`, outside of code. */
const LINK = /\]\(([^)\s]+)\)|<(?:a|img)\s[^>]*?(?:href|src)="([^"]+)"/g;

/** The targets of the links of a page, in their order. */
export function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(LINK)].map(([, target, ofTag]) => target ?? ofTag ?? '');
}

/**
 * @param pages paths of documents, relative to the root.
 * @param files paths of all files of the package. A link to a folder needs a file in it.
 * @param root the folder in which the documents are.
 */
export function deadLinks(pages: readonly string[], files: readonly string[], root: string): DeadLink[] {
  const known = new Set(files);
  const read = (page: string): string => readFileSync(join(root, page), 'utf8');
  return pages.flatMap((page) =>
    linksOf(read(page)).flatMap((link) => {
      const reason = whyDead(page, link, known, read);
      return reason === undefined ? [] : [{ page, link, reason }];
    }),
  );
}

function whyDead(page: string, link: string, files: ReadonlySet<string>, read: (page: string) => string) {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '');
  if (!files.has(target)) {
    const isFolder = [...files].some((file) => file.startsWith(`${target}/`));
    return isFolder ? undefined : 'no such file in the package';
  }
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(read(target)).has(anchor) ? undefined : 'no such heading';
}

/** The anchors of the headings of a page, as GitHub and npm make them. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set([...markdown.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id));
  for (const [, heading = ''] of withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    anchors.add(slugOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')));
  }
  return anchors;
}

/** The anchor of a heading, from its text without links. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^(```|~~~)[\s\S]*?^\1$/gm, '');
}

function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replace(/`[^`\n]*`/g, '');
}
