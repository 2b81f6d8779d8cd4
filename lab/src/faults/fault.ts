/** A fault that can be applied and undone. */
export interface Fault {
  readonly apply: () => Promise<void>;
  /** @throws Error when the system refuses, so the fault may still be active */
  readonly undo: () => Promise<void>;
  /** Whether undoing it starts a process, which takes time. */
  readonly restarts: boolean;
}
