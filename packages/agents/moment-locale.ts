import moment from 'moment';
export function answer() {
  return moment('2024-03-05').locale('de').format('dddd, D. MMMM');
}
