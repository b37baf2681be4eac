/** Takes the names and paths of the user out of texts that leave the machine. */

export type Redaction = {
  home: string;
  uid: number;
  /** The name of the user; undefined if the system has none. */
  user: string | undefined;
  /** Further folders, by what stands for each. */
  folders: Readonly<Record<string, string>>;
};

/** Longer folders first: one may contain another. */
export function redact(text: string, { home, uid, user, folders }: Redaction): string {
  const all = Object.entries({ ...folders, '~': home }).sort(([, a], [, b]) => b.length - a.length);
  let redacted = text;
  for (const [name, folder] of all) if (folder.length > 1) redacted = redacted.replaceAll(folder, name);
  // Any other path may have a name in it: only those of the system stay.
  redacted = redacted.replace(/(?<![\w~<>])\/(?:[^\s'":,;()]+)/g, (path) => (SYSTEM.test(path) ? path : '<path>'));
  if (user !== undefined && user.length > 1) {
    redacted = redacted.replace(new RegExp(`(?<![\\w])${user.replace(/[^\w]/g, '\\$&')}(?![\\w])`, 'g'), '<user>');
  }
  return redacted.replace(new RegExp(`\\b(gui|user|uid|user for) ?/? ?${uid}\\b`, 'g'), '$1/<uid>');
}

const SYSTEM = /^\/(?:bin|usr\/bin|usr\/lib|System|Library\/Launch(?:Agents|Daemons)|etc|dev)(?:\/|$)/;
