import { App, Stack } from 'aws-cdk-lib';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { featureFlags } from './feature-flags.ts';
import { HubfuseService, type HubfuseServiceProps } from './hubfuse-service.ts';

export interface ServiceAppOptions {
  /** Folder of the checkout: its Dockerfile makes the images where no released ones are named. */
  root: string;
  /** Folder that the assembly is written to. Default: as the CLI says, else a temporary one. */
  outdir?: string;
  /** Beside the recommended flags: `-c` of the CLI. */
  context?: Record<string, unknown>;
  /** Checks of CloudFormation's own rules, which take seconds. Default true. */
  validate?: boolean;
  /** Put over what the app gives the construct. */
  service?: Partial<HubfuseServiceProps>;
}

/**
 * The app of this repository: one stack with one service. Context: `name` of the stack, `cpuImage` and `gpuImage` for released
 * images, `publicUrl`, `region` and `account`, `budget` in dollars a month with `budgetEmail`.
 */
export function createServiceApp(options: ServiceAppOptions): { app: App; stack: Stack; service: HubfuseService } {
  const app = new App({
    context: { ...featureFlags(), ...options.context },
    analyticsReporting: false,
    ...(options.outdir === undefined ? {} : { outdir: options.outdir }),
    ...(options.validate === false ? { builtinCloudFormationValidation: false } : {}),
  });
  const setting = (key: string): string | undefined => app.node.tryGetContext(key) as string | undefined;
  const region = setting('region');
  const account = setting('account');
  const stack = new Stack(app, setting('name') ?? 'Hubfuse', {
    description: 'hubfuse: merges models of the Hugging Face Hub',
    env: { ...(region === undefined ? {} : { region }), ...(account === undefined ? {} : { account }) },
  });
  const image = (variant: 'cpu' | 'cuda', released: string | undefined) =>
    released === undefined
      ? ContainerImage.fromAsset(options.root, {
          file: 'functions/worker/Dockerfile',
          target: variant,
        })
      : ContainerImage.fromRegistry(released);
  const [budget, email] = [setting('budget'), setting('budgetEmail')];
  const service = new HubfuseService(stack, 'Service', {
    workerImages: { cpu: image('cpu', setting('cpuImage')), gpu: image('cuda', setting('gpuImage')) },
    ...(setting('publicUrl') === undefined ? {} : { publicUrl: setting('publicUrl') as string }),
    ...(budget === undefined || email === undefined ? {} : { budget: { monthlyUsd: Number(budget), email } }),
    ...options.service,
  });
  return { app, stack, service };
}
