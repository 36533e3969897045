/** What starts a stored recipe. @param schedule A cron line, in UTC. */
export function describeTrigger(schedule: string | undefined): string {
  const pushes = 'Runs when its models or data change';
  return schedule === undefined ? pushes : `${pushes}, and at ${schedule} UTC`;
}
