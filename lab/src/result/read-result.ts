import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { printable } from '../messages/printable.ts';
import { unreadable } from '../messages/unreadable.ts';
import { unpackRequests } from './packed-requests.ts';
import { type ExperimentResult, experimentResult } from './result.ts';

/** A file that is not a result. The message names the file and the first mistake in it. */
export class ResultError extends Error {}

/**
 * Reads a `result.json` or `.json.gz` and checks all of it, so that nothing is drawn or compared that was not measured.
 * @throws ResultError
 */
export function readResult(file: string): ExperimentResult {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new ResultError(`${file}: ${unreadable(error)}`);
  }
  return parseResult(file.endsWith('.gz') ? unzipped(bytes, file) : bytes.toString(), file);
}

function unzipped(bytes: Buffer, file: string): string {
  try {
    return gunzipSync(bytes).toString();
  } catch (error) {
    throw new ResultError(`${file}: is not a gzip file (${printable((error as Error).message)})`);
  }
}

/** @throws ResultError */
export function parseResult(text: string, file: string): ExperimentResult {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ResultError(`${file}: is not JSON (${printable((error as Error).message)})`);
  }
  const parsed = experimentResult.safeParse(json);
  if (!parsed.success)
    throw new ResultError(`${file}: is not a result of this version of the lab (${first(parsed.error)})`);
  for (const { name, runs } of parsed.data.variants) {
    for (const [index, { requests }] of runs.entries()) {
      try {
        unpackRequests(requests);
      } catch (error) {
        throw new ResultError(`${file}: variant ${name}, run ${index}: ${(error as Error).message}`);
      }
    }
  }
  return parsed.data;
}

/** Only the first mistake: a file of another version has hundreds. */
function first({ issues }: z.ZodError): string {
  const [issue] = issues;
  return issue === undefined ? '' : printable(`${z.core.toDotPath(issue.path) || 'all of it'}: ${issue.message}`);
}
