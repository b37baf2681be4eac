import test from 'ava';
import fc from 'fast-check';
import { createProgress } from '../../../src/mcp/progress.ts';

type Sent = { method: string; params: Record<string, unknown> };

test('the progress of notifications increases, whatever is reported', (t) => {
  const report = fc.record({ done: fc.double(), total: fc.option(fc.double(), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(report), fc.boolean(), (reports, isStream) => {
      const sent: Sent[] = [];
      const progress = createProgress('token', isStream, (message) => sent.push(message as Sent));
      for (const each of reports) {
        progress.report(each);
        if (isStream) progress.value('v');
      }
      const numbers = sent.map(({ params }) => params.progress as number);
      t.true(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number)));
      t.true(
        sent.every(({ method, params }) => method === 'notifications/progress' && params.progressToken === 'token'),
      );
      if (isStream) t.is(sent.length, reports.length);
    }),
  );
});

test('nothing is sent behind the end, and long texts are cut', (t) => {
  const sent: Sent[] = [];
  const progress = createProgress(1, true, (message) => sent.push(message as Sent));
  progress.value('x'.repeat(10_000));
  t.is(String(sent[0]?.params.message).length, 8 * 1024 + 1);
  progress.report({ done: 1, text: 'between' });
  t.is(sent[1]?.params.message, 'between');
  progress.end();
  progress.value('late');
  t.is(sent.length, 2);
});
