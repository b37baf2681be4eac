/** The site as VitePress makes it. site/assemble.ts has written its pages. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { slugOf } from '../../build/package-links.ts';
import { presentPages } from '../assemble.ts';

const sidebar = presentPages(fileURLToPath(new URL('../..', import.meta.url))).map(({ title, pages }) => ({
  text: title,
  items: pages.map((page) => ({ text: page.title, link: `/${page.name}` })),
}));

export default defineConfig({
  title: 'launchpool',
  description: 'A TypeScript module becomes a local agent that costs nothing while it is idle.',
  lang: 'en',
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.cache/vitepress',
  // Where the site is not at the root of its host: LAUNCHPOOL_SITE_BASE=/launchpool/
  base: process.env.LAUNCHPOOL_SITE_BASE ?? '/',
  head: [['link', { rel: 'icon', href: `${process.env.LAUNCHPOOL_SITE_BASE ?? '/'}icon.svg`, type: 'image/svg+xml' }]],
  // The documents link to headings as GitHub and npm name them.
  markdown: { anchor: { slugify: slugOf }, toc: { slugify: slugOf } },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Examples', link: '/example-formatter' },
      { text: 'Options', link: '/options' },
      { text: 'Errors', link: '/errors' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
