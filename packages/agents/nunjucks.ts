import { join } from 'node:path';
import nunjucks from 'nunjucks';
export const answer = () =>
  nunjucks
    .configure(join(import.meta.dirname, 'views'))
    .render('hello.njk', { name: 'you' })
    .trim();
