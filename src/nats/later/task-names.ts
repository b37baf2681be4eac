/** The streams, subjects and ids of the tasks of a service: calls for later. Permissions of NATS can name them. */
import { randomBytes } from 'node:crypto';
import { LaunchpoolError } from '../../../wire/errors.ts';

export type TaskNames = {
  /** The streams of JetStream. */
  readonly tasks: string;
  readonly outcomes: string;
  readonly dead: string;
};

/** The consumer of the stream of tasks that all instances share. */
export const CONSUMER = 'instances';

export function streamsOf(service: string): TaskNames {
  const of = (kind: string): string => `launchpool-later-${service}-${kind}`;
  return { tasks: of('tasks'), outcomes: of('outcomes'), dead: of('dead') };
}

/** @param id of a task, or `*`. */
export function taskSubject(service: string, id: string): string {
  return `launchpool-later.${service}.task.${id}`;
}

export function outcomeSubject(service: string, id: string): string {
  return `launchpool-later.${service}.outcome.${id}`;
}

export function deadSubject(service: string, id: string): string {
  return `launchpool-later.${service}.dead.${id}`;
}

/** A subject may have other ids: `*`, which stands for all of them in a question, or one that is too long for a line of NATS. */
export function isTaskId(id: unknown): id is string {
  return typeof id === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(id);
}

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID for an id that cannot be a part of a subject. */
export function checkTaskId(id: string): string {
  if (isTaskId(id)) return id;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `not the id of a task: ${JSON.stringify(id)}`, {
    hint: 'An id has up to 100 letters, digits, dashes and underscores.',
  });
}

/** A UUID of version 7, which begins with its time: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 */
export function newTaskId(nowMs = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** When a task got its id, in milliseconds since 1970; undefined for an id of another form. */
export function timeOfTaskId(id: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id) ?? [];
  return high === undefined ? undefined : Number.parseInt(`${high}${low}`, 16);
}
