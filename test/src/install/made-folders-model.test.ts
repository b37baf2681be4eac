/** Agents of several labels are installed, undone, killed and uninstalled in any order. The last uninstallation leaves nothing. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { install } from '../../../src/install/install.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { createFakeSupervisor } from '../../helpers/fake-supervisor.ts';
import { createStepwiseInstallation, type StepwiseInstallation } from '../../helpers/installation-steps.ts';
import { killedAfter } from '../../helpers/killed-after.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/built-runtime.ts';

const LABELS = ['com.example.a', 'com.example.b', 'c'] as const;
const STEPS = ['begin', 'fill', 'finish', 'fail', 'uninstall'] as const;

/** Folders that may exist before, and files of the user beside the files of launchpool. */
const FOLDERS = ['.local', '.local/share', '.config', '.config/jobs/of-user', 'run/user'] as const;
const FILES = ['.local/bin/tool', '.local/share/launchpool/mine', '.config/jobs/mine', 'run/user/mine'] as const;

type Step = { index: number; step: (typeof STEPS)[number]; killedAfter?: number | undefined };
type Command = { does: 'steps'; steps: readonly Step[] } | { does: 'file'; path: (typeof FILES)[number] };

const anIndex = fc.nat(LABELS.length - 1);
// Most steps advance an installation.
const aName = fc.oneof(fc.constantFrom(...STEPS), fc.constantFrom('begin', 'fill', 'finish'));
const aStep: fc.Arbitrary<Step> = fc.record({ index: anIndex, step: aName });
const aKilledStep: fc.Arbitrary<Step> = fc.record({ index: anIndex, step: aName, killedAfter: fc.nat(16) });
const concurrentSteps = fc.tuple(aStep, aStep).filter(([one, other]) => one.index !== other.index);
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(aStep) },
  fc.tuple(aKilledStep),
  concurrentSteps,
  concurrentSteps,
);
const aCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: steps.map((each): Command => ({ does: 'steps', steps: each })) },
  fc.constantFrom(...FILES).map((path): Command => ({ does: 'file', path })),
);

type Phase = 'none' | 'started' | 'filled' | 'installed';

/** The phases in which a step is possible. An uninstallation waits for an installation in progress, so that is left out. */
const FROM: Readonly<Record<Step['step'], readonly Phase[]>> = {
  begin: ['none', 'installed'],
  fill: ['started'],
  finish: ['filled'],
  fail: ['started', 'filled'],
  uninstall: ['none', 'installed'],
};

/** `base` is the phase that a failed installation restores. */
type Member = { installation: StepwiseInstallation; phase: Phase; base: Phase };

type Counts = { killed: number; uninstalled: number; failed: number };

test.serial('folders that several labels share are neither left behind nor removed too early', async (t) => {
  t.timeout(120_000);
  const counts: Counts = { killed: 0, uninstalled: 0, failed: 0 };
  const order = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.subarray([...FOLDERS]),
      fc.array(aCommand, { minLength: 4, maxLength: 24 }),
      order,
      async (folders, commands, uninstallOrder) => {
        const home = await tempDir(t);
        for (const path of folders) mkdirSync(join(home, path), { recursive: true });
        const expected = new Set(namesIn(home));
        const members = LABELS.map(
          (label): Member => ({ installation: createStepwiseInstallation(home, label), phase: 'none', base: 'none' }),
        );
        for (const command of commands) {
          if (command.does === 'file') for (const path of putFile(home, command.path)) expected.add(path);
          // Concurrent.
          else await Promise.all(command.steps.map((step) => takeStep(members[step.index] as Member, step, counts)));
          for (const member of members) checkFiles(member);
        }
        for (const { installation, phase } of members) if (FROM.fail.includes(phase)) await installation.fail();
        for (const index of uninstallOrder) await members[index]?.installation.uninstall();
        assert.deepEqual(namesIn(home), [...expected].sort());
        rmSync(home, { recursive: true });
      },
    ),
    { numRuns: 80, includeErrorInReport: true },
  );
  // The commands are random: checks that each kind took place.
  t.true(counts.killed > 3 && counts.uninstalled > 3 && counts.failed > 3, JSON.stringify(counts));
});

async function takeStep(member: Member, { step, killedAfter: after }: Step, counts: Counts): Promise<void> {
  const { installation, phase } = member;
  if (!FROM[step].includes(phase)) return;
  if (step === 'begin') member.base = phase;
  let isKilled = false;
  if (after === undefined) await installation[step]();
  else isKilled = await killedAfter(after, () => installation[step]());
  if (isKilled) {
    installation.die();
    counts.killed += 1;
    member.phase = 'none';
  } else {
    if (step === 'uninstall') counts.uninstalled += 1;
    if (step === 'fail') counts.failed += 1;
    const next = {
      begin: 'started',
      fill: 'filled',
      finish: 'installed',
      fail: member.base,
      uninstall: 'none',
    } as const;
    member.phase = next[step];
  }
}

/** An installed agent keeps its files during the commands of other labels. */
function checkFiles({ installation: { plan }, phase }: Member): void {
  if (phase !== 'installed') return;
  for (const path of [plan.layout.record, plan.layout.logFile, ...plan.jobFiles.map((file) => file.path)]) {
    assert.ok(existsSync(path), `${path} is gone`);
  }
}

/** @returns the path of the file, and the paths of the folders above it. */
function putFile(home: string, path: string): string[] {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), '');
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

const aCall = fc.record({ label: fc.constantFrom(...LABELS), does: fc.constantFrom('install', 'fail', 'uninstall') });
const aRound = fc.array(aCall, { minLength: 1, maxLength: 3 });

test.serial('concurrent installations, some of them failing, leave nothing once all are uninstalled', async (t) => {
  t.timeout(120_000);
  let installed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(aRound, { minLength: 1, maxLength: 4 }), async (rounds) => {
      const fake = await createFakeSupervisor(t);
      const { home, optionsOf } = fake;
      for (const round of rounds) {
        const failing = new Set<string>(round.filter(({ does }) => does === 'fail').map(({ label }) => label));
        fake.onLoad = async (label) => {
          if (failing.has(label)) throw new Error('no');
          installed += 1;
        };
        // Concurrent, also for the same label.
        const results = await Promise.allSettled(
          round.map(({ label, does }) => (does === 'uninstall' ? uninstall : install)(optionsOf(label))),
        );
        for (const result of results) {
          if (result.status === 'rejected') assert.match(result.reason.message, /"load": no/);
        }
      }
      await Promise.all(LABELS.map((label) => uninstall(optionsOf(label))));
      assert.deepEqual(namesIn(home), []);
      rmSync(home, { recursive: true });
    }),
    { numRuns: 8, includeErrorInReport: true },
  );
  t.true(installed > 0);
});

function namesIn(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();
}
