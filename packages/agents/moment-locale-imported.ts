import moment from 'moment';
import 'moment/locale/fr.js';
export const answer = () => [moment.locale(), moment('2024-03-05').format('dddd D MMMM')];
