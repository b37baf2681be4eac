import { Linter } from 'eslint';
import unicorn from 'eslint-plugin-unicorn';
export function answer() {
  const messages = new Linter().verify('var a = new Array(3); a.forEach(b => b);', [
    {
      plugins: { unicorn },
      rules: { 'unicorn/no-new-array': 'error', 'no-var': 'error', 'unicorn/no-array-for-each': 'error' },
    },
  ]);
  return messages.map(({ ruleId }) => ruleId);
}
