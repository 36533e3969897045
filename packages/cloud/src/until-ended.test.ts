import { expect, test } from 'vitest';
import { untilEnded } from './until-ended.ts';

const SOON = { first: 0, most: 1 };

test('a service that cannot be reached for a while does not end the waiting, and one that never can does', async () => {
  const answers = [undefined, new Error('away'), new Error('away'), undefined, 'the machine is gone'];
  const look = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  expect(await untilEnded(look, SOON)).toBe('the machine is gone');
  let looks = 0;
  const never = async () => {
    looks++;
    throw new Error('away for good');
  };
  await expect(untilEnded(never, SOON)).rejects.toThrow('away for good');
  expect(looks).toBe(20);
});
