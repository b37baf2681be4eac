/** The minimum of Node with a thread: node:net on descriptor 3, and one bare worker that answers. */
const { createServer } = require('node:net') as typeof import('node:net');
const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
const { join } = require('node:path') as typeof import('node:path');

const worker = new Worker(join(__dirname, 'floor-worker.cjs'));
const server = createServer((socket) => {
  socket.on('data', (chunk) => {
    worker.once('message', (reply: Uint8Array) => socket.write(reply));
    worker.postMessage(chunk);
  });
});
server.listen({ fd: 3 });
