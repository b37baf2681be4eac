/** Prints the value of an expression in which `loaded` is a module, loaded as an agent loads it. */
const { fileURLToPath } = require('node:url');

async function load(path) {
  try {
    return require(path);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    return import(path);
  }
}

async function print(path, expression) {
  const first = await load(path);
  const module = first?.[Symbol.for('launchpool.module')];
  const loaded = module === undefined ? first : await load(fileURLToPath(module));
  const value = await new Function('loaded', `return (async () => (${expression}))()`)(loaded);
  process.stdout.write(JSON.stringify(value) ?? 'null');
}

print(process.argv[2], process.argv[3]);
