/**
 * Prints what the `answer` of each module returns, or that it fails, as JSON. The first argument is how they are loaded:
 * `plain`, by import() alone, or `agent`, as an agent loads them.
 */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const [, , how, ...paths] = process.argv;

async function load(path) {
  if (how === 'plain') return import(pathToFileURL(path).href);
  try {
    return require(path);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    return import(pathToFileURL(path).href);
  }
}

async function answerOf(path) {
  try {
    let loaded = await load(path);
    const module = how === 'agent' && loaded?.[Symbol.for('launchpool.module')];
    if (module) loaded = await load(fileURLToPath(module));
    return { answer: await (loaded.answer ?? loaded.default.answer)() };
  } catch (error) {
    return { error: error.name };
  }
}

const answers = [];
for (const path of paths) answers.push(await answerOf(path));
process.stdout.write(JSON.stringify(answers), () => process.exit());
