import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeSetting, readSettings, SettingsError, setting } from '../src/index.ts';

const settings = z.object({
  PORT: setting.port(8_080, 'Port.'),
  WAIT_MS: setting.ms(250, 'Wait.', { min: 10, max: 1_000 }),
  SHARE: setting.share(0.5, 'Share.'),
  ORIGIN: setting.origins('http://127.0.0.1:1', 'Where.'),
  CALL_RETRIES: setting.count(3, 'Retries.', { min: 0, max: 9 }),
  MODE: setting.choice(['a', 'b'], 'a', 'Mode.'),
});

describe('settings', () => {
  test('defaults, also for empty variables; other variables are none of our business', () => {
    const values = readSettings(settings, { PORT: '', HOME: '/root' });
    expect(values).toEqual({
      PORT: 8080,
      WAIT_MS: 250,
      SHARE: 0.5,
      ORIGIN: ['http://127.0.0.1:1'],
      CALL_RETRIES: 3,
      MODE: 'a',
    });
  });

  test('values', () => {
    const values = readSettings(settings, {
      PORT: '0',
      WAIT_MS: '1000',
      SHARE: '.25',
      ORIGIN: 'HTTPS://Example.COM/, http://[::1]:5,http://[::1]:5',
      CALL_RETRIES: '0',
      MODE: 'b',
    });
    expect(values).toEqual({
      PORT: 0,
      WAIT_MS: 1000,
      SHARE: 0.25,
      ORIGIN: ['https://example.com', 'http://[::1]:5'],
      CALL_RETRIES: 0,
      MODE: 'b',
    });
  });

  test.each([
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', ' 80'],
    ['PORT', '1e3'],
    ['WAIT_MS', '9'],
    ['WAIT_MS', '1001'],
    ['SHARE', '1.1'],
    ['SHARE', '-0.1'],
    ['SHARE', 'NaN'],
    ['ORIGIN', 'ftp://x'],
    ['ORIGIN', 'http://x,'],
    ['ORIGIN', 'http://x http://y'],
    ['ORIGIN', 'http://x/path'],
    ['CALL_RETRIES', '10'],
    ['MODE', 'A'],
  ])('%s=%s is refused', (name, value) => {
    expect(() => readSettings(settings, { [name]: value })).toThrow(`${name}=${JSON.stringify(value)} is not`);
  });

  test('every mistake is named at once, with what would do', () => {
    try {
      readSettings(settings, { PORT: 'x', MODE: 'c', CALL_RETRYS: '1', CALL_WHOM: '1' }, ['CALL_']);
      expect.unreachable();
    } catch (error) {
      expect((error as SettingsError).mistakes).toEqual([
        'PORT="x" is not a port from 0 to 65535 (0: any free one); the default is 8080',
        'MODE="c" is not one of a, b; the default is a',
        'CALL_RETRYS is not a setting. Did you mean CALL_RETRIES?',
        'CALL_WHOM is not a setting. Settings with this prefix: CALL_RETRIES',
      ]);
    }
  });

  test('describe themselves', () => {
    expect(describeSetting(settings.shape.WAIT_MS)).toEqual({
      description: 'Wait.',
      unit: 'ms',
      expects: 'a whole number of milliseconds from 10 to 1000',
      fallback: '250',
    });
  });
});
