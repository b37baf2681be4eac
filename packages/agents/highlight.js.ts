import hljs from 'highlight.js';
export const answer = () => [
  hljs.highlight('let a = 1', { language: 'typescript' }).value,
  hljs.listLanguages().length,
];
