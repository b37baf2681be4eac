import pty from 'node-pty';
export async function answer() {
  const child = pty.spawn('/bin/sh', ['-c', 'tty >/dev/null && echo a terminal'], {});
  let text = '';
  child.onData((part: string) => {
    text += part;
  });
  await new Promise((resolve) => child.onExit(resolve));
  return text.trim();
}
