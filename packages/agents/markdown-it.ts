import MarkdownIt from 'markdown-it';
export const answer = () => new MarkdownIt({ linkify: true }).render('*a* https://b.example');
