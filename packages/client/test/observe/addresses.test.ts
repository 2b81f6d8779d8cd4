import { expect, test } from 'vitest';
import { addressesOf } from '../../src/observe/addresses.ts';

test.each([
  [
    'http://10.0.0.1:5000',
    'greeter:5000',
    'greeter',
    5_000,
    'http://greeter:5000',
    { address: '10.0.0.1', port: 5_000 },
  ],
  ['https://[fd00::1]', 'greeter', 'greeter', 443, 'https://greeter', { address: 'fd00::1', port: 443 }],
  ['http://[::1]:5000', '[::1]:5000', '::1', 5_000, 'http://[::1]:5000', { address: '::1', port: 5_000 }],
  ['http://127.0.0.1', '127.0.0.1', '127.0.0.1', 80, 'http://127.0.0.1', { address: '127.0.0.1', port: 80 }],
  ['http://localhost:5000', 'localhost:5000', 'localhost', 5_000, 'http://localhost:5000', undefined],
])('%s, configured as %s', (origin, host, address, port, url, peer) => {
  expect(addressesOf({ origin, host })).toEqual({ server: { address, port, origin: url }, peer });
});
