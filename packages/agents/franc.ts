import { franc } from 'franc';
export const answer = () => franc('Alle Menschen sind frei und gleich an Wuerde und Rechten geboren');
