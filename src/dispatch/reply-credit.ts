/** The credit of threads for late replies: given back at once, or when clients have read enough of their replies. */
import type { Credit, Pool } from '../pool/contract.ts';
import type { Admission } from './connection/admission.ts';

export type ReplyCredit = {
  /** Late replies have arrived that took this credit. */
  receive(credit: Credit): void;
  /** There may be room for further replies. */
  giveBack(): void;
};

/**
 * Only unread replies withhold credit: they go away by themselves. Replies of raw agents that wait for another one must not
 * keep that one in its thread.
 */
export function createReplyCredit(
  pool: Pick<Pool, 'giveCredit'>,
  admission: () => Pick<Admission, 'mayReply'>,
): ReplyCredit {
  let withheld: Credit[] = [];

  function giveBack(): void {
    if (withheld.length === 0 || !admission().mayReply) return;
    const credits = withheld;
    withheld = [];
    for (const { thread, units } of credits) pool.giveCredit(thread, units);
  }

  return {
    receive(credit) {
      if (credit.units === 0) return;
      withheld.push(credit);
      giveBack();
    },
    giveBack,
  };
}
