import { extremum } from '../extremum.ts';

export default extremum('Min');
