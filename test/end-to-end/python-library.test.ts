/** examples/python/launchpool_client.py, with the oldest and the newest Python. test/soak/ has the others. */
import { findPythons, outermost } from '../helpers/pythons.ts';
import { libraryOf } from './python-library.ts';

libraryOf(outermost(findPythons()));
