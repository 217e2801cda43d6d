/** What the targets are about: one tenant of ten sends half of a mix of short, medium and long programs. */
export const TARGET_WORKLOAD = "noisy-tenant";
/** What is measured against fifo. */
export const TARGET_POLICY = "plas-vtc";
/** Work offered against what the core can do. */
export const TARGET_LOAD = 1.2;
