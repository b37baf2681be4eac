/** launchpool's clients against Python's own Listener: the oldest and the newest Python of this machine. */
import { findPythons, outermost } from '../helpers/pythons.ts';
import { listenersOf } from './python-server.ts';

listenersOf(outermost(findPythons()));
