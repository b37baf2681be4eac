import { marked } from 'marked';
export const answer = () => marked.parse('# a\n\n* b');
