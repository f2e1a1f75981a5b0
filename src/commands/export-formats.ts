/** The formats of `export --format`. */
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
