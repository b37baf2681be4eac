/** Returns every message, and borrows the long ones. */
export { default } from './echo.ts';
export const longMessages = 'borrowed';
