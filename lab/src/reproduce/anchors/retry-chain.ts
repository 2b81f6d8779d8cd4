/**
 * The continuous-time Markov chain of a single server with a bounded queue and an orbit of requests that will be retried, as metafor
 * defines it (P. Alvaro et al., 2025), written down from its description.
 */
export interface Chain {
  readonly states: number;
  /** No transition leads further than this in the numbering of the states. */
  readonly band: number;
  readonly jobsIn: (state: number) => { readonly queued: number; readonly orbiting: number };
  /** Calls `visit` for each state that can follow, with the rate. */
  readonly eachRate: (state: number, visit: (to: number, perS: number) => void) => void;
}

interface ChainOptions {
  readonly perS: number;
  readonly servedPerS: number;
  readonly timeoutS: number;
  readonly retries: number;
  /** Numbers of requests in the queue that are told apart: 0 to one less. */
  readonly queue: number;
  /** Numbers of requests in orbit that are told apart. */
  readonly orbit: number;
}

/** The share of the requests that would time out which metafor counts as retried, unless it is calibrated. */
const ALPHA = 0.25;

export function chainOf({ perS, servedPerS, timeoutS, retries, queue, orbit }: ChainOptions): Chain {
  const retriedPerS = retries / ((retries + 1) * timeoutS);
  const droppedPerS = 1 / ((retries + 1) * timeoutS);
  /** Chebyshev's bound on the probability that a request with so many in the queue waits for longer than the timeout. */
  const timesOut = (queued: number) => {
    if (queued === 0) return 0;
    const spare = timeoutS - queued / servedPerS;
    const deviation = Math.sqrt(queued) / servedPerS;
    return spare > deviation ? (deviation / spare) ** 2 : 1;
  };
  const stateOf = (queued: number, orbiting: number) => queued * orbit + orbiting;
  return {
    states: queue * orbit,
    band: orbit + 1,
    jobsIn: (state) => ({ queued: Math.floor(state / orbit), orbiting: state % orbit }),
    eachRate(state, visit) {
      const [queued, orbiting] = [Math.floor(state / orbit), state % orbit];
      const isFull = queued === queue - 1;
      const late = timesOut(queued);
      if (queued > 0) visit(stateOf(queued - 1, orbiting), servedPerS);
      // When the queue is full, a retry is lost as well.
      if (orbiting > 0) {
        visit(stateOf(queued, orbiting - 1), orbiting * (isFull ? droppedPerS + retriedPerS : droppedPerS));
      }
      if (isFull) return;
      visit(stateOf(queued + 1, orbiting), perS + orbiting * retriedPerS * late);
      if (orbiting > 0) visit(stateOf(queued + 1, orbiting - 1), orbiting * retriedPerS * (1 - late));
      if (queued > 0 && orbiting < orbit - 1) visit(stateOf(queued + 1, orbiting + 1), ALPHA * perS * late);
    },
  };
}

/** The rates as a band around the diagonal, which is empty: `at[from][to - from + band]`. */
function ratesOf({ states, band, eachRate }: Chain): Float64Array[] {
  return Array.from({ length: states }, (_, from) => {
    const row = new Float64Array(2 * band + 1);
    eachRate(from, (to, perS) => {
      row[to - from + band] = (row[to - from + band] as number) + perS;
    });
    return row;
  });
}

/**
 * Takes the last states out of a chain, one after the other, and leaves to the others what leads through them. Nothing is subtracted, so
 * no digit is lost (W. Grassmann, M. Taksar, D. Heyman: "Regenerative Analysis and Steady State Distributions", 1985).
 * @param onTaken called for each state with the rate at which it was left for states before it
 */
function takeOut(
  rates: readonly Float64Array[],
  band: number,
  until: number,
  onTaken: (state: number, leftPerS: number) => void,
): void {
  for (let state = rates.length - 1; state > until; state--) {
    const row = rates[state] as Float64Array;
    const first = Math.max(0, state - band);
    let left = 0;
    for (let to = first; to < state; to++) left += row[to - state + band] as number;
    onTaken(state, left);
    for (let from = first; from < state; from++) {
      const other = rates[from] as Float64Array;
      const into = (other[state - from + band] as number) / left;
      if (into === 0) continue;
      for (let to = first; to < state; to++) {
        if (to === from) continue;
        const index = to - from + band;
        other[index] = (other[index] as number) + into * (row[to - state + band] as number);
      }
    }
  }
}

/** The share of time in each state, in the long run. */
export function stationary(chain: Chain): Float64Array {
  const { states, band } = chain;
  const rates = ratesOf(chain);
  const left = new Float64Array(states);
  takeOut(rates, band, 0, (state, perS) => {
    left[state] = perS;
  });
  const shares = new Float64Array(states);
  shares[0] = 1;
  let sum = 1;
  for (let state = 1; state < states; state++) {
    let into = 0;
    for (let from = Math.max(0, state - band); from < state; from++) {
      into += (shares[from] as number) * ((rates[from] as Float64Array)[state - from + band] as number);
    }
    shares[state] = into / (left[state] as number);
    sum += shares[state] as number;
  }
  return shares.map((share) => share / sum);
}

/**
 * The mean time until a set of states is reached, from the state of another set from which that is shortest.
 * @param isTarget a set at the beginning or at the end of the numbering
 * @returns seconds
 * @throws RangeError for a set of targets elsewhere
 */
export function meanHittingTime(
  chain: Chain,
  isStart: (state: number) => boolean,
  isTarget: (state: number) => boolean,
): number {
  const { states, band } = chain;
  // States are taken out from the end, and the targets must be left over: they come first.
  const rates = ratesOf(chain);
  const order = isTarget(0) ? (state: number) => state : (state: number) => states - 1 - state;
  const sorted = Array.from({ length: states }, (_, place) => {
    const row = new Float64Array(2 * band + 1);
    const from = order(place);
    for (let to = Math.max(0, from - band); to <= Math.min(states - 1, from + band); to++) {
      row[order(to) - place + band] = (rates[from] as Float64Array)[to - from + band] as number;
    }
    return row;
  });
  const inOrder = Array.from({ length: states }, (_, place) => isTarget(order(place)));
  const targets = inOrder.lastIndexOf(true) + 1;
  if (targets === 0 || inOrder.indexOf(false) < targets) {
    throw new RangeError('the targets must be the first states or the last ones, and not all of them');
  }
  // Time spent is added up on the way: what a state is left with counts for those that lead to it.
  const spent = new Float64Array(states).fill(1);
  const left = new Float64Array(states);
  const into = sorted;
  takeOutWithTime(into, band, targets - 1, spent, left);
  const times = new Float64Array(states);
  for (let place = targets; place < states; place++) {
    let sum = spent[place] as number;
    for (let to = Math.max(targets, place - band); to < place; to++) {
      sum += ((into[place] as Float64Array)[to - place + band] as number) * (times[to] as number);
    }
    times[place] = sum / (left[place] as number);
  }
  let shortest = Number.POSITIVE_INFINITY;
  for (let place = targets; place < states; place++) {
    if (isStart(order(place))) shortest = Math.min(shortest, times[place] as number);
  }
  return shortest;
}

/** {@link takeOut}, which passes on the time that is spent in a state as well. */
function takeOutWithTime(
  rates: readonly Float64Array[],
  band: number,
  until: number,
  spent: Float64Array,
  left: Float64Array,
): void {
  takeOut(rates, band, until, (state, perS) => {
    left[state] = perS;
    for (let from = Math.max(0, state - band); from < state; from++) {
      const into = ((rates[from] as Float64Array)[state - from + band] as number) / perS;
      spent[from] = (spent[from] as number) + into * (spent[state] as number);
    }
  });
}
