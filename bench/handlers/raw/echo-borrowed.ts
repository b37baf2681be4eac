/** Sends every message back, and wants the long ones where they are. */
export { default } from './echo.ts';
export const longMessages = 'borrowed';
