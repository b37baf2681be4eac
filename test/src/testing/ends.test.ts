/** The ends of a test, of its thread and of its process, and what is left of the agents that they have started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { isAlive } from '../../helpers/activator.ts';
import { builtPackage } from '../../helpers/built-package.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { processesWith } from '../../helpers/processes.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const launchpool = builtPackage();

const AGENT = 'export const pid = () => process.pid;\nexport const hang = () => new Promise(() => {});';
/** Prints the process id of an agent that runs, and does not close it. */
const START = `
  import { startAgent } from 'launchpool/testing';
  const agent = await startAgent(new URL('./agent.ts', import.meta.url));
  console.log(await agent.client.pid());`;

type Project = {
  folder: string;
  /** The folder of temporary folders. */
  temporary: string;
  env: NodeJS.ProcessEnv;
  /** What is left of the agents. */
  files(): string[];
  processes(): number[];
};

async function createProject(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Project> {
  const folder = await tempDir(t);
  const temporary = join(folder, 't');
  mkdirSync(temporary);
  await writeTree(folder, { 'agent.ts': AGENT, ...texts });
  launchpool.linkInto(folder);
  return {
    folder,
    temporary,
    env: { ...process.env, TMPDIR: temporary, LAUNCHPOOL_TEST_MARK: folder },
    files: () => readdirSync(temporary),
    processes: () => processesWith(`LAUNCHPOOL_TEST_MARK=${folder}`),
  };
}

function run({ folder, env }: Project, script = 'script.mjs'): Promise<Finished> {
  return runProgram([process.execPath, join(folder, script)], { cwd: folder, env });
}

/** The agents have ended that the script has named. */
async function untilGone(project: Project, stdout: Buffer | string): Promise<void> {
  const pids = String(stdout).match(/^\d+$/gm)?.map(Number) ?? [];
  if (pids.length === 0) throw new Error(`no agent is named: ${stdout}`);
  await until(() => pids.every((pid) => !isAlive(pid)) && project.processes().length === 0);
}

for (const { how, text, status } of [
  { how: 'has nothing left to do', text: '', status: 0 },
  { how: 'calls process.exit()', text: 'process.exit(7);', status: 7 },
  { how: 'calls process.exit() while a request is open', text: 'agent.client.hang(); process.exit(7);', status: 7 },
  { how: 'fails', text: "setImmediate(() => { throw new Error('fails'); });", status: 1 },
]) {
  test(`a process that ${how} and has not closed its agent leaves no file and no process`, async (t) => {
    const project = await createProject(t, { 'script.mjs': START + text });
    const finished = await run(project);
    t.is(finished.status, status, finished.stderr);
    t.deepEqual(project.files(), []);
    await untilGone(project, finished.stdout);
  });
}

test('the agent of a process that is killed ends, and its folder is removed by the next start, and no other', async (t) => {
  const project = await createProject(t, {
    'script.mjs': `${START} setInterval(() => {}, 1000);`,
    'next.mjs': `${START} await agent.close();`,
  });
  const start = async () => {
    const child = spawn(process.execPath, [join(project.folder, 'script.mjs')], {
      env: project.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return { child, pid: Number(line) };
  };
  const killed = await start();
  const [folder = ''] = project.files();
  t.regex(folder, /^launchpool-test-/);
  killed.child.kill('SIGKILL');
  await until(() => !isAlive(killed.pid) && project.processes().length === 0);
  t.deepEqual(project.files(), [folder]);

  const running = await start();
  const [other = ''] = project.files();
  t.not(other, folder);
  const next = await run(project, 'next.mjs');
  t.is(next.status, 0, next.stderr);
  t.deepEqual(project.files(), [other]);
  t.true(isAlive(running.pid));
});

const IN_WORKER = `
  import { Worker } from 'node:worker_threads';
  const worker = new Worker(new URL('./thread.mjs', import.meta.url));
  const ended = new Promise((resolve) => worker.once('exit', resolve));`;

test('a worker thread starts, calls and closes agents, and its socket is for its user alone', async (t) => {
  const project = await createProject(t, {
    'script.mjs': `process.umask(0); ${IN_WORKER} process.exitCode = await ended;`,
    'thread.mjs': `${START}
      import { statSync } from 'node:fs';
      console.log((statSync(agent.socketPath).mode & 0o777).toString(8), 'mode');
      await Promise.all([agent.close(), agent.close()]);
      try { process.kill(agent.pid() ?? NaN, 0); } catch { console.log('closed'); }`,
  });
  const finished = await run(project);
  t.is(finished.status, 0, finished.stderr);
  t.regex(String(finished.stdout), /^600 mode\nclosed$/m);
  t.deepEqual(project.files(), []);
  await untilGone(project, finished.stdout);
});

test('a worker thread that ends and has not closed its agent leaves no file and no process', async (t) => {
  const project = await createProject(t, {
    // The process goes on: the end of the thread must be enough.
    'script.mjs': `${IN_WORKER} await ended; console.log('ended'); setInterval(() => {}, 1000);`,
    'thread.mjs': START,
  });
  const child = spawn(process.execPath, [join(project.folder, 'script.mjs')], {
    env: project.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  t.is((await lines.next()).value, 'ended');
  t.deepEqual(project.files(), []);
  await until(() => project.processes().every((each) => each === child.pid));
  t.true(pid > 0);
});

test('the agent of a thread that is terminated ends, and the next start in the same process removes its folder', async (t) => {
  const project = await createProject(t, {
    'script.mjs': `${IN_WORKER}
      import { once } from 'node:events';
      import { readdirSync } from 'node:fs';
      await once(worker, 'message');
      await worker.terminate();
      console.log(readdirSync(process.env.TMPDIR).length, 'left');
      await import('./next.mjs');`,
    'thread.mjs': `${START}
      import { parentPort } from 'node:worker_threads';
      parentPort.postMessage('started');
      setInterval(() => {}, 1000);`,
    'next.mjs': `${START} await agent.close();`,
  });
  const finished = await run(project);
  t.is(finished.status, 0, finished.stderr);
  t.regex(String(finished.stdout), /^1 left$/m);
  t.deepEqual(project.files(), []);
  await untilGone(project, finished.stdout);
});

test('50 agents in one process leave no file, no process, and no descriptor', async (t) => {
  t.timeout(5 * 60_000);
  const project = await createProject(t, {
    'script.mjs': `
      import assert from 'node:assert/strict';
      import { existsSync, readdirSync, readFileSync } from 'node:fs';
      import { startAgent } from 'launchpool/testing';
      const descriptors = () => existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
      const children = () => existsSync('/proc/self/task')
        ? readdirSync('/proc/self/task').flatMap((task) => readFileSync(\`/proc/self/task/\${task}/children\`, 'utf8').match(/\\d+/g) ?? [])
        : [];
      const cycle = async () => {
        const agent = await startAgent(new URL('./agent.ts', import.meta.url));
        const pid = await agent.client.pid();
        await agent.connect();
        await agent.close();
        return pid;
      };
      // What the first one loads and opens stays: modules, and the helper process of esbuild.
      console.log(await cycle());
      const [before, helpers] = [descriptors(), children()];
      const pids = new Set();
      for (let round = 0; round < 7; round += 1) {
        for (const pid of await Promise.all(Array.from({ length: 7 }, cycle))) pids.add(pid);
      }
      assert.equal(pids.size, 49);
      assert.deepEqual(readdirSync(process.env.TMPDIR), []);
      assert.deepEqual(children(), helpers);
      // Node closes some descriptors in a later turn of the event loop.
      while (descriptors() > before) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(process.listenerCount('exit') <= 2, true);`,
  });
  const finished = await run(project);
  t.is(finished.status, 0, finished.stderr);
  t.is(finished.stderr, '');
  t.deepEqual(project.files(), []);
  await untilGone(project, finished.stdout);
});
