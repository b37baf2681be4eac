/** Completion in the shells themselves, at a terminal: what the TAB key makes of a line, and what the line then runs. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { shellCommand } from '../../../../wire/shell-word.ts';
import { ENTRY } from '../../../helpers/agent.ts';
import { recordInstalled } from '../../../helpers/install-record.ts';
import { notTested } from '../../../helpers/not-tested.ts';
import { runProgram } from '../../../helpers/program.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { openTerminal, type Terminal } from '../../../helpers/terminal.ts';

type Setting = { home: string; env: NodeJS.ProcessEnv };

/** How a user installs the script, and starts the shell. The prompt is `ready> `. */
const SHELLS: Readonly<Record<string, { command: string[]; install(setting: Setting): Promise<string[]> }>> = {
  bash: {
    command: ['bash', '--norc', '--noprofile', '-i'],
    // Twice, as after a second `source ~/.bashrc`.
    install: async () => ['eval "$(launchpool completion bash)"', 'eval "$(launchpool completion bash)"'],
  },
  zsh: {
    command: ['zsh', '-f', '-i'],
    install: async () => ['autoload -Uz compinit && compinit -u -D', 'eval "$(launchpool completion zsh)"'],
  },
  fish: {
    command: ['fish', '-i'],
    async install({ home, env }) {
      const folder = join(home, '.config', 'fish');
      mkdirSync(join(folder, 'completions'), { recursive: true });
      writeFileSync(
        join(folder, 'config.fish'),
        "set -g fish_greeting\nfunction fish_prompt\n  echo -n 'ready> '\nend\n",
      );
      const { stdout } = await runProgram(['launchpool', 'completion', 'fish'], { env });
      writeFileSync(join(folder, 'completions', 'launchpool.fish'), stdout);
      return [];
    },
  },
};

/** What is typed before and after the TAB key, and the words that the program then gets. */
const LINES: readonly [typed: string, words: readonly string[]][] = [
  ['inst', ['install']],
  ['stat', ['status']],
  ['install --process', ['install', '--process-type']],
  ['install --process-type ba', ['install', '--process-type', 'background']],
  ['install --process-type=ba', ['install', '--process-type=background']],
  ['install --authkey-file my-', ['install', '--authkey-file', 'my-module.ts']],
  ['install my-', ['install', 'my-module.ts']],
  ['install --idle 5 my-', ['install', '--idle', '5', 'my-module.ts']],
  ['status com.example.r', ['status', 'com.example.rot13']],
  ["status 'com.example.r", ['status', 'com.example.rot13']],
  ['call com.example.rot13 rot', ['call', 'com.example.rot13', 'rotate']],
  ["call 'com.example.rot13' --params '[\"a b\"]' rot", ['call', 'com.example.rot13', '--params', '["a b"]', 'rotate']],
  ['call -- com.example.rot13 rot', ['call', '--', 'com.example.rot13', 'rotate']],
  ['rollback com.example.rot13 --js', ['rollback', 'com.example.rot13', '--json']],
];

/** A `launchpool` on the PATH that completes, and otherwise prints its words. */
async function prepare(t: ExecutionContext): Promise<Setting & { cwd: string }> {
  const folder = await tempDir(t);
  const [home, bin, cwd] = [join(folder, 'home'), join(folder, 'bin'), join(folder, 'cwd')];
  for (const made of [home, bin, cwd]) mkdirSync(made);
  const program = shellCommand([process.execPath, ENTRY]);
  writeFileSync(
    join(bin, 'launchpool'),
    `#!/bin/sh
case $1 in
  complete | completion) exec ${program} "$@" ;;
esac
printf 'WORDS:'
printf '[%s]' "$@"
printf ':END\\n'
`,
    { mode: 0o755 },
  );
  writeFileSync(join(cwd, 'my-module.ts'), '');
  recordInstalled('com.example.rot13', { home, env: {} }, () => ({ methods: ['rotate'] }));
  const env: NodeJS.ProcessEnv = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: home,
    PS1: 'ready> ',
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  };
  return { home, cwd, env };
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

async function open(t: ExecutionContext, shell: string): Promise<{ terminal: Terminal; cwd: string } | undefined> {
  if (!onPath(shell)) {
    notTested(t, `${shell} is not installed`);
    return undefined;
  }
  t.timeout(120_000);
  const setting = await prepare(t);
  const { command, install } = SHELLS[shell] as (typeof SHELLS)[string];
  const lines = await install(setting);
  const terminal = openTerminal(t, command, setting);
  await terminal.shows(/ready> /);
  for (const line of lines) {
    terminal.type(`${line}\r`);
    const shown = await terminal.shows(/ready> /);
    t.notRegex(shown, /not found|readonly|error/i);
  }
  return { terminal, cwd: setting.cwd };
}

test('a shell without a script is wrong usage, and the script is printed to a closed or full output as other results are', async (t) => {
  const run = (script: string) => runProgram(['/bin/sh', '-c', script, process.execPath, ENTRY]);
  const wrong = await run('"$0" "$1" completion ksh');
  t.deepEqual([wrong.status, wrong.stdout.toString()], [64, '']);
  t.regex(wrong.stderr, /Allowed choices are bash, zsh, fish.*launchpool completion --help/s);
  t.is((await run('"$0" "$1" completion')).status, 64);
  for (const shell of Object.keys(SHELLS)) {
    const closed = await run(`"$0" "$1" completion ${shell} | head -c 0`);
    t.deepEqual([closed.status, closed.stderr], [0, ''], shell);
  }
  if (existsSync('/dev/full')) t.is((await run('"$0" "$1" completion fish > /dev/full')).status, 73);
  const help = await run('"$0" "$1" completion --help');
  t.regex(help.stdout.toString(), /eval "\$\(launchpool completion bash\)".*compinit.*completions\/launchpool\.fish/s);
});

for (const shell of Object.keys(SHELLS)) {
  test(`${shell} completes words`, async (t) => {
    const opened = await open(t, shell);
    if (opened === undefined) return;
    for (const [typed, words] of LINES) {
      // The shell sets a blank behind a word that is complete.
      opened.terminal.type(`launchpool ${typed}\tlast\r`);
      const shown = await opened.terminal.shows(/WORDS:.*:END/);
      t.is(/WORDS:.*/.exec(shown)?.[0], `WORDS:${[...words, 'last'].map((word) => `[${word}]`).join('')}:END`, typed);
    }
    // ^B goes back to the end of a word within the line.
    opened.terminal.type(`launchpool inst last${'\x02'.repeat(5)}\t\r`);
    await opened.terminal.shows(/WORDS:\[install\]\[last\]:END/);
    if (shell !== 'bash') return;
    opened.terminal.type('COMP_WORDBREAKS=" "\r');
    opened.terminal.type('X=1 launchpool install --process-type=ba\tlast\r');
    await opened.terminal.shows(/WORDS:\[install\]\[--process-type=background\]\[last\]:END/);
  });

  test(`${shell} lists candidates, and runs nothing of a line that is not entered`, async (t) => {
    const opened = await open(t, shell);
    if (opened === undefined) return;
    const { terminal, cwd } = opened;
    // bash lists at the second TAB.
    terminal.type(`launchpool sta${shell === 'bash' ? '\t\t' : '\t'}`);
    await terminal.shows(shell === 'bash' ? /start +status/ : /(?=.*start an agent)(?=.*the state of an installed)/s);
    const substitution = shell === 'fish' ? '(touch made)' : '$(touch made)';
    // ^U discards the line.
    terminal.type(`\x15launchpool call "${substitution}" ${substitution} --ra\t\x15`);
    terminal.type('launchpool done\r');
    await terminal.shows(/WORDS:\[done\]:END/);
    t.false(existsSync(join(cwd, 'made')));
  });
}
