import { extremum } from '../extremum.ts';

export default extremum('Max');
