import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServiceApp, DEFAULT_QUEUES, type HubfuseServiceProps } from '@hubfuse/cdk';
import { parseBatchConfiguration } from '@hubfuse/cloud';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
let code: { apiCode: string; dispatchCode: string };
let template: Template;
let made: ReturnType<typeof createServiceApp>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-cdk-'));
  code = { apiCode: join(folder, 'api'), dispatchCode: join(folder, 'dispatch') };
  for (const path of Object.values(code)) {
    await mkdir(path);
    await writeFile(join(path, 'index.mjs'), 'export const handler = () => undefined;\n');
  }
  made = create();
  template = Template.fromStack(made.stack);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The app with released images, so that nothing of the checkout is hashed. */
function create(service: Partial<HubfuseServiceProps> = {}): ReturnType<typeof createServiceApp> {
  return createServiceApp({
    root: folder,
    outdir: join(folder, `out-${Math.random()}`),
    validate: false,
    context: { cpuImage: 'example.com/worker:1-cpu', gpuImage: 'example.com/worker:1-cuda' },
    service: { ...code, ...service },
  });
}

type Resource = { Type: string; Properties: Record<string, unknown>; [key: string]: unknown };
const resources = (type: string) => Object.values(template.findResources(type)) as Resource[];
const text = (value: unknown) => JSON.stringify(value);

test('the bucket is encrypted, versioned, private, reached by TLS alone, kept, and cleaned by age', () => {
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Retain',
    Properties: {
      BucketEncryption: { ServerSideEncryptionConfiguration: Match.anyValue() },
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Id: 'scratch', Prefix: 'hubfuse/scratch/', ExpirationInDays: 3 }),
          Match.objectLike({ Id: 'old-runs', Prefix: 'hubfuse/runs/', ExpirationInDays: 180 }),
        ]),
      },
    },
  });
  template.hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Effect: 'Deny',
          Action: 's3:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ]),
    },
  });
});

test('every queue takes spot capacity first and on-demand capacity second, and has none while idle', () => {
  const environments = template.findResources('AWS::Batch::ComputeEnvironment') as Record<string, Resource>;
  expect(Object.keys(environments)).toHaveLength(2 * DEFAULT_QUEUES.length);
  for (const { Properties } of Object.values(environments)) {
    const compute = Properties.ComputeResources as Record<string, unknown>;
    expect(compute.MinvCpus).toBe(0);
    expect(Properties.ReplaceComputeEnvironment).toBe(false);
    const gpu = text(compute.InstanceTypes).includes('g6');
    expect(compute.Ec2Configuration).toEqual([{ ImageType: gpu ? 'ECS_AL2023_NVIDIA' : 'ECS_AL2023' }]);
    expect(compute.LaunchTemplate).toBeDefined();
  }
  const queues = resources('AWS::Batch::JobQueue');
  expect(queues).toHaveLength(DEFAULT_QUEUES.length);
  for (const { Properties } of queues) {
    const order = Properties.ComputeEnvironmentOrder as { Order: number; ComputeEnvironment: unknown }[];
    const types = [...order]
      .sort((a, b) => a.Order - b.Order)
      .map(({ ComputeEnvironment }) => {
        const id = Object.keys(environments).find((name) => text(ComputeEnvironment).includes(name)) ?? '';
        return ((environments[id]?.Properties.ComputeResources ?? {}) as { Type?: string }).Type;
      });
    expect(types).toEqual(['SPOT', 'EC2']);
    const limits = Properties.JobStateTimeLimitActions as Record<string, unknown>[];
    expect(limits.map(({ State, Action }) => [State, Action])).toEqual(limits.map(() => ['RUNNABLE', 'CANCEL']));
    expect(limits.map(({ Reason }) => Reason)).toContain('CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY');
  }
});

test('machines join their NVMe disks to scratch, by user data in MIME parts, and take tokens for their metadata', () => {
  const [launch] = resources('AWS::EC2::LaunchTemplate');
  const data = (launch?.Properties.LaunchTemplateData ?? {}) as Record<string, unknown>;
  expect(data.MetadataOptions).toEqual({ HttpTokens: 'required', HttpPutResponseHopLimit: 2 });
  const userData = text(data.UserData);
  expect(userData).toContain('multipart/mixed');
  expect(userData).toContain('mdadm --create /dev/md0 --level=0');
});

test('a container hears of it when its machine is reclaimed, and has the time that its worker takes to give its run back', () => {
  const [launch] = resources('AWS::EC2::LaunchTemplate');
  const userData = text(launch?.Properties.LaunchTemplateData);
  expect(userData).toContain('ECS_ENABLE_SPOT_INSTANCE_DRAINING=true');
  expect(userData).toContain('ECS_CONTAINER_STOP_TIMEOUT=90s');
});

test('a job is tried again where its machine was taken away or its image not pulled, and not where its run failed', () => {
  const definitions = resources('AWS::Batch::JobDefinition');
  expect(definitions).toHaveLength(DEFAULT_QUEUES.length);
  for (const { Properties } of definitions) {
    expect(Properties.RetryStrategy).toEqual({
      Attempts: 10,
      EvaluateOnExit: [
        { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
        { Action: 'RETRY', OnReason: 'CannotPullContainerError:*' },
        { Action: 'RETRY', OnExitCode: '75' },
        { Action: 'RETRY', OnExitCode: '143' },
        { Action: 'EXIT', OnReason: '*' },
      ],
    });
    expect(Properties.Timeout).toEqual({ AttemptDurationSeconds: 86_400 });
    expect(Properties.PropagateTags).toBe(true);
  }
});

test('a container is not root, cannot write its root, has scratch, and is given secrets and never their values', () => {
  for (const { Properties } of resources('AWS::Batch::JobDefinition')) {
    const container = Properties.ContainerProperties as Record<string, unknown>;
    expect(container).toMatchObject({
      User: '10001',
      ReadonlyRootFilesystem: true,
      MountPoints: [{ ContainerPath: '/scratch', SourceVolume: 'scratch' }],
      Volumes: [{ Host: { SourcePath: '/scratch' }, Name: 'scratch' }],
    });
    expect(container).not.toHaveProperty('Privileged', true);
    const names = (container.Secrets as { Name: string }[]).map(({ Name }) => Name).sort();
    expect(names).toEqual(['HF_TOKEN', 'HUBFUSE_MASTER_KEY']);
    const variables = (container.Environment as { Name: string }[]).map(({ Name }) => Name);
    expect(variables).toContain('HUBFUSE_STORE');
    expect(variables).not.toContain('HF_TOKEN');
    expect((container.LinuxParameters as { Tmpfs: unknown[] }).Tmpfs).toHaveLength(1);
  }
  const gpus = resources('AWS::Batch::JobDefinition').filter(({ Properties }) => text(Properties).includes('"GPU"'));
  expect(gpus).toHaveLength(DEFAULT_QUEUES.filter(({ machine }) => machine.gpu !== undefined).length);
  for (const { Properties } of gpus) expect(text(Properties)).toContain('worker:1-cuda');
});

test('no secret stands in the environment of a function or in the template', () => {
  const functions = [...resources('AWS::Lambda::Function'), ...resources('AWS::Lambda::WebFunction')];
  for (const { Properties } of functions) expect(text(Properties)).not.toContain('resolve:secretsmanager');
  const secrets = resources('AWS::SecretsManager::Secret');
  expect(secrets).toHaveLength(3);
  expect(
    secrets.filter(({ Properties }) => Properties.SecretString !== undefined).map((one) => one.Properties.SecretString),
  ).toEqual(['{"token":""}']);
  for (const { Properties } of secrets.filter((one) => one.Properties.GenerateSecretString !== undefined)) {
    expect(Properties.GenerateSecretString).toMatchObject({ PasswordLength: 64, ExcludePunctuation: true });
  }
});

test('the API streams for fifteen minutes, checks its callers itself, and is the only thing that is public', () => {
  template.hasResourceProperties('AWS::Lambda::WebFunctionEndpoint', { AuthType: 'ApplicationManaged' });
  template.resourceCountIs('AWS::Lambda::WebFunctionEndpoint', 1);
  template.resourceCountIs('AWS::Lambda::Url', 0);
  template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 0);
  expect(resources('AWS::EC2::SecurityGroupIngress')).toEqual([]);
  for (const { Properties } of resources('AWS::EC2::SecurityGroup'))
    expect(Properties.SecurityGroupIngress).toBeUndefined();
  expect(text(resources('AWS::Lambda::WebFunctionRevision'))).toContain('nodejs24.x');
});

test('nothing is always on', () => {
  for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::Instance', 'AWS::ECS::Service', 'AWS::EC2::EIP']) {
    template.resourceCountIs(type, 0);
  }
  expect(resources('AWS::EC2::VPCEndpoint').map(({ Properties }) => Properties.VpcEndpointType)).toEqual(['Gateway']);
});

test('the dispatcher hears of jobs, of what is written and of the clock, and what it loses lies in a queue', () => {
  const rules = resources('AWS::Events::Rule').map(({ Properties }) => Properties);
  expect(rules).toHaveLength(3);
  expect(rules.map(({ EventPattern }) => (EventPattern as { source?: string[] } | undefined)?.source?.[0])).toEqual(
    expect.arrayContaining(['aws.batch', 'aws.s3', undefined]),
  );
  expect(rules.find(({ ScheduleExpression }) => ScheduleExpression !== undefined)?.ScheduleExpression).toBe(
    'rate(5 minutes)',
  );
  for (const { Targets } of rules) {
    expect(Targets).toEqual([
      expect.objectContaining({
        DeadLetterConfig: expect.anything(),
        RetryPolicy: { MaximumEventAgeInSeconds: 7200, MaximumRetryAttempts: 4 },
      }),
    ]);
  }
  template.hasResourceProperties('AWS::Lambda::Function', { DeadLetterConfig: Match.anyValue(), Timeout: 300 });
  template.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
});

test('each role may do what it does and nothing else', () => {
  const actionsOf = (part: string): string[] => {
    const found = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) => id.includes(part));
    const statements = found.flatMap(
      ([, { Properties }]) => Properties.PolicyDocument.Statement as { Action: string | string[] }[],
    );
    return [...new Set(statements.flatMap(({ Action }) => Action))].sort();
  };
  const store = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'];
  expect(actionsOf('RolesJob')).toEqual(store);
  expect(actionsOf('ServiceApi')).toEqual(
    [
      ...store,
      ...['batch:CancelJob', 'batch:DescribeJobs', 'logs:GetLogEvents', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      ...['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
    ].sort(),
  );
  expect(actionsOf('ServiceDispatch')).toEqual(expect.arrayContaining(['batch:SubmitJob', 'batch:TagResource']));
  expect(actionsOf('ServiceApi')).not.toContain('batch:SubmitJob');
  expect(text(template.findResources('AWS::IAM::Policy'))).not.toContain('"*:*"');
});

test('there are alarms, a dashboard and cost tags, and a budget where one is asked for', () => {
  expect(resources('AWS::CloudWatch::Alarm').length).toBeGreaterThanOrEqual(5);
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  template.resourceCountIs('AWS::Budgets::Budget', 0);
  template.hasResourceProperties('AWS::S3::Bucket', {
    Tags: Match.arrayWith([{ Key: 'hubfuse', Value: 'Hubfuse-Service' }]),
  });
  const budgeted = Template.fromStack(create({ budget: { monthlyUsd: 50, email: 'me@example.com' } }).stack);
  budgeted.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: {
      BudgetLimit: { Amount: 50, Unit: 'USD' },
      CostFilters: { TagKeyValue: ['user:hubfuse$Hubfuse-Service'] },
    },
  });
}, 60_000);

test('the launcher reads what the stack tells the functions', () => {
  const [dispatch] = resources('AWS::Lambda::Function').filter(({ Properties }) =>
    text(Properties).includes('HUBFUSE_BATCH'),
  );
  const { Variables } = (dispatch?.Properties.Environment ?? {}) as { Variables: Record<string, unknown> };
  const joined = Variables.HUBFUSE_BATCH as { 'Fn::Join': [string, unknown[]] };
  const written = joined['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'arn')).join('');
  const { queues } = parseBatchConfiguration(written);
  expect(queues).toHaveLength(DEFAULT_QUEUES.length);
  expect(queues.find(({ gpu }) => gpu?.family === 'g6e')).toMatchObject({ vcpus: 8, gpu: { count: 1 } });
});

test('cdk-nag finds nothing that is not explained, and every explanation has a reason', () => {
  const report = new AwsSolutionsChecks(made.app).validateScope(made.app);
  expect(report.violations.map(({ ruleName }) => ruleName)).toEqual([]);
  expect(report.success).toBe(true);
  expect(Annotations.fromStack(made.stack).findWarning('*', Match.anyValue())).toEqual([]);
});

test('the template is as it was reviewed', async () => {
  const shown = text(template.toJSON())
    // Hashes of code change with every edit of it.
    .replace(/[0-9a-f]{64}/g, 'HASH')
    .replace(/(CurrentVersion|Revision)[0-9a-f]{8,}/g, '$1HASH');
  await expect(`${JSON.stringify(JSON.parse(shown), null, 1)}\n`).toMatchFileSnapshot('template.snapshot.json');
});

test('the address that people use is told to both functions, where it is known', () => {
  const named = Template.fromStack(create({ publicUrl: 'https://hubfuse.example' }).stack);
  const told = Object.entries(named.toJSON().Resources).flatMap(([id, resource]) =>
    text(resource).includes('"HUBFUSE_PUBLIC_URL":"https://hubfuse.example"') ? [id] : [],
  );
  for (const name of [/ApiFunction/, /DispatchFunction/]) expect(told).toContainEqual(expect.stringMatching(name));
  expect(text(template.toJSON())).not.toContain('HUBFUSE_PUBLIC_URL');
});
