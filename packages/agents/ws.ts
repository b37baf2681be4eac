import { WebSocket, WebSocketServer } from 'ws';
export const answer = async () => {
  const s = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((r) => s.once('listening', r));
  s.on('connection', (c) => c.send('hello'));
  const c = new WebSocket(`ws://127.0.0.1:${(s.address() as { port: number }).port}`);
  const m = await new Promise((r) => c.once('message', (d) => r(String(d))));
  c.terminate();
  s.close();
  return m;
};
