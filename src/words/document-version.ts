/**
 * The version of every JSON document that a command prints, and of its schema in docs/schemas/. A new
 * member keeps it; a member that goes or means something else raises it.
 */
export const documentVersion = 1;
