/** Two packages that are often used together: a Markdown page with coloured code. */
import hljs from 'highlight.js';
import { Marked } from 'marked';

const marked = new Marked({
  renderer: { code: ({ text }) => `<pre>${hljs.highlight(text, { language: 'typescript' }).value}</pre>` },
});

export const answer = () => marked.parse('# a\n\n```ts\nlet a = 1;\n```');
