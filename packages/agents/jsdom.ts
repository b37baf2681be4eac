import { JSDOM } from 'jsdom';
export const answer = () => {
  const { window } = new JSDOM('<p style="color: red">Hello</p>');
  const p = window.document.querySelector('p');
  return [p?.textContent, window.getComputedStyle(p as never).color];
};
