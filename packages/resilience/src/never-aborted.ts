/**
 * The signal of every call whose caller cannot abort it. Making a signal for each call costs as much as a policy. It forgets its
 * listeners: nothing will ever call them, and one signal for all calls would collect them for ever.
 */
export const NEVER_ABORTED: AbortSignal = new AbortController().signal;

const forget = { value: () => undefined };
Object.defineProperties(NEVER_ABORTED, { addEventListener: forget, removeEventListener: forget });
