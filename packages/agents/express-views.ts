import { join } from 'node:path';
import express from 'express';
export async function answer() {
  const app = express();
  app.set('views', join(import.meta.dirname, 'views'));
  app.set('view engine', 'ejs');
  return await new Promise((resolve, reject) =>
    app.render('hello', { name: 'you' }, (error: unknown, html: string) =>
      error ? reject(error) : resolve(html.trim()),
    ),
  );
}
