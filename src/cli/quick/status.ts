/** The entry of the bundle of `launchpool status`. */
import { JSON_TABLE } from '../../options/json-table.ts';
import { statusVerb } from '../verbs/status.ts';
import { asking } from './asking.ts';
import { quickVerb } from './quick-verb.ts';

export const { tables, start } = quickVerb([JSON_TABLE], ({ words: [label, ...rest], flags }) =>
  label !== undefined && rest.length === 0 ? statusVerb(label, flags, asking()) : undefined,
);
