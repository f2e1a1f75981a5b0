/** The kernel's own log of what a filter let through or denied → a recording. */
export { readJournalEntry, readLine } from "./line.ts";
export type { AuditEntry, LogLine } from "./line.ts";
export { AuditCollector, auditRecording } from "./recording.ts";
export type { AuditFilter, AuditFindings } from "./recording.ts";
