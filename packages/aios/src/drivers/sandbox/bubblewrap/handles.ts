/** Numbers of the handles that a started bubblewrap finds beside the three that every program has. */
export const cellHandles = {
  /** On which it reports; of no use to the program. */
  status: 3,
  /** By which it is told its command, and says what is wrong with it. */
  command: 4,
  /** The filter; read and closed before anything runs. */
  seccomp: 5,
} as const;
