import { expect, test } from 'vitest';
import { spawnEdge, spawnGreeter } from '../harness/process.ts';
import { deadUrl, get, PATIENT, rawStandIn } from '../harness/system.ts';

test('secrets and headers never reach the output of a service, whatever happens to the call', async () => {
  const secrets = ['s3cret-token', 's3cret-cookie', 's3cret-name', 's3cret-answer', 's3cret-state'];
  const leaky = await rawStandIn((socket) => {
    socket.on('data', () =>
      socket.end('HTTP/1.1 500 Oops\r\nset-cookie: s3cret-answer\r\ncontent-length: 13\r\n\r\ns3cret-answer'),
    );
  });
  const garbled = await rawStandIn((socket) => {
    socket.on('data', () => socket.end('s3cret-answer'));
  });
  const greeter = spawnGreeter({ ...PATIENT, LOG_LEVEL: 'trace', FAULTS: 'on' });
  const greeterUrl = (await greeter.listening).url;
  const outputs = [greeter.output];
  const outcomes: string[] = [];
  for (const url of [leaky, garbled, deadUrl(), greeterUrl]) {
    const edge = spawnEdge({ ...PATIENT, LOG_LEVEL: 'trace', FAULTS: 'on', GREETER_URL: url });
    outputs.push(edge.output);
    const at = await edge.listening;
    for (const fault of ['reset', 'status=500', 'status=400', 'truncate', 's3cret-name']) {
      const { json } = await get(`${at.url}/hello?name=s3cret-name`, {
        authorization: 'Bearer s3cret-token',
        cookie: 'session=s3cret-cookie',
        tracestate: 'vendor=s3cret-state',
        'x-fault': fault,
      });
      outcomes.push(json.code);
    }
    await get(`${at.url}/s3cret-name?token=s3cret-token`);
    edge.signal('SIGTERM');
    await edge.exited;
  }
  greeter.signal('SIGTERM');
  await greeter.exited;
  expect(new Set(outcomes)).toEqual(
    new Set([
      'remote_error',
      'bad_response',
      'unreachable',
      'budget_exhausted',
      'connection_lost',
      'remote_refused',
      'bad_request',
    ]),
  );
  const written = outputs.map((output) => output()).join('');
  expect(written.match(/"msg":"request"/g)?.length).toBeGreaterThan(20);
  for (const secret of secrets) expect(written).not.toContain(secret);
  for (const line of written.split('\n')) expect(line.length).toBeLessThan(1_000);
});
