/**
 * The site, as `npm run docs` makes it, opened in a real browser: every page, narrow and wide, light and dark. Needs
 * `npm ci --prefix site` and Chromium; without them, nothing is tested.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve, sep } from 'node:path';
import test from 'ava';
import { type Browser, findBrowser, type Page } from '../helpers/browser.ts';
import { runProgram } from '../helpers/program.ts';
import { findTool } from '../helpers/tools.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const DIST = join(ROOT, 'site', 'dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};
const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
] as const;

const launch = findBrowser();
let browser: Browser;
let origin = '';

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const path = join(DIST, pathname.endsWith('/') ? `${pathname}index.html` : decodeURIComponent(pathname));
  if (!path.startsWith(`${DIST}${sep}`) || !existsSync(path)) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
  response.end(readFileSync(path));
});

/** Runs a command without a network, where the system allows it. */
async function offline(command: readonly [string, ...string[]]): Promise<{ status: number | null; output: string }> {
  const unshare = process.getuid?.() === 0 ? findTool('unshare') : undefined;
  const { status, stdout, stderr } = await runProgram(unshare === undefined ? command : [unshare, '-n', ...command], {
    cwd: ROOT,
  });
  return { status, output: `${stdout}${stderr}` };
}

test.before(async (t) => {
  if (launch === undefined) return;
  t.timeout(5 * 60_000);
  const { status, output } = await offline([process.execPath, join('site', 'build.ts')]);
  if (status !== 0) throw new Error(output);
  if (/warn|error/i.test(output)) throw new Error(`the build is not silent: ${output}`);
  await new Promise<void>((resolveListening) => server.listen(0, '127.0.0.1', resolveListening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launch();
});

test.after.always(async () => {
  await browser?.close();
  server.close();
});

/** A page whose errors are collected. */
async function openPage(): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      faults.push(`outside: ${request.url()}`);
  });
  return { page, faults };
}

type Seen = { path: string; ids: string[]; links: string[]; heading: number };

/** What a page shows in one size and theme: an empty list if nothing is wrong. */
const FAULTS_IN_VIEW = `(() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push('wider than the screen by ' + wide + ' px');
  for (const image of document.querySelectorAll('main img, .VPContent img'))
    if (image.complete && image.naturalWidth === 0) faults.push('picture ' + image.src);
  const [text, page] = [document.querySelector('h1, .name'), document.body].map((element) => getComputedStyle(element));
  const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  if (light(page.backgroundColor) > 0.5 === dark) faults.push('background ' + page.backgroundColor + ' in ' + (dark ? 'dark' : 'light'));
  return faults;
})()`;

test.serial('every page opens without an error, narrow and wide, light and dark', async (t) => {
  if (launch === undefined) return t.pass();
  t.timeout(5 * 60_000);
  const names = globSync('**/*.html', { cwd: DIST }).filter((name) => name !== '404.html');
  t.true(names.length > 25);
  const { page, faults } = await openPage();
  const seen: Seen[] = [];
  for (const name of names) {
    await page.goto(`${origin}/${name}`);
    // The application has taken the page over.
    await page.waitForFunction(`document.querySelector('#app').__vue_app__ !== undefined`);
    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForFunction(`document.documentElement.classList.contains('dark') === ${colorScheme === 'dark'}`);
        await page.waitForFunction(`[...document.images].every((image) => image.complete)`);
        const inView = await page.evaluate<string[]>(FAULTS_IN_VIEW);
        t.deepEqual(inView, [], `${name}, ${size.width} px, ${colorScheme}`);
      }
    }
    const found = await page.evaluate<Omit<Seen, 'path'>>(`({
      ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
      links: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
      heading: document.querySelectorAll('h1').length,
    })`);
    seen.push({ path: `/${name}`, ...found });
    t.is(found.heading, 1, name);
    t.deepEqual(faults.splice(0), [], name);
  }

  const ids = new Map(seen.map(({ path, ids: all }) => [path, new Set(all)]));
  const dead = seen.flatMap(({ path, links }) =>
    links
      .filter((link) => link.startsWith(origin))
      .flatMap((link) => {
        const { pathname, hash } = new URL(link);
        const target = pathname === '/' ? '/index.html' : pathname;
        const known = ids.get(target);
        if (known === undefined) return existsSync(join(DIST, target)) ? [] : [`${path}: ${link}`];
        return hash === '' || known.has(decodeURIComponent(hash.slice(1))) ? [] : [`${path}: ${link}`];
      }),
  );
  t.deepEqual([...new Set(dead)], []);
  t.true(seen.flatMap(({ links }) => links).filter((link) => link.startsWith(origin)).length > 500);
});

test.serial('the search works without a network, and finds "idle"', async (t) => {
  if (launch === undefined) return t.pass();
  t.timeout(2 * 60_000);
  const { page, faults } = await openPage();
  await page.goto(`${origin}/start.html`);
  await page.waitForFunction(`document.querySelector('#app').__vue_app__ !== undefined`);
  await page.click('#local-search button');
  await page.fill('#localsearch-input', 'idle');
  await page.waitForSelector('#localsearch-list a');
  const results = await page.evaluate<string[]>(
    `[...document.querySelectorAll('#localsearch-list a')].map((a) => a.href)`,
  );
  t.true(results.length > 3);
  await page.click('#localsearch-list a');
  await page.waitForURL(new RegExp(`^${results[0]?.replace(/[.?]/g, '\\$&')}`));
  t.regex(await page.evaluate<string>('document.body.innerText'), /idle/);
  t.deepEqual(faults, []);
});

test.serial('each page of docs/ is in the sidebar, and leads on to the next', async (t) => {
  if (launch === undefined) return t.pass();
  const documents = globSync('*.md', { cwd: join(ROOT, 'docs') }).map((name) => name.replace(/\.md$/, '.html'));
  const { page } = await openPage();
  await page.goto(`${origin}/start.html`);
  const links = await page.evaluate<string[]>(`[...document.querySelectorAll('.VPSidebar a')].map((a) => a.pathname)`);
  t.deepEqual(
    documents.filter((name) => !links.includes(`/${name}`)),
    [],
  );
});

test.serial('the site passes the compiler', async (t) => {
  if (launch === undefined) return t.pass();
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status, stdout } = await runProgram([process.execPath, tsc, '-p', join(ROOT, 'site')]);
  t.is(status, 0, stdout.toString());
});
