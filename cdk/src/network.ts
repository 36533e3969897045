import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  type IVpc,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Where jobs run: public subnets that nothing can enter. A NAT gateway would be always on, and cost per gigabyte of a model. */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Lets out, and nothing in. */
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: { readonly vpc?: IVpc }) {
    super(scope, id);
    this.vpc = props.vpc ?? this.#ownVpc();
    this.securityGroup = new SecurityGroup(this, 'Jobs', {
      vpc: this.vpc,
      description: 'Jobs of hubfuse: no way in',
      allowAllOutbound: true,
    });
  }

  #ownVpc(): Vpc {
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 3,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'jobs', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: true }],
      // Traffic to S3 stays inside and costs nothing.
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    const logGroup = new LogGroup(this, 'Refused', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    vpc.addFlowLog('Refused', {
      trafficType: FlowLogTrafficType.REJECT,
      destination: FlowLogDestination.toCloudWatchLogs(logGroup),
    });
    return vpc;
  }
}
