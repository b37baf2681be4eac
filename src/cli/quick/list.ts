/** The entry of the bundle of `launchpool list`. */
import { JSON_TABLE } from '../../options/json-table.ts';
import { listVerb } from '../verbs/status.ts';
import { asking } from './asking.ts';
import { quickVerb } from './quick-verb.ts';

export const { tables, start } = quickVerb([JSON_TABLE], ({ words, flags }) =>
  words.length === 0 ? listVerb(flags, asking()) : undefined,
);
