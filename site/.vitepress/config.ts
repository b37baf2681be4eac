/** The site as VitePress makes it. site/assemble.ts has written its pages. */
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { slugOf } from '../../build/package-links.ts';
import { presentPages } from '../assemble.ts';

const sidebar = presentPages(fileURLToPath(new URL('../..', import.meta.url))).map(({ title, pages }) => ({
  text: title,
  items: pages.map((page) => ({ text: page.title, link: `/${page.name}` })),
}));

/** A page for the index of the search, which drops the colours of code again: they take most of the time. */
const withoutHighlighting: DefaultTheme.LocalSearchOptions['_render'] = (text, env, md) => {
  const { highlight } = md.options;
  md.options.highlight = null;
  try {
    return md.render(text, env);
  } finally {
    md.options.highlight = highlight;
  }
};

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
  vite: { build: { target: 'es2022' } },
  // The documents link to headings as GitHub and npm name them.
  markdown: {
    anchor: { slugify: slugOf },
    toc: { slugify: slugOf },
    config({ renderer: { rules } }) {
      // Indented code has the box of fenced code, which scrolls.
      rules.code_block = (...token) => rules.fence?.(...token) ?? '';
    },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Examples', link: '/examples' },
      { text: 'Options', link: '/options' },
      { text: 'Errors', link: '/errors' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
    sidebar,
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        _render: withoutHighlighting,
        miniSearch: {
          // The browser gets the text of both functions, so they refer to nothing outside of themselves.
          options: {
            processTerm: (term) =>
              /^(?:an?|and|are|do|how|i|in|is|it|of|the|to|what|where)$/i.test(term) ? null : term.toLowerCase(),
          },
          // Pages for those who change launchpool come last.
          searchOptions: {
            boostDocument: (id) =>
              /\/(?:architecture|changelog|contributing|bench|performance|packages)\./.test(id) ? 0.1 : 1,
          },
        },
      },
    },
  },
});
