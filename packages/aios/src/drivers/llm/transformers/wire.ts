// What the kernel's process and the model's say to each other: plain data.

/** What a process loads, and how. */
export interface Setup {
  /** The package's entry file. */
  readonly library: string;
  /** Absolute. */
  readonly folder: string;
  readonly form: "chat" | "embed";
  /** As the library calls it: fp32, q4… */
  readonly dtype: string;
  readonly device: "cpu" | "cuda";
  /** Default: the runtime's. */
  readonly threads: number | undefined;
  /** Files beside the graph that hold its weights. */
  readonly dataFiles: number;
  /** How the vectors of a text's tokens become one. */
  readonly pooling: "mean" | "cls" | "last";
  /** Whether a vector's length is made 1. */
  readonly isNormalized: boolean;
}

/** A message as chat templates take it. */
export interface TemplateMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  /** As the templates of models that think call it. */
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly type: "function";
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: unknown };
  }[];
}

export interface ChatOrder {
  readonly is: "chat";
  readonly messages: readonly TemplateMessage[];
  /** Prompt and answer together. */
  readonly contextTokens: number;
  readonly maxTokens: number | undefined;
  /** Absent: as the model's own generation_config says; 0 is the likeliest token always. */
  readonly temperature: number | undefined;
  readonly seed: number;
}

export type Work =
  | ChatOrder
  | { readonly is: "embed"; readonly inputs: readonly (string | readonly number[])[]; readonly contextTokens: number }
  | { readonly is: "count"; readonly messages: readonly TemplateMessage[] };

/** Work is done in order; a stop is heard between two tokens. */
export type Order = { readonly id: number } & (Work | { readonly is: "stop" });

/** What comes before the last word on an order. */
type News =
  | { readonly is: "prompt"; readonly tokens: number; readonly opensThought: boolean }
  | { readonly is: "text"; readonly text: string };

/** The last word on an order. */
export type Outcome =
  | { readonly is: "said"; readonly outputTokens: number; readonly why: "stop" | "length" | "stopped" }
  /** One vector for each text; `tokens` of all of them. */
  | { readonly is: "embedded"; readonly vectors: readonly (readonly number[])[]; readonly tokens: number }
  | { readonly is: "counted"; readonly tokens: number }
  | { readonly is: "too-long"; readonly tokens: number }
  /** Before anything was computed, or while vectors were. */
  | { readonly is: "stopped" }
  | { readonly is: "failed"; readonly message: string };

/** The first thing that it is told, and only once, is what to load. */
export type ToModel = { readonly is: "load"; readonly setup: Setup } | Order;

export type Report =
  | { readonly is: "ready" }
  | { readonly is: "unusable"; readonly message: string }
  | ({ readonly id: number } & (News | Outcome));
