import type { StatisticRequest } from '@hubfuse/plugin';

/** The command that gathers statistics of a kind and variant, for hints. */
export function gatherCommand({ kind, variant }: StatisticRequest, model = '<model>'): string {
  return `hubfuse stats ${model} --data <dataset> --kind ${kind} --${kind === 'gram' ? 'padding' : 'variant'} ${variant}`;
}
