import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MultipartBody,
  MultipartUserData,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** Where the disks of an instance are mounted, and the containers see them. */
export const SCRATCH = '/scratch';
/** Settings of the agent that starts containers. */
const AGENT = '/etc/ecs/ecs.config';
/** The user of the worker's image. */
export const WORKER_UID = 10_001;

/** Between the SIGTERM of a container whose machine is reclaimed and its SIGKILL: the worker gives its run back in 80 s. */
const STOP_SECONDS = 90;

/**
 * Joins the instance's NVMe disks to one file system at `/scratch`, and has containers told when their machine is reclaimed, which is off
 * by itself. Batch wants user data in MIME parts.
 */
export function scratchTemplate(scope: Construct, id: string): LaunchTemplate {
  const commands = UserData.forLinux();
  commands.addCommands(
    'set -eu',
    `echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> ${AGENT}`,
    `echo ECS_CONTAINER_STOP_TIMEOUT=${STOP_SECONDS}s >> ${AGENT}`,
    `mkdir -p ${SCRATCH}`,
    "disks=$(lsblk -dnpo NAME,MODEL | awk '/Instance Storage/ {print $1}')",
    'count=$(echo $disks | wc -w)',
    'if [ "$count" -gt 1 ]; then',
    '  command -v mdadm >/dev/null || dnf install -y mdadm',
    '  mdadm --create /dev/md0 --level=0 --raid-devices=$count $disks',
    '  device=/dev/md0',
    'else device=$disks; fi',
    `if [ -n "$device" ]; then mkfs.xfs -f $device && mount -o noatime $device ${SCRATCH}; fi`,
    `chown ${WORKER_UID}:${WORKER_UID} ${SCRATCH}`,
  );
  const userData = new MultipartUserData();
  userData.addPart(MultipartBody.fromUserData(commands));
  return new LaunchTemplate(scope, id, {
    userData,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    // A container is one hop further than its host.
    httpPutResponseHopLimit: 2,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(100, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
      },
    ],
  });
}
