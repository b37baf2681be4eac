import { codeToHtml } from 'shiki';
export const answer = async () => (await codeToHtml('let a = 1', { lang: 'ts', theme: 'nord' })).length;
