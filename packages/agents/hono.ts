import { Hono } from 'hono';
export const answer = async () => await (await new Hono().get('/', (c) => c.json([1])).request('/')).json();
