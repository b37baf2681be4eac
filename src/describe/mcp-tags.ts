/** The tags `@mcp` of a comment: what a method is as a tool of MCP. */
import type { ToolFacts } from '../../description/description.ts';
import type { Comment } from './compiler.ts';

const WORDS: Readonly<Record<string, ToolFacts>> = {
  tool: { isTool: true },
  hidden: { isHidden: true },
  'read-only': { readOnly: true },
  destructive: { destructive: true },
  additive: { destructive: false },
  idempotent: { idempotent: true },
  'open-world': { openWorld: true },
  'closed-world': { openWorld: false },
};

/** Undefined without such a tag. @param note of a word that is not known. */
export function toolFacts({ tags }: Comment, note: (path: string, text: string) => void): ToolFacts | undefined {
  const texts = tags.filter(({ name }) => name === 'mcp').map(({ text }) => text.trim());
  if (texts.length === 0) return undefined;
  const facts: ToolFacts = {};
  for (const text of texts) {
    const [, title] = /^title\s*:\s*(\S[\s\S]*)$/.exec(text) ?? [];
    if (title !== undefined) {
      facts.title = title.replaceAll(/\s+/g, ' ');
      continue;
    }
    for (const word of text.split(/[\s,]+/).filter((each) => each !== '')) {
      if (Object.hasOwn(WORDS, word)) Object.assign(facts, WORDS[word]);
      else note('', `its @mcp ${word} is none of ${Object.keys(WORDS).join(', ')}, title: TEXT`);
    }
  }
  return facts;
}
