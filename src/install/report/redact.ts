/** Takes the names and paths of the user out of texts that leave the machine. */

export type Redaction = {
  home: string;
  uid: number;
  /** The name of the user; undefined if the system has none. */
  user: string | undefined;
  /** Further folders and files, by what stands for each. */
  folders: Readonly<Record<string, string>>;
};

/** Paths that are the same on every machine. */
const SYSTEM = /^\/(?:bin|sbin|usr\/s?bin|usr\/lib|System|Library\/Launch(?:Agents|Daemons)|dev)(?:\/[\w.@+-]*)*$/;
/** Parts of a home folder that are the same in every home. */
const OF_HOME =
  /^~\/(?:Library\/LaunchAgents|Library\/Application Support|\.local\/share\/launchpool|\.config\/systemd\/user)(?=\/|$)/;
/** Up to a character that ends a path in a message; a folder may have spaces in its name. */
const PATH = /(?<![\w>])(?:~|(?=\/))(?:\/[^\n'"`,:;()]*)/g;

/** Rather too much than too little is taken out. */
export function redact(text: string, { home, uid, user, folders }: Redaction): string {
  // Longer ones first: one may contain another.
  const all = Object.entries({ ...folders, '~': home }).sort(([, a], [, b]) => b.length - a.length);
  let redacted = text;
  for (const [name, folder] of all) if (folder.length > 1) redacted = replaceFolder(redacted, folder, name);
  redacted = redacted.replace(PATH, (path) => {
    const known = OF_HOME.exec(path)?.[0];
    if (known !== undefined) return path === known ? known : `${known}/<path>`;
    const [first = '', ...rest] = path.split(' ');
    if (SYSTEM.test(first)) return [first, ...rest].join(' ');
    return path.startsWith('~') ? '~/<path>' : '<path>';
  });
  if (user !== undefined && user.length > 1) redacted = replaceWord(redacted, user, '<user>');
  return redacted.replace(new RegExp(`\\b(gui|user|uid)([^\\w]{1,4})${uid}\\b`, 'gi'), '$1$2<uid>');
}

function replaceFolder(text: string, folder: string, name: string): string {
  return text.replace(new RegExp(`${escaped(folder)}(?=[/\\s'"\`,:;()]|$)`, 'g'), name);
}

function replaceWord(text: string, word: string, by: string): string {
  return text.replace(new RegExp(`(?<!\\w)${escaped(word)}(?!\\w)`, 'g'), by);
}

function escaped(text: string): string {
  return text.replace(/[^\w]/g, '\\$&');
}
