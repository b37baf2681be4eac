/**
 * A client's conversation with all instances of a service. Each request goes to the instance with the least load, and waits
 * while none has a place. What an instance has surely not run goes to another one; what it may have run goes nowhere else,
 * unless it may run twice.
 */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { closedByClient } from '../connection-errors.ts';
import type { SendFacts, Session, SessionEvents } from '../session-types.ts';
import type { SentFrame } from '../unconfirmed-frames.ts';
import type { MemberEnd, ServiceFrame } from './member.ts';
import { Members } from './members.ts';
import type { Service } from './service.ts';
import { allBusy, noneFor, outcomeUnknown } from './service-errors.ts';

/** What waits for a place, at most. */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 1024 ** 2;

/**
 * Resolves when one instance can be called; others join as they answer.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openServiceSession(
  service: Service,
  options: ConnectOptions,
  events: SessionEvents,
): Promise<Session> {
  let waiting = new Set<ServiceFrame>();
  let waitingBytes = 0;
  let endReason: LaunchpoolError | undefined;

  const members = new Members(service, options, {
    onFrame: events.onFrame,
    onPlace: dispatch,
    onEnd,
    onNone: (cause) => failWaiting(noneFor(service.place, cause)),
    isNeeded: () => waiting.size > 0,
  });
  service.onClose = (reason) => {
    for (const sent of members.takeOpen())
      fail(sent, outcomeUnknown(service.place, sent.member?.instance ?? '', reason));
    end(reason);
  };

  function dispatch(): void {
    for (const sent of waiting) {
      const member = members.choose(sent.facts.method ?? '');
      if (member === undefined) break;
      leaveQueue(sent);
      member.send(sent, performance.now());
    }
    if (waiting.size > 0) members.seek();
  }

  function leaveQueue(sent: ServiceFrame): void {
    if (waiting.delete(sent)) waitingBytes -= sent.payload.length;
  }

  function enqueue(frames: readonly ServiceFrame[]): void {
    for (const sent of frames) {
      sent.member = undefined;
      sent.isDiscarded = false;
      waitingBytes += sent.payload.length;
    }
    waiting = new Set([...frames, ...waiting]);
  }

  function onEnd(instance: string, { refused, unrun, lost, reason }: MemberEnd): void {
    if (refused !== undefined) fail(refused, reason);
    const again = lost.filter(({ facts, isRead, losses }) => facts.isRepeatable === true && !isRead && losses === 0);
    for (const sent of again) sent.losses += 1;
    enqueue([...again, ...unrun].sort((a, b) => a.index - b.index));
    for (const sent of lost) if (!again.includes(sent)) fail(sent, outcomeUnknown(service.place, instance, reason));
    dispatch();
  }

  function fail({ facts }: ServiceFrame, reason: LaunchpoolError): void {
    facts.fail?.(reason);
  }

  function failWaiting(reason: LaunchpoolError): void {
    const failed = waiting;
    waiting = new Set();
    waitingBytes = 0;
    for (const sent of failed)
      fail(sent, sent.losses === 0 ? reason : outcomeUnknown(service.place, 'that had it', reason));
  }

  function end(reason: LaunchpoolError): void {
    if (endReason !== undefined) return;
    endReason = reason;
    waiting.clear();
    members.close();
    service.close();
    events.onClose(reason);
  }

  try {
    await members.first();
  } catch (error) {
    members.close();
    service.close();
    throw error;
  }
  return {
    send(payload, facts: SendFacts = {}) {
      const sent: ServiceFrame = {
        ...{ payload, isNotification: facts.isNotification === true, index: -1 },
        ...{ facts, member: undefined, load: undefined, isRead: false, losses: 0, endByte: 0 },
      };
      members.noteUse();
      // What waits goes first.
      const member = waiting.size > 0 ? undefined : members.choose(facts.method ?? '');
      if (member !== undefined) member.send(sent, performance.now());
      else if (waiting.size >= MAX_WAITING || waitingBytes + payload.length > MAX_WAITING_BYTES) {
        const busy = allBusy(service.place, waiting.size);
        queueMicrotask(() => fail(sent, busy));
      } else {
        waiting.add(sent);
        waitingBytes += payload.length;
        members.seek();
      }
      return sent;
    },
    sendIfConnected(payload, about) {
      const member = (about as ServiceFrame | undefined)?.member;
      if (member?.isReady) member.sendNow(payload);
    },
    markRead(sent) {
      const { member } = sent as ServiceFrame;
      member?.markRead(sent as ServiceFrame, performance.now());
    },
    markAnswered(sent, isError = false) {
      (sent as ServiceFrame).member?.markAnswered(sent as ServiceFrame, performance.now(), isError);
    },
    discard(sent: SentFrame) {
      leaveQueue(sent as ServiceFrame);
      (sent as ServiceFrame).member?.release(sent as ServiceFrame);
    },
    keepAlive: service.keepAlive,
    close: () => end(closedByClient()),
  };
}
