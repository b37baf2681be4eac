/** The permissions of NATS in docs/nats.md, as a configuration of nats-server. */
import { readFileSync } from 'node:fs';

export type Permissions = { publish: string[]; subscribe: string[] };

/** The lists of the document in their order: an instance, a client with links, a plain client; then what is durable needs of both. */
export function permissionsInDocument(): Permissions[] {
  const text = readFileSync(new URL('../../docs/nats.md', import.meta.url), 'utf8');
  const lists = text.matchAll(/^ {4}publish: +(\[[^\]]*\])\n {4}subscribe: (\[[^\]]*\])$/gm);
  return [...lists].map(([, publish = '', subscribe = '']) => ({
    publish: JSON.parse(publish) as string[],
    subscribe: JSON.parse(subscribe) as string[],
  }));
}

/** @param users by name, each with the lists that apply. All have the password `p`. */
export function authorization(users: Readonly<Record<string, readonly (Permissions | undefined)[]>>): string {
  const entries = Object.entries(users).map(([user, lists]) => {
    const of = (key: keyof Permissions): string => JSON.stringify(lists.flatMap((each) => each?.[key] ?? []));
    return `{ user: ${user}, password: p, permissions: { publish: ${of('publish')}, subscribe: ${of('subscribe')} } }`;
  });
  return `authorization { users: [${entries.join(', ')}] }\n`;
}
