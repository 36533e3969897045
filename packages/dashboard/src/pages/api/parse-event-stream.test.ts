import { describe, expect, test } from 'vitest';
import { EventStreamParser } from './parse-event-stream.ts';

const STREAM =
  ': alive\n\nid: 1\nevent: started\ndata: {"a":1}\n\nid: 2\r\ndata: first\r\ndata:second\r\n\r\ndata\n\nevent: lost\n\ndata: last';

const MESSAGES = [
  { id: '1', event: 'started', data: '{"a":1}' },
  { id: '2', data: 'first\nsecond' },
  { id: '2', data: '' },
];

describe('an event stream', () => {
  test('is read by its messages; a message that has not ended is none yet', () => {
    expect(new EventStreamParser().push(STREAM)).toEqual(MESSAGES);
  });

  test.each([1, 2, 3, 7])('says the same in pieces of %i characters', (size) => {
    const parser = new EventStreamParser();
    const found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...parser.push(STREAM.slice(at, at + size)));
    expect(found).toEqual(MESSAGES);
  });
});
