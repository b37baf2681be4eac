/** What a word of a command line may become: the answer to the TAB key of a shell. */
import { LOG_LEVELS } from '../../log.ts';
import type { Option, Table, ValueOption } from '../../options/option.ts';
import { VERB_TABLES, type Verb } from '../../options/verb-tables.ts';
import { SHELLS, VERBS, type WordKind } from '../../options/verbs.ts';
import { type CommandLine, readCommandLine, rowOf } from './command-line.ts';

export type Candidate = { value: string; description?: string };

export type Answer = {
  candidates: Candidate[];
  /** Whether the shell completes files if there is no candidate. */
  files: boolean;
};

/** What is installed; nothing of it is asked for unless the answer depends on it. */
export type Installed = {
  labels(): Candidate[];
  /** @param target a label, or the path of a socket. */
  methods(target: string): string[];
  versions(label: string): Candidate[];
};

const NOTHING: Answer = { candidates: [], files: false };
const FILES: Answer = { candidates: [], files: true };
const HELP: Candidate = { value: '--help', description: 'prints the help' };
const VERB_CANDIDATES: readonly Candidate[] = [
  ...Object.entries(VERBS).map(([value, { summary }]) => ({ value, description: summary })),
  { value: 'help', description: 'print the help of a verb' },
];

/** @param args of launchpool, without quotes; the last one is being typed, and may be empty. */
export function candidatesOf(args: readonly string[], installed: Installed): Answer {
  const [verb = '', ...rest] = args;
  const typed = rest.pop();
  if (typed === undefined) {
    const all = verb.startsWith('-')
      ? [HELP, { value: '--version', description: 'prints the version' }]
      : VERB_CANDIDATES;
    return beginningWith(verb, all);
  }
  if (verb === 'help' && rest.length === 0) return beginningWith(typed, VERB_CANDIDATES);
  return Object.hasOwn(VERBS, verb) ? ofVerb(verb as Verb, rest, typed, installed) : NOTHING;
}

function ofVerb(verb: Verb, args: readonly string[], typed: string, installed: Installed): Answer {
  const rows = VERB_TABLES[verb].flatMap((table: Table) => Object.values<Option>(table));
  const line = readCommandLine(args, rows);
  if (line.open !== undefined) return ofValue(line.open, typed, installed);
  if (!line.isPastOptions && typed.startsWith('-')) {
    if (!typed.includes('=')) return beginningWith(typed, optionsOf(rows, line));
    const row = rowOf(typed, rows);
    return row !== undefined && 'value' in row ? ofValue(row, typed.slice(typed.indexOf('=') + 1), installed) : NOTHING;
  }
  const { words, more } = VERBS[verb];
  const kind = words[line.words.length] ?? more;
  if (kind !== undefined) return ofWord(kind, line, typed, installed);
  return typed === '' && !line.isPastOptions ? { candidates: optionsOf(rows, line), files: false } : NOTHING;
}

/** Those that are not given yet, or may be repeated. */
function optionsOf(rows: readonly Option[], { given }: CommandLine): Candidate[] {
  const left = rows.filter((row) => !given.has(row.flag) || ('value' in row && row.value.kind === 'texts'));
  return [...left.map(({ flag, help }) => ({ value: `--${flag}`, description: help })), HELP];
}

/** The value of an option. With `=` before it, the shell keeps the name of the option. */
function ofValue({ value }: ValueOption, typed: string, installed: Installed): Answer {
  if (value.kind === 'choice') return beginningWith(typed, plain(value.choices));
  const placeholder = 'placeholder' in value ? value.placeholder : undefined;
  if (value.kind === 'path' || placeholder === 'FILE') return FILES;
  if (value.kind === 'count' && value.auto !== undefined) return beginningWith(typed, plain(['auto']));
  return placeholder === 'LABEL' ? beginningWith(typed, installed.labels()) : NOTHING;
}

function ofWord(kind: WordKind, { words, given }: CommandLine, typed: string, installed: Installed): Answer {
  const [target = ''] = words;
  switch (kind) {
    case 'module':
    case 'folder':
      return FILES;
    case 'label':
      return beginningWith(
        typed,
        installed.labels().filter(({ value }) => !words.includes(value)),
      );
    case 'target':
      return { ...beginningWith(typed, installed.labels()), files: true };
    case 'method':
      return given.has('raw') ? NOTHING : beginningWith(typed, plain(installed.methods(target)));
    case 'version':
      return beginningWith(typed, installed.versions(target));
    case 'level':
      return beginningWith(typed, plain(LOG_LEVELS));
    case 'shell':
      return beginningWith(typed, plain(SHELLS));
  }
}

function plain(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

function beginningWith(typed: string, candidates: readonly Candidate[]): Answer {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), files: false };
}
