import { DEVICES, type Device, UsageError } from '@hubfuse/plugin';
import type { CommandContext } from './command.ts';

/**
 * Where scores are computed: what the command line says, and what the machine is set to where nothing else says so.
 * @throws UsageError `usage/unknown-device`
 */
export function devicesOf({
  options,
  environment,
}: Pick<CommandContext, 'environment'> & { options: { device?: string | undefined } }): {
  device: Device | undefined;
  defaultDevice: Device | undefined;
} {
  return {
    device: options.device === undefined ? undefined : deviceOf(options.device, '--device'),
    defaultDevice: environment.device === undefined ? undefined : deviceOf(environment.device, 'HUBFUSE_DEVICE'),
  };
}

function deviceOf(text: string, where: string): Device {
  const device = DEVICES.find((known) => known === text);
  if (device !== undefined) return device;
  throw new UsageError({
    code: 'usage/unknown-device',
    where,
    message: `there is no device "${text}"`,
    hint: `devices are ${DEVICES.join(', ')}`,
  });
}
