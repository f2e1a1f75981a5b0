// `npm run bench [-- [MEGABYTES] [--write]]`: one after the other, each with the same words.
await import("./semantics.mjs");
await import("./review.mjs");
await import("./reach.mjs");
await import("./parser.mjs");
