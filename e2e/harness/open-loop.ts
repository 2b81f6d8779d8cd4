import { openLoop as ask, type OpenLoop, type Seen } from '@halfopen/testing';
import { running } from './running.ts';

export { countsOf, late, type Seen, successShare, warmUp } from '@halfopen/testing';

/** The open loop, with the processes that this test has started as those under test. */
export const openLoop = (url: string, load: OpenLoop): Promise<Seen[]> => ask(url, { ...load, pids: [...running] });
