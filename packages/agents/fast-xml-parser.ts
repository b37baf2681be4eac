import { XMLParser } from 'fast-xml-parser';
export const answer = () => new XMLParser().parse('<a><b>1</b></a>');
