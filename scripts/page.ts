import type { GeneratedFile } from '@halfopen/figures/generated-file';
import { ROOT } from '@halfopen/runner';

/**
 * Compares a page, or what it is made from, with what it should be.
 * @param write writes it where it differs
 * @returns what is wrong, one line each
 */
export type Keep = (write: boolean) => Promise<readonly string[]>;

/** @param name path from the root of the repository */
export const fileNamed = (name: string): GeneratedFile => ({ name, file: new URL(name, ROOT) });
