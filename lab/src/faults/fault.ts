/** A fault that can be put in force and taken back. */
export interface Fault {
  readonly apply: () => Promise<void>;
  /** @throws Error where the system refuses: then it is not as it was */
  readonly undo: () => Promise<void>;
  /** Whether taking it back starts a process, which takes its time. */
  readonly restarts: boolean;
}
