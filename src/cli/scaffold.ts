/** What somebody begins with: an agent, its test, and how to install it. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';

export type InitOptions = {
  /** Where; it is made if it is not there. */
  folder: string;
  /** Bytes in, bytes out, instead of methods. @default false */
  raw?: boolean;
};

/**
 * Writes a small agent, with its test and a README, and overwrites nothing.
 * @returns the paths of what has been written.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID when one of the files is there already; nothing has been written then
 */
export async function init(options: InitOptions): Promise<{ folder: string; files: string[] }> {
  const { raw = false } = options;
  const folder = resolve(options.folder);
  const files = Object.entries(scaffold(defaultLabelOf(folder), raw)).map(([name, text]) => ({
    path: join(folder, name),
    text,
  }));
  const inTheWay = files
    .filter(({ path }) => existsSync(path) && !path.endsWith('package.json'))
    .map(({ path }) => path);
  if (inTheWay.length > 0) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `there already: ${inTheWay.join(', ')}`, {
      hint: 'Choose another folder; nothing has been written.',
    });
  }
  await mkdir(folder, { recursive: true });
  const missing = files.filter(({ path }) => !existsSync(path));
  for (const { path, text } of missing) await writeFile(path, text, { flag: 'wx' });
  return { folder, files: missing.map(({ path }) => path) };
}

/** The folder's name, as far as a label can have it. */
function defaultLabelOf(folder: string): string {
  const name = basename(folder)
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `com.example.${name === '' ? 'agent' : name}`;
}

function scaffold(label: string, raw: boolean): Readonly<Record<string, string>> {
  const call = raw ? `launchpool call ${label} --raw 'Hello'` : `launchpool call ${label} greet '"you"'`;
  return {
    'agent.ts': raw ? RAW_AGENT : RPC_AGENT,
    'agent.test.ts': raw ? RAW_TEST : RPC_TEST,
    'README.md': `# ${label}

An agent that starts when somebody calls it, and leaves when nobody does.

\`\`\`sh
npm test                                       # its tests
npx launchpool dev agent.ts                    # run it in the foreground; it starts anew after a change
npx launchpool install agent.ts --label ${label}
npx ${call}
npx launchpool uninstall ${label}
\`\`\`
`,
    'package.json': `${JSON.stringify({ private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  };
}

const lines = (...text: string[]): string => `${text.join('\n')}\n`;

const RPC_AGENT = lines(
  '/** Every exported function is a method. */',
  'export function greet(name: string): string {',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template there
  '  return `Hello, ${name}!`;',
  '}',
);

const RPC_TEST = lines(
  "import assert from 'node:assert/strict';",
  "import test from 'node:test';",
  "import { greet } from '../install/agent.ts';",
  '',
  "test('greets by name', () => {",
  "  assert.equal(greet('you'), 'Hello, you!');",
  '});',
);

const RAW_AGENT = lines(
  '/** One message in, one message out. */',
  'export default function reverse(message: Uint8Array): Uint8Array {',
  '  return message.reverse();',
  '}',
);

const RAW_TEST = lines(
  "import assert from 'node:assert/strict';",
  "import test from 'node:test';",
  "import reverse from '../install/agent.ts';",
  '',
  "test('says it backwards', () => {",
  "  assert.equal(Buffer.from(reverse(Buffer.from('abc'))).toString(), 'cba');",
  '});',
);
