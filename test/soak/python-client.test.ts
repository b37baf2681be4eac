/** Python's own clients against real agents: the Pythons between the oldest and the newest of this machine. */
import { clientsOf } from '../end-to-end/python-client.ts';
import { findPythons, inner } from '../helpers/pythons.ts';

clientsOf(inner(findPythons()));
