import { defineConfig } from 'vitepress';
export default defineConfig({
  srcDir: './.pages',
  outDir: './dist',
  cacheDir: './node_modules/.cache/vitepress',
  title: 'launchpool',
  cleanUrls: false,
  themeConfig: { search: { provider: 'local' } },
  ignoreDeadLinks: true,
});
