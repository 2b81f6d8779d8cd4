import type { Host } from '../src/index.ts';

export const host: Host = { operations: ['hello', 'goodbye'], mayExit: true };
