const names = { type: "array", items: { type: "string", pattern: "^[a-z_][a-z0-9_]*$" } } as const;

/** JSON Schema of traces/NAME/policy.json: the policy options that are not the default. */
export const policySchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    args: { enum: ["none", "standard", "strict"] },
    exact: { type: "boolean" },
    reach: { type: "boolean" },
    floor: { enum: ["any", "runc", "crun", "old-runc"] },
    allow: names,
    deny: names,
    against: { type: "string" },
    mode: { enum: ["enforce", "complain"] },
  },
} as const;
