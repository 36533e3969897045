import { createRequire } from 'node:module';

/**
 * What CDK recommends for new apps, which the app and the tests share. Images of Amazon Linux 2 are being retired, so jobs
 * run on AL2023 whatever the default is.
 */
export function featureFlags(): Record<string, unknown> {
  const recommended = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json') as Record<
    string,
    unknown
  >;
  return { ...recommended, '@aws-cdk/aws-batch:defaultToAL2023': true };
}
