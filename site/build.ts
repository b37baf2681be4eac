/** `npm run docs`: makes the site in site/dist, without the network. Needs `npm ci --prefix site`, once. */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { assemble } from './assemble.ts';

const SITE = import.meta.dirname;

if (!existsSync(join(SITE, 'node_modules', 'vitepress'))) {
  console.error('The site needs its packages: npm ci --prefix site');
  process.exit(69);
}
assemble(resolve(SITE, '..'), join(SITE, '.pages'));
// VitePress is large: its code, compiled, is kept for the next time.
enableCompileCache(join(SITE, 'node_modules', '.cache', 'node'));
const { build } = await import('vitepress');
await build(SITE);
