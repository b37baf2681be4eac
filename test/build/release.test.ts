/** What the release script writes; test/soak/release.test.ts runs the whole of it. */
import test from 'ava';
import { isLater, withRelease } from '../../build/release.ts';

test('versions are compared as numbers', (t) => {
  t.true(isLater('0.2.0', '0.1.9'));
  t.true(isLater('0.10.0', '0.9.0'));
  t.true(isLater('1.0.0', '0.99.99'));
  t.false(isLater('0.1.0', '0.1.0'));
  t.false(isLater('0.1.9', '0.2.0'));
});

test('unreleased changes get the version and the date, and the next ones a place', (t) => {
  const changelog = '# Changelog\n\n## Unreleased\n\n**New.** a\n\n## 0.1.0 (2026-01-01)\n\nb\n';
  t.is(
    withRelease(changelog, '0.2.0', '2026-12-01'),
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-12-01)\n\n**New.** a\n\n## 0.1.0 (2026-01-01)\n\nb\n',
  );
});

test('a release without changes is refused', (t) => {
  t.throws(() => withRelease('# Changelog\n\n## Unreleased\n\n## 0.1.0\n\nb\n', '0.2.0', ''), {
    message: /no unreleased changes/,
  });
  t.throws(() => withRelease('# Changelog\n', '0.2.0', ''), { message: /no section/ });
});
