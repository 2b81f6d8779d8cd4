import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@halfopen/runner';
import { expect, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { running } from '../harness/running.ts';
import { get } from '../harness/system.ts';

export const PROMETHEUS_FOLDER = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));

const run = promisify(execFile);

/** For whoever has neither program. */
const NEEDED =
  'prometheus and promtool are needed: `sudo apt-get install prometheus`, or put those of prometheus.io on the PATH';

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** One line over time: its labels, and its samples as Unix seconds and value. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [at: number, value: number])[];
}

/** A recording rule or an alert. */
interface Rule {
  readonly type: 'recording' | 'alerting';
  readonly name: string;
  /** The expression. */
  readonly query: string;
  /** `ok` once it could be evaluated. */
  readonly health: string;
  readonly lastError?: string;
  /** Of an alert: those that are pending or firing now. */
  readonly alerts?: readonly { readonly labels: Series['metric']; readonly annotations: Series['metric'] }[];
}

export interface Prometheus {
  /** What `job` is scraped at from now on, such as `127.0.0.1:5001`. */
  readonly target: (job: string, addresses: readonly string[]) => void;
  /** Each second from `from` to `to`, in Unix seconds. @throws Error what Prometheus says of the expression */
  readonly range: (expr: string, from: number, to: number) => Promise<readonly Series[]>;
  /** Each rule of each group, as Prometheus judges it. */
  readonly rules: () => Promise<readonly Rule[]>;
  /** The values of a label, of the series that match. */
  readonly labelValues: (label: string, match: string) => Promise<readonly string[]>;
}

/** `promtool …`. @returns its output @throws Error with its output, where it has found a mistake */
export async function promtool(args: readonly string[], input = ''): Promise<string> {
  const asked = run('promtool', args);
  asked.child.stdin?.end(input);
  try {
    const { stdout, stderr } = await asked;
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = isMissing(error) ? NEEDED : stdout + stderr;
    throw new Error(`promtool ${args.join(' ')}: ${said}`, { cause: error });
  }
}

/**
 * A Prometheus with the committed configuration and rules, until the test ends. Three things differ: it scrapes and
 * evaluates every second, the test says where the services are, and `more` are jobs that only the test has.
 */
export async function startPrometheus(more: readonly string[] = []): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const targetsOf = (job: string) => join(folder, `${job}.json`);
  const { scrape_configs, ...config } = parse(readFileSync(join(PROMETHEUS_FOLDER, 'prometheus.yml'), 'utf8'));
  const committed = (scrape_configs as Record<string, unknown>[]).map(
    ({ static_configs: _static, dns_sd_configs: _dns, ...job }) => job as { job_name: string },
  );
  const jobs = [...committed, ...more.map((job_name) => ({ job_name }))];
  for (const { job_name } of jobs) writeFileSync(targetsOf(job_name), '[]');
  const made = {
    ...config,
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: config.rule_files.map((path: string) => join(PROMETHEUS_FOLDER, path)),
    scrape_configs: jobs.map((job) => ({ ...job, file_sd_configs: [{ files: [targetsOf(job.job_name)] }] })),
  };
  writeFileSync(join(folder, 'prometheus.yml'), stringify(made));

  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${new URL(url).host}`,
    '--log.level=warn',
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  const { pid } = child;
  const exited = pid === undefined ? Promise.resolve() : once(child, 'exit');
  if (pid !== undefined) running.add(pid);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
    if (pid !== undefined) running.delete(pid);
    rmSync(folder, { recursive: true, force: true });
  });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => reject(isMissing(error) ? new Error(NEEDED, { cause: error }) : error));
    child.once('exit', (code) => reject(new Error(`prometheus has ended (${code}): ${output}`)));
  });
  const untilReady = async () => {
    await expect.poll(() => get(`${url}/-/ready`).then(({ status }) => status, String), { timeout: 20_000 }).toBe(200);
  };
  await Promise.race([untilReady(), failed]);
  // Its end, when the test ends, is nobody's mistake.
  failed.catch(() => undefined);

  const ask = async (path: string, query: Readonly<Record<string, string>> = {}) => {
    const { json, text } = await get(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    if (json?.status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${text}`);
    return json.data;
  };
  return {
    target: (job, targets) => writeFileSync(targetsOf(job), JSON.stringify([{ targets }])),
    range: async (expr, from, to) => {
      const { result } = await ask('query_range', { query: expr, start: String(from), end: String(to), step: '1' });
      return (result as { metric: Series['metric']; values: [number, string][] }[]).map(({ metric, values }) => ({
        metric,
        samples: values.map(([at, value]): [number, number] => [at, Number(value)]),
      }));
    },
    rules: async () => (await ask('rules')).groups.flatMap((group: { rules: Rule[] }) => group.rules),
    labelValues: (label, match) => ask(`label/${label}/values`, { 'match[]': match }),
  };
}
