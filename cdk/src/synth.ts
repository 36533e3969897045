import { fileURLToPath } from 'node:url';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { createServiceApp } from './app.ts';

/** Writes the assembly. What cdk-nag finds and nobody has explained ends it with an error. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const { app } = createServiceApp({ root, ...(process.argv[2] === undefined ? {} : { outdir: process.argv[2] }) });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
