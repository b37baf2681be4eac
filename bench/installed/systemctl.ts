/**
 * A double of systemctl, and of loginctl, for programs that ask about installed agents: the load generator under these
 * names, load/systemctl.c. It says of every unit that has a file that its socket listens and its service does not run.
 */
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** @returns a PATH on which the doubles come first. */
export async function placeSystemctl(generatorPath: string, folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  for (const name of ['systemctl', 'loginctl']) await symlink(generatorPath, join(bin, name));
  return [bin, process.env.PATH ?? ''].join(delimiter);
}
