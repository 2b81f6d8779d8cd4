import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readSettings, setting } from '../src/index.ts';

const settings = z.object({
  EDGE_HOST: setting.host('127.0.0.1', 'Host.'),
  EDGE_PORT: setting.port(8_080, 'Port.'),
  EDGE_OPS_PORT: setting.port(8_081, 'Ops port.'),
});

const read = (env: Record<string, string>) => readSettings(settings, env, ['EDGE_']);
const defaults = read({});

describe('variables of an orchestrator are not settings', () => {
  test.each<[string, Record<string, string>]>([
    [
      'a Kubernetes Service edge',
      {
        EDGE_PORT: 'tcp://10.96.0.12:8080',
        EDGE_SERVICE_HOST: '10.96.0.12',
        EDGE_SERVICE_PORT: '8080',
        EDGE_SERVICE_PORT_HTTP: '8080',
        EDGE_PORT_8080_TCP: 'tcp://10.96.0.12:8080',
        EDGE_PORT_8080_TCP_PROTO: 'tcp',
        EDGE_PORT_8080_TCP_PORT: '8080',
        EDGE_PORT_8080_TCP_ADDR: '10.96.0.12',
      },
    ],
    [
      'a Service edge-ops on IPv6',
      {
        EDGE_OPS_PORT: 'tcp://[fd00:10:96::c]:8081',
        EDGE_OPS_SERVICE_HOST: 'fd00:10:96::c',
        EDGE_OPS_PORT_8081_TCP: 'tcp://[fd00:10:96::c]:8081',
        EDGE_OPS_PORT_8081_TCP_ADDR: 'fd00:10:96::c',
      },
    ],
    ['a Service edge over UDP', { EDGE_PORT: 'udp://10.96.0.12:53', EDGE_PORT_53_UDP: 'udp://10.96.0.12:53' }],
    ['any Service whose name begins with edge-', { EDGE_CANARY_V2_PORT: 'tcp://10.96.0.13:80' }],
    [
      'a Docker link with the alias edge',
      {
        EDGE_NAME: '/web/edge',
        EDGE_PORT: 'tcp://172.17.0.5:8080',
        EDGE_PORT_8080_TCP_START: 'tcp://172.17.0.5:8080',
        EDGE_PORT_8080_TCP_PORT_END: '8081',
        EDGE_ENV_FOO: 'bar',
        EDGE_ENV_NODE_VERSION: '24.21.0',
      },
    ],
  ])('%s', (_what, env) => {
    expect(read(env)).toEqual(defaults);
  });

  test('a setting beside them still counts', () => {
    expect(read({ EDGE_PORT: 'tcp://10.96.0.12:8080', EDGE_OPS_PORT: '9000' })).toEqual({
      ...defaults,
      EDGE_OPS_PORT: 9000,
    });
  });
});

describe('what only looks like one is still a mistake', () => {
  test.each([
    ['EDGE_PORT', 'tcp://10.96.0.12'],
    ['EDGE_PORT', 'http://10.96.0.12:8080'],
    ['EDGE_HOST', 'tcp://10.96.0.12:8080'],
    ['EDGE_POTR', 'tcp://10.96.0.12:8080'],
    ['EDGE_SERVICE_HOST', 'edge.example'],
    ['EDGE_SERVICE_PORT', 'http'],
    ['EDGE_CANARY_PORT', '8080'],
    ['EDGE_PORT_8080_TCP_ADDR', 'edge'],
    ['EDGE_PORT_8080_TCP', '8080'],
    ['EDGE_NAME', 'edge'],
    ['EDGE_ENV_FOO', 'bar'],
  ])('%s=%s', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });
});
