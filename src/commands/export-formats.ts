/** What `export --format` can write. */
export const exportFormats = [
  "oci",
  "kubernetes",
  "security-profile",
  "compose",
  "systemd",
  "firejail",
  "bpf",
  "bpf-text",
] as const;
