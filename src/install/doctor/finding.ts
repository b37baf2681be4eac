/** What the doctor may find, and how a check is made. */
import type { Job } from '../../../job/job.ts';
import type { AgentStatus } from '../../control/status.ts';
import type { InstallRecord } from '../../installed/record.ts';
import type { Place } from '../plan.ts';

/** Stable names of what can be wrong; docs/launchd.md and docs/systemd.md say more of each. */
export type FindingId =
  | 'node-gone'
  | 'node-versioned'
  | 'program-gone'
  | 'path-too-long'
  | 'supervisor-unreachable'
  | 'disabled'
  | 'blocked'
  | 'throttled'
  | 'crashed'
  | 'socket-failed'
  | 'socket-dead'
  | 'label-mismatch'
  | 'label-taken'
  | 'file-changed'
  | 'mode-too-wide'
  | 'options-invalid'
  | 'not-answering'
  | 'headless'
  | 'no-lingering';

export type Finding = {
  id: FindingId;
  /** Undefined for what concerns all agents. */
  label?: string;
  /** A problem keeps an agent from working, or will; a notice is good to know. */
  severity: 'problem' | 'notice';
  /** What is wrong, with the value. */
  message: string;
  /** What to do, for what cannot be mended here. */
  hint?: string;
  /** Whether --fix can mend it. */
  canFix: boolean;
  /** Of --fix: whether it is mended. */
  fixed?: boolean;
  /** Why it could not be. */
  failure?: string;
};

/** What is known of one agent when it is looked at. */
export type Patient = Place & {
  label: string;
  record: InstallRecord;
  job: Job;
  status: AgentStatus;
};

export type Fix = () => Promise<void>;

/** A finding, and how it is mended, if it can be. */
export type Diagnosis = Omit<Finding, 'canFix' | 'fixed' | 'failure'> & { fix?: Fix };
