import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';

export default defineCommand({
  name: 'rollback',
  summary: 'Take back what was last published to a repository',
  description: [
    'A new commit (or pull request) holds exactly what stood there before the last publication; nothing is removed from the ' +
      'history, and nothing large is sent. Commit, card and hubfuse.json say what was taken back, why, and what its ' +
      'condition for publishing had come to.',
    'It is refused where hubfuse published nothing, where others committed since, and where the publication was the first. ' +
      'Doing it again changes nothing; --to goes further back, or forward again.',
  ],
  positionals: [{ name: 'repo', description: 'the model: ns/name', required: true }],
  options: {
    to: { type: 'text', value: 'commit', description: 'an earlier commit of the branch; default: what was replaced' },
    reason: { type: 'text', value: 'text', description: 'why, for the commit and the card' },
    'pull-request': { type: 'flag', description: 'open a pull request instead of committing' },
    branch: { type: 'text', value: 'name', default: 'main', description: 'branch that was published to' },
    hub: common.hub,
    token: common.token,
  },
  examples: [
    { command: 'hubfuse rollback you/support-intents', explanation: 'what stood there before stands there again' },
    {
      command: 'hubfuse rollback you/support-intents --pull-request --reason "worse on long texts"',
      explanation: 'for somebody to review',
    },
  ],
  resumes: true,
  async run(context) {
    const { positionals, options, output } = context;
    const { rollback } = await import('@hubfuse/hub');
    const { hubOptions } = await import('../hub-options.ts');
    const [repo = ''] = positionals;
    const result = await rollback({
      repo,
      branch: options.branch,
      as: options['pull-request'] ? 'pull_request' : 'commit',
      to: options.to,
      reason: options.reason,
      options: await hubOptions(context),
    });
    const { withdrawn, already, as, url } = result;
    output.result(result, () => {
      const how = already
        ? 'was taken back already'
        : as === 'pull_request'
          ? 'is proposed to be taken back'
          : 'was taken back';
      const commits = `${withdrawn.revision.slice(0, 12)}, replaced by the content of ${withdrawn.restored.slice(0, 12)}`;
      return `"${withdrawn.name}" ${how} (${commits}): ${url}`;
    });
    return undefined;
  },
});
