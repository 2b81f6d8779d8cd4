import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startScriptOf } from '@halfopen/runner';
import { folder, type Start } from './start.ts';

/** Who makes the hop. */
export interface Contender {
  readonly name: string;
  readonly title: string;
  /** For a picture. */
  readonly short: string;
  /** Of ours with something left out or added: what. */
  readonly variantOf?: 'ours';
  /** What it does beyond asking and answering. */
  readonly does: string;
  /** What a caller or an operator would miss. */
  readonly lacks: string;
  /** @returns `undefined` where it is not installed */
  readonly start: (greeters: string, port: number, spans: string) => Start | undefined;
}

const rival = (name: string): Contender['start'] => {
  return (greeters, port) => ({
    script: `bench/src/rivals/${name}.ts`,
    env: { GREETER_URL: greeters, EDGE_PORT: String(port) },
  });
};

/**
 * Our edge as a process, with the flags of its own start script.
 * @param script default: what that script runs
 */
export function edge(
  greeters: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
  script?: string,
  flags: readonly string[] = [],
): Start {
  const { main, nodeFlags } = startScriptOf('edge');
  return {
    script: script ?? main,
    flags: [...nodeFlags, ...flags],
    env: { GREETER_URL: greeters, EDGE_PORT: String(port), EDGE_OPS_PORT: '0', ...env },
  };
}

const NODE_ONLY = 'On bare `node:http`.';
const NO_CHASSIS = 'no validation, request id, log, metrics, health, graceful stop';

/** In the order of the report. The first is what the others are held against. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'tutorial',
    title: 'tutorial stack: express, pino-http, axios, axios-retry, opossum',
    short: 'tutorial stack',
    does: 'Logs each request, a timeout for each attempt, three retries, a breaker (opossum with its defaults).',
    lacks:
      'no validation of either side, no deadline for the whole call, retries without a budget, work goes on after the breaker gave up on it, no metrics, health, graceful stop',
    start: rival('tutorial'),
  },
  {
    name: 'fetch',
    title: 'fetch',
    short: 'fetch',
    does: `${NODE_ONLY} A timeout.`,
    lacks: `${NO_CHASSIS}; no retry, breaker, limit`,
    start: rival('fetch'),
  },
  {
    name: 'got',
    title: 'got',
    short: 'got',
    does: `${NODE_ONLY} A timeout, two retries.`,
    lacks: `${NO_CHASSIS}; no breaker, limit, retry budget`,
    start: rival('got'),
  },
  {
    name: 'ky',
    title: 'ky',
    short: 'ky',
    does: `${NODE_ONLY} A timeout, two retries.`,
    lacks: `${NO_CHASSIS}; no breaker, limit, retry budget`,
    start: rival('ky'),
  },
  {
    name: 'undici-cockatiel',
    title: 'undici, cockatiel',
    short: 'undici, cockatiel',
    does: `${NODE_ONLY} A timeout that aborts, two retries, a breaker.`,
    lacks: `${NO_CHASSIS}; no deadline for the whole call, limit, retry budget`,
    start: rival('undici-cockatiel'),
  },
  {
    name: 'bare',
    title: 'bare undici on node:http',
    short: 'bare undici',
    does: 'Nothing: what a hop costs in Node at least.',
    lacks: `${NO_CHASSIS}; no timeout, retry, breaker, limit`,
    start: rival('bare'),
  },
  {
    name: 'nginx',
    title: 'nginx',
    short: 'nginx',
    does: 'Passes bytes on, without looking into them: what a hop costs at least. One process, no log.',
    lacks: 'it knows no contract: no validation, no policy of a call',
    start: (greeters, port) => {
      const command = NGINX.find((path) => existsSync(path));
      return command === undefined ? undefined : { command, args: nginxArguments(greeters, port) };
    },
  },
  {
    name: 'ours',
    title: 'Halfopen, as `pnpm start` starts it',
    short: 'Halfopen',
    does: 'Everything: validation of both sides, deadline, bulkhead, retries on a budget, breaker, attempt timeout, admission, logs, metrics, request and trace ids.',
    lacks: 'nothing is traced: no collector is set',
    start: (greeters, port) => edge(greeters, port),
  },
  {
    name: 'ours-traced',
    title: 'Halfopen, 1 % of the requests traced',
    short: 'Halfopen, 1 % traced',
    variantOf: 'ours',
    does: 'The same, and OpenTelemetry: of one request in a hundred the spans are sent to a collector.',
    lacks: '',
    start: (greeters, port, spans) =>
      edge(greeters, port, {
        OTEL_EXPORTER_OTLP_ENDPOINT: spans,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.01',
      }),
  },
  {
    name: 'ours-silent',
    title: 'Halfopen without logs',
    short: 'Halfopen, no logs',
    variantOf: 'ours',
    does: 'The same, with `LOG_LEVEL=silent`.',
    lacks: '',
    start: (greeters, port) => edge(greeters, port, { LOG_LEVEL: 'silent' }),
  },
  {
    name: 'ours-uncounted',
    title: 'Halfopen without metrics',
    short: 'Halfopen, no metrics',
    variantOf: 'ours',
    does: 'The same, with a prom-client that counts nothing; only the bench can do that.',
    lacks: '',
    start: (greeters, port) => edge(greeters, port, {}, 'bench/src/processes/edge-without-metrics.ts'),
  },
];

const NGINX = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].map((path) =>
  join(path, 'nginx'),
);

function nginxArguments(greeters: string, port: number): string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  const file = join(folder, `nginx-${port}.conf`);
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid nginx-${port}.pid;
error_log stderr;
events { worker_connections 2048; }
http {
  access_log off;
  ${temporary.join(' ')}
  keepalive_requests 1000000000;
  upstream greeter { server ${new URL(greeters).host}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location = /hello { proxy_pass http://greeter; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
  return ['-p', folder, '-c', file, '-e', 'stderr'];
}
