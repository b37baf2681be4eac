import dayjs from 'dayjs';
import 'dayjs/locale/de.js';
import utc from 'dayjs/plugin/utc.js';

dayjs.extend(utc);
export const answer = () => dayjs.utc('2024-03-05').locale('de').format('dddd D. MMMM');
