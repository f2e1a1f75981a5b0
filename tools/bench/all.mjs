// `npm run bench [-- [MEGABYTES] [--write]]`: runs the benchmarks one after the other, each with the same options.
await import("./semantics.mjs");
await import("./review.mjs");
await import("./reach.mjs");
await import("./parser.mjs");
