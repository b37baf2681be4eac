/** The doctor's findings, and the types of its checks. */
import type { Job } from '../../../job/job.ts';
import type { Misplacement } from '../../../job/supervisor.ts';
import type { AgentStatus } from '../../control/status.ts';
import type { Place } from '../../installed/place.ts';
import type { InstallRecord } from '../../installed/record.ts';

/** Stable ids. docs/launchd.md and docs/systemd.md describe each. */
export type FindingId =
  | 'node-gone'
  | 'node-versioned'
  | 'program-gone'
  | 'source-changed'
  | 'path-too-long'
  | 'supervisor-unreachable'
  | 'disabled'
  | 'not-stopped'
  | 'blocked'
  | 'throttled'
  | 'crashed'
  | 'socket-failed'
  | 'socket-dead'
  | 'label-mismatch'
  | 'label-taken'
  | Misplacement['id']
  | 'file-changed'
  | 'mode-too-wide'
  | 'options-invalid'
  | 'not-answering'
  | 'headless'
  | 'no-lingering';

export type Finding = {
  id: FindingId;
  /** Undefined for a finding about all agents. */
  label?: string;
  /** A problem keeps an agent from working, now or later. A notice does not. */
  severity: 'problem' | 'notice';
  /** The problem, with the value. */
  message: string;
  /** What the user can do where the doctor has no fix. */
  hint?: string;
  /** Whether --fix has a fix. */
  canFix: boolean;
  /** Whether --fix has fixed it. Undefined without --fix, or without a fix. */
  fixed?: boolean;
  /** The error of a failed fix. */
  failure?: string;
};

/** An installed agent as the checks read it. */
export type Installation = Place & {
  label: string;
  record: InstallRecord;
  job: Job;
  status: AgentStatus;
  misplacement: Misplacement | undefined;
  /** Whether the agent is stopped on purpose. No fix starts it then. */
  isStopped: boolean;
  /** Has the supervisor load the job, unless the agent is stopped: start() loads all files. */
  load(changed: readonly string[]): Promise<void>;
};

export type Fix = () => Promise<void>;

/** A finding before its fix is applied, with the fix if there is one. */
export type Diagnosis = Omit<Finding, 'canFix' | 'fixed' | 'failure'> & { fix?: Fix };
