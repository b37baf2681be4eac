/** The entry of the bundle of `launchpool status`. The whole command line answers `--options`. */
import { STATUS_TABLE } from '../../options/tool-tables.ts';
import { statusVerb } from '../verbs/status.ts';
import { asking } from './asking.ts';
import { quickVerb } from './quick-verb.ts';

export const { tables, start } = quickVerb([STATUS_TABLE], ({ words: [label, ...rest], flags }) =>
  label !== undefined && rest.length === 0 && !flags.options ? statusVerb(label, flags, asking()) : undefined,
);
