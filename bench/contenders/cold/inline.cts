/** Node without a thread: the cost of a process. */
const { createServer } = require('node:net') as typeof import('node:net');
const { rot13Frame } = require('./rot13-frame.cjs') as { rot13Frame(frame: Uint8Array): Uint8Array };

const server = createServer((socket) => socket.on('data', (chunk: Buffer) => socket.write(rot13Frame(chunk))));
server.listen({ fd: 3 });
