/** All questions, in the order of measurement. A new one is a script beside this one and a line here. */
import type { Question } from '../question.ts';
import { cores } from './cores.ts';
import { firstReply } from './first-reply.ts';
import { firstReplyPackages } from './first-reply-packages.ts';
import { growth } from './growth.ts';
import { headOfLine } from './head-of-line.ts';
import { idleConnections } from './idle-connections.ts';
import { largePayloads, largePayloadsRpc } from './large-payloads.ts';
import { mcp } from './mcp.ts';
import { memory } from './memory.ts';
import { nats } from './nats.ts';
import { natsBalance } from './nats-balance.ts';
import { shell } from './shell.ts';
import { throughput, throughputRpc } from './throughput.ts';

export const QUESTIONS: readonly Question[] = [
  throughput,
  throughputRpc,
  firstReply,
  firstReplyPackages,
  headOfLine,
  cores,
  largePayloads,
  largePayloadsRpc,
  memory,
  idleConnections,
  shell,
  mcp,
  nats,
  natsBalance,
  growth,
];
