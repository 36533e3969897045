import type { MergeMethod } from '@hubfuse/plugin';

declare const median: MergeMethod;
export default median;
