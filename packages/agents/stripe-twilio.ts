import Stripe from 'stripe';
import twilio from 'twilio';
export const answer = () => [
  typeof new Stripe('sk_test_1').customers.list,
  new twilio.twiml.MessagingResponse().toString(),
];
