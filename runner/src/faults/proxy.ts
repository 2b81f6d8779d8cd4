import { whenLaunchersGo } from '../launchers.ts';
import { startScript } from '../node-process.ts';
import { startScriptOf } from '../services.ts';

/** How long the proxy may take to close its connections. */
const KILL_AFTER_MS = 5_000;

/** Runs the command of the wire, with these arguments, until it ends or a signal stops it. Its exit code is ours. */
export async function runProxy(args: readonly string[]): Promise<void> {
  const { main, nodeFlags } = startScriptOf('wire');
  const wire = startScript(main, { args, nodeFlags, env: process.env, ownGroup: true });
  const stop = () => void wire.stop(KILL_AFTER_MS);
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  whenLaunchersGo(stop);
  const { code, signal } = await wire.ended;
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}
