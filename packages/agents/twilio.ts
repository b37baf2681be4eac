import twilio from 'twilio';
export const answer = () => {
  const response = new twilio.twiml.VoiceResponse();
  response.say('Hello');
  return response.toString();
};
