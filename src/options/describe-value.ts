/** Describes a value: its placeholder in the help, and the accepted texts. */
import type { Value } from './option.ts';

const PLACEHOLDERS = {
  seconds: 'SECONDS',
  count: 'N',
  bytes: 'BYTES',
  mebibytes: 'MB',
  port: 'PORT',
  userIds: 'UID[,UID…]',
} as const;

export function placeholderOf(value: Value): string {
  return 'placeholder' in value ? value.placeholder : PLACEHOLDERS[value.kind];
}

/** The accepted texts, as a noun. Undefined if every text is accepted, or if the row itself describes them. */
export function expectationOf(value: Value): string | undefined {
  switch (value.kind) {
    case 'seconds':
      return `a number from ${value.min} to ${value.max}`;
    case 'count':
      return `a whole number from ${value.min} to ${value.max}${value.auto === undefined ? '' : ', or auto'}`;
    case 'bytes':
    case 'mebibytes':
    case 'port':
      return `a whole number from ${value.min} to ${value.max}`;
    case 'userIds':
      return `whole numbers from ${value.min} to ${value.max}, separated by commas`;
    case 'choice':
      return `one of ${value.choices.join(', ')}`;
    default:
      return undefined;
  }
}
