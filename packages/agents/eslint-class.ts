import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
export const answer = async () => {
  const e = new ESLint({
    overrideConfigFile: true,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    overrideConfig: [{ rules: { 'no-var': 2 } }],
  });
  return (await e.lintText('var a = 1;', { filePath: 'a.js' }))[0]?.messages.map((m) => m.ruleId);
};
