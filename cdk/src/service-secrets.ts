import { type RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface ServiceSecretsProps {
  /** A secret whose field `token` is the service's token of the Hub. Default: one that is made, empty. */
  readonly hubToken?: ISecret;
  readonly removalPolicy: RemovalPolicy;
}

const HEX_ONLY = 'ghijklmnopqrstuvwxyz';

/** What the service must not know from its code or its environment. */
export class ServiceSecrets extends Construct {
  /** Field `token`; without one only public models are read and nothing is published. */
  readonly hubToken: ISecret;
  /** What the Hub sends with each delivery. */
  readonly webhook: Secret;
  /** 32 bytes in hexadecimal: the key that seals callers' tokens and the pepper of the API's keys are derived from it. */
  readonly masterKey: Secret;

  constructor(scope: Construct, id: string, props: ServiceSecretsProps) {
    super(scope, id);
    const { removalPolicy } = props;
    this.hubToken =
      props.hubToken ??
      new Secret(this, 'HubToken', {
        description: 'Token of the Hugging Face Hub that the service reads and publishes with',
        // An empty token counts as none; a generated one would be refused by the Hub.
        secretObjectValue: { token: SecretValue.unsafePlainText('') },
        removalPolicy,
      });
    this.webhook = this.#generated('Webhook', 'What the Hub sends with the deliveries of its webhooks', removalPolicy);
    this.masterKey = this.#generated(
      'MasterKey',
      "The key that seals callers' tokens and the pepper of the API's keys are derived from it",
      removalPolicy,
    );
    const reason = 'changing it ends what was sealed or hashed with it: it is changed by hand, when it has leaked';
    for (const secret of [this.webhook, this.masterKey]) acknowledge(secret, 'AwsSolutions-SMG4', reason);
    if (props.hubToken === undefined) {
      acknowledge(this.hubToken, 'AwsSolutions-SMG4', 'the Hub makes its tokens; nothing here could change one');
    }
  }

  #generated(id: string, description: string, removalPolicy: RemovalPolicy): Secret {
    return new Secret(this, id, {
      description,
      removalPolicy,
      generateSecretString: {
        passwordLength: 64,
        excludePunctuation: true,
        excludeUppercase: true,
        excludeCharacters: HEX_ONLY,
      },
    });
  }
}
