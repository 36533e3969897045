import { type Publication, type PublishContext, type Publisher, StoreError } from '@hubfuse/plugin';
import { PUBLICATION_KEY, publishToStore } from '../publish-to-store.ts';
import s3 from '../stores/s3.ts';

/** `publish.s3` of a recipe. */
type S3Target = { url: string };

/** A prefix of an S3 bucket: the files under keys of their version, then `manifest.json` with the SHA-256 of each. */
const publisher: Publisher = {
  kind: 'publisher',
  name: 's3',
  targetSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string', description: 's3://bucket/prefix; behind a "?" settings of the endpoint.' } },
  },

  /** A bucket that cannot be read would only be found out after hours of work. */
  async check({ url }: Partial<S3Target>) {
    await (await s3.open(requireUrl(url))).list('', { limit: 1 });
  },

  async publish({ target, ...publication }: Publication & { target: Partial<S3Target> }, context: PublishContext) {
    const url = requireUrl(target.url);
    const { version, already } = await publishToStore({ store: await s3.open(url), publication, context });
    const place = url.split('?', 1)[0]?.replace(/\/+$/, '');
    return { url: `${place}/${PUBLICATION_KEY}`, revision: version, already };
  },
};

function requireUrl(url: string | undefined): string {
  if (typeof url === 'string') return url;
  throw new StoreError({
    code: 'store/bad-url',
    where: 'publish.s3',
    message: 'publishing to S3 needs a url',
    hint: 'publish: {s3: {url: s3://bucket/prefix}}',
  });
}

export default publisher;
