/** launchpool's clients against Python's own Listener: the Pythons between the oldest and the newest of this machine. */
import { listenersOf } from '../end-to-end/python-server.ts';
import { findPythons, inner } from '../helpers/pythons.ts';

listenersOf(inner(findPythons()));
