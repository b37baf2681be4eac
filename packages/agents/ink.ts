import { PassThrough } from 'node:stream';
import { render, Text } from 'ink';
import React from 'react';
export async function answer() {
  const stdout = Object.assign(new PassThrough(), { columns: 80, rows: 24 });
  let text = '';
  stdout.on('data', (part) => {
    text += part;
  });
  const app = render(React.createElement(Text, null, 'Hello'), {
    stdout: stdout as never,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
  });
  app.unmount();
  await app.waitUntilExit();
  return text.includes('Hello');
}
