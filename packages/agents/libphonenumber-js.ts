import { parsePhoneNumberFromString } from 'libphonenumber-js';
export const answer = () => parsePhoneNumberFromString('+4930123456')?.formatInternational();
