import katex from 'katex';
export const answer = () => katex.renderToString('x^2').length;
