import { Duration, type Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { WebFunction, WebFunctionAuthType, WebFunctionCode, WebFunctionRuntime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface ApiFunctionProps {
  readonly stack: Stack;
  /** Folder of the bundle. */
  readonly code: string;
  readonly environment: Record<string, string>;
  readonly logGroup: ILogGroup;
  /** The most environments that serve at once. */
  readonly maxEnvironments: number;
}

/**
 * The API: the server that `hubfuse serve` runs, as a Lambda Web Function. It streams events as they come, which the HTTP API of
 * API Gateway does not, needs no adapter, and is zero when nobody asks. Keys are checked by the app, as on a laptop.
 */
export class ApiFunction extends Construct {
  readonly role: Role;
  readonly function: WebFunction;
  readonly url: string;

  constructor(scope: Construct, id: string, props: ApiFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'The API of hubfuse',
    });
    props.logGroup.grantWrite(this.role);
    this.function = new WebFunction(this, 'Function', {
      code: WebFunctionCode.fromAssetToManagedBucket(props.code),
      runtime: WebFunctionRuntime.NODEJS_24_X,
      entryPoint: 'index.js',
      role: this.role,
      environment: props.environment,
      logGroup: props.logGroup,
      // The longest stream of events; a client that is cut goes on with Last-Event-ID.
      timeout: Duration.minutes(15),
      defaultEndpointAuth: WebFunctionAuthType.APPLICATION_MANAGED,
      defaultEndpoint: { maxEnvironments: props.maxEnvironments, rateLimit: 1000 },
    });
    this.url = `https://${this.function.endpoint.domainName}`;
  }
}
