import Stripe from 'stripe';
export async function answer() {
  const stripe = new Stripe('sk_test_1', { host: '127.0.0.1', port: 9, protocol: 'http', maxNetworkRetries: 0 });
  const error = await stripe.customers.list().then(
    () => null,
    (thrown: Error) => thrown,
  );
  return [error?.constructor.name, (error as { type?: string } | null)?.type];
}
