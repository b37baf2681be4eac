import { format } from 'date-fns';
import * as locales from 'date-fns/locale';
export const answer = () => [
  format(new Date(2024, 2, 5), 'EEEE d MMMM', { locale: locales.fr }),
  Object.keys(locales).length,
];
