/**
 * Imported by files of tests that install agents in their own process: they install the program that test/run.ts has built
 * from the same sources. Each file would build it once more.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { useProgramIn } from '../../src/installed/runtime-files.ts';

const program = process.env.LAUNCHPOOL_TEST_PROGRAM;
const folder = program === undefined ? undefined : dirname(program);
if (folder !== undefined && existsSync(join(folder, 'runtime'))) useProgramIn(folder);
