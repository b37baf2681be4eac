/**
 * Copies the documents of the repository into one folder, as VitePress reads them, with links that lead to each other. The
 * documents stay where they are read on their own: docs/, the examples, the bench.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, normalize } from 'node:path';
import { SIDEBAR, type SitePage } from './pages.ts';

/** Links to these are pictures of the page. */
const PICTURES: ReadonlySet<string> = new Set(['.svg', '.png']);
const LANGUAGES: Readonly<Record<string, string>> = { '.ts': 'ts', '.py': 'python', '.json': 'json', '.sh': 'sh' };
/** Files of an example that its page does not show. */
const HIDDEN = /^(README\.md|package-lock\.json|node_modules|__pycache__|\..*)$/;

/** The pages whose sources exist, by groups. A folder of examples needs no README. */
export function presentPages(root: string): typeof SIDEBAR {
  const isPresent = ({ source }: SitePage): boolean =>
    existsSync(join(root, source)) || (source.startsWith('examples/') && existsSync(join(root, dirname(source))));
  return SIDEBAR.map(({ title, pages }) => ({ title, pages: pages.filter(isPresent) }));
}

/**
 * @param root the repository.
 * @param target the folder for the pages, which is replaced.
 * @throws Error for a link that leads to no page, and for a document in docs/ that is no page
 */
export function assemble(root: string, target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(target, 'public'), { recursive: true });
  const pages = presentPages(root).flatMap((group) => group.pages);
  const sources = new Set(pages.map(({ source }) => source));
  for (const name of readdirSync(join(root, 'docs'))) {
    if (name.endsWith('.md') && !sources.has(`docs/${name}`)) throw new Error(`site/pages.ts lacks docs/${name}`);
  }
  const write = (name: string, source: string, text: string): void =>
    writeFileSync(join(target, `${name}.md`), withLinks(text, source, { root, target, pages }));
  for (const { name, source, window } of pages) {
    const text = textOf(root, source);
    write(name, source, `${frontMatterOf(text, window)}${text}`);
  }
  write('index', 'site/index.md', readFileSync(join(root, 'site/index.md'), 'utf8'));
  copyFileSync(join(root, 'site/icon.svg'), join(target, 'public', 'icon.svg'));
}

/** What VitePress writes into the head of a page: its title, if it is not the heading, and its first paragraph. */
function frontMatterOf(text: string, window: string | undefined): string {
  const first = text.split(/\n\n+/).find((part) => /^[*[`]*[A-Za-z]/.test(part)) ?? '';
  const plain = first
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`]+/g, '')
    .replace(/\s+/g, ' ');
  const description = plain.length > 160 ? `${plain.slice(0, 160).replace(/ \S*$/, '')} …` : plain;
  const lines = [`description: ${JSON.stringify(description)}`];
  if (window !== undefined) lines.unshift(`title: ${JSON.stringify(window)}`);
  return `---\n${lines.join('\n')}\n---\n\n`;
}

/** The document; of an example, also the files beside it that it does not show. */
function textOf(root: string, source: string): string {
  const path = join(root, source);
  const folder = dirname(source);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : `# ${basename(folder)}\n`;
  if (!source.startsWith('examples/')) return text;
  const names = readdirSync(join(root, folder)).filter(
    (name) => !HIDDEN.test(name) && extname(name) in LANGUAGES && !text.includes(`<!-- file: ${folder}/${name} -->`),
  );
  const files = names.map((name) => {
    const code = readFileSync(join(root, folder, name), 'utf8').trimEnd();
    return `## ${name} {#${anchorOf(name)}}\n\n\`\`\`\`${LANGUAGES[extname(name)]}\n${code}\n\`\`\`\`\n`;
  });
  return [text, ...files].join('\n');
}

function anchorOf(file: string): string {
  return file.replaceAll('.', '-');
}

type Places = { readonly root: string; readonly target: string; readonly pages: readonly SitePage[] };

/** Replaces the targets of links outside of blocks of code. */
function withLinks(text: string, source: string, places: Places): string {
  const parts = text.split(/^(````?[\s\S]*?^````?$)/m);
  return parts
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replace(/(\]\()([^)\s]+)(\))/g, (_, before, link, after) => {
            return `${before}${linkOf(link, source, places)}${after}`;
          }),
    )
    .join('');
}

function linkOf(link: string, source: string, places: Places): string {
  if (/^([a-z]+:|#|\/)/.test(link)) return link;
  const [path = '', anchor] = link.split('#');
  const file = normalize(join(dirname(source), path)).replace(/\/$/, '');
  if (PICTURES.has(extname(file))) return pictureOf(file, places);
  const page = places.pages.find((each) => each.source === file);
  if (page !== undefined) return `./${page.name}.md${anchor === undefined ? '' : `#${anchor}`}`;
  const ofExample = places.pages.find((each) => {
    const folder = dirname(each.source);
    return each.source.startsWith('examples/') && (file === folder || file.startsWith(`${folder}/`));
  });
  if (ofExample === undefined || !existsSync(join(places.root, file)))
    throw new Error(`${source}: a link to ${link} leads to no page`);
  const isFile = statSync(join(places.root, file)).isFile();
  const isShown = isFile && !readTextOf(ofExample, places).includes(`<!-- file: ${file} -->`);
  return `./${ofExample.name}.md${isShown ? `#${anchorOf(basename(file))}` : ''}`;
}

function readTextOf({ source }: SitePage, { root }: Places): string {
  return existsSync(join(root, source)) ? readFileSync(join(root, source), 'utf8') : '';
}

/** Copies a picture to the files that VitePress takes as they are. @returns its address on the site */
function pictureOf(file: string, { root, target }: Places): string {
  const copy = join(target, 'public', 'pictures', file);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(join(root, file), copy);
  return `/pictures/${file}`;
}
