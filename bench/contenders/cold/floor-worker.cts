/** Answers a whole frame with a whole frame. */
const { parentPort } = require('node:worker_threads') as typeof import('node:worker_threads');
const { rot13Frame } = require('./rot13-frame.cjs') as { rot13Frame(frame: Uint8Array): Uint8Array };

parentPort?.on('message', (frame: Uint8Array) => parentPort.postMessage(rot13Frame(frame)));
