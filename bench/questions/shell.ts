/** How long does a shell wait for launchpool's command line, beside other clients? */
import { type Cell, type Question, question } from '../question.ts';
import { SHELL_KINDS } from '../question-line-up.ts';
import { figure } from '../results.ts';
import { CALL, LIST, prepareShell, type ShellPrepared, STATUS, VERSION } from '../shell/prepare.ts';
import { numberText, ratioText } from '../text.ts';

const CLIENTS = SHELL_KINDS.filter((kind) => kind !== 'shell-launchpool' && kind !== 'shell-node');

export const shell: Question = question<Cell, ShellPrepared>({
  name: 'shell',
  asks: "How long does a shell wait for launchpool's command line, beside other clients?",
  note:
    '`shell-launchpool` is the verb of the cell, `shell-node` is `node -e 0`, which does nothing. In the cell `call`, ' +
    '`shell-python` and `shell-nc` send the same request to the same running agent, and `shell-prettierd` and ' +
    '`shell-eslint_d` are the own clients of two resident servers, each with a file of one line. Each time is that of a ' +
    'process from its start to its end, with a warm server. `list` and `status` ask a double of systemctl, which answers ' +
    'at once, about agents that do not run.',
  mode: 'raw',
  handler: 'rot13',
  cells: [
    { name: CALL, quick: true },
    { name: LIST, without: CLIENTS },
    { name: STATUS, without: CLIENTS },
    { name: VERSION, without: CLIENTS },
  ],
  kinds: SHELL_KINDS,
  quickKinds: ['shell-launchpool', 'shell-node', 'shell-python'],
  quickRounds: 1,
  times: 5,
  alone: true,
  prepare: prepareShell,
  async measure({ cell: { name }, kind, generator }, { commandOf }) {
    return { ms: (await generator.wall(commandOf(kind, name))).ms };
  },
  ratios: [{ field: 'ratioToNode', of: 'ms', to: 'shell-node' }],
  columns: [
    { field: 'ms', title: 'time', unit: 'ms' },
    { field: 'ratioToNode', title: '/ node -e 0', unit: 'ratio' },
  ],
  chart: { field: 'ms', title: 'time of a process from its start to its end', unit: 'ms', logarithmic: false },
  answer(results) {
    const per = [CALL, LIST, STATUS, VERSION].flatMap((cell) => {
      const [ms, ratio] = ['ms', 'ratioToNode'].map((field) => figure(results, cell, 'shell-launchpool', field));
      return ms === undefined ? [] : [`\`${cell}\` ${numberText(ms, 'ms')}, ${ratioText(ratio)} \`node -e 0\``];
    });
    return `launchpool takes, for ${per.join('; ')}.`;
  },
});
