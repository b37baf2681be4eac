/** Python's own clients against real agents: the oldest and the newest Python of this machine. */
import { findPythons, outermost } from '../helpers/pythons.ts';
import { clientsOf } from './python-client.ts';

clientsOf(outermost(findPythons()));
