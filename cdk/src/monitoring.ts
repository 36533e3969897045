import { Duration } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import {
  type Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { DispatchFunction } from './dispatch-function.ts';

const NAMESPACE = 'hubfuse';
const PERIOD = Duration.minutes(5);

export interface MonitoringProps {
  /** Told where something needs a person. */
  readonly alarmTopic?: ITopic;
  readonly dispatch: DispatchFunction;
  readonly workerLogs: LogGroup;
  readonly apiLogs: LogGroup;
  readonly budget?: { readonly monthlyUsd: number; readonly email: string };
  /** Value of the cost tag. */
  readonly costTag: string;
}

/** Alarms for what nobody would see otherwise, and a page of what happens. */
export class Monitoring extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { dispatch, workerLogs, apiLogs } = props;
    const count = (name: string, logGroup: LogGroup, event: string) =>
      new MetricFilter(this, name, {
        logGroup,
        filterPattern: FilterPattern.stringValue('$.event', '=', event),
        metricNamespace: NAMESPACE,
        metricName: `${props.costTag}/${name}`,
        metricValue: '1',
      }).metric({ statistic: 'Sum', period: PERIOD });
    const figure = (name: string, field: string, phase: string) =>
      new MetricFilter(this, name, {
        logGroup: workerLogs,
        filterPattern: FilterPattern.all(
          FilterPattern.stringValue('$.event', '=', 'phase'),
          FilterPattern.stringValue('$.phase', '=', phase),
        ),
        metricNamespace: NAMESPACE,
        metricName: `${props.costTag}/${name}`,
        metricValue: field,
      }).metric({ statistic: 'Maximum', period: PERIOD });

    const done = count('RunsDone', workerLogs, 'worker-done');
    const failed = count('RunsFailed', workerLogs, 'worker-failed');
    const released = count('RunsReleased', workerLogs, 'worker-released');
    const faults = count('ApiFaults', apiLogs, 'fault');
    const letters = dispatch.deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD });
    const alarm = (name: string, metric: Metric, threshold: number, alarmDescription: string) => {
      const made = metric.createAlarm(this, `${name}Alarm`, {
        alarmDescription,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (props.alarmTopic !== undefined) made.addAlarmAction(new SnsAction(props.alarmTopic));
      return made;
    };
    this.alarms = [
      alarm('DeadLetters', letters, 1, 'something could not be dispatched after all retries: see the queue'),
      alarm(
        'DispatchErrors',
        dispatch.function.metricErrors({ period: PERIOD }),
        3,
        'the dispatcher fails: see its log',
      ),
      alarm(
        'DispatchThrottles',
        dispatch.function.metricThrottles({ period: PERIOD }),
        5,
        'the account has no room for the dispatcher',
      ),
      alarm('RunsFailed', failed, 3, 'runs fail one after the other: see the log of the workers'),
      alarm('ApiFaults', faults, 5, 'the API meets errors that nobody meant: see its log'),
    ];

    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    new Dashboard(this, 'Dashboard', {
      widgets: [
        [
          graph('Runs', [done, failed, released]),
          graph('Dispatcher', [dispatch.function.metricInvocations(), dispatch.function.metricErrors(), letters]),
        ],
        [
          graph('Seconds of a phase', [
            figure('FetchSeconds', '$.seconds', 'fetch'),
            figure('MergeSeconds', '$.seconds', 'merge'),
            figure('EvaluateSeconds', '$.seconds', 'evaluate'),
          ]),
          graph('Bytes from and to the Hub', [
            figure('FetchedBytes', '$.downloaded', 'fetch'),
            figure('SentBytes', '$.sent', 'publish'),
          ]),
        ],
        [graph('Errors of the API', [faults])],
      ],
    });
    this.#budget(props);
  }

  #budget({ budget, costTag }: MonitoringProps): void {
    if (budget === undefined) return;
    const subscribers = [{ subscriptionType: 'EMAIL', address: budget.email }];
    const notice = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: { notificationType, threshold, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
      subscribers,
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: budget.monthlyUsd, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:hubfuse$${costTag}`] },
      },
      notificationsWithSubscribers: [notice('ACTUAL', 80), notice('FORECASTED', 100)],
    });
  }
}
