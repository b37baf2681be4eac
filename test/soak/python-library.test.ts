/** examples/python/launchpool_client.py, with the Pythons between the oldest and the newest. */
import { libraryOf } from '../end-to-end/python-library.ts';
import { findPythons, inner } from '../helpers/pythons.ts';

libraryOf(inner(findPythons()));
