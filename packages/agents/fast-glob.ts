import { join } from 'node:path';
import glob from 'fast-glob';
export const answer = async () => (await glob('**/*.json', { cwd: join(import.meta.dirname, 'locales') })).sort();
