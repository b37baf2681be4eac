import test from 'ava';
import { deliveryOf } from '../../../../src/serve/later/delivery.ts';

const OLD = '$JS.ACK.tasks.instances.3.17.21.1796089691044449150.4';
const NEW = '$JS.ACK.hub.ACCOUNT.tasks.instances.3.17.21.1796089691044449150.4.random';

function recorded() {
  const said: [string, string][] = [];
  const publish = (subject: string, payload: Uint8Array): void => void said.push([subject, String(payload)]);
  return { said, publish };
}

for (const reply of [OLD, NEW]) {
  test(`a delivery knows its number, and its word goes to where it came from: ${reply}`, (t) => {
    const { said, publish } = recorded();
    const message = { subject: 'launchpool-later.a.task.x1', reply, data: new Uint8Array([1]) };
    const delivery = deliveryOf({ publish }, message);
    t.like(delivery, { id: 'x1', deliveries: 3, data: new Uint8Array([1]) });
    delivery?.working();
    delivery?.nak(0);
    delivery?.nak(1_500);
    delivery?.ack();
    t.deepEqual(
      said.map(([, word]) => word),
      ['+WPI', '-NAK', '-NAK {"delay":1500000000}', '+ACK'],
    );
    t.true(said.every(([subject]) => subject === reply));
  });
}

test('other messages are no deliveries, and a closed connection is no error', (t) => {
  const { publish } = recorded();
  const message = { subject: 'a.x1', data: new Uint8Array() };
  t.is(deliveryOf({ publish }, message), undefined);
  const noDelivery = OLD.replace('.3.', '.x.');
  for (const reply of ['', '_INBOX.a', noDelivery]) t.is(deliveryOf({ publish }, { ...message, reply }), undefined);
  const closed = () => {
    throw new Error('closed');
  };
  const delivery = deliveryOf({ publish: closed }, { ...message, reply: OLD });
  t.notThrows(() => delivery?.ack());
});
